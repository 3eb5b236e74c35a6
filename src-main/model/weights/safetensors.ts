import { z } from 'zod';
import { writeWholeSync } from '../../files/writeWholeSync.ts';
import {
  countOf,
  decodeFloats,
  elementBytes,
  type ElementType,
  type Refuse,
  type StoredTensor,
} from './storedTensor.ts';

const longestHeader = 2 ** 26; // bytes: a head names all its classes
const offset = z.int().min(0);
const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(elementBytes) as [ElementType, ...ElementType[]]),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([offset, offset]),
});
const metadataSchema = z.record(z.string(), z.string());

/** Whether bytes begin as safetensors do: a header's length that fits, then its brace. */
export const looksLikeSafetensors = (bytes: Uint8Array): boolean =>
  bytes.length > 8 && bytes[8] === 0x7b && headerLength(bytes) <= bytes.length - 8;

const headerLength = (bytes: Uint8Array) =>
  Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));

/**
 * Reads safetensors; throws what `refuse` makes unless the header is valid and its tensors cover the data without gap
 * or overlap.
 */
export function readSafetensors(bytes: Uint8Array, refuse: Refuse): Map<string, StoredTensor> {
  if (bytes.length < 8) throw refuse(`it has ${bytes.length} bytes, fewer than the length of a header takes`);
  const length = headerLength(bytes);
  if (length > longestHeader) throw refuse(`its header has ${length} bytes, at most ${longestHeader} were expected`);
  const data = bytes.subarray(8 + length);
  const found: { name: string; type: ElementType; shape: readonly number[]; begin: number; end: number }[] = [];
  for (const [name, value] of Object.entries(parseHeader(bytes.subarray(8, 8 + length), refuse))) {
    if (name === '__metadata__') {
      if (!metadataSchema.safeParse(value).success) throw refuse('its __metadata__ must map text to text');
      continue;
    }
    const entry = entrySchema.safeParse(value);
    if (!entry.success)
      throw refuse(`the header's entry ${JSON.stringify(name)} must have a known dtype, a shape and two data_offsets`);
    const {
      dtype: type,
      shape,
      data_offsets: [begin, end],
    } = entry.data;
    const count = countOf(shape);
    if (count === null || end - begin !== count * elementBytes[type])
      throw refuse(
        `the tensor ${name} of shape [${shape.join(', ')}] and type ${type} does not fit its ${end - begin} bytes`,
      );
    found.push({ name, type, shape, begin, end });
  }
  let position = 0;
  for (const { name, begin, end } of found.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position)
      throw refuse(
        `the tensor ${name} begins at byte ${begin} where ${position} was expected: tensors may not overlap ` +
          'or leave gaps',
      );
    position = end;
  }
  if (position !== data.length)
    throw refuse(
      `its tensors end at byte ${position} of ${data.length}: the file is cut short or has something behind ` +
        'them; fetch it again',
    );
  return new Map(
    found.map(({ name, type, shape, begin, end }) => [
      name,
      { type, shape, values: () => decodeFloats(data.subarray(begin, end), type, refuse) },
    ]),
  );
}

function parseHeader(bytes: Uint8Array, refuse: Refuse): object {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return header;
  } catch (cause) {
    throw refuse('its header is no JSON in UTF-8', cause);
  }
  throw refuse('its header is no JSON object');
}

export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Writes float32 tensors as safetensors, whole or not at all. */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WrittenTensor>,
  metadata: Readonly<Record<string, string>>,
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let position = 0;
  for (const [name, { shape, values }] of tensors)
    header[name] = { dtype: 'F32', shape, data_offsets: [position, (position += values.byteLength)] };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20); // data begins at a multiple of 8
  padded.set(text, 8);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  const pieces = [...tensors.values()].map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  writeWholeSync(path, [padded, ...pieces]);
}
