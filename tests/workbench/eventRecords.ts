import assert from 'node:assert/strict';

/** An event of an event file, as a reader of our own decodes it. */
export interface ReadEvent {
  readonly at: number; // seconds since 1970
  readonly step: number;
  readonly version: string | null;
  readonly scalars: readonly (readonly [tag: string, value: number])[];
  /** Tags of values that belong to TensorBoard's HParams. */
  readonly hyperparameters: readonly string[];
  readonly restart: boolean;
}

/** CRC-32C bit by bit, without a table. */
function slowCrc32c(bytes: Uint8Array): number {
  let checksum = 0xffffffffn;
  for (const byte of bytes) {
    checksum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) checksum = checksum & 1n ? (checksum >> 1n) ^ 0x82f63b78n : checksum >> 1n;
  }
  return Number(checksum ^ 0xffffffffn);
}

export function slowMaskedCrc32c(bytes: Uint8Array): number {
  const checksum = BigInt(slowCrc32c(bytes));
  return Number((((checksum >> 15n) | (checksum << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** Every record of a file, its checksums checked. */
export function recordsOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    assert.equal(view.getUint32(at + 8, true), slowMaskedCrc32c(file.subarray(at, at + 8)), 'checksum of a length');
    const data = file.subarray(at + 12, at + 12 + length);
    assert.equal(view.getUint32(at + 12 + length, true), slowMaskedCrc32c(data), 'checksum of a record');
    records.push(data);
    at += length + 16;
  }
  return records;
}

type Field = readonly [field: number, value: number | Uint8Array];

/** The fields of a protocol-buffer message: numbers, and bytes for what has a length. */
export function fieldsOf(message: Uint8Array): Field[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const key = varint();
    const field = key >> 3;
    if ((key & 7) === 0) fields.push([field, varint()]);
    else if ((key & 7) === 1) fields.push([field, view.getFloat64((at += 8) - 8, true)]);
    else if ((key & 7) === 5) fields.push([field, view.getFloat32((at += 4) - 4, true)]);
    else {
      const length = varint();
      fields.push([field, message.subarray(at, (at += length))]);
    }
  }
  return fields;
}

const all = (fields: readonly Field[], field: number) =>
  fields.filter(([own]) => own === field).map(([, value]) => value);
const text = (value: number | Uint8Array | undefined) => Buffer.from(value as Uint8Array).toString('utf8');

/** The events of an event file. */
export function eventsOf(file: Uint8Array): ReadEvent[] {
  return recordsOf(file).map((record) => {
    const event = fieldsOf(record);
    const values = all(event, 5).flatMap((summary) =>
      all(fieldsOf(summary as Uint8Array), 1).map((value) => fieldsOf(value as Uint8Array)),
    );
    const version = all(event, 3)[0];
    return {
      at: all(event, 1)[0] as number,
      step: (all(event, 2)[0] ?? 0) as number,
      version: version === undefined ? null : text(version),
      scalars: values
        .filter((value) => all(value, 2).length > 0)
        .map((value) => [text(all(value, 1)[0]), all(value, 2)[0] as number]),
      hyperparameters: values.filter((value) => all(value, 9).length > 0).map((value) => text(all(value, 1)[0])),
      restart: all(event, 7).length > 0,
    };
  });
}
