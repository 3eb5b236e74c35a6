import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifGone } from '../../files/readFault.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { tsvCell } from '../../../src-shared/textCell.ts';
import { writeSynced, writeWholeFolder } from '../../files/writeWhole.ts';
import { recordFrames } from './recordFrames.ts';
import { exactLabels, recordPayload } from './recordHeader.ts';

/** A picture to write: its file (JPEG or PNG), the class, and what it is called. */
export interface WrittenPicture {
  readonly file: Uint8Array;
  readonly label: number;
  readonly name: string;
}

export interface WrittenRecords {
  /** Sorted by label, so that each person's pictures stand together. */
  readonly pictures: AsyncIterable<WrittenPicture>;
  /** The people, by label. */
  readonly classes: readonly string[];
  /** Pixels. */
  readonly side: number;
}

const aligned = 1; // face2rec2's second label

/**
 * Writes `train.rec`, `train.idx` and `property` as insightface's face2rec2 does (images from id 1, then record 0 and a
 * record of each person's range), and `train.tsv` with each picture's name as CVLface does; whole or not at all.
 * Returns how many pictures it wrote. Throws 'wrong-input' where the folder holds something.
 */
export async function writeRecords(folder: string, { pictures, classes, side }: WrittenRecords): Promise<number> {
  await refuseFilled(folder);
  let written = 0;
  const write = async (temporary: string) => {
    const record = await open(join(temporary, 'train.rec'), 'w');
    const index = await open(join(temporary, 'train.idx'), 'w');
    const names = await open(join(temporary, 'train.tsv'), 'w');
    let offset = 0;
    const add = async (id: number, labels: readonly number[], picture: Uint8Array = new Uint8Array()) => {
      const frames = recordFrames(recordPayload(id, labels, { picture, scalar: false }));
      await record.writeFile(frames);
      await index.writeFile(`${id}\t${offset}\n`);
      offset += frames.length;
    };
    try {
      const ranges: { label: number; first: number; end: number }[] = [];
      for await (const { file, label, name } of pictures) {
        const id = ++written;
        refuseInexact(id);
        const range = ranges.at(-1);
        if (range?.label === label) range.end = id + 1;
        else ranges.push({ label, first: id, end: id + 1 });
        await add(id, [label, aligned], file);
        await names.writeFile(`${id}\t${tsvCell(`${classes[label] ?? ''}/${name}`)}\t${label}\n`);
      }
      const firstRange = written + 1;
      await add(0, [firstRange, firstRange + ranges.length]);
      for (const [place, { first, end }] of ranges.entries()) await add(firstRange + place, [first, end]);
      for (const file of [record, index, names]) await file.sync();
    } finally {
      for (const file of [record, index, names]) await file.close();
    }
    await writeSynced(join(temporary, 'property'), `${classes.length},${side},${side}\n`);
  };
  await writeWholeFolder(folder, write, { isNew: true });
  return written;
}

/** Replacing a folder would remove what the user keeps there. */
export async function refuseFilled(folder: string): Promise<void> {
  const found = await stat(folder).catch(ifGone(folder, null));
  if (found && !found.isDirectory())
    throw new ArcBenchError(
      'wrong-input',
      `${folder} is a file: a new or empty folder was expected; name another one.`,
    );
  const names = await readdir(folder).catch(ifGone(folder, []));
  if (names.length > 0)
    throw new ArcBenchError(
      'wrong-input',
      `${folder} is not empty (it holds ${names.sort()[0]}): a new or empty folder was expected; name another one.`,
    );
}

function refuseInexact(id: number): void {
  if (id + 1 >= exactLabels)
    throw new ArcBenchError(
      'wrong-input',
      `More than ${exactLabels.toLocaleString('en')} pictures do not fit into one record file, as its ids are ` +
        'float32: pack fewer people.',
    );
}
