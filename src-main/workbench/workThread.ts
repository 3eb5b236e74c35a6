import { parentPort, workerData } from 'node:worker_threads';
import { preparedFolder } from '../data/prepareDataset.ts';
import { openPreparedSet } from '../data/preparedSet.ts';
import { openStore } from '../store/store.ts';
import { datasetLibrary } from './calls/datasetCalls.ts';
import { importFaces, prepareFaces } from './gatherFaces.ts';
import { knownFault } from './knownFault.ts';
import { placeEmbeddings } from './placeEmbeddings.ts';
import { resumableRun, resumeRun } from './resumeRun.ts';
import { gatherSplit, runExperiment, writeExperimentReport } from './runExperiment.ts';
import { auditFaces, writeAuditedSplit } from './splitFaces.ts';
import type { StageOptions } from './stage.ts';
import type { Work, WorkMessage, WorkOrder, WorkTask } from './workApart.ts';

const { workspace, roots, work } = workerData as WorkTask;
const tell = (message: WorkMessage) => parentPort?.postMessage(message);
const [stopper, afterEpoch] = [new AbortController(), new AbortController()];
parentPort?.on('message', (order: WorkOrder) => (order === 'stop' ? stopper : afterEpoch).abort());
// A change is told when its transaction is over: who hears of it reads it by another connection.
const store = openStore(workspace, { shared: true, checked: true, onChange: (change) => queueMicrotask(() => tell({ kind: 'change', change })) });
const job = {
  signal: stopper.signal, afterEpoch: afterEpoch.signal,
  progress: { stage: (text) => tell({ kind: 'stage', text }), notice: (text) => tell({ kind: 'notice', text }), step: (progress) => tell({ kind: 'step', progress }) },
} satisfies Partial<StageOptions>;
const engine = { compiled: true, engine: 'auto' } as const;

async function done(asked: Work): Promise<string> {
  if (asked.kind === 'projection') return await placeEmbeddings(store, asked.request, job);
  const { plan, baseFolder, rerunCommand } = asked;
  const options: StageOptions = { ...job, store, roots, plan, baseFolder, rerunCommand, onTraining: (run) => tell({ kind: 'training', run }) };
  const dataset = () => datasetLibrary({ store }).datasetOf(asked.plan.data);
  switch (asked.kind) {
    case 'import': return (await importFaces(options)).hash;
    case 'prepare': return (await prepareFaces(options, await dataset())).hash;
    case 'split': {
      const set = openPreparedSet(preparedFolder(workspace, await dataset(), asked.plan.prepare));
      return (await writeAuditedSplit(options, set, auditFaces(options, set))).folder;
    }
    case 'report': return await writeExperimentReport(options, await gatherSplit(options));
    case 'experiment': return (await runExperiment(options, { ...engine, interrupted: asked.interrupted })).report;
    case 'resume':
      await resumeRun(resumableRun(store, asked.run), options, engine);
      return asked.run;
  }
}

try {
  const result = await done(work);
  store.close();
  tell({ kind: 'done', result });
} catch (error) {
  store.close();
  const known = knownFault(error);
  tell({ kind: 'failed', code: known?.code ?? null, message: known?.message ?? (error instanceof Error ? error.message : String(error)) });
}
parentPort?.close(); // what it waited for is done: the thread ends when its messages are out
