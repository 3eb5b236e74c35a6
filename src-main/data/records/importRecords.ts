import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { FoundImage, FoundImages, Rejected } from '../dataset.ts';
import { refuseLongList } from '../listMemory.ts';
import { openRecordFile, readRecordFacts, type RecordFacts, type RecordFile } from './recordFile.ts';
import { readRecord } from './recordFrames.ts';
import { exactLabels, recordLabels } from './recordHeader.ts';
import { recordPicturePath } from './recordPicture.ts';
import type { ScanOptions } from './scanPause.ts';

const usualName = 'train.rec';

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
  readonly images: FoundImages;
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
    const pictures = countPictures(facts);
    refuseLongList(pictures, path);
    const people = countPeople(facts);
    return {
      images: { length: pictures, [Symbol.iterator]: () => picturesOf(records, facts) },
      rejected: [...unusable(records, facts), ...records.damage.map((reason) => ({ path, reason }))],
      understood: [
        understoodPeople(records, facts, { people, pictures }),
        ...records.notices,
        ...headerNotices(records, facts, pictures),
        ...classNotices(records, people),
      ].join('\n'),
    };
  } finally {
    records.close();
  }
}

const isClass = (label: number | undefined): boolean => Number.isSafeInteger(label) && (label as number) >= 0;

function countPictures({ labels, pictureBytes }: RecordFacts): number {
  let pictures = 0;
  for (const [record, label] of labels.entries())
    if (isClass(label) && (pictureBytes[record] as number) > 0) pictures++;
  return pictures;
}

function countPeople({ labels, pictureBytes }: RecordFacts): number {
  const people = new Set<number>();
  for (const [record, label] of labels.entries())
    if (isClass(label) && (pictureBytes[record] as number) > 0) people.add(label);
  return people.size;
}

const picturePath = ({ path, keys, offsets }: RecordFile, record: number): string =>
  recordPicturePath(path, { key: keys[record] as number, offset: offsets[record] as number });

/** The pictures in the order of the index. Records of ranges, which insightface adds, have none. */
function* picturesOf(records: RecordFile, { labels, pictureBytes }: RecordFacts): Generator<FoundImage> {
  const names = new Map<number, string>(); // so that a million pictures share their people's names
  for (const [record, label] of labels.entries()) {
    const bytes = pictureBytes[record] as number;
    if (!isClass(label) || bytes === 0) continue;
    const identity = names.get(label) ?? String(label);
    names.set(label, identity);
    yield { ...records.state, path: picturePath(records, record), identity, bytes };
  }
}

function unusable(records: RecordFile, { labels, pictureBytes }: RecordFacts): Rejected[] {
  const rejected: Rejected[] = [];
  for (const [record, label] of labels.entries()) {
    if (isClass(label) || (pictureBytes[record] === 0 && !Number.isNaN(label))) continue;
    const reason = Number.isNaN(label)
      ? 'The record cannot be read: copy the record file again.'
      : `The label ${label} is no class: a whole number from 0 was expected.`;
    rejected.push({ path: picturePath(records, record), reason });
  }
  return rejected;
}

function understoodPeople(
  { path }: RecordFile,
  { pictureBytes }: RecordFacts,
  { people, pictures }: { readonly people: number; readonly pictures: number },
): string {
  const hasRanges = pictureBytes.some((bytes) => bytes === 0);
  return (
    `${people.toLocaleString('en')} people: the class labels of ${basename(path)}, ${pictures.toLocaleString('en')} ` +
    `pictures${hasRanges ? ", beside insightface's records without pictures" : ''}.`
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

function classNotices({ path, property }: RecordFile, people: number): string[] {
  if (!property || people === property.classes) return [];
  return [
    `The file property beside ${path} gives ${property.classes.toLocaleString('en')} people, but pictures of ` +
      `${people.toLocaleString('en')} are there.`,
  ];
}
