import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { partNames, type PartName } from '../../../../src-shared/splitSchema.ts';
import { csvCell } from '../../../../src-shared/textCell.ts';
import { workspaceFolders } from '../../../files/workspaceFolders.ts';
import type { Store } from '../../../store/store.ts';

const manifestSchema = z.object({
  seed: z.number(),
  givenBy: z.string().optional(),
  hash: z.string(),
  files: z.array(z.object({ part: z.enum(partNames), identity: z.string(), file: z.string(), sha256: z.string() })),
});

/** The split that a run trained on, from its manifest. */
export interface ExportedSplit extends z.infer<typeof manifestSchema> {
  readonly parts: readonly { readonly part: PartName; readonly people: number; readonly images: number }[];
}

/** The split of a run; null where its folders are not in the workspace any more, or cannot be read. */
export function exportedSplit(store: Store, splitHash: string): ExportedSplit | null {
  const path = join(workspaceFolders(store.workspace).split(splitHash), 'manifest.json');
  if (!existsSync(path)) return null;
  const manifest = manifestSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!manifest.success) return null;
  const { files } = manifest.data;
  const parts = partNames.map((part) => {
    const own = files.filter((file) => file.part === part);
    return { part, people: new Set(own.map(({ identity }) => identity)).size, images: own.length };
  });
  return { ...manifest.data, parts };
}

/** The columns of split.csv, with what each holds. */
export const splitColumns = {
  part: 'train, val, test, query or distractors',
  identity: 'the person on the picture',
  file: 'the path of the picture in the folders of the split',
  sha256: 'the SHA-256 of the picture file',
} as const satisfies Partial<Record<keyof ExportedSplit['files'][number], string>>;

/** The split as a CSV file: a line for each picture. */
export function splitCsv({ files }: ExportedSplit): string {
  const columns = Object.keys(splitColumns) as (keyof typeof splitColumns)[];
  const lines = files.map((file) => columns.map((column) => csvCell(file[column])).join(','));
  return [columns.join(','), ...lines, ''].join('\n');
}
