import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import { importDataset } from '../../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../../src-main/data/prepareDataset.ts';
import { resources } from '../../../src-main/workbench/workspace/resources.ts';
import { drawnPortrait } from '../../drawnPortrait.ts';
import { sentence, type HostileKind, type Met } from './attempt.ts';
import { mutate } from './mutate.ts';

const batch = 25;

/** The same face in every format that is read, BMP, which is not, and variants with more in their headers. */
async function originals(): Promise<{ ending: string; content: Buffer }[]> {
  const source = await drawnPortrait(1, 1);
  const face = () => sharp(source).toColourspace('srgb');
  const metadata = { orientation: 6, exif: { IFD0: { ImageDescription: 'x'.repeat(200) } } };
  const made = await Promise.all([
    face().jpeg().toBuffer(),
    face().jpeg({ progressive: true }).withMetadata(metadata).toBuffer(),
    face().toColourspace('cmyk').jpeg().toBuffer(),
    face().png().toBuffer(),
    face().png({ progressive: true }).withMetadata().toBuffer(),
    face().png({ palette: true }).toBuffer(),
    face().toColourspace('rgb16').png().toBuffer(),
    face().webp().toBuffer(),
    face().webp({ lossless: true }).toBuffer(),
    face().gif().toBuffer(),
    face().tiff().toBuffer(),
    face().tiff({ tile: true, compression: 'deflate' }).toBuffer(),
    face().tiff({ compression: 'lzw', pyramid: true, tile: true }).toBuffer(),
  ]);
  const endings = ['jpg', 'jpg', 'jpg', 'png', 'png', 'png', 'png', 'webp', 'webp', 'gif', 'tif', 'tif', 'tif'];
  const width = 16;
  const height = 16;
  const bmp = Buffer.alloc(54 + width * height * 3, 0x55);
  bmp.write('BM', 0, 'latin1');
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  return [
    ...made.map((content, index) => ({ ending: endings[index] ?? '', content })),
    { ending: 'bmp', content: bmp },
    { ending: 'png', content: bmp },
  ];
}

/** Imports, prepares and shows a folder of pictures: each is taken or listed with its reason. */
export async function readPictures(folder: string): Promise<Met> {
  const source = join(folder, 'faces');
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace, { recursive: true });
  const { data, prepare } = experimentSchema.parse({ prepare: { inputSize: 32 } });
  const dataset = await importDataset({ ...data, resolvedSource: source }, { workspace }).catch((error: unknown) => {
    if (!(error instanceof ArcBenchError)) throw error;
    return { refusal: sentence(error.message) };
  });
  if ('refusal' in dataset)
    return {
      taken: 0,
      refusals: readdirSync(source, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(() => dataset.refusal),
    };
  // Where none can be used, one sentence refuses them all.
  const set = await prepareDataset(dataset, prepare, { workspace }).catch((error: unknown) => {
    if (!(error instanceof ArcBenchError)) throw error;
    return { images: [], rejected: dataset.images.map(() => ({ reason: error.message })) };
  });
  const shown = resources({
    workspace: workspace,
    library: { edited: () => Promise.resolve({ base: dataset }) },
    roots: [dataset.source],
    packed: () => Promise.reject(new Error('no archive is asked for')),
    exported: () => Promise.reject(new Error('no archive is asked for')),
  });
  for (const index of dataset.images.keys()) await shown.read(`pictures/original/x/${index}?side=96`);
  shown.close();
  return {
    taken: set.images.length,
    refusals: [...dataset.rejected, ...set.rejected].map(({ reason }) => sentence(reason)),
  };
}

export const pictures: HostileKind = {
  name: 'pictures',
  share: 0.4,
  each: batch,
  async open() {
    const whole = await originals();
    return {
      async attempt(random, folder) {
        const jpeg = whole[0]?.content ?? Buffer.alloc(0);
        for (const person of ['one', 'two']) {
          mkdirSync(join(folder, 'faces', person), { recursive: true });
          writeFileSync(join(folder, 'faces', person, 'whole.jpg'), jpeg);
        }
        for (let index = 0; index < batch; index++) {
          const chosen = whole[random.integer(whole.length)];
          const other = whole[random.integer(whole.length)];
          if (chosen && other)
            writeFileSync(
              join(folder, 'faces', index % 2 === 0 ? 'one' : 'two', `${index}.${chosen.ending}`),
              mutate(random, chosen.content, other.content),
            );
        }
        const { taken, refusals } = await readPictures(folder);
        if (taken + refusals.length !== batch + 2)
          throw new Error(`Of ${batch + 2} pictures ${taken} were taken and ${refusals.length} refused.`);
        return { taken: taken - 2, refusals };
      },
    };
  },
};
