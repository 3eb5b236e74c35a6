import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Store } from '../../../store/store.ts';
import type { ExportedRun } from '../export/exportedRun.ts';
import { scalarRecord, sessionEndRecord, sessionStartRecord, versionRecord } from './eventRecords.ts';
import { eventFileName } from './eventFileName.ts';
import { hyperparametersOf } from './hyperparameters.ts';

/**
 * Writes the curves, the judged metrics and the hyperparameters of a run that has ended as an event file, which
 * TensorBoard reads. Returns the file's name.
 */
export async function writeEventFile(folder: string, store: Store, exported: ExportedRun): Promise<readonly string[]> {
  const name = eventFileName(Date.parse(exported.run.createdAt));
  await pipeline(() => eventsOf(store, exported), createWriteStream(join(folder, name)));
  return [name];
}

/** The records of an ended run, one piece for each curve. */
function* eventsOf(store: Store, { run, plan, arm }: ExportedRun): Generator<Uint8Array> {
  const begun = Date.parse(run.createdAt);
  const ended = Date.parse(run.finishedAt ?? run.createdAt);
  yield versionRecord(begun);
  yield sessionStartRecord(begun, { group: run.arm, hyperparameters: hyperparametersOf(plan, arm) });
  const latest = store.latestPoints(run.id);
  for (const { name } of latest) {
    const points = store.curve(run.id, name);
    yield Buffer.concat(points.map(([step, , value, at]) => scalarRecord(name, { step, at, value })));
  }
  const step = Math.max(0, ...latest.map((point) => point.step));
  const judged = (store.result(run.id, 'judged') ?? {}) as Readonly<Record<string, number>>;
  for (const [name, value] of Object.entries(judged)) yield scalarRecord(`judged/${name}`, { step, at: ended, value });
  yield sessionEndRecord(ended, 'succeeded');
}
