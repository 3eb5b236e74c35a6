import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';
import { arcFaceTemplate } from '../../src-shared/maths/similarityTransform.ts';
import { contender, publish, type Row } from './measured.ts';

interface Kind {
  readonly name: string;
  readonly pictures: number;
  readonly width: number;
  readonly height: number;
  readonly faceSide: number;
}
/** CelebA's aligned pictures, and pictures in the wild whose face takes a third of the width. */
const kinds: readonly Kind[] = [
  { name: 'aligned', pictures: 4000, width: 178, height: 218, faceSide: 110 },
  { name: 'in the wild', pictures: 300, width: 1024, height: 1365, faceSide: 360 },
];
const distinct = 20;

/** A JPEG with the entropy of a photograph: soft shapes and fine grain. */
async function photograph({ width, height }: Kind, random: RandomStream): Promise<Buffer> {
  const colour = () => `rgb(${random.integer(256)},${random.integer(256)},${random.integer(256)})`;
  const shapes = Array.from(
    { length: 40 },
    () =>
      `<ellipse cx="${random.next() * width}" cy="${random.next() * height}" ` +
      `rx="${random.next() * width * 0.3}" ry="${random.next() * height * 0.2}" fill="${colour()}" ` +
      'opacity="0.6"/>',
  ).join('');
  const grain = await sharp(
    Uint8Array.from({ length: width * height }, () => 108 + random.integer(40)),
    { raw: { width, height, channels: 1 } },
  )
    .png({ compressionLevel: 1 })
    .toBuffer();
  return await sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="${width}" ` +
        `height="${height}" fill="${colour()}"/>${shapes}</svg>`,
    ),
  )
    .removeAlpha()
    .composite([{ input: grain, blend: 'soft-light' }])
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** Writes the pictures of a kind and a CSV with the five points of a face of some size, place and turn. */
async function writePictures(kind: Kind, folder: string): Promise<string> {
  mkdirSync(folder);
  const random = randomStream(1, 'bench', kind.name);
  const files = await Promise.all(Array.from({ length: distinct }, () => photograph(kind, random)));
  const lines = ['path,identity,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4'];
  for (let index = 0; index < kind.pictures; index++) {
    const name = `${String(index).padStart(6, '0')}.jpg`;
    writeFileSync(join(folder, name), files[index % distinct] as Buffer);
    const scale = (kind.faceSide * (0.9 + 0.2 * random.next())) / 112;
    const turn = (random.next() - 0.5) * 0.5;
    const x = kind.width * (0.45 + 0.1 * random.next());
    const y = kind.height * (0.45 + 0.1 * random.next());
    const points = [0, 2, 4, 6, 8].flatMap((at) => {
      const u = (arcFaceTemplate[at] as number) - 56;
      const v = (arcFaceTemplate[at + 1] as number) - 56;
      return [
        x + scale * (u * Math.cos(turn) - v * Math.sin(turn)),
        y + scale * (u * Math.sin(turn) + v * Math.cos(turn)),
      ];
    });
    lines.push([name, `person ${index % 100}`, ...points.map((value) => value.toFixed(1))].join(','));
  }
  writeFileSync(join(folder, 'faces.csv'), `${lines.join('\n')}\n`);
  return join(folder, 'faces.csv');
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-prepare-'));
const threads = availableParallelism();
const rows: Row[] = [];
try {
  for (const kind of kinds) {
    const source = await writePictures(kind, join(workspace, kind.name));
    const own = () =>
      contender<{ rate: number; importRate: number }>(process.execPath, [file('prepareOnce.ts'), source]) ?? {
        rate: Number.NaN,
        importRate: Number.NaN,
      };
    const before = own();
    const python = (library: string, count: number) =>
      contender<{ rate: number; version: string }>('python3', [file('prepareRate.py'), library, source, String(count)]);
    const opencv = python('opencv', 1);
    const pil = python('pil', 1);
    const opencvThreads = python('opencv', threads);
    const pilThreads = python('pil', threads);
    const afterwards = own(); // before and after the others, against drift of the machine
    const rate = (before.rate + afterwards.rate) / 2;
    const importRate = (before.importRate + afterwards.importRate) / 2;
    if (!opencv || !pil)
      console.log(
        `${!opencv ? 'OpenCV' : 'PIL'} was not measured: get it with \`python3 -m pip install numpy pillow ` +
          'opencv-python-headless` (or name its folder in PYTHONPATH).',
      );
    const against = (name: string, other: { rate: number } | null): Row => ({
      name: `  against ${name}`,
      value: other && rate / other.rate,
      unit: 'x',
      goal: '>= 1',
      met: other && rate >= other.rate,
    });
    const measured = (name: string, other: { rate: number; version: string } | null): Row => ({
      name: `  ${name} ${other?.version ?? ''}`,
      value: other?.rate ?? null,
      unit: 'img/s',
    });
    rows.push(
      { name: `${kind.name}, ${kind.width} x ${kind.height}: ArcBench`, value: rate, unit: 'img/s' },
      measured('OpenCV', opencv),
      measured('PIL', pil),
      measured(`OpenCV, ${threads} threads`, opencvThreads),
      measured(`PIL, ${threads} threads`, pilThreads),
      against('OpenCV', opencv),
      against('PIL', pil),
      { name: '  import, their headers read', value: importRate, unit: 'files/s' },
    );
  }
} finally {
  rmSync(workspace, { recursive: true });
}
publish('Align, crop and pack to 112 x 112', rows);
