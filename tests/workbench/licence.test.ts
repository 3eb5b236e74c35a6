import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveDatasetFile } from '../../src-main/data/datasetFile.ts';
import { openStore } from '../../src-main/store/store.ts';
import { datasetLibrary } from '../../src-main/workbench/experiment/datasetLibrary.ts';
import { absoluteData } from '../../src-main/workbench/experiment/gatherFaces.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';

// A dataset is found by the data section that imported it. When a licence was part of that, an experiment that states
// one did not find the faces that the app had imported, and hid them from the others once it had run.
test('an experiment with a licence finds faces imported without one, and the other way round', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'arcbench-licence-'));
  const store = openStore(workspace);
  const plan = (data: string) => parseExperiment(`data: { ${data} }`, 'licence.yaml');
  const plain = plan('source: faces');
  const licensed = plan("source: faces, licence: 'CC BY 4.0'");
  try {
    for (const [imported, asked] of [
      [plain, licensed],
      [licensed, plain],
    ] as const) {
      const dataset = {
        source: '/a/faces',
        layout: 'folders',
        images: [],
        rejected: [],
        hash: 'a'.repeat(64),
      } as const;
      await saveDatasetFile(workspace, dataset);
      const data = absoluteData({ store, plan: imported, baseFolder: '/a' });
      store.saveDataset({ ...dataset, images: 0, people: 0, data });
      const found = await datasetLibrary({ store }).datasetOf({ ...asked.data, source: '/a/faces' });
      assert.equal(found.hash, dataset.hash);
    }
  } finally {
    store.close();
    rmSync(workspace, { recursive: true, force: true });
  }
});
