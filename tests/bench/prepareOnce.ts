// Imports and prepares the faces of a CSV twice, the first time for warmth, and prints the files and images a second of
// the second.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';

const source = process.argv[2] as string;
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-prepare-once-'));
try {
  let rate = 0;
  let importRate = 0;
  for (const name of ['warm', 'timed']) {
    const begun = performance.now();
    const dataset = await importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, { workspace });
    const started = performance.now();
    importRate = dataset.images.length / ((started - begun) / 1000);
    const set = await prepareDataset(dataset, prepareSchema.parse({ inputSize: 112, alignment: 'landmarks' }), {
      workspace: join(workspace, name),
    });
    if (set.count !== dataset.images.length)
      throw new Error(`${set.rejected.length} pictures were left out: ${set.rejected[0]?.reason}`);
    rate = set.count / ((performance.now() - started) / 1000);
  }
  console.log(JSON.stringify({ rate, importRate }));
} finally {
  rmSync(workspace, { recursive: true });
}
