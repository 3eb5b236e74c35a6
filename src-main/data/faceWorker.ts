import { parentPort } from 'node:worker_threads';
import { decodeFace } from './decodeFace.ts';
import type { CutAnswer, CutTask } from './faceWorkers.ts';

parentPort?.on('message', ({ id, image, cut }: CutTask) => {
  void decodeFace(image, cut).then((face) => parentPort?.postMessage({ id, face } satisfies CutAnswer));
});
