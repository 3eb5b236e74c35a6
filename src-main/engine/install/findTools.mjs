import { spawnSync } from 'node:child_process';
import { isAbsolute, resolve } from 'node:path';
import { closedEnvironment, neutralFolder } from '../../files/programEnvironment.mjs';
import { SetUpError } from './setUpError.mjs';

const probe = `
import json, sys
def version(name):
    try:
        return getattr(__import__(name), '__version__', '')
    except Exception:
        return None
print(json.dumps({
    'command': sys.executable,
    'python': sys.version_info[:2],
    'pip': version('pip'),
    'makesPip': None not in (version('venv'), version('ensurepip')),
}))
`;

/**
 * @typedef {{ command: string, hasPip: boolean }} Python hasPip: false where a virtual environment with pip has to be
 * made first
 */

/**
 * The first Python >= 3.8 with pip >= 20.3, which knows the names of today's wheels, or one that can make such a pip;
 * throws where there is none. @returns {Python}
 */
export function findPython() {
  const found = [];
  for (const [command = '', ...args] of [['python3'], ['python'], ['py', '-3']]) {
    const { status, stdout } = spawnSync(command, [...args, '-I', '-c', probe], {
      encoding: 'utf8',
      cwd: neutralFolder,
      env: closedEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (status !== 0) continue;
    const python = /** @type {{ command: string, python: [number, number], pip: string | null, makesPip: boolean }} */ (
      JSON.parse(stdout)
    );
    const isNewEnough = python.python[0] === 3 && python.python[1] >= 8;
    if (isNewEnough && python.pip && Number.parseFloat(python.pip) >= 20.3)
      return { command: python.command, hasPip: true };
    found.push({ ...python, isNewEnough });
  }
  const fit = found.filter(({ isNewEnough }) => isNewEnough);
  const able = fit.find(({ makesPip }) => makesPip);
  if (able) return { command: able.command, hasPip: false };
  if (fit[0])
    throw new SetUpError(
      2,
      `${fit[0].command} has no pip 20.3 or newer, which fetches TensorFlow, and no ensurepip to make it: ` +
        'install pip (Debian: apt-get install python3-pip).',
    );
  if (found[0])
    throw new SetUpError(
      2,
      `Python ${found[0].python.join('.')} was found, expected 3.8 or newer, whose pip fetches TensorFlow: ` +
        'install a newer one.',
    );
  throw new SetUpError(
    2,
    'Python was not found (python3, python, py -3), whose pip fetches TensorFlow: install it (Debian: ' +
      'apt-get install python3 python3-pip).',
  );
}

/**
 * The command of the first C++ compiler that runs: CXX, g++, c++, clang++; throws where there is none. @returns
 * {string[]}
 */
export function findCompiler() {
  const candidates = [chosenCompiler(), ['g++'], ['c++'], ['clang++']];
  const runs = (/** @type {string} */ command, /** @type {string[]} */ args) =>
    spawnSync(command, [...args, '--version'], { stdio: 'ignore', cwd: neutralFolder, env: closedEnvironment() })
      .status === 0;
  const found = candidates.find(([command, ...args]) => command && runs(command, args));
  if (found) return found;
  throw new SetUpError(
    2,
    'No C++ compiler was found (g++, c++, clang++), which builds the addon: install one (Debian: apt-get ' +
      'install g++; macOS: xcode-select --install).',
  );
}

/** The command in CXX. A path in it counts from where the user stands, though the compiler runs elsewhere. */
function chosenCompiler() {
  const [command = '', ...args] = process.env['CXX']?.trim().split(/\s+/) ?? [];
  return [command.includes('/') && !isAbsolute(command) ? resolve(command) : command, ...args];
}
