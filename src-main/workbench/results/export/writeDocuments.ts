import { join } from 'node:path';
import { writeSynced } from '../../../files/writeWhole.ts';
import type { Store } from '../../../store/store.ts';
import { citation } from './citation.ts';
import { croissant } from './croissant.ts';
import type { ExportedRun } from './exportedRun.ts';
import { exportedSplit, splitCsv } from './exportedSplit.ts';
import { modelCard } from './modelCard.ts';

/**
 * Writes what tells others about a run: its model card, how to cite it, and its split where that is in the workspace.
 * Returns the names of the files.
 */
export async function writeDocuments(folder: string, store: Store, exported: ExportedRun): Promise<readonly string[]> {
  const split = exportedSplit(store, exported.run.splitHash);
  const csv = split && splitCsv(split);
  const documents = {
    'README.md': modelCard(exported, split),
    'CITATION.cff': citation(exported),
    ...(split && csv !== null && { 'split.csv': csv, 'croissant.json': croissant(exported, split, csv) }),
  };
  for (const [name, text] of Object.entries(documents)) await writeSynced(join(folder, name), text);
  return Object.keys(documents);
}
