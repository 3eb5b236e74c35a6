import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { refuseForeign, writeOwn } from './ownPath.ts';
import { diskError, replaceFile } from './writeWhole.ts';

const pieceBytes = 2 ** 20;
const sumLength = 64; // hexadecimal digits of a SHA-256
const newline = 10;
const openBrace = 123;

/**
 * Writes lines whole or not at all: their SHA-256 in the first line, as `checksummed` does, then the lines. They are
 * written piece by piece, so a file may be larger than the longest string.
 */
export async function writeCheckedLines(path: string, lines: Iterable<string>): Promise<void> {
  try {
    await replaceFile(path, async (temporary) => {
      refuseForeign(temporary, 'file');
      const file = await open(temporary, writeOwn);
      try {
        await file.write(`${'0'.repeat(sumLength)}\n`); // its place, until all lines are there
        const digest = createHash('sha256');
        await writeLines(file, lines, digest);
        await file.write(digest.digest('hex'), 0);
        await file.sync();
      } finally {
        await file.close();
      }
    });
  } catch (error) {
    throw diskError(error, path);
  }
}

async function writeLines(file: FileHandle, lines: Iterable<string>, digest: Hash): Promise<void> {
  let at = sumLength + 1;
  let room = Buffer.alloc(0); // one for all pieces
  const write = async (text: string) => {
    const length = Buffer.byteLength(text);
    if (room.length < length) room = Buffer.allocUnsafe(length);
    const piece = room.subarray(0, room.write(text));
    digest.update(piece);
    for (let written = 0; written < piece.length;)
      written += (await file.write(piece, written, piece.length - written, at + written)).bytesWritten;
    at += piece.length;
  };
  let waiting = '';
  for (const line of lines) {
    waiting += `${line}\n`;
    if (waiting.length < pieceBytes) continue;
    await write(waiting);
    waiting = '';
  }
  await write(waiting);
}

/**
 * The lines of a file that `writeCheckedLines` or `writeWhole` with `checksummed` wrote, piece by piece. Throws at the
 * end if the checksum is wrong: until then, nothing that was read is known to be right.
 */
export function* checkedLines(path: string): Generator<readonly string[], void, undefined> {
  const digest = createHash('sha256');
  let wanted: string | null = null;
  for (const { lines, bytes, cut } of piecesOfFile(path)) {
    if (cut !== null) lines.push(cut);
    if (wanted !== null) digest.update(bytes);
    else if (bytes[0] === openBrace)
      wanted = ''; // the first version wrote no checksum
    else {
      const end = bytes.indexOf(newline);
      wanted = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
      if (wanted.length !== sumLength || end < 0) throw wrongSum();
      digest.update(bytes.subarray(end + 1));
      lines.shift();
    }
    if (lines.length > 0) yield lines;
  }
  if (wanted !== '' && wanted !== digest.digest('hex')) throw wrongSum();
}

const wrongSum = () => new Error('the checksum does not fit');

/**
 * A piece of a file: the bytes that were read, the lines that ended in them, and at the end of the file a cut line. The
 * bytes hold until the next piece is read.
 */
interface FilePiece {
  readonly lines: string[];
  readonly bytes: Buffer;
  readonly cut: string | null;
}

/** Reads a file of lines in pieces of a mebibyte, so that it may be larger than the longest string. */
export function* piecesOfFile(path: string): Generator<FilePiece, void, undefined> {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(pieceBytes); // one for all: new ones would make the engine collect garbage often
    let begun: Buffer[] = []; // of a line whose end was not read yet
    for (let read = readSync(file, bytes); read > 0; read = readSync(file, bytes)) {
      const piece = bytes.subarray(0, read);
      const first = piece.indexOf(newline);
      const last = piece.lastIndexOf(newline);
      const lines: string[] = [];
      if (first >= 0) lines.push(Buffer.concat([...begun, piece.subarray(0, first)]).toString('utf8'));
      const more = last > first ? piece.toString('utf8', first + 1, last).split('\n') : [];
      if (first >= 0) begun = [];
      begun.push(Buffer.from(piece.subarray(last + 1)));
      yield { lines: [...lines, ...more], bytes: piece, cut: null };
    }
    const cut = Buffer.concat(begun).toString('utf8');
    if (cut !== '') yield { lines: [], bytes: Buffer.alloc(0), cut };
  } finally {
    closeSync(file);
  }
}
