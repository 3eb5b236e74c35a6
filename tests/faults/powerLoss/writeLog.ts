import { readFileSync } from 'node:fs';

/** What a process did to the recorded folder, as recordWrites.c notes it. */
export type WriteRecord =
  | {
      readonly kind: 'open';
      readonly handle: bigint;
      readonly path: string;
      readonly creates: boolean;
      readonly empties: boolean;
    }
  | { readonly kind: 'write'; readonly handle: bigint; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly handle: bigint; readonly length: number }
  | { readonly kind: 'truncatePath'; readonly path: string; readonly length: number }
  | { readonly kind: 'sync'; readonly handle: bigint }
  | { readonly kind: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir' | 'unseen'; readonly path: string };

const headerBytes = 32;

/** Reads a log of recordWrites.c. */
export function readWriteLog(path: string): WriteRecord[] {
  const log = readFileSync(path);
  const records: WriteRecord[] = [];
  for (let at = 0; at + headerBytes <= log.length;) {
    const handle = log.readBigUInt64LE(at);
    const offset = Number(log.readBigUInt64LE(at + 8));
    const [kind, flags, firstBytes, secondBytes] = [16, 20, 24, 28].map((field) => log.readUInt32LE(at + field)) as [
      number,
      number,
      number,
      number,
    ];
    const bytes = log.subarray(at + headerBytes, at + headerBytes + firstBytes);
    const first = bytes.toString();
    const second = log.subarray(at + headerBytes + firstBytes, at + headerBytes + firstBytes + secondBytes).toString();
    at += headerBytes + firstBytes + secondBytes;
    switch (kind) {
      case 1:
        records.push({ kind: 'open', handle, path: first, creates: (flags & 1) !== 0, empties: (flags & 2) !== 0 });
        break;
      case 2:
        records.push({ kind: 'write', handle, offset, bytes });
        break;
      case 3:
        records.push(
          handle === 0n
            ? { kind: 'truncatePath', path: first, length: offset }
            : { kind: 'truncate', handle, length: offset },
        );
        break;
      case 4:
        records.push({ kind: 'sync', handle });
        break;
      case 5:
      case 6:
        records.push({ kind: kind === 5 ? 'rename' : 'link', from: first, to: second });
        break;
      case 7:
      case 8:
      case 9:
        records.push({ kind: ({ 7: 'unlink', 8: 'mkdir', 9: 'unseen' } as const)[kind], path: first });
        break;
      default:
        throw new Error(`The log ${path} has a record of kind ${kind} at byte ${at}.`);
    }
  }
  return records;
}

/** The path that each record is about, for what is done through a handle the one it was opened by. */
export function pathsOf(records: readonly WriteRecord[]): string[] {
  const opened = new Map<bigint, string>();
  return records.map((record) => {
    switch (record.kind) {
      case 'open':
        opened.set(record.handle, record.path);
        return record.path;
      case 'write':
      case 'truncate':
      case 'sync':
        return opened.get(record.handle) ?? '';
      case 'rename':
      case 'link':
        return record.to;
      case 'truncatePath':
      case 'unlink':
      case 'mkdir':
      case 'unseen':
        return record.path;
    }
  });
}
