import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { decodeText } from '../files/decodeText.ts';
import { noEntries } from '../files/readFault.ts';
import { hasFaceColumns } from './csvColumns.ts';

const mostTables = 50;

/** What a folder without people may be, with the source that was meant, as a part of a sentence; '' if nothing. */
export async function betterSource(folder: string): Promise<string> {
  if (/^img_(?:align_)?celeba(?:_png)?$/i.test(basename(folder)))
    return `; it is the folder of CelebA's pictures, so choose the folder with its lists, such as ${dirname(folder)}`;
  const table = await faceTableIn(folder);
  return table === null ? '' : `; ${table} in it lists pictures and people, so choose this file as the source`;
}

/** The name of a CSV in a folder whose header has columns of pictures and people; null if there is none. */
export async function faceTableIn(folder: string): Promise<string | null> {
  const listed = await readdir(folder, { withFileTypes: true }).catch(noEntries);
  const tables = listed.filter((entry) => entry.isFile() && /\.(?:csv|tsv)$/i.test(entry.name)).slice(0, mostTables);
  for (const { name } of tables) {
    const head = (await startOf(join(folder, name))).split(/[\r\n]/)[0] ?? '';
    if (hasFaceColumns(head.split(/[,;\t|]/).map((cell) => cell.replaceAll('"', '').trim()))) return name;
  }
  return null;
}

async function startOf(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return decodeText(buffer.subarray(0, bytesRead)).text;
  } catch {
    return '';
  } finally {
    await file.close();
  }
}
