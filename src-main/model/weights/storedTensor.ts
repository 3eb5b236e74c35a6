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

/** A tensor of a weight file, row-major over its shape once decoded. */
export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Decodes the numbers to float32; throws 'wrong-input' where they are no floating-point numbers. */
  values(): Float32Array;
}

/** The error of a file that cannot be read as weights: the reason completes "… cannot be read as weights:". */
export type Refuse = (reason: string, cause?: unknown) => ArcBenchError;

const longestReason = 700;

/**
 * Refuses a file by its path; names out of the file that the reason cites are cut and stripped of control characters.
 */
export const refuseFile =
  (path: string): Refuse =>
  (reason, cause) => {
    const printable = reason.replace(/\p{C}/gu, '?');
    return new ArcBenchError(
      'wrong-input',
      `${path} cannot be read as weights: ` +
        `${printable.length > longestReason ? `${printable.slice(0, longestReason)}…` : printable}.`,
      { cause },
    );
  };

/** Decodes little-endian floating-point numbers to float32; throws what `refuse` makes for other types. */
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
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : Number.NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** Numbers in a shape, or null where an axis is no whole number or the product leaves the safe range. */
export function countOf(shape: readonly unknown[]): number | null {
  let count = 1;
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null;
    count *= size;
  }
  return Number.isSafeInteger(count) ? count : null;
}
