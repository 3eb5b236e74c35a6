import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import type { Store } from '../../src-main/store/store.ts';

export const prepared = (letter: string) => letter.repeat(64);
export const write = (path: string, bytes = 1000) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes));
};
const plan = parseExperiment('name: Clean', 'clean.yaml');
export const planHash = 'e'.repeat(64);

/** Two runs, one of them done, and beside what they need one of everything that nothing needs. */
export function fillWithRemovable(store: Store): void {
  const folders = workspaceFolders(store.workspace);
  store.savePlan(planHash, plan);
  for (const hash of ['5', '6'])
    store.saveSplit({
      hash: hash.repeat(64),
      seed: 1,
      rule: {},
      folder: folders.split(hash.repeat(64)),
      manifestHash: 'm',
      audit: [],
    });
  for (const [id, status] of [
    ['finished', 'done'],
    ['stopped', 'cancelled'],
  ] as const) {
    store.createRun({ id, experiment: 'Clean', arm: 'ArcFace', seed: 1, planHash, splitHash: '5'.repeat(64) });
    store.updateRun(id, { status });
    store.saveResult(id, 'faces', { prepared: prepared('a') });
    write(join(folders.filesOfRun(id).checkpoints, 'last', 'state.bin'));
    write(folders.filesOfRun(id).weights);
  }
  for (const letter of ['a', 'b']) write(join(folders.preparedSet(prepared(letter)), 'images.bin'));
  for (const digit of ['5', '6']) write(join(folders.split(digit.repeat(64)), 'manifest.json'), 10);
  write(join(folders.area('reports'), 'e'.repeat(12), 'report.md'));
  for (const report of [usedReport, ...orphanedReports]) write(join(folders.area('reports'), report, 'report.md'));
  write(join(folders.area('uploads'), 'old', 'a.jpg'));
  write(join(folders.area('uploads'), 'fresh', 'a.jpg'));
  const lastWeek = new Date(Date.now() - 7 * 86_400_000);
  utimesSync(join(folders.area('uploads'), 'old'), lastWeek, lastWeek);
}

/** The report of the runs, one of the same plan on data that no run saw, and one of a plan without runs. */
const usedReport = `${'e'.repeat(12)}-${'a'.repeat(8)}`;
export const orphanedReports = [`${'e'.repeat(12)}-${'0'.repeat(8)}`, 'f'.repeat(12)] as const;

/** The ids of what nothing needs. */
export const removable = [
  'checkpoints/finished',
  `prepared/${prepared('b')}`,
  `split/${'6'.repeat(16)}`,
  'upload/old',
  ...orphanedReports.map((name) => `report/${name}`),
];
