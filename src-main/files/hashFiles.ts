import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** SHA-256, in hexadecimal, of a file, or of the names and contents of a folder's files, sorted by name. */
export async function hashFiles(path: string): Promise<string> {
  const found = await stat(path);
  if (!found.isDirectory() && !found.isFile()) throw new Error(`${path} is no file or folder`); // a pipe never ends
  if (found.isFile()) return await hashFile(path);
  const files = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const digest = createHash('sha256');
  for (const file of files) digest.update(`${relative(path, file)}\0${await hashFile(file)}\n`);
  return digest.digest('hex');
}

async function hashFile(path: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), digest);
  return digest.digest('hex');
}
