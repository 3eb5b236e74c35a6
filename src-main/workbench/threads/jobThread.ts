import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { preparedFolder } from '../../data/prepareDataset.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import { openStore } from '../../store/store.ts';
import { datasetLibrary } from '../experiment/datasetLibrary.ts';
import { importFaces, prepareFaces, withExcluded } from '../experiment/gatherFaces.ts';
import { knownFault } from '../../files/knownFault.ts';
import { placeEmbeddings } from '../results/placeEmbeddings.ts';
import { resumableRun, resumeRun } from '../experiment/resumeRun.ts';
import { findFaces } from '../experiment/findFaces.ts';
import { rewriteReport } from '../experiment/rewriteReport.ts';
import { runExperiment } from '../experiment/runExperiment.ts';
import { auditFaces, lookForDuplicates, writeAuditedSplit } from '../experiment/splitFaces.ts';
import type { StageOptions } from '../experiment/stage.ts';
import { collectGarbageSoon } from './collectGarbageSoon.ts';
import type { WorkMessage, WorkOrder, WorkTask } from './jobThreads.ts';

const tell = (message: WorkMessage) => parentPort?.postMessage(message);
// A change is reported after its transaction has ended: others read it through another connection.
const store = openStore(workerData as string, {
  shared: true,
  checked: true,
  patience: 20_000, // milliseconds
  onWait: (text) => tell({ kind: 'notice', text }),
  onChange: (change) => queueMicrotask(() => tell({ kind: 'change', change })),
});
const progress: StageOptions['progress'] = {
  stage: (text) => tell({ kind: 'stage', text }),
  notice: (text) => tell({ kind: 'notice', text }),
  step: (step) => tell({ kind: 'step', progress: step }),
};
const engine = { compiled: true, engine: 'auto' } as const;

async function done(
  { work, roots }: WorkTask,
  { signal, afterEpoch }: { readonly signal: AbortSignal; readonly afterEpoch: AbortSignal },
): Promise<string> {
  if (work.kind === 'projection') return await placeEmbeddings(store, work.request, { signal, progress });
  const { plan, baseFolder, rerunCommand } = work;
  const options: StageOptions = {
    store,
    roots,
    plan,
    baseFolder,
    rerunCommand,
    signal,
    afterEpoch,
    progress,
    onTraining: (run) => tell({ kind: 'training', run }),
  };
  const dataset = () => datasetLibrary({ store }).datasetOf(plan.data);
  switch (work.kind) {
    case 'import': {
      const { hash, base } = await importFaces(options, { isNew: true });
      return base?.hash ?? hash; // by which the list of datasets knows it
    }
    case 'find':
      await findFaces(options, {
        hash: work.dataset,
        dataset: await datasetLibrary({ store }).dataset(work.dataset),
      });
      return work.dataset;
    case 'prepare': {
      const set = await prepareFaces(options, await dataset());
      await lookForDuplicates(options, set); // the split asks for them at once
      return set.hash;
    }
    case 'split': {
      const of = await dataset();
      const folder = preparedFolder(store.workspace, of, plan.prepare);
      // Where pictures were excluded since the faces were prepared, the rest is prepared now.
      const set = existsSync(folder) ? withExcluded(openPreparedSet(folder), of) : await prepareFaces(options, of);
      return (await writeAuditedSplit(options, set, await auditFaces(options, set))).folder;
    }
    case 'report':
      return await rewriteReport(options, work.run);
    case 'experiment':
      return (await runExperiment(options, { ...engine, interrupted: work.interrupted })).report;
    case 'resume':
      await resumeRun(resumableRun(store, work.run), options, engine);
      return work.run;
  }
}

let stopper = new AbortController();
let afterEpoch = new AbortController(); // of the job under way
let working: Promise<void> = Promise.resolve();

async function start(task: WorkTask): Promise<void> {
  stopper = new AbortController();
  afterEpoch = new AbortController();
  try {
    const result = await done(task, { signal: stopper.signal, afterEpoch: afterEpoch.signal });
    queueMicrotask(() => tell({ kind: 'done', result })); // after the last change
  } catch (error) {
    const known = knownFault(error);
    queueMicrotask(() =>
      tell({
        kind: 'failed',
        code: known?.code ?? null,
        message: known?.message ?? (error instanceof Error ? error.message : String(error)),
      }),
    );
  } finally {
    collectGarbageSoon(); // after the answer
  }
}

parentPort?.on('message', (order: WorkOrder) => {
  switch (order) {
    case 'stop':
      return stopper.abort();
    case 'stopAfterEpoch':
      return afterEpoch.abort();
    case 'end':
      return void working.then(() => {
        store.close();
        parentPort?.close(); // lets the thread end
      });
    default:
      working = start(order);
  }
});
