import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { randomStream } from '../../src-shared/maths/random.ts';
import { arcFaceTemplate } from '../../src-shared/maths/similarityTransform.ts';
import { decodeFace } from '../../src-main/data/decodeFace.ts';
import { rawRgb } from '../../src-main/data/pictureFile.ts';
import { decodePlainJpeg, loadJpegDecoder } from '../../src-main/data/plainJpeg.ts';
import { drawnPortrait } from '../drawnPortrait.ts';
import { sharedFaces } from '../sharedFaces.ts';

await loadJpegDecoder();
const real = sharedFaces('att_faces');
const portraits = await Promise.all(Array.from({ length: 12 }, (_, person) => drawnPortrait(person + 1, 3)));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-jpeg-'));
after(() => rmSync(folder, { recursive: true }));

/** What sharp makes of a file, by the path that every other picture takes; null where it refuses. */
const bySharp = (file: Buffer) => rawRgb(sharp(file, { failOn: 'warning' }).autoOrient()).catch(() => null);
/** The largest and the mean difference, in levels of 255. */
function difference(one: Uint8Array, other: Uint8Array): { readonly largest: number; readonly mean: number } {
  let largest = 0;
  let sum = 0;
  for (const [index, value] of other.entries()) {
    const apart = Math.abs(value - (one[index] ?? -255));
    largest = Math.max(largest, apart);
    sum += apart;
  }
  return { largest, mean: sum / other.length };
}

/** Each picture is stored as another kind of JPEG, and decoded by us and by sharp. */
async function decodedAsBySharp(pictures: readonly Buffer[]): Promise<void> {
  for (const [index, picture] of pictures.entries()) {
    const isGrey = index % 3 === 0;
    const tint = { r: 90 + 12 * index, g: 120, b: 200 - 12 * index };
    const file = await (isGrey ? sharp(picture).toColourspace('b-w') : sharp(picture).toColourspace('srgb').tint(tint))
      .jpeg({
        quality: 70 + 2 * index,
        progressive: index % 2 === 1,
        chromaSubsampling: index % 4 < 2 ? '4:2:0' : '4:4:4',
      })
      .toBuffer();
    const plain = decodePlainJpeg(file);
    assert.ok(plain, `picture ${index} was not taken as plain`);
    assert.deepEqual([plain.width, plain.height], [92, 112]);
    const { largest } = difference(plain.pixels, (await bySharp(file))?.pixels ?? new Uint8Array());
    assert.equal(largest, 0, `picture ${index}: ${largest} levels apart`);
  }
}

test('small plain JPEGs are decoded as sharp decodes them, bit for bit', () => decodedAsBySharp(portraits));

test('so are those of real faces', { skip: real.skip }, () =>
  decodedAsBySharp(portraits.map((_, person) => readFileSync(join(real.path, `s${person + 1}`, '3.png')))),
);

test('a face is cut from the same place of a plain JPEG and of a PNG, also at the edge', async () => {
  const jpeg = join(folder, 'face.jpg');
  const png = join(folder, 'face.png');
  const file = await sharp(portraits[1]).toColourspace('srgb').tint('#c08060').jpeg({ quality: 92 }).toBuffer();
  writeFileSync(jpeg, file);
  await sharp(file).png().toFile(png);
  assert.ok(decodePlainJpeg(file));
  for (const [left, top] of [
    [3, 8],
    [-30, -40],
    [45, 60],
  ] as const) {
    const landmarks = arcFaceTemplate.map((value, index) => value * 0.8 + (index % 2 === 0 ? left : top) + 0.1 * index);
    const [one, other] = await Promise.all(
      [jpeg, png].map((path) =>
        decodeFace({ path, identity: 'Ann', landmarks }, { kind: 'landmarks', inputSize: 112 }),
      ),
    );
    assert.ok(one && other && 'pixels' in one && 'pixels' in other);
    assert.equal(difference(one.pixels, other.pixels).largest, 0);
  }
  const outside = arcFaceTemplate.map((value) => value + 500);
  const reasons = await Promise.all(
    [jpeg, png].map((path) =>
      decodeFace({ path, identity: 'Ann', landmarks: outside }, { kind: 'landmarks', inputSize: 112 }),
    ),
  );
  assert.deepEqual(reasons[0], reasons[1]);
  assert.match(
    'reason' in reasons[0]! ? reasons[0].reason : '',
    /^The five landmarks are outside the picture of 92 x 112 pixels/,
  );
});

test('sharp decodes what is not plain: turned, CMYK, RGB, with a profile, large, of another format', async () => {
  const picture = () => sharp(portraits[2]).toColourspace('srgb');
  const turned = await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const upright = await picture()
    .withExif({ IFD0: { Copyright: 'Ann' } })
    .jpeg()
    .toBuffer();
  assert.ok(decodePlainJpeg(upright), 'a JPEG with EXIF data that does not turn it is plain');
  const others = {
    turned,
    cmyk: await picture().toColourspace('cmyk').jpeg().toBuffer(),
    profile: await picture().withIccProfile('p3').jpeg().toBuffer(),
    large: await picture().resize(1100, 1100).jpeg().toBuffer(),
    deep: await picture().toColourspace('rgb16').png().toBuffer(),
    webp: await picture().webp().toBuffer(),
    empty: Buffer.alloc(0),
    header: upright.subarray(0, 40),
  };
  for (const [name, file] of Object.entries(others)) assert.equal(decodePlainJpeg(file), null, name);
});

test('no damaged JPEG of 3,000 is taken where sharp refuses it, and a cut one is refused as usual', async () => {
  const random = randomStream(7, 'damage');
  const whole = await Promise.all(
    [false, true].map((progressive) =>
      sharp(portraits[0]).toColourspace('srgb').tint('#c08060').jpeg({ progressive }).toBuffer(),
    ),
  );
  let taken = 0;
  let refused = 0;
  for (let trial = 0; trial < 3000; trial++) {
    const source = whole[trial % 2] as Buffer;
    let file = Buffer.from(source);
    if (trial % 3 === 0) file = file.subarray(0, random.integer(file.length));
    else
      for (let flips = 1 + random.integer(8); flips > 0; flips--)
        file[random.integer(trial % 3 === 1 ? 700 : file.length)] = random.integer(256);
    const plain = decodePlainJpeg(file);
    if (plain === null) {
      refused++;
      continue;
    }
    taken++;
    const other = await bySharp(file);
    assert.ok(other, `trial ${trial} was taken, and sharp refuses it`);
    assert.deepEqual([plain.width, plain.height], [other.width, other.height]);
  }
  assert.ok(taken > 100 && refused > 1000, `${taken} taken, ${refused} refused`);
  const path = join(folder, 'cut.jpg');
  writeFileSync(path, readFileSync(join(folder, 'face.jpg')).subarray(0, 900));
  assert.deepEqual(
    await decodeFace({ path, identity: 'Ann', landmarks: arcFaceTemplate }, { kind: 'landmarks', inputSize: 112 }),
    { reason: 'The picture is truncated or damaged: copy it again from its source, or save it again as PNG.' },
  );
});
