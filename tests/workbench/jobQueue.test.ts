import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from '../../src-shared/answers/jobAnswers.ts';
import type { WorkbenchEvent } from '../../src-shared/api.ts';
import { jobQueue, type JobContext } from '../../src-main/workbench/jobQueue.ts';

test('a page that comes late reads a log backwards, page by page, without a gap or a line twice', async () => {
  const told: LogLine[] = [];
  const jobs = jobQueue((event: WorkbenchEvent) => {
    if (event.event === 'log') told.push(event.payload);
  });
  const { id } = jobs.add({
    kind: 'import',
    title: 'Import',
    work: async ({ progress }) => {
      for (let line = 0; line < 950; line++) progress.notice(`line ${line}`);
      return '';
    },
  });
  await new Promise(setImmediate);
  const read: LogLine[] = [];
  for (let before: number | null = null; before !== 0; before = read[0]?.index ?? 0)
    read.unshift(...jobs.log(id, { before, limit: 400 }));
  assert.deepEqual(read, told);
  assert.deepEqual(
    read.map(({ index }) => index),
    Array.from({ length: 950 }, (_, index) => index),
  );
  assert.deepEqual(jobs.log(id, { before: 0, limit: 400 }), []);
});

test('a projection that is kept waits behind no other, and one that is not does', async () => {
  const jobs = jobQueue(() => undefined);
  const untilStopped = ({ signal }: JobContext) =>
    new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('stopped')));
  const long = jobs.add({ kind: 'projection', title: 't-SNE', work: untilStopped });
  const kept = jobs.add({ kind: 'projection', title: 'UMAP', atOnce: true, work: () => Promise.resolve('kept') });
  const waits = jobs.add({ kind: 'projection', title: 'PCA', work: () => Promise.resolve('made') });
  await new Promise(setImmediate);
  const states = () => [long, kept, waits].map(({ id }) => jobs.jobs().find((job) => job.id === id)?.state);
  assert.deepEqual(states(), ['running', 'done', 'queued']);
  await jobs.close();
  assert.equal(jobs.busy(), false);
});
