import { parentPort, workerData } from 'node:worker_threads';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { openStore } from '../store/store.ts';
import { placeEmbeddings, type PlacingMessage, type PlacingTask } from './placeEmbeddings.ts';

const { workspace, request } = workerData as PlacingTask;
const tell = (message: PlacingMessage) => parentPort?.postMessage(message);
const stopper = new AbortController();
parentPort?.on('message', () => stopper.abort());
const store = openStore(workspace, { readOnly: true, checked: true });
try {
  tell({ kind: 'done', result: await placeEmbeddings(store, request, { signal: stopper.signal, tell }) });
} catch (error) {
  const known = error instanceof ArcBenchError;
  tell({ kind: 'failed', code: known ? error.code : 'failed', message: known ? error.message : `The embeddings were not placed: ${error instanceof Error ? error.message : String(error)}.` });
} finally {
  store.close();
}
