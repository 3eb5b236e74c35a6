import { readSync } from 'node:fs';

/**
 * The frames of MXNet's RecordIO: u32 magic, u32 of a 3-bit part and a 29-bit length, the payload, zeros up to a
 * multiple of 4. A payload that holds the magic at a multiple of 4 is cut there, and the magic is left out.
 */
const magic = 0xced7230a;
const magicBytes = Buffer.from([0x0a, 0x23, 0xd7, 0xce]);
export const frameHeadBytes = 8;
const mostFrameBytes = 2 ** 29 - 1;
const mostParts = 65_536; // a picture holds the magic by chance, once in gigabytes

export const wholePart = 0;
export const firstPart = 1;
const middlePart = 2;
export const lastPart = 3;

/** The largest record that is read: as large as a picture's file may be, with room for its labels. */
export const mostRecordBytes = 257 * 2 ** 20;

export interface FrameHead {
  /** 0 a whole record, 1 the first part of one, 2 a middle part, 3 the last. */
  readonly part: number;
  readonly length: number;
}

/** What a frame's first eight bytes say; null where they are no frame. */
export function frameHead(bytes: Buffer, at = 0): FrameHead | null {
  if (bytes.length - at < frameHeadBytes || bytes.readUInt32LE(at) !== magic) return null;
  const word = bytes.readUInt32LE(at + 4);
  const part = word >>> 29;
  return part > lastPart ? null : { part, length: word & mostFrameBytes };
}

/** Where the next frame begins. */
export const frameEnd = (offset: number, length: number): number => offset + frameHeadBytes + Math.ceil(length / 4) * 4;

/** Reads bytes at a position; fewer where the file ends. */
export function readBytes(file: number, position: number, length: number): Buffer {
  const target = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const got = readSync(file, target, read, length - read, position + read);
    if (got === 0) break;
    read += got;
  }
  return target.subarray(0, read);
}

/** A record file that is open for reading. */
export interface OpenFile {
  readonly file: number;
  /** Bytes. */
  readonly size: number;
}

/** Where the payloads of a record's frames lie, and where the next record begins. */
export interface RecordPlace {
  readonly parts: readonly { readonly at: number; readonly length: number }[];
  /** Bytes of the joined payload. */
  readonly length: number;
  readonly end: number;
}

/**
 * Finds the frames of the record that begins at an offset, without reading their payloads; what is no whole record
 * gives the reason in one sentence.
 */
export function findRecord({ file, size }: OpenFile, offset: number): RecordPlace | { readonly reason: string } {
  const parts: { readonly at: number; readonly length: number }[] = [];
  let length = 0;
  for (let at = offset; ;) {
    const head = frameHead(readBytes(file, at, frameHeadBytes));
    const isFirst = parts.length === 0;
    if (!head || (head.part === wholePart || head.part === firstPart) !== isFirst)
      return { reason: `There is no record at byte ${at}: the record file or its index is damaged; copy both again.` };
    if (at + frameHeadBytes + head.length > size)
      return { reason: `The record at byte ${offset} is cut off by the end of the file: copy the file again.` };
    length += head.length + (isFirst ? 0 : magicBytes.length);
    if (length > mostRecordBytes || parts.length >= mostParts)
      return {
        reason: `The record at byte ${offset} is larger than the 256 MiB that a picture may have: leave it out.`,
      };
    parts.push({ at: at + frameHeadBytes, length: head.length });
    at = frameEnd(at, head.length);
    if (head.part === wholePart || head.part === lastPart) return { parts, length, end: at };
  }
}

/** Reads the record that begins at an offset, its parts joined; what cannot be read gives the reason. */
export function readRecord(open: OpenFile, offset: number): Buffer | { readonly reason: string } {
  const place = findRecord(open, offset);
  if ('reason' in place) return place;
  const [first, ...more] = place.parts.map(({ at, length }) => readBytes(open.file, at, length)) as [Buffer];
  return more.length === 0 ? first : Buffer.concat([first, ...more.flatMap((part) => [magicBytes, part])]);
}

/** The frames of one record, as MXNet writes them. Throws RangeError for a part of 512 MiB or more. */
export function recordFrames(payload: Uint8Array): Buffer {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const cuts: number[] = [];
  for (let at = bytes.indexOf(magicBytes); at >= 0; at = bytes.indexOf(magicBytes, at + (at % 4 === 0 ? 4 : 1)))
    if (at % 4 === 0) cuts.push(at);
  const starts = [0, ...cuts.map((cut) => cut + magicBytes.length)];
  return Buffer.concat(
    starts.map((start, index) => {
      const part = partAt(index, starts.length);
      return frame(bytes.subarray(start, cuts[index] ?? bytes.length), part);
    }),
  );
}

function partAt(index: number, parts: number): number {
  if (parts === 1) return wholePart;
  if (index === 0) return firstPart;
  return index === parts - 1 ? lastPart : middlePart;
}

function frame(payload: Buffer, part: number): Buffer {
  if (payload.length > mostFrameBytes) throw new RangeError(`a frame holds at most ${mostFrameBytes} bytes`);
  const framed = Buffer.alloc(frameEnd(0, payload.length));
  framed.writeUInt32LE(magic, 0);
  framed.writeUInt32LE(((part << 29) | payload.length) >>> 0, 4);
  payload.copy(framed, frameHeadBytes);
  return framed;
}
