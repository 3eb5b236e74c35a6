import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import type { RandomStream } from '../../../src-shared/maths/random.ts';
import { heldOutPairs } from '../../../src-main/data/pairs/heldOutPairs.ts';
import { makeSplit } from '../../../src-main/split/makeSplit.ts';
import { writeSplitFolders } from '../../../src-main/split/splitFolders.ts';
import { met, pick, type HostileKind } from './attempt.ts';
import { importAndDecode, workspaceIn } from './importAndDecode.ts';
import { hostileNames, hostileNumbers, mutateText } from './mutate.ts';

const picture = () =>
  sharp({ create: { width: 40, height: 40, channels: 3, background: '#a07050' } })
    .png()
    .toBuffer();
const numbers = '10,12,30,12,20,20,12,30,28,30';
const poisons = [...hostileNames, ...hostileNumbers, '"', '""', "'", '\\', '\r', ',,,,', '\n\n', 'x'.repeat(100_000)];

/** Imports a source, and takes what it names as far as folders of a split. */
async function asFarAsFolders(source: string, folder: string): Promise<void> {
  const { dataset, images } = await importAndDecode(source, workspaceIn(folder));
  const set = {
    folder: '',
    inputSize: 32,
    count: images.length,
    hash: dataset.hash,
    images,
    rejected: [],
    alignment: '',
  };
  const { split } = experimentSchema.parse({
    // The pictures are copies of one another.
    split: { minImages: 1, train: 1, val: 0, test: 0, query: 0, distractors: 0, duplicates: 'allow' },
  });
  await writeSplitFolders(set, makeSplit(set, split), join(workspaceIn(folder), 'splits', 's'));
}

export const csv: HostileKind = {
  name: 'CSV',
  share: 0.06,
  each: 1,
  async open() {
    const content = await picture();
    return {
      attempt(random, folder) {
        for (let index = 0; index < 3; index++) writeFileSync(join(folder, `${index}.png`), content);
        const rows = Array.from({ length: 6 }, (_, index) => {
          const hostile = random.next() < 0.3;
          const quoted = () => JSON.stringify(pick(random, hostileNames)).replaceAll('\\"', '""');
          return `${index % 3}.png,${hostile ? quoted() : `p${index % 2}`},${numbers}`;
        });
        const text = `path,identity,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\n${rows.join('\n')}\n`;
        writeFileSync(join(folder, 'list.csv'), random.next() < 0.2 ? text : mutateText(random, text, poisons));
        return met(() => asFarAsFolders(join(folder, 'list.csv'), folder), null);
      },
    };
  },
};

export const celebA: HostileKind = {
  name: 'CelebA lists',
  share: 0.06,
  each: 1,
  async open() {
    const content = await picture();
    return {
      attempt(random, folder) {
        mkdirSync(join(folder, 'celeba', 'img_align_celeba'), { recursive: true });
        const names = Array.from({ length: 4 }, (_, index) => `${String(index + 1).padStart(6, '0')}.jpg`);
        for (const name of names) writeFileSync(join(folder, 'celeba', 'img_align_celeba', name), content);
        const lists = [
          ['identity_CelebA.txt', `${names.map((name, index) => `${name} ${index % 2}`).join('\n')}\n`],
          [
            'list_landmarks_align_celeba.txt',
            `4\nlefteye_x\n${names.map((name) => `${name} ${numbers.replaceAll(',', ' ')}`).join('\n')}\n`,
          ],
        ] as const;
        for (const [name, text] of lists)
          writeFileSync(join(folder, 'celeba', name), random.next() < 0.3 ? text : mutateText(random, text, poisons));
        return met(() => asFarAsFolders(join(folder, 'celeba'), folder), null);
      },
    };
  },
};

export const pairs: HostileKind = {
  name: 'LFW pairs',
  share: 0.04,
  each: 1,
  async open() {
    const images = ['Ann', 'Bob', 'Cy'].flatMap((identity) =>
      [1, 2, 3].map((number) => ({ identity, path: `/lfw/${identity}/${identity}_000${number}.jpg` })),
    );
    const same = ['Ann\t1\t2', 'Bob\t1\t3'];
    const different = ['Ann\t1\tBob\t2', 'Cy\t1\tBob\t1'];
    const second = ['Cy\t1\t2', 'Ann\t2\t3', 'Ann\t3\tCy\t3', 'Bob\t3\tCy\t1'];
    const text = ['2\t2', ...same, ...different, ...second, ''].join('\n');
    return {
      attempt(random: RandomStream, folder: string) {
        const path = join(folder, 'pairs.txt');
        writeFileSync(path, random.next() < 0.1 ? text : mutateText(random, text, poisons));
        return met(() => heldOutPairs(path, images, []), path);
      },
    };
  },
};
