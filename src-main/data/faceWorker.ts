import { hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { decodeFace, type DecodedFace } from './decodeFace.ts';
import type { BatchAnswer, BatchTask, CutTask } from './faceWorkers.ts';

const sideBySide = 4; // sharp decodes on threads of its own, so several pictures can be under way

async function cutBatch({ id, tasks }: BatchTask): Promise<BatchAnswer> {
  const decoded: (DecodedFace | { readonly reason: string })[] = [];
  let next = 0;
  const decodeNext = async () => {
    for (let at = next++; at < tasks.length; at = next++) {
      const { image, cut } = tasks[at] as CutTask;
      decoded[at] = await decodeFace(image, cut);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, decodeNext));
  const cut = decoded.flatMap((face) => ('reason' in face ? [] : [face.pixels]));
  const pixels = new Uint8Array(cut.reduce((sum, face) => sum + face.length, 0));
  let at = 0;
  for (const face of cut) {
    pixels.set(face, at);
    at += face.length;
  }
  return {
    id,
    pixels,
    sha256: hash('sha256', pixels),
    faces: decoded.map((face) => ('reason' in face ? face : (({ pixels: _, ...facts }) => facts)(face))),
  };
}

let before = Promise.resolve();
parentPort?.on('message', (task: BatchTask) => {
  before = before.then(async () => {
    const answer = await cutBatch(task);
    parentPort?.postMessage(answer, [answer.pixels.buffer]);
  });
});
