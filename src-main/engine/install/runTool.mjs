import { spawn } from 'node:child_process';
import { closedEnvironment } from '../../files/programEnvironment.mjs';

/**
 * Runs a tool in a folder, with its temporary files there too, so that nothing is left elsewhere. Resolves with whether
 * it succeeded and what it said; rejects where it was aborted or is not there.
 * @param {readonly string[]} command @param {string} folder @param {AbortSignal} signal
 * @returns {Promise<{ succeeded: boolean, output: string, end: string }>}
 */
export function runTool([command = '', ...args], folder, signal) {
  const child = spawn(command, args, {
    cwd: folder,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: closedEnvironment({
      TMPDIR: folder,
      TEMP: folder,
      TMP: folder,
      LC_ALL: 'C',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_REQUIRE_VIRTUALENV: '0',
    }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-20_000);
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, killer) =>
      resolve({
        succeeded: code === 0,
        output: output.trim(),
        end: killer ? `ended by ${killer}` : `exit code ${code}`,
      }),
    );
  });
}
