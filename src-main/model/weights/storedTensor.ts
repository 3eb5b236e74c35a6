import { ArcBenchError } from '../../../src-shared/errors.ts';

/** Bytes of one number of each type, by safetensors' names. */
export const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  BOOL: 1,
} as const;
export type ElementType = keyof typeof elementBytes;

/** A tensor of a weight file. Decoded, its numbers are row-major. */
export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Decodes the numbers to float32. Throws 'wrong-input' where they are not floating-point numbers. */
  values(): Float32Array;
}

/** The error of a file that cannot be read as weights: the reason completes "… cannot be read as weights:". */
export type Refuse = (reason: string, cause?: unknown) => ArcBenchError;

const longestReason = 700;

/**
 * Refuses a file by its path. Names from the file that the reason cites are shortened and freed of control characters.
 */
export const refuseFile =
  (path: string): Refuse =>
  (reason, cause) => {
    const printable = reason.replace(/\p{C}/gu, '?');
    const cut = printable.length > longestReason ? `${printable.slice(0, longestReason)}…` : printable;
    return new ArcBenchError('wrong-input', `${path} cannot be read as weights: ${cut}.`, { cause });
  };

/** Decodes little-endian floating-point numbers to float32. Throws `refuse`'s error for other types. */
export function decodeFloats(bytes: Uint8Array, type: ElementType, refuse: Refuse): Float32Array {
  const content = new Uint8Array(bytes).buffer; // aligned; a Buffer's slice would be no copy
  switch (type) {
    case 'F32':
      return new Float32Array(content);
    case 'F64':
      return Float32Array.from(new Float64Array(content));
    case 'F16':
      return Float32Array.from(new Uint16Array(content), halfFloat);
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(content), (bits) => bits << 16).buffer);
    case 'I64':
    case 'U64':
    case 'I32':
    case 'U32':
    case 'I16':
    case 'U16':
    case 'I8':
    case 'U8':
    case 'F8_E4M3':
    case 'F8_E5M2':
    case 'BOOL':
      throw refuse(`a parameter is stored as ${type}, but F32, F64, F16 or BF16 was expected; save it as float32`);
  }
}

/** IEEE 754 binary16 from its bits. */
function halfFloat(bits: number): number {
  const magnitude = halfMagnitude((bits >> 10) & 31, bits & 1023);
  return bits & 0x8000 ? -magnitude : magnitude;
}

function halfMagnitude(exponent: number, fraction: number): number {
  if (exponent === 0) return fraction * 2 ** -24; // subnormal
  if (exponent === 31) return fraction === 0 ? Infinity : Number.NaN;
  return (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** How many numbers a shape holds. Null where a size is not a whole number, or there are too many to count exactly. */
export function countOf(shape: readonly unknown[]): number | null {
  let count = 1;
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null;
    count *= size;
  }
  return Number.isSafeInteger(count) ? count : null;
}
