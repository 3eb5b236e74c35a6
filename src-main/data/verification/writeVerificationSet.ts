import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError, makeFolder, replaceFile } from '../../files/writeWhole.ts';

/** A pair of picture files (JPEG or PNG) and whether they show one person. */
export interface WrittenPair {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly same: boolean;
}

// Python's pickle, protocol 3: what every reader of insightface's sets loads.
const start = Buffer.from([0x80, 3, 0x5d, 0x28]); // PROTO 3, EMPTY_LIST, MARK
const between = Buffer.from([0x65, 0x5d, 0x28]); // APPENDS, EMPTY_LIST, MARK
const end = Buffer.from([0x65, 0x86, 0x2e]); // APPENDS, TUPLE2, STOP
const trueCode = 0x88;
const falseCode = 0x89;
const bytesCode = 0x42;

/**
 * Writes a verification set as insightface reads it, whole or not at all: a pickle of a list of bytes and a list of
 * truth values. One pair at a time is in memory.
 */
export async function writeVerificationSet(path: string, pairs: AsyncIterable<WrittenPair>): Promise<number> {
  let written = 0;
  try {
    await makeFolder(dirname(path));
    await replaceFile(path, async (temporary) => {
      written = await writePickle(temporary, pairs);
    });
  } catch (error) {
    throw diskError(error, path);
  }
  return written;
}

async function writePickle(path: string, pairs: AsyncIterable<WrittenPair>): Promise<number> {
  const file = await open(path, 'w');
  const truths: number[] = [];
  try {
    await file.writeFile(start);
    for await (const { first, second, same } of pairs) {
      await file.writeFile(Buffer.concat([pickledBytes(first), pickledBytes(second)]));
      truths.push(same ? trueCode : falseCode);
    }
    await file.writeFile(Buffer.concat([between, Buffer.from(truths), end]));
    await file.sync();
  } finally {
    await file.close();
  }
  return truths.length;
}

function pickledBytes(content: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(bytesCode, 0);
  head.writeUInt32LE(content.length, 1);
  return Buffer.concat([head, content]);
}
