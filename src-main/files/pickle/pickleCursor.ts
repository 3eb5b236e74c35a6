import type { ArcBenchError } from '../../../src-shared/errors.ts';

/** What a reader makes of a reason for which a pickle is not read: "… cannot be read as …: <reason>". */
export type RefusePickle = (reason: string) => ArcBenchError;

/** Reads the numbers and texts of a pickle one after the other. */
export interface PickleCursor {
  readonly position: () => number;
  readonly byte: () => number;
  readonly uint16: () => number;
  readonly int32: () => number;
  readonly uint32: () => number;
  /** A length of eight bytes. */
  readonly length64: () => number;
  readonly float64: () => number;
  /** A whole number of this many bytes, in two's complement. */
  readonly integer: (length: number) => number | bigint;
  /** A view of the next bytes, without a copy. */
  readonly bytes: (length: number) => Uint8Array;
  readonly text: (length: number, encoding?: 'utf-8' | 'latin1') => string;
  /** A text that ends with a line feed. */
  readonly line: () => string;
  readonly broken: (what: string) => ArcBenchError;
}

const mostIntegerBytes = 16;
const longestName = 2 ** 16;

/** Where reading starts, the longest text that is taken in bytes, and how a refusal tells the user to save again. */
export interface CursorOptions {
  readonly start: number;
  readonly longestText: number;
  readonly saveSmaller: string;
  readonly refuse: RefusePickle;
}

export function pickleCursor(
  bytes: Uint8Array,
  { start, longestText, saveSmaller, refuse }: CursorOptions,
): PickleCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = start;
  const broken = (what: string) => refuse(`its pickle is broken at byte ${position} (${what}); fetch the file again`);
  const take = (count: number): number => {
    if (!(count <= bytes.length - position)) throw broken('it ends too early');
    position += count;
    return position - count;
  };
  const text = (length: number, encoding: 'utf-8' | 'latin1' = 'utf-8'): string => {
    if (length > longestText)
      throw refuse(`its pickle holds a text of ${length} bytes, at most ${longestText} were expected; ${saveSmaller}`);
    const from = take(length);
    return new TextDecoder(encoding).decode(bytes.subarray(from, from + length));
  };
  const integer = (length: number): number | bigint => {
    if (length > mostIntegerBytes)
      throw refuse(
        `its pickle holds a whole number of ${length} bytes, at most ${mostIntegerBytes} were expected; ${saveSmaller}`,
      );
    let value = 0n;
    const from = take(length);
    for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[from + index] as number);
    const signed = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  };
  return {
    position: () => position,
    byte: () => view.getUint8(take(1)),
    uint16: () => view.getUint16(take(2), true),
    int32: () => view.getInt32(take(4), true),
    uint32: () => view.getUint32(take(4), true),
    length64: () => Number(view.getBigUint64(take(8), true)),
    float64: () => view.getFloat64(take(8)),
    integer,
    bytes(length) {
      const from = take(length);
      return bytes.subarray(from, from + length);
    },
    text,
    line() {
      const length = bytes.subarray(position, position + longestName).indexOf(10);
      if (length < 0) throw broken('a name has no end');
      const content = text(length);
      take(1);
      return content;
    },
    broken,
  };
}
