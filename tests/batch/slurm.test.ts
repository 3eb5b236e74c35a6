import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../src-main/store/store.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { writeFaultExperiment } from '../faults/faultExperiment.ts';
import { differences, workspaceState } from '../faults/workspaceState.ts';
import { childEnd } from '../childEnd.ts';
import { joinedPattern } from '../joinedPattern.ts';
import { noSlurm, startSlurm, type SlurmCluster } from './slurmCluster.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-slurm-'));
const workspace = join(folder, 'workspace');
const experiment = writeFaultExperiment(join(folder, 'duel.yaml'), { epochs: 30 });
const options = { skip: noSlurm };
let slurm: SlurmCluster;
before(async () => {
  if (!noSlurm) slurm = await startSlurm(join(folder, 'slurm'));
});
after(async () => {
  await slurm?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The command line on the CPU engine, in the environment of the cluster or another. */
async function arcbench(args: readonly string[], environment: NodeJS.ProcessEnv = slurm.environment) {
  const child = spawn(process.execPath, [main, '--engine', 'cpu', '--workspace', workspace, ...args], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const { code } = await childEnd(child, { what: `arcbench ${args.join(' ')}`, seen: () => stderr });
  return { code, stdout, last: stderr.trim().split('\n').at(-1) ?? '', stderr };
}
async function until(what: string, holds: () => boolean, seconds = 120): Promise<void> {
  for (const started = performance.now(); !holds(); await wait(100)) {
    if (performance.now() - started > 1000 * seconds)
      throw new Error(`${what} did not come about:\n${slurm.command('scontrol', 'show', 'job')}\n${logs()}`);
  }
}
const inQueue = () => slurm.command('squeue', '--noheader', '--array', '--format=%i %T %r');
const batchFolder = () => join(workspace, 'batch', readdirSync(join(workspace, 'batch'))[0] as string);
const logOf = (task: number) =>
  existsSync(join(batchFolder(), `task-${task}.log`))
    ? readFileSync(join(batchFolder(), `task-${task}.log`), 'utf8')
    : '';
const logs = () =>
  existsSync(join(workspace, 'batch'))
    ? readdirSync(batchFolder())
        .filter((name) => name.endsWith('.log'))
        .map((name) => `${name}:\n${readFileSync(join(batchFolder(), name), 'utf8')}`)
        .join('\n')
    : '';

test('without sbatch a submit says so, and a dry run writes scripts that name every run and flag', async () => {
  const bare = { ...process.env, NODE_NO_WARNINGS: '1', PATH: folder };
  const missing = await arcbench(['submit', experiment, '--slurm'], bare);
  assert.deepEqual(
    [missing.code, missing.last],
    [
      1,
      'sbatch is not on the PATH: submit on a machine that has the commands of Slurm, or write the scripts ' +
        'with --dry-run and submit them there.',
    ],
  );
  const dry = await arcbench(
    [
      'submit',
      experiment,
      '--slurm',
      '--dry-run',
      '--partition',
      'gpu',
      '--time',
      '4:00:00',
      '--cpus-per-task',
      '4',
      '--gpus',
      '1',
      '--',
      '--account=faces',
      '--comment=two words',
    ],
    bare,
  );
  assert.equal(dry.code, 0, dry.stderr);
  for (const line of [
    '#SBATCH --array=0,1',
    '#SBATCH --partition=gpu',
    '#SBATCH --time=4:00:00',
    '#SBATCH --cpus-per-task=4',
    '#SBATCH --gpus=1',
    '#SBATCH --account=faces',
    '#SBATCH --comment="two words"',
    '#SBATCH --requeue',
  ])
    assert.ok(dry.stdout.split('\n').includes(line), line);
  assert.match(dry.stdout, /#   task 1: ArcFace, seed 1 \(run [0-9a-f]{12}\)/);
  assert.match(dry.stdout, / task \S+\/batch\/[0-9a-f]{12} "\$SLURM_ARRAY_TASK_ID" &\n/);
  const refused = await arcbench(['submit', experiment, '--slurm', '--dry-run', '--', 'account=faces'], bare);
  assert.equal(refused.code, 2);
  assert.match(refused.last, /"account=faces" is no flag that can be passed on to sbatch/);
  const collected = await arcbench(['collect', experiment], bare);
  assert.equal(collected.code, 1);
  assert.match(
    collected.last,
    joinedPattern(
      /^2 of 2 runs are not done, the first: cross-entropy, seed 1 /,
      /\(task 0\) has not begun\. Submit them again with `sbatch --array=0,1 /,
      /.*array\.sh`, and collect again/,
    ),
  );
});

test(
  'a duel that is submitted, stopped, queued again and collected equals the one that --run makes, bit for bit',
  options,
  async () => {
    const whole = await arcbench(['--run', experiment]);
    assert.equal(whole.code, 0, whole.stderr);
    rmSync(join(workspace, 'batch'), { recursive: true });
    const reference = workspaceState(workspace);
    renameSync(workspace, join(folder, 'reference'));

    // one after the other
    const submitted = await arcbench(['--json', 'submit', experiment, '--slurm', '--no-collect', '--', '--exclusive']);
    assert.equal(submitted.code, 0, submitted.stderr);
    const { job, tasks } = JSON.parse(submitted.stdout) as { job: string; tasks: { number: number; id: string }[] };
    assert.equal(tasks.length, 2);
    // What Slurm does two minutes before the time limit: the signal of --signal to the script alone. The task saves and
    // queues itself again.
    await until('an epoch of task 0', () => /epoch 1\/30/.test(logOf(0)));
    slurm.command('scancel', '--batch', '--signal=USR1', `${job}_0`);
    await until('the save', () =>
      /Stopped and saved; the task goes on from here when Slurm queues it again/.test(logOf(0)),
    );
    const early = arcbench(['collect', experiment]);
    // scancel sends SIGTERM to every process of the task, the trainer too.
    await until('an epoch of task 1', () => /epoch 1\/30/.test(logOf(1)));
    slurm.command('scancel', `${job}_1`);
    const { code, last, stderr } = await early;
    assert.equal(code, 1);
    assert.match(
      last,
      joinedPattern(
        /^2 of 2 runs are not done, the first: cross-entropy, seed 1 /,
        /\(task 0\) (waits in Slurm's queue|is still in training)/,
      ),
      stderr,
    );
    await until('the second start', () => /Resumed at epoch \d+/.test(logOf(0)));
    await until('an empty queue', () => inQueue() === '');
    const stopped = await arcbench(['collect', experiment]);
    assert.equal(stopped.code, 1);
    assert.match(
      stopped.last,
      joinedPattern(
        /^1 of 2 runs is not done: ArcFace, seed 1 \(task 1\) was stopped /,
        /and is saved\. Its log is .*task-1\.log\. .*`sbatch --array=1 /,
        /.*array\.sh`.*--partial\.$/,
      ),
      stopped.stderr,
    );

    const again = await arcbench(['--json', 'submit', experiment, '--slurm']);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(
      (JSON.parse(again.stdout) as { tasks: { number: number }[] }).tasks.map(({ number }) => number),
      [1],
    );
    await until('the report', () => inQueue() === '' && existsSync(join(batchFolder(), 'collect.log')));
    assert.match(logs(), /Report: .*report\.md/);
    assert.deepEqual(
      readdirSync(batchFolder()).filter((name) => name.startsWith('task-') && !name.endsWith('.log')),
      [],
    );

    const store = openStore(workspace);
    try {
      assert.deepEqual(await checkWorkspace(store, { repair: false, onProgress: () => undefined }), []);
    } finally {
      store.close();
    }
    assert.deepEqual(
      differences(reference, workspaceState(workspace)).filter((line) => !line.startsWith('batch/')),
      [],
    );
  },
);

test(
  'an experiment that tunes is trained in rounds, which submit one another, and equals the one that --run makes',
  options,
  async () => {
    const rounds = join(folder, 'rounds.yaml');
    writeFileSync(
      rounds,
      `name: Rounds
data: { demo: { people: 10, imagesPerPerson: 8 } }
prepare: { inputSize: 32 }
split: { query: 0.2, distractors: 0.1 }
model: { backbone: smallcnn, embeddingSize: 8 }
training: { epochs: 1, batchSize: 16 }
tune: { knobs: { training.learningRate: [0.02, 0.1] }, seeds: 1 }
arms: [{ name: CE, loss: crossEntropy }, { name: NormFace, loss: normFace }]
`,
    );
    const own = join(folder, 'rounds');
    const whole = await arcbench(['--workspace', own, '--run', rounds]);
    assert.equal(whole.code, 0, whole.stderr);
    const reference = workspaceState(own);
    renameSync(own, join(folder, 'rounds of --run')); // files of a run name their workspace
    const submitted = await arcbench(['--workspace', own, '--json', 'submit', rounds, '--slurm']);
    assert.equal(submitted.code, 0, submitted.stderr);
    const { tasks } = JSON.parse(submitted.stdout) as { tasks: unknown[] };
    assert.equal(tasks.length, 4); // two rates of two arms: the comparison is not known yet
    await until('the report of the last round', () => inQueue() === '' && existsSync(join(own, 'reports')), 240);
    assert.deepEqual(
      differences(reference, workspaceState(own)).filter((line) => !line.startsWith('batch/')),
      [],
    );
  },
);

test(
  'collect refuses workspaces of other plans and a run that does not share its initial weights, and takes a ' +
    'workspace that was moved',
  options,
  async () => {
    const other = join(folder, 'other.yaml');
    writeFileSync(other, readFileSync(experiment, 'utf8').replace('epochs: 30', 'epochs: 2'));
    const foreign = await arcbench(['collect', other, workspace]);
    assert.equal(foreign.code, 1, foreign.stderr);
    const elsewhere = join(folder, 'elsewhere');
    const refused = await arcbench(['collect', other, '--workspace', elsewhere, workspace]);
    assert.equal(refused.code, 2);
    assert.match(
      refused.last,
      joinedPattern(
        /holds no run of Faults as it is now \(plan [0-9a-f]{12}\), but /,
        /runs of Faults \(plan [0-9a-f]{12}\): name workspaces in which /,
        /this very plan was run\.$/,
      ),
    );

    const store = openStore(workspace);
    const arcFace = store.runs().find(({ arm }) => arm === 'ArcFace');
    store.updateRun(arcFace?.id ?? '', { initialWeightsHash: 'f'.repeat(64) });
    store.close();
    const unpaired = await arcbench(['collect', experiment, '--workspace', elsewhere, workspace]);
    assert.equal(unpaired.code, 1);
    assert.match(
      unpaired.last,
      /^ArcFace and cross-entropy, seed 1, do not share their initial weights/,
      unpaired.stderr,
    );
    const moved = await arcbench([
      '--json',
      'collect',
      experiment,
      '--workspace',
      elsewhere,
      join(folder, 'reference'),
    ]); // it was written under another name
    assert.equal(moved.code, 0, moved.stderr);
    assert.equal((JSON.parse(moved.stdout) as { joined: string[] }).joined.length, 2);
    const joined = openStore(elsewhere);
    try {
      assert.deepEqual(await checkWorkspace(joined, { repair: false, onProgress: () => undefined }), []);
    } finally {
      joined.close();
    }
  },
);
