/**
 * What stands before the picture in a record: u32 flag, f32 label, u64 id, u64 second id, then `flag` labels of
 * float32 (MXNet's IRHeader). With a flag of 0 the scalar label counts.
 */
export const recordHeaderBytes = 24;

/** float32 holds every whole number up to here; labels and ids beyond may be off by one. */
export const exactLabels = 2 ** 24;

export interface RecordHeader {
  /** How many labels follow the header; 0: the scalar counts. */
  readonly flag: number;
  /** The class, or the first of the labels. */
  readonly label: number;
  readonly id: number;
  /** Where the picture begins in the record. */
  readonly pictureAt: number;
}

/** Reads a record's header and its first label; null where the record is too short for them. */
export function recordHeader(payload: Buffer, at = 0): RecordHeader | null {
  if (payload.length - at < recordHeaderBytes) return null;
  const flag = payload.readUInt32LE(at);
  if (flag > 0 && payload.length - at < recordHeaderBytes + 4) return null;
  return {
    flag,
    label: payload.readFloatLE(flag > 0 ? at + recordHeaderBytes : at + 4),
    id: payload.readUInt32LE(at + 8) + payload.readUInt32LE(at + 12) * 2 ** 32,
    pictureAt: recordHeaderBytes + 4 * flag,
  };
}

/** All labels of a record; an empty list where it is too short for them. */
export function recordLabels(payload: Buffer): readonly number[] {
  const header = recordHeader(payload);
  if (!header || header.pictureAt > payload.length) return [];
  if (header.flag === 0) return [header.label];
  return Array.from({ length: header.flag }, (_, index) => payload.readFloatLE(recordHeaderBytes + 4 * index));
}

/** A record: header, labels and picture. One label is written as the scalar, several behind the header. */
export function recordPayload(
  id: number,
  labels: readonly number[],
  { picture, scalar }: { readonly picture: Uint8Array; readonly scalar: boolean },
): Buffer {
  const listed = scalar ? [] : labels;
  const head = Buffer.alloc(recordHeaderBytes + 4 * listed.length);
  head.writeUInt32LE(listed.length, 0);
  head.writeFloatLE(scalar ? (labels[0] ?? 0) : 0, 4);
  head.writeBigUInt64LE(BigInt(id), 8);
  listed.forEach((label, index) => head.writeFloatLE(label, recordHeaderBytes + 4 * index));
  return Buffer.concat([head, picture]);
}
