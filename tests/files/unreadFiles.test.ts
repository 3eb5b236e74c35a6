import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { readDatasetFile } from '../../src-main/data/datasetFile.ts';
import { hashPicture } from '../../src-main/data/hashPicture.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { correctLandmarks, landmarkCorrections } from '../../src-main/data/landmarkCorrections.ts';
import { readPreparedIndex } from '../../src-main/data/preparedSet.ts';
import { refuseFilled } from '../../src-main/data/records/writeRecords.ts';
import { readUnfinishedSet } from '../../src-main/data/unfinishedSet.ts';
import { readNpy } from '../../src-main/files/npyFile.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { readTorchWeights } from '../../src-main/model/weights/readTorchWeights.ts';
import { verifyReport } from '../../src-main/report/writeReport.ts';
import { hasDamagedDuplicates } from '../../src-main/split/knownDuplicates.ts';
import { latestCheckpoint } from '../../src-main/train/checkpoint.ts';
import { listSnapshots } from '../../src-main/train/snapshots.ts';
import { readBatch } from '../../src-main/workbench/batch/batchFile.ts';
import { enrolledPeople } from '../../src-main/workbench/trial/enrolledPeople.ts';
import { whileUnreadable } from '../faults/whileUnreadable.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-unread-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const put = (path: string): string => {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, '{}');
  return whole;
};
const codes = ['EACCES', 'EIO', 'EMFILE', 'ENFILE', 'ESTALE', 'ENOMEM'];
const person = '01234567-89ab-4cde-8f01-23456789abcd';
const network = buildNetwork(modelSchema.parse({ backbone: 'smallcnn', embeddingSize: 8 }), 32);
const where = workspaceFolders(folder);

/** What reads a file of the workspace, and the file. The message of what is wrong with its content does not matter. */
const readers: readonly (readonly [string, string, () => unknown])[] = [
  ['a checkpoint', put('run/checkpoints/last/manifest.json'), () => latestCheckpoint(join(folder, 'run'), assert.fail)],
  ['a prepared set', put('prepared/a/index.json'), () => readPreparedIndex(join(folder, 'prepared/a'))],
  ['a preparation', put('prepared/b.rows'), () => readUnfinishedSet(join(folder, 'prepared/b'))],
  ['duplicates', put('prepared/a/duplicates.json'), () => hasDamagedDuplicates(join(folder, 'prepared/a'))],
  ['snapshots', put('snapshots/index.json'), () => listSnapshots(join(folder, 'snapshots'))],
  ['embeddings', put('embeddings.npy'), () => readNpy(join(folder, 'embeddings.npy'))],
  ['weights', put('weights.safetensors'), () => readTorchWeights(join(folder, 'weights.safetensors'), network)],
  ['landmarks', where.landmarks, () => landmarkCorrections(folder)],
  ['a batch', put('batch/batch.json'), () => readBatch(join(folder, 'batch'))],
  ['a dataset', where.dataset('a'), () => readDatasetFile(folder, 'a')],
  ['people', join(where.person(person), 'person.json'), () => enrolledPeople(folder).list()],
  ['a report', put('report/SHA256SUMS'), () => verifyReport(join(folder, 'report'))],
];
for (const [, path] of readers) put(path.slice(folder.length));

test('a file of the workspace that cannot be read now is neither damaged nor absent', async () => {
  for (const [what, path, read] of readers)
    for (const code of codes)
      await assert.rejects(
        whileUnreadable(path, code, read),
        (error: unknown) => {
          assert.ok(error instanceof ArcBenchError, `${what} ${code}: ${String(error)}`);
          assert.notEqual(error.code, 'damaged', `${what} ${code}`);
          assert.ok(error.message.includes(code === 'EACCES' ? ' may not be read: ' : `(${code})`), error.message);
          return true;
        },
        `${what} ${code}`,
      );
});

test('corrected landmarks are not written over while they cannot be read', async () => {
  const before = readFileSync(where.landmarks);
  await assert.rejects(
    whileUnreadable(where.landmarks, 'EIO', () => correctLandmarks(folder, 'a', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])),
  );
  assert.deepEqual(readFileSync(where.landmarks), before);
});

test('an import says why a folder cannot be read, and stops where no more files can be opened', async () => {
  const source = join(folder, 'source');
  for (const path of ['Ann/1.jpg', 'Bob/1.jpg', 'identity_meta.csv']) put(`source/${path}`);
  const importing = () =>
    importDataset(
      { ...dataSchema.parse({ source }), resolvedSource: source },
      { workspace: folder, signal: new AbortController().signal },
    );
  const refused = async (path: string, code: string, message: RegExp) =>
    await assert.rejects(whileUnreadable(join(source, path), code, importing), { message });
  await refused('Ann', 'EACCES', /Ann, because: The folder may not be read: change its permissions\)/);
  await refused('Ann', 'EIO', /Ann, because: The folder cannot be read \(EIO\): check the disk/);
  await refused('Ann', 'EMFILE', /^No more files can be opened \(EMFILE\)/);
  await refused('identity_meta.csv', 'EIO', /identity_meta\.csv cannot be read now \(EIO\): see whether its disk/);
  await assert.rejects(
    whileUnreadable(join(source, 'Ann/1.jpg'), 'EMFILE', () => hashPicture(join(source, 'Ann/1.jpg'))),
    { message: /^No more files/ },
  );
});

test('a folder that cannot be looked into is not taken for an empty one', async () => {
  put('filled/kept.txt');
  await assert.rejects(
    whileUnreadable(join(folder, 'filled'), 'EIO', () => refuseFilled(join(folder, 'filled'))),
    { message: /filled cannot be read now \(EIO\)/ },
  );
});
