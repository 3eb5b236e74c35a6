// The program of the trainer process: it trains and judges one run, and exchanges messages with the workbench.
import { ArcBenchError } from '../../src-shared/errors.ts';
import { outliveReaders } from '../files/outliveReaders.ts';
import { diskError } from '../files/writeWhole.ts';
import { pointStream } from '../train/pointStream.ts';
import { DivergedError } from '../train/divergedError.ts';
import { runTask } from './runTask.ts';
import { memorySentence } from './trainerEnd.ts';
import type { TrainerMessage, WorkbenchMessage } from './trainerMessages.ts';

const send = (message: TrainerMessage) => process.send?.(message);

let stopRequested = false;
let stopAfterEpochRequested = false;
const points = pointStream((batch, sent) => send({ kind: 'points', batch, points: sent }));

// Ctrl-C and the end of a terminal reach the whole process group: the workbench hears them too, and decides.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
outliveReaders();
// Batch systems send it to every process of a job.
process.on('SIGTERM', () => {
  stopRequested = true;
});
process.on('disconnect', () => {
  stopRequested = true;
});
process.on('message', (message: WorkbenchMessage) => {
  switch (message.kind) {
    case 'task':
      runTask(message.task, {
        send,
        points,
        shouldStop: () => stopRequested,
        shouldStopAfterEpoch: () => stopAfterEpochRequested,
      })
        .catch((error: unknown) => send(failure(diskError(error, message.task.runFolder))))
        .finally(() => process.disconnect?.());
      return;
    case 'stop':
      stopRequested = true;
      return;
    case 'stopAfterEpoch':
      stopAfterEpochRequested = true;
      return;
    case 'stored':
      points.confirm(message.batch);
      return;
  }
});

/** The last message of a run that failed. An error that is not ours leaves its stack on stderr. */
function failure(error: unknown): TrainerMessage {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ArcBenchError)
    return {
      kind: 'failed',
      code: error.code,
      message,
      ...(error instanceof DivergedError ? { told: error.told } : {}),
    };
  process.stderr.write(`${error instanceof Error ? error.stack : message}\n`);
  return { kind: 'failed', code: 'failed', message: memorySentence(message) ?? `The trainer failed: ${message}` };
}
