import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSynced, writeWholeFolder } from '../files/writeWhole.ts';
import { renderReport } from './renderReport.ts';
import type { ReportModel } from './reportModel.ts';
import { ifGone } from '../files/readFault.ts';

export const sumsName = 'SHA256SUMS';
const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

/**
 * Checks a report's files against SHA256SUMS: a sentence for each that is missing, changed or foreign. `sha256sum -c
 * SHA256SUMS` checks the same.
 */
export async function verifyReport(folder: string): Promise<string[]> {
  const sums = await readFile(join(folder, sumsName), 'utf8').catch(ifGone(join(folder, sumsName), null));
  if (sums === null) return [`${sumsName} is missing.`];
  const expected = new Map(sums.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
  const found = new Map(
    await Promise.all(
      (await readdir(folder))
        .filter((name) => name !== sumsName)
        .map(async (name) => [name, sha256(await readFile(join(folder, name)))] as const),
    ),
  );
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((name) => expected.get(name) !== found.get(name) && name !== '')
    .map((name) => `${name} ${found.has(name) ? 'is not the one that was written' : 'is missing'}.`);
}

/**
 * Writes report.md with its charts and tables, and the SHA-256 of each, into a folder. It is written completely or not
 * at all. Throws 'no-space'.
 */
export async function writeReport(model: ReportModel, folder: string): Promise<void> {
  const files = renderReport(model);
  await writeWholeFolder(folder, async (temporary) => {
    for (const [name, content] of files) await writeSynced(join(temporary, name), content);
    await writeSynced(
      join(temporary, sumsName),
      [...files].map(([name, content]) => `${sha256(content)}  ${name}\n`).join(''),
    );
  });
}
