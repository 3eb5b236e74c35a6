import { parentPort, workerData } from 'node:worker_threads';
import { openStore } from '../../store/store.ts';
import type { CallContext } from '../calls/callContext.ts';
import { datasetCalls } from '../calls/datasetCalls.ts';
import { datasetLibrary } from '../experiment/datasetLibrary.ts';
import { embeddingCalls } from '../calls/embeddingCalls.ts';
import { experimentCalls } from '../calls/experimentCalls.ts';
import { runCalls, runSummaries } from '../calls/runCalls.ts';
import { workspaceCalls } from '../calls/workspaceCalls.ts';
import { splitCalls } from '../calls/splitCalls.ts';
import { trialAnswers } from '../calls/trialCalls.ts';
import { jobQueue } from '../jobQueue.ts';
import { knownFault } from '../../files/knownFault.ts';
import { keptProjection } from '../results/placeEmbeddings.ts';
import { runArchive } from '../results/export/runArchive.ts';
import { trialRoom, type TrialRoom } from '../trial/trialRoom.ts';
import { reportArchive } from '../results/reportArchive.ts';
import { collectGarbageSoon } from './collectGarbageSoon.ts';
import type { ReadAnswer, ReadQuestion, ReadingTask } from './readThreads.ts';

// A thread that answers calls which only read. It has the same handlers on its own connection, and answers in JSON.
const { workspace, door } = workerData as ReadingTask;
const store = openStore(workspace, { readOnly: true, checked: true, shared: true });
const context: CallContext = {
  store,
  jobs: jobQueue(() => undefined),
  door,
  roots: [],
  tell: () => undefined,
  workInThread: () => Promise.reject(new Error('A thread that reads does no work.')),
};
const library = datasetLibrary(context);
let trial: TrialRoom | null = null; // only the thread that is asked for it has one
const handlers = {
  ...trialAnswers(() => (trial ??= trialRoom(store))),
  ...runCalls(context, runSummaries(context)),
  ...embeddingCalls(context),
  ...splitCalls(context, library),
  ...datasetCalls(context, library),
  ...experimentCalls(context, library),
  ...workspaceCalls(context),
  'projection.kept': (request: Parameters<typeof keptProjection>[1]) => keptProjection(store, request),
  'run.archive': (id: string) => runArchive(store, id),
  'report.archive': (id: string) => reportArchive(workspace, id),
};
const encoder = new TextEncoder();

parentPort?.on('message', async ({ id, name, input }: ReadQuestion) => {
  try {
    // Both ends are of one program: the input was checked by the schema of its name.
    const result = await (handlers[name] as (input: unknown) => unknown)(input);
    const json = result instanceof Uint8Array ? result : encoder.encode(JSON.stringify(result));
    parentPort?.postMessage({ id, json } satisfies ReadAnswer, [json.buffer as ArrayBuffer]);
  } catch (error) {
    const known = knownFault(error);
    parentPort?.postMessage({
      id,
      fault: {
        code: known?.code ?? 'failed',
        message: known?.message ?? (error instanceof Error ? error.message : String(error)),
        expected: known !== null,
      },
    } satisfies ReadAnswer);
  } finally {
    collectGarbageSoon();
  }
});
