import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { absoluteFolders } from '../../src-main/files/programEnvironment.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-planted-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const ran = join(folder, 'ran');

/** A folder such as a downloaded dataset, with code that notes in `ran` that it was run. */
function plantedFolder(): string {
  const planted = join(folder, 'dataset');
  const python = `open(${JSON.stringify(ran)}, 'a').write(__file__ + '\\n')\n`;
  for (const module of ['pip', 'venv', 'ensurepip']) {
    mkdirSync(join(planted, module), { recursive: true });
    for (const file of ['__init__.py', '__main__.py']) writeFileSync(join(planted, module, file), python);
  }
  for (const module of ['json', 'zipfile', 'fcntl', 'select', 're', 'sitecustomize', 'usercustomize'])
    writeFileSync(join(planted, `${module}.py`), python);
  writeFileSync(
    join(planted, 'startup.cjs'),
    `require('fs').appendFileSync(${JSON.stringify(ran)}, 'NODE_OPTIONS\\n')`,
  );
  for (const program of [
    'python3',
    'python',
    'py',
    'g++',
    'c++',
    'clang++',
    'npm',
    'nvidia-smi',
    'ps',
    'sbatch',
    'squeue',
  ]) {
    writeFileSync(join(planted, program), `#!/bin/sh\necho "${program}" >> '${ran}'\nexit 1\n`);
    chmodSync(join(planted, program), 0o755);
  }
  return planted;
}
const planted = plantedFolder();

/** Runs a program of ours in the planted folder, where a careless start would take the code that lies there. */
function runThere(source: string, variables: NodeJS.ProcessEnv = {}) {
  rmSync(ran, { force: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: planted,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `.::${process.env['PATH']}:`,
      LD_LIBRARY_PATH: ':.',
      PYTHONPATH: planted,
      PYTHONSTARTUP: join(planted, 'json.py'),
      ...variables,
    },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}
const ranThere = () => (existsSync(ran) ? readFileSync(ran, 'utf8') : '');
const importOf = (path: string) => JSON.stringify(join(root, 'src-main', path));

test('the planted code runs where a program is started carelessly', () => {
  runThere(
    `import { spawnSync } from 'node:child_process';
     spawnSync('npm');
     const { findPython } = await import(${importOf('engine/install/findTools.mjs')});
     spawnSync(findPython().command, ['-m', 'pip']);`,
  );
  assert.match(ranThere(), /^npm\n/);
  assert.match(ranThere(), /dataset\/\w+\.py/);
});

test('the set-up runs no Python, compiler, pip or tool of the current folder', () => {
  const told = runThere(
    `const { findPython, findCompiler } = await import(${importOf('engine/install/findTools.mjs')});
     const { hasNvidiaCard } = await import(${importOf('engine/install/engineDevice.mjs')});
     const { runTool } = await import(${importOf('engine/install/runTool.mjs')});
     const { withLock } = await import(${importOf('engine/install/withLock.mjs')});
     const { fetchWheel } = await import(${importOf('engine/install/fetchWheel.mjs')});
     const { signal } = new AbortController();
     const work = ${JSON.stringify(join(folder, 'work'))};
     const python = findPython().command;
     findCompiler(); hasNvidiaCard();
     await withLock({ lock: work + '.lock', python, signal }, async () => {});
     const wheel = { file: 'nothing_like_this-0.0.1-py3-none-any.whl', bytes: 1, sha256: '' };
     await fetchWheel({ python, wheel, folder: work, signal }).catch((error) => console.log(error.message));
     for (const name of ['python3', 'g++', 'c++']) await runTool([name, '--version'], work, signal).catch(() => {});`,
    { PIP_NO_INDEX: '1' },
  );
  assert.match(told, /pip could not fetch nothing_like_this/);
  assert.equal(ranThere(), '');
});

test('weights, Slurm and our own processes run nothing of the current folder', () => {
  const told = runThere(
    `import { spawnSync } from 'node:child_process';
     const { fetchImagenetWeights } = await import(${importOf('model/weights/imagenetWeights.ts')});
     const { imagenetFiles } = await import(${importOf('model/weights/imagenetFiles.ts')});
     const options = { signal: new AbortController().signal, onProgress() {} };
     await fetchImagenetWeights(imagenetFiles['efficientnet-lite0'].release, options)
       .catch((error) => console.log(error.message));
     const { requireSlurm, tasksInQueue } = await import(${importOf('workbench/batch/slurm.ts')});
     try { requireSlurm(); tasksInQueue(['1']); } catch (error) { console.log(error.code); }
     const { inheritedEnvironment } = await import(${importOf('files/programEnvironment.mjs')});
     process.env.NODE_OPTIONS = '--require ./startup.cjs';
     spawnSync(process.execPath, ['-e', ''], { env: inheritedEnvironment() });
     console.log(inheritedEnvironment().LD_LIBRARY_PATH, inheritedEnvironment({ CUDA_VISIBLE_DEVICES: '-1' })
       .CUDA_VISIBLE_DEVICES);`,
    { PIP_NO_INDEX: '1', PIP_FIND_LINKS: undefined, ARCBENCH_CACHE: join(folder, 'cache') },
  );
  assert.match(told, /pip could not fetch[^]*undefined -1\n$/);
  assert.equal(ranThere(), '');
});

test('a list of folders is left with its absolute ones', () => {
  assert.deepEqual(absoluteFolders('.::/usr/bin:bin:../x:/bin:'), ['/usr/bin', '/bin']);
  assert.deepEqual(absoluteFolders(undefined), []);
});

/** Starts that keep the user's folder and variables on purpose: the same command goes on in another process. */
const continued = ['src-main/doors/electron/commandLine.ts', 'src-main/doors/start.ts', 'scripts/launch.mjs'];

test('every program that src-main starts is given an environment of programEnvironment', () => {
  const files = readdirSync(join(root, 'src-main'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.endsWith('.d.mts'))
    .map((name) => join('src-main', name));
  const starting = files.filter((name) => /node:child_process'/.test(readFileSync(join(root, name), 'utf8')));
  assert.ok(starting.length > 8);
  for (const name of starting) {
    if (continued.includes(name)) continue;
    const text = readFileSync(join(root, name), 'utf8');
    const starts = text.match(/(?<![.\w])(spawn|spawnSync|execFile|execFileSync|exec|execSync|fork)\(/g)?.length ?? 0;
    const given = text.match(/env: (closedEnvironment|inheritedEnvironment|withoutOuterNpm)\(/g)?.length ?? 0;
    assert.equal(given, starts, `${name} starts ${starts} programs and gives ${given} of them an environment`);
  }
});
