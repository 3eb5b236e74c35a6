import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { FoundImage, Rejected } from '../dataset.ts';
import { openRecordFile, readRecordFacts, type RecordFacts, type RecordFile } from './recordFile.ts';
import { readRecord } from './recordFrames.ts';
import { exactLabels, recordLabels } from './recordHeader.ts';
import { recordPicturePath } from './recordPicture.ts';
import type { ScanOptions } from './scanPause.ts';

const usualName = 'train.rec';
const mostPictures = 2_000_000; // whose list still fits into one text in memory

/**
 * The record file that a source means: the source itself, `train.rec` or the only .rec file in its folder, or the
 * `train.rec` in the only folder inside, as archives are unpacked. Null where it holds none. Throws 'wrong-input' where
 * a folder holds several.
 */
export async function recordFileOf(source: string): Promise<string | null> {
  const found = await stat(source).catch(() => null);
  if (found?.isFile()) return /\.rec$/i.test(source) ? source : null;
  if (!found?.isDirectory()) return null;
  if (existsSync(join(source, usualName))) return join(source, usualName);
  const entries = (await readdir(source, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
  const names = entries
    .map(({ name }) => name)
    .filter((name) => /\.rec$/i.test(name))
    .sort();
  if (names.length > 1)
    throw new ArcBenchError(
      'wrong-input',
      `${source} holds ${names.length} record files (${names.slice(0, 3).join(', ')}), and none is called ` +
        `${usualName}: name one of them in data.source.`,
    );
  if (names[0] !== undefined) return join(source, names[0]);
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== '__MACOSX');
  const [only] = folders;
  const isWrapped = folders.length === 1 && only && existsSync(join(source, only.name, usualName));
  return isWrapped ? join(source, only.name, usualName) : null;
}

/** What a record file holds, what was left out, and in sentences what was understood. */
export interface FoundRecords {
  readonly images: FoundImage[];
  readonly rejected: Rejected[];
  readonly understood: string;
}

/**
 * Finds the pictures of an MXNet record file, insightface's with its records of ranges or im2rec's without; the person
 * is the class label. Throws 'wrong-input' or 'cancelled'.
 */
export async function importRecords(path: string, options: ScanOptions): Promise<FoundRecords> {
  const records = await openRecordFile(path, options);
  try {
    const facts = await readRecordFacts(records, options);
    refuseTooMany(records, facts);
    const found = picturesOf(records, facts);
    return {
      images: found.images,
      rejected: [...found.rejected, ...records.damage.map((reason) => ({ path, reason }))],
      understood: [
        understoodPeople(records, facts, found.images),
        ...records.notices,
        ...headerNotices(records, facts, found.images.length),
        ...classNotices(records, found.images),
      ].join('\n'),
    };
  } finally {
    records.close();
  }
}

function refuseTooMany({ path }: RecordFile, { pictureBytes }: RecordFacts): void {
  let pictures = 0;
  for (const bytes of pictureBytes) if (bytes > 0) pictures++;
  if (pictures > mostPictures)
    throw new ArcBenchError(
      'wrong-input',
      `${path} holds ${pictures.toLocaleString('en')} pictures, more than the ${mostPictures.toLocaleString('en')} ` +
        'that one dataset can list: make a record file of fewer people, for instance with mxnet.recordio.',
    );
}

function picturesOf(records: RecordFile, { labels, pictureBytes }: RecordFacts): Omit<FoundRecords, 'understood'> {
  const images: FoundImage[] = [];
  const rejected: Rejected[] = [];
  const { path, keys, offsets, state } = records;
  const names = new Map<number, string>(); // so that a million pictures share their people's names
  for (let record = 0; record < records.count; record++) {
    const label = labels[record] as number;
    const bytes = pictureBytes[record] as number;
    const isRead = !Number.isNaN(label);
    if (isRead && bytes === 0) continue; // insightface's records of ranges
    const picture = recordPicturePath(path, { key: keys[record] as number, offset: offsets[record] as number });
    if (!isRead) rejected.push({ path: picture, reason: 'The record cannot be read: copy the record file again.' });
    else if (!Number.isSafeInteger(label) || label < 0)
      rejected.push({ path: picture, reason: `The label ${label} is no class: a whole number from 0 was expected.` });
    else {
      const identity = names.get(label) ?? String(label);
      names.set(label, identity);
      images.push({ ...state, path: picture, identity, bytes });
    }
  }
  return { images, rejected };
}

function understoodPeople({ path }: RecordFile, { pictureBytes }: RecordFacts, images: readonly FoundImage[]): string {
  const people = new Set(images.map((image) => image.identity)).size.toLocaleString('en');
  const hasRanges = pictureBytes.some((bytes) => bytes === 0);
  return (
    `${people} people: the class labels of ${basename(path)}, ${images.length.toLocaleString('en')} pictures` +
    `${hasRanges ? ", beside insightface's records without pictures" : ''}.`
  );
}

/** Compares insightface's record 0, which gives the first id that is no picture, with the pictures that are there. */
function headerNotices(records: RecordFile, { pictureBytes }: RecordFacts, pictures: number): string[] {
  const first = records.keys.indexOf(0);
  if (first < 0 || (pictureBytes[first] as number) > 0) return [];
  const payload = readRecord(records, records.offsets[first] as number);
  const listed = 'reason' in payload ? [] : recordLabels(payload);
  if (listed.length < 2 || listed[0] === pictures + 1) return [];
  const said = (listed[0] as number) - 1;
  const why =
    pictures >= exactLabels ? `, as float32 cannot hold every number above ${exactLabels.toLocaleString('en')}` : '';
  return [
    `Record 0 of ${records.path} gives ${said.toLocaleString('en')} pictures, but ` +
      `${pictures.toLocaleString('en')} are there${why}: all that are there were taken.`,
  ];
}

function classNotices({ path, property }: RecordFile, images: readonly FoundImage[]): string[] {
  if (!property) return [];
  const people = new Set(images.map((image) => image.identity)).size;
  return people === property.classes
    ? []
    : [
        `The file property beside ${path} gives ${property.classes.toLocaleString('en')} people, but pictures of ` +
          `${people.toLocaleString('en')} are there.`,
      ];
}
