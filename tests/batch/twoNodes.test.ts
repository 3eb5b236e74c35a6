import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../src-main/store/store.ts';
import { childEnd } from '../childEnd.ts';
import { writeFaultExperiment } from '../faults/faultExperiment.ts';
import { waitUntil } from '../waitUntil.ts';
import { noSlurm, startSlurm, type SlurmCluster } from './slurmCluster.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
// Blanks and a quote in the path go through every script and command.
const folder = mkdtempSync(join(tmpdir(), "arcbench two nodes' "));
let slurm: SlurmCluster | null = null;
after(async () => {
  await slurm?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('two tasks run on two nodes at the same time, and a third job joins them', { skip: noSlurm }, async () => {
  const cluster = await startSlurm(mkdtempSync(join(tmpdir(), 'arcbench-cluster-')), 2);
  slurm = cluster;
  const experiment = writeFaultExperiment(join(folder, 'duel.yaml'), { epochs: 1 });
  const workspace = join(folder, 'workspace');
  const args = ['--engine', 'cpu', '--workspace', workspace, '--json', 'submit', experiment, '--slurm'];
  const child = spawn(process.execPath, [main, ...args, '--', '--exclusive'], {
    cwd: folder,
    env: cluster.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const { code } = await childEnd(child, { what: 'arcbench submit', seen: () => stderr });
  assert.equal(code, 0, stderr);
  const { job } = JSON.parse(stdout) as { job: string };
  await waitUntil('an empty queue', async () => cluster.command('squeue', '--noheader') === '', { seconds: 180 });

  const shown = cluster.command('scontrol', 'show', 'job', job);
  const nodes = [...shown.matchAll(/ NodeList=(\S+)/g)].map(([, node]) => node);
  assert.deepEqual([...nodes].sort(), ['node1', 'node2'], shown);
  const batch = join(workspace, 'batch', readdirSync(join(workspace, 'batch'))[0] as string);
  assert.match(readFileSync(join(batch, 'collect.log'), 'utf8'), /Report: .*report\.md/);
  const store = openStore(workspace);
  try {
    assert.deepEqual(
      store.runs().map(({ status }) => status),
      ['done', 'done'],
    );
  } finally {
    store.close();
  }
});
