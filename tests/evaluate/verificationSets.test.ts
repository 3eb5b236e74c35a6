import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { checkSetPictures } from '../../src-main/data/verification/decodeSetPicture.ts';
import type { VerificationSet } from '../../src-main/data/verification/verificationSet.ts';
import type { Machine } from '../../src-main/engine/graph/compileProgram.ts';
import { embedImages } from '../../src-main/evaluate/embedImages.ts';
import { judgeVerificationSet, type SetJudge } from '../../src-main/evaluate/judgeVerificationSet.ts';

const side = 32;
const batchSize = 8;

/** A picture whose halves are grey levels. */
const halves = (left: number, right: number, size = side) => {
  const pixels = Buffer.alloc(size * size * 3);
  for (let at = 0; at < pixels.length; at++) pixels[at] = Math.floor(at / 3) % size < size / 2 ? left : right;
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
};

/** Embeds a picture as the grey levels of its first and last pixel of a row, and as a third number that is 1. */
const machine: Machine = {
  step(program, { images }) {
    assert.ok(images instanceof Uint8Array);
    const embeddings = new Float32Array(batchSize * 3);
    for (let row = 0; row < batchSize; row++) {
      const first = images[row * side * side * 3] as number;
      const last = images[row * side * side * 3 + 3 * (side - 1)] as number;
      embeddings.set(program === 'mirrored' ? [last, 2 * first, 1] : [first, 2 * last, 1], 3 * row);
    }
    const none = new Float32Array(batchSize);
    return { embeddings, loss: none, ranks: none, predicted: none };
  },
  readState: () => new Map(),
  writeState: () => undefined,
  dispose: () => undefined,
};

const embedding = { machine, batchSize, size: side, embeddingSize: 3 };
const judge: SetJudge = {
  ...embedding,
  embedWithMirror: (packed, images) => embedImages({ ...embedding, packed, flip: true }, images),
};

/** Twelve pairs: those of one person have one pair of levels up to the order, those of two have others. */
async function drawnSet(size = side): Promise<VerificationSet> {
  const pictures: Buffer[] = [];
  const same = Uint8Array.from({ length: 12 }, (_, pair) => (pair % 3 === 0 ? 0 : 1));
  for (const [pair, truth] of same.entries()) {
    pictures.push(await halves(10 * pair, 200, size));
    pictures.push(await (truth === 1 ? halves(200, 10 * pair, size) : halves(3, 2, size)));
  }
  return { path: '/sets/drawn.bin', name: 'drawn', pictures, same };
}

test('pairs are judged by the distance of summed embeddings', async () => {
  const set = await drawnSet();
  const judged = await judgeVerificationSet(judge, set);
  // Mirrored pictures add what the order of the halves takes away, so that each pair of one person has distance 0
  // but for the weights: [first + last, 2 (first + last), 2].
  assert.deepEqual([judged.name, judged.genuine, judged.impostors], ['drawn', 8, 4]);
  assert.deepEqual([judged.accuracy.correct, judged.accuracy.total, judged.mean], [12, 12, 1]);
  assert.ok(judged.accuracy.low > 0.7 && judged.accuracy.high === 1, JSON.stringify(judged.accuracy));
  const norms = set.pictures.map((_, picture) => {
    const pair = Math.floor(picture / 2);
    if (picture % 2 === 0) return Math.hypot(10 * pair, 400, 1);
    return set.same[pair] === 1 ? Math.hypot(200, 20 * pair, 1) : Math.hypot(3, 4, 1);
  });
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  assert.ok(Math.abs(judged.norm - mean) < 1e-3, `${judged.norm} instead of ${mean}`);
});

test('pictures of another size are scaled, and a broken one is named before anything trains', async () => {
  const set = await drawnSet(2 * side);
  await checkSetPictures(set, { side });
  const judged = await judgeVerificationSet(judge, set);
  assert.equal(judged.mean, 1);
  const pictures = [...set.pictures];
  pictures[4] = (pictures[4] as Buffer).subarray(0, 40);
  await assert.rejects(
    checkSetPictures({ ...set, pictures }, { side }),
    /Picture 5 of \/sets\/drawn\.bin cannot be used/,
  );
  const stopped = new AbortController();
  stopped.abort();
  await assert.rejects(checkSetPictures(set, { side, signal: stopped.signal }), /was stopped/);
});
