import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { randomStream } from '../../src-shared/maths/random.ts';
import { decodeFace } from '../../src-main/data/decodeFace.ts';
import {
  arcFaceTemplate,
  inverseTransform,
  similarityTransform,
  templateFor,
} from '../../src-shared/maths/similarityTransform.ts';
import { warpFace } from '../../src-main/data/warpFace.ts';

interface Golden {
  readonly template: number[][];
  readonly cases: readonly { readonly landmarks: number[][]; readonly matrix: number[][] }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/alignment.json', import.meta.url), 'utf8')) as Golden;

test("the similarity transform equals scikit-image's (relative 1e-9), and its inverse undoes it", () => {
  assert.deepEqual(golden.template.flat(), arcFaceTemplate);
  assert.ok(golden.cases.length > 0);
  for (const { landmarks, matrix } of golden.cases) {
    const transform = similarityTransform(landmarks.flat(), arcFaceTemplate);
    assert.ok(transform);
    const { a, b, x0, y0 } = transform;
    for (const [row, values] of [
      [a, -b, x0],
      [b, a, y0],
    ].entries()) {
      for (const [column, value] of values.entries())
        assert.ok(
          Math.abs(value - matrix[row]![column]!) <= 1e-9 * Math.max(1, Math.abs(value)),
          `${value}, not ${matrix[row]![column]}`,
        );
    }
    const back = inverseTransform(transform);
    for (const [x, y] of landmarks as [number, number][]) {
      const u = a * x - b * y + x0;
      const v = b * x + a * y + y0;
      assert.ok(
        Math.abs(back.a * u - back.b * v + back.x0 - x) < 1e-9 &&
          Math.abs(back.b * u + back.a * v + back.y0 - y) < 1e-9,
      );
    }
  }
  assert.deepEqual(
    templateFor(224),
    arcFaceTemplate.map((value) => value * 2),
  );
  assert.equal(similarityTransform(Array<number>(10).fill(5), arcFaceTemplate), undefined);
});

test('a warped face equals bilinear interpolation within one level of 255, and is black outside the picture', () => {
  const random = randomStream(3, 'warp');
  const width = 50;
  const height = 40;
  const size = 64;
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  for (let trial = 0; trial < 20; trial++) {
    const scale = 0.2 + random.next();
    const turn = 7 * random.next();
    const map = {
      ax: scale * Math.cos(turn),
      bx: -scale * Math.sin(turn),
      cx: 60 * random.next() - 5,
      ay: scale * Math.sin(turn),
      by: scale * Math.cos(turn),
      cy: 50 * random.next() - 5,
    };
    const warped = warpFace({ pixels, width, height }, map, size);
    for (let index = 0; index < warped.length; index++) {
      const row = Math.floor(index / 3 / size);
      const column = Math.floor(index / 3) % size;
      const channel = index % 3;
      const x = map.ax * column + map.bx * row + map.cx;
      const y = map.ay * column + map.by * row + map.cy;
      let expected = 0;
      for (const [u, v] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ].map(([dx, dy]) => [Math.floor(x) + dx!, Math.floor(y) + dy!] as const)) {
        if (u >= 0 && v >= 0 && u < width && v < height)
          expected += (1 - Math.abs(x - u)) * (1 - Math.abs(y - v)) * pixels[(v * width + u) * 3 + channel]!;
      }
      assert.ok(
        Math.abs(warped[index]! - expected) <= 1,
        `row ${row}, column ${column}: ${warped[index]}, not ${expected}`,
      );
    }
  }
});

test('a face cut from a part of a picture equals the one cut from the whole picture', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-alignment-'));
  try {
    const random = randomStream(4, 'part');
    const width = 260;
    const height = 240;
    const pixels = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
    const path = join(folder, 'noise.png');
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path);
    // Well inside, over the left upper corner, over the right lower one.
    for (const [left, top] of [
      [70, 40],
      [-30, -50],
      [160, 130],
    ] as const) {
      const landmarks = arcFaceTemplate.map(
        (value, index) => value * 1.4 + (index % 2 === 0 ? left : top) + 0.1 * index,
      );
      const face = await decodeFace({ path, identity: 'Ann', landmarks }, { kind: 'landmarks', inputSize: 112 });
      if ('reason' in face) throw new Error(face.reason);
      const transform = similarityTransform(landmarks, arcFaceTemplate);
      assert.ok(transform);
      const { a, b, x0, y0 } = inverseTransform(transform);
      const whole = warpFace({ pixels, width, height }, { ax: a, bx: -b, cx: x0, ay: b, by: a, cy: y0 }, 112);
      // Within one level: the origin of the part is another number to round.
      for (const [index, value] of face.pixels.entries())
        assert.ok(Math.abs(value - whole[index]!) <= 1, `${index}: ${value}, not ${whole[index]}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
