import { closeSync, fstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { fileState, type FileState } from '../fileState.ts';
import {
  findRecord,
  frameHead,
  frameHeadBytes,
  firstPart,
  readBytes,
  wholePart,
  type OpenFile,
} from './recordFrames.ts';
import { recordHeader } from './recordHeader.ts';
import { readRecordIndex, type RecordIndex } from './recordIndex.ts';
import { readRecordProperty, type RecordProperty } from './recordProperty.ts';
import { scanFrames } from './scanFrames.ts';
import { pauseScan, type ScanOptions } from './scanPause.ts';
import { readFault } from '../../files/readFault.ts';

/** A record file that is open, with where its records are. */
export interface RecordFile extends OpenFile, RecordIndex {
  readonly path: string;
  /** The state of the whole file. */
  readonly state: FileState;
  readonly count: number;
  readonly property: RecordProperty | null;
  /** What the user should know of the file, each in one sentence. */
  readonly notices: readonly string[];
  /** Stretches of the file that hold no readable record, each in one sentence. */
  readonly damage: readonly string[];
  close(): void;
}

const sampledRecords = 256;

/**
 * Opens a record file by its index (`train.idx` beside `train.rec`); an index that is absent or does not fit is rebuilt
 * in memory by walking from frame to frame. Throws 'wrong-input' for what is no record file, 'cancelled' where stopped.
 */
export async function openRecordFile(path: string, options: ScanOptions = {}): Promise<RecordFile> {
  const open = openFile(path);
  try {
    refuseOtherFiles(path, open);
    const indexPath = path.replace(/\.rec$/i, '') + '.idx';
    const listed = readRecordIndex(indexPath, { mostRecords: Math.floor(open.size / frameHeadBytes) });
    const reason = 'reason' in listed ? listed.reason : misfit(open, listed);
    const found = reason === null ? { index: listed as RecordIndex, damage: [] } : await scanFrames(open, options);
    return {
      ...open,
      ...found.index,
      path,
      count: found.index.keys.length,
      property: readRecordProperty(dirname(path)),
      notices:
        reason === null
          ? []
          : [`The index ${indexPath} was not used, because ${reason}: ${path} was read from record to record instead.`],
      damage: found.damage,
      close: () => closeSync(open.file),
    };
  } catch (error) {
    closeSync(open.file);
    throw error;
  }
}

function openFile(path: string): OpenFile & Pick<RecordFile, 'state'> {
  try {
    const file = openSync(path, 'r');
    const state = fileState(fstatSync(file));
    return { file, size: state.bytes, state };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the system refuses';
    throw (
      readFault(cause, path) ??
      new ArcBenchError(
        'wrong-input',
        `${path} ${code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`}: a record file such as train.rec ` +
          'was expected; correct data.source.',
        { cause },
      )
    );
  }
}

function refuseOtherFiles(path: string, { file, size }: OpenFile): void {
  const head = frameHead(readBytes(file, 0, Math.min(frameHeadBytes, size)));
  if (head) return;
  throw new ArcBenchError(
    'wrong-input',
    `${path} is no MXNet record file${size === 0 ? ' (it is empty)' : ''}: a .rec file that begins with the bytes ` +
      '0a 23 d7 ce was expected; copy it again, or correct data.source.',
  );
}

/** Why an index does not belong to its record file, by a sample of its records and its last one; null where it does. */
function misfit(open: OpenFile, { offsets }: RecordIndex): string | null {
  const rising = isRising(offsets) ? offsets : offsets.slice().sort();
  if (!isRising(rising)) return 'it gives two records one place';
  const step = Math.max(1, Math.floor(rising.length / sampledRecords));
  for (let record = 0; record < rising.length; record += step) {
    const offset = rising[record] as number;
    const head = frameHead(readBytes(open.file, offset, frameHeadBytes));
    if (!head || head.part > firstPart) return `it says that a record begins at byte ${offset}, where there is none`;
  }
  const last = rising.at(-1) as number;
  const place = findRecord(open, last);
  if ('reason' in place) return `its last record, at byte ${last}, cannot be read`;
  return place.end < open.size ? `it ends at byte ${place.end} of ${open.size}` : null;
}

function isRising(offsets: Float64Array): boolean {
  for (let at = 1; at < offsets.length; at++)
    if (!((offsets[at] as number) > (offsets[at - 1] as number))) return false;
  return true;
}

/** What the header of each record says, in the order of the index; lists of numbers, so that millions take little. */
export interface RecordFacts {
  /** The class of a picture; NaN for a record that cannot be read. */
  readonly labels: Float64Array;
  /** Bytes of the picture; 0 for a record without one. */
  readonly pictureBytes: Uint32Array;
}

const headBytes = frameHeadBytes + 28; // the frame, the record's header and its first label
const recordsBetweenPauses = 20_000;

/** Reads the header of each record. Throws 'cancelled' where stopped. */
export async function readRecordFacts(records: RecordFile, { onProgress, signal }: ScanOptions): Promise<RecordFacts> {
  const labels = new Float64Array(records.count).fill(Number.NaN);
  const pictureBytes = new Uint32Array(records.count);
  for (let record = 0; record < records.count; record++) {
    if (record > 0 && record % recordsBetweenPauses === 0) {
      onProgress?.(record, records.count);
      await pauseScan(signal);
    }
    const facts = factsAt(records, records.offsets[record] as number);
    if (!facts) continue;
    labels[record] = facts.label;
    pictureBytes[record] = facts.pictureBytes;
  }
  onProgress?.(records.count, records.count);
  return { labels, pictureBytes };
}

function factsAt(open: OpenFile, offset: number): { readonly label: number; readonly pictureBytes: number } | null {
  const bytes = readBytes(open.file, offset, headBytes);
  const head = frameHead(bytes);
  if (!head || head.part > firstPart) return null;
  const place = head.part === wholePart ? head : findRecord(open, offset);
  if ('reason' in place || offset + frameHeadBytes + place.length > open.size) return null;
  const header = recordHeader(bytes.subarray(0, frameHeadBytes + head.length), frameHeadBytes);
  return header && { label: header.label, pictureBytes: Math.max(0, place.length - header.pictureAt) };
}
