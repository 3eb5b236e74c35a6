/** One field of a protocol-buffer message: its number, and its value as a number or as bytes. */
export interface ProtobufField {
  readonly field: number;
  /** Of a varint; it is exact up to 2^53. */
  readonly number: number | null;
  /** Of a text, a message or packed values. */
  readonly bytes: Uint8Array | null;
}

const varint = 0;
const eightBytes = 1;
const lengthPrefixed = 2;
const fourBytes = 5;
const longestVarint = 10;

/**
 * The fields of a protocol-buffer message, in their order. Nothing is copied. Throws an Error where the bytes are no
 * such message.
 */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let place = 0; place < longestVarint; place++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('it ends within a number');
      value += (byte & 127) * 2 ** (7 * place);
      if (byte < 128) return value;
    }
    throw new Error('a number in it is too long');
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new Error('it ends within a field');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = next();
    const field = Math.floor(key / 8);
    if (field === 0) throw new Error('a field in it has the number 0');
    const kind = key % 8;
    if (kind === varint) yield { field, number: next(), bytes: null };
    else if (kind === lengthPrefixed) yield { field, number: null, bytes: take(next()) };
    else if (kind === eightBytes || kind === fourBytes) {
      take(kind === eightBytes ? 8 : 4);
      yield { field, number: null, bytes: null };
    } else throw new Error(`a field in it has the unknown kind ${kind}`);
  }
}
