import Database from 'better-sqlite3';
import { join } from 'node:path';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { judgedMetrics } from '../../src-main/workbench/results/judgedMetrics.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { constructedModel } from '../report/constructedModel.ts';

const curveNames = [
  'learningRate',
  'step/accuracy',
  'step/gradientNorm',
  'step/imagesPerSecond',
  'step/learningRate',
  'step/loss',
  'train/accuracy',
  'train/loss',
  'val/accuracy',
  'val/loss',
];
const runsOfPlan = 10;

export interface LargeWorkspace {
  readonly runs: number;
  readonly points: number;
  readonly longest: string;
  readonly ordinary: string;
}

/**
 * Fills a workspace with finished runs of many plans, ten a plan, each with ten curves and a summary of 20 kB; one of
 * them has curves of 100,000 points.
 */
export function fillLargeWorkspace(
  workspace: string,
  { runs, pointsOfCurve }: { readonly runs: number; readonly pointsOfCurve: number },
): LargeWorkspace {
  openStore(workspace).close();
  const database = new Database(join(workspace, 'arcbench.db'));
  // A fixture that is cut off is thrown away: it need not reach the disk.
  database.pragma('journal_mode = OFF');
  database.pragma('synchronous = OFF');
  database.pragma('foreign_keys = OFF');
  database.pragma('cache_size = -200000');
  const summary = constructedModel('name: large\n', () => ({ val: 50, test: 48, separation: 0.4 })).runs[0]?.summary;
  const mistakes = Array.from({ length: 120 }, (_, index) => ({
    file: `/faces/people/person-${index % 40}/picture-${index}.jpg`,
    identity: `person-${index % 40}`,
    predicted: `person-${(index + 1) % 40}`,
    cosine: 0.5 + index / 1000,
  }));
  const metrics = JSON.stringify(judgedMetrics(summary ?? null));
  const judged = JSON.stringify({ ...summary, evaluation: { ...summary?.evaluation, confusions: { mistakes } } });
  const longest = idOf(runs - 5);
  database.exec(
    `CREATE TEMP TABLE curve AS SELECT value AS name FROM json_each('${JSON.stringify(curveNames)}') ORDER BY value`,
  );
  const addPlan = database.prepare('INSERT OR IGNORE INTO plan VALUES (?, ?)');
  const addRun = database.prepare(
    "INSERT INTO run VALUES (@id, @experiment, @arm, @seed, @planHash, 'split', 'done', @createdAt, " +
      "@createdAt, NULL, 'weights')",
  );
  // A cross join keeps the order of its tables, so that points come by their key.
  const addPoints =
    database.prepare(`WITH RECURSIVE step(step) AS (SELECT 1 UNION ALL SELECT step + 1 FROM step WHERE step < @count)
    INSERT INTO point
    SELECT @run, name, step, step / 10 + 1, 1.0 / step + 0.001 * (step * 7919 % 1000), 1764000000000 + step
    FROM curve CROSS JOIN step`);
  const addLatest = database.prepare(
    'INSERT INTO latest SELECT @run, name, @count, CAST(@count AS INTEGER) / 10 + 1, 0.5 FROM curve',
  );
  const addResult = database.prepare('INSERT INTO result VALUES (?, ?, ?)');
  const addEvent = database.prepare(
    "INSERT INTO event (run, at, kind, message) VALUES (?, '2026-11-24', 'evaluated', 'Test, query and " +
      "distractors were judged.')",
  );
  database.transaction(() => {
    database.exec("INSERT INTO split VALUES ('split', 1, '{}', '/x', 'm', '[]')");
    for (let index = 0; index < runs; index++) {
      const number = Math.floor(index / runsOfPlan);
      const plan = experimentSchema.parse({
        name: `experiment ${number}`,
        training: { learningRate: 0.001 + number * 1e-6 },
        seeds: 5,
      });
      const id = idOf(index);
      const hash = planHash(plan);
      if (index % runsOfPlan === 0) addPlan.run(hash, JSON.stringify(plan));
      addRun.run({
        id,
        experiment: plan.name,
        arm: plan.arms[index % 2]?.name,
        seed: 1 + Math.floor((index % runsOfPlan) / 2),
        planHash: hash,
        createdAt: new Date(1764000000000 + 60_000 * index).toISOString(),
      });
      const count = id === longest ? 100_000 : pointsOfCurve;
      addPoints.run({ run: id, count });
      addLatest.run({ run: id, count });
      addResult.run(id, 'summary', judged);
      addResult.run(id, 'judged', metrics);
      addEvent.run(id);
    }
  })();
  const points = (database.prepare('SELECT count(*) AS count FROM point').get() as { count: number }).count;
  database.close();
  return { runs, points, longest, ordinary: idOf(runs - 3) };
}

const idOf = (index: number) => index.toString(16).padStart(12, '0');
