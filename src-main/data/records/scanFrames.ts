import { findRecord, firstPart, frameHead, frameHeadBytes, readBytes, type OpenFile } from './recordFrames.ts';
import { recordHeader, recordHeaderBytes } from './recordHeader.ts';
import type { RecordIndex } from './recordIndex.ts';
import { pauseScan, type ScanOptions } from './scanPause.ts';

const searchedBytes = 2 ** 20;
const recordsBetweenPauses = 20_000;
const mostTries = 1000; // a file of nothing but damage would take for ever

/**
 * Finds every record of a file without its index, walking from frame to frame; after a damaged stretch it goes on at
 * the next frame that begins a record. A payload never holds the magic at a multiple of 4, so that one found there
 * begins a frame. Throws 'cancelled' where stopped.
 */
export async function scanFrames(
  open: OpenFile,
  { onProgress, signal }: ScanOptions,
): Promise<{ readonly index: RecordIndex; readonly damage: readonly string[] }> {
  const offsets: number[] = [];
  const ids: number[] = [];
  const damage: string[] = [];
  let at = 0;
  let damagedFrom: number | null = null;
  let tries = 0; // places where a frame begins that is no whole record
  const endDamage = () => {
    if (damagedFrom !== null)
      damage.push(`Bytes ${damagedFrom} to ${at} hold no whole record: the file is damaged there; copy it again.`);
    damagedFrom = null;
  };
  for (let rounds = 1; at < open.size && tries < mostTries; rounds++) {
    if (rounds % recordsBetweenPauses === 0) {
      onProgress?.(at, open.size);
      await pauseScan(signal);
    }
    const record = recordAt(open, at);
    if (record) {
      endDamage();
      offsets.push(at);
      ids.push(record.id);
      at = record.end;
    } else {
      tries++;
      damagedFrom ??= at;
      at = await nextRecord(open, at + 4, signal);
    }
  }
  endDamage();
  if (tries === mostTries)
    damage.push(`Nothing behind byte ${at} was read, as ${mostTries} places are damaged: copy the file again.`);
  return { index: { keys: keysOf(ids), offsets: Float64Array.from(offsets) }, damage };
}

/** Where the record at an offset ends and which id its header gives; null where there is none. */
function recordAt(open: OpenFile, offset: number): { readonly end: number; readonly id: number } | null {
  const place = findRecord(open, offset);
  if ('reason' in place) return null;
  const [first] = place.parts;
  const head = first && readBytes(open.file, first.at, Math.min(first.length, recordHeaderBytes + 4));
  return { end: place.end, id: (head && recordHeader(head)?.id) ?? 0 };
}

/** The first offset from a start, a multiple of 4, at which a frame begins a record; the file's end without one. */
async function nextRecord(open: OpenFile, start: number, signal: AbortSignal | undefined): Promise<number> {
  for (let from = Math.ceil(start / 4) * 4; from < open.size; from += searchedBytes) {
    const bytes = readBytes(open.file, from, searchedBytes + frameHeadBytes);
    for (let at = 0; at < searchedBytes && at + frameHeadBytes <= bytes.length; at += 4) {
      const head = frameHead(bytes, at);
      if (head && head.part <= firstPart) return from + at;
    }
    await pauseScan(signal);
  }
  return open.size;
}

/** The ids as keys where no two records share one, as MXNet writes them; else their places in the file. */
function keysOf(ids: readonly number[]): Uint32Array {
  const sorted = Float64Array.from(ids).sort();
  const areKeys = sorted.every((id, place) => id < 2 ** 32 && (place === 0 || id !== sorted[place - 1]));
  return Uint32Array.from(ids, (id, place) => (areKeys ? id : place));
}
