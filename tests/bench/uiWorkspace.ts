import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { npyBytes } from '../../src-main/files/npyFile.ts';
import { openStore } from '../../src-main/store/store.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';

export const longCurves = ['step/loss', 'step/gradientNorm', 'step/targetAngleDegrees'] as const;
export interface UiWorkspace {
  readonly curveRuns: readonly string[];
  readonly cloudRuns: readonly string[];
}

/**
 * A workspace as months of work leave it: `runs` short runs, four runs of `points` points a curve, and two runs with
 * `rows` embeddings of 512 numbers.
 */
export function makeUiWorkspace(
  workspace: string,
  { runs, points, rows }: { readonly runs: number; readonly points: number; readonly rows: number },
): UiWorkspace {
  mkdirSync(workspace, { recursive: true });
  const store = openStore(workspace);
  const losses = ['crossEntropy', 'normFace', 'cosFace', 'arcFace'] as const;
  const planOf = (name: string) =>
    experimentSchema.parse({
      name,
      data: { demo: { people: 40, imagesPerPerson: 10 } },
      prepare: { inputSize: 64 },
      training: { epochs: 200 },
      arms: losses.map((loss) => ({ name: loss, loss })),
    });
  const keep = (name: string) => {
    const plan = planOf(name);
    store.savePlan(planHash(plan), plan);
    return planHash(plan);
  };
  try {
    store.saveSplit({
      hash: 'b'.repeat(64),
      seed: 1,
      rule: {},
      folder: join(workspace, 'splits', 'none'),
      manifestHash: 'b'.repeat(64),
      audit: [],
    });
    const add = (
      id: string,
      arm: string,
      { plan, seed, experiment }: { readonly plan: string; readonly seed: number; readonly experiment: string },
    ) => {
      store.createRun({ id, experiment, arm, seed, planHash: plan, splitHash: 'b'.repeat(64) });
      store.updateRun(id, { status: 'done', finishedAt: new Date().toISOString() });
      return id;
    };
    store.atomically(() => {
      for (let group = 0; group < Math.ceil(runs / 20); group++) {
        const experiment = `Small runs ${group + 1}`;
        const plan = keep(experiment);
        for (let run = 0; run < 20; run++) {
          const id = add(`small${group}-${run}`, losses[run % 4] as string, { plan, seed: 1 + (run >> 2), experiment });
          store.addPoints(
            ['train/loss', 'train/accuracy', 'val/loss', 'val/accuracy', 'step/loss'].map((name, at) => ({
              run: id,
              name,
              step: 100,
              epoch: 5,
              value: 1 / (1 + at + run),
              at: 1.7e12,
            })),
          );
        }
      }
    });
    const stream = randomStream(1, 'bench');
    const normals = Float32Array.from({ length: 2 ** 20 }, stream.normal);
    let drawn = 0;
    const draw = () => normals[(drawn = (drawn + 1) % 1_048_573)]!;
    const long = keep('Long curves');
    const curveRuns = losses.map((loss, at) => {
      const id = add(`long${at}`, loss, { plan: long, seed: 1, experiment: 'Long curves' });
      for (const name of longCurves) {
        store.addPoints(
          Array.from({ length: points }, (_, step) => ({
            run: id,
            name,
            step: step + 1,
            epoch: 1 + Math.floor((step * 200) / points),
            value: (4 - at * 0.5) / (1 + step / (points / 12)) + 0.2 + 0.05 * draw(),
            at: 1.7e12 + step * 30,
          })),
        );
      }
      return id;
    });
    const clouds = keep('Large clouds');
    const size = 512;
    const people = 500;
    const cloudRuns = (['crossEntropy', 'arcFace'] as const).map((loss, at) => {
      const id = add(`cloud${at}`, loss, { plan: clouds, seed: 1, experiment: 'Large clouds' });
      const folder = join(workspace, 'runs', id);
      mkdirSync(folder, { recursive: true });
      const centres = Float32Array.from({ length: people * size }, () => draw());
      const values = new Float32Array(rows * size);
      for (let row = 0; row < rows; row++) {
        let square = 0;
        for (let column = 0; column < size; column++)
          square +=
            (values[row * size + column] = centres[(row % people) * size + column]! + (1.4 - at * 0.6) * draw()) ** 2;
        for (let column = 0; column < size; column++) values[row * size + column]! /= Math.sqrt(square);
      }
      writeFileSync(join(folder, 'embeddings.npy'), npyBytes(values, size));
      writeFileSync(
        join(folder, 'labels.tsv'),
        `identity\tpart\tfile\n${Array.from(
          { length: rows },
          (_, row) =>
            `person ${row % people}\t${row % 5 === 0 ? 'query' : 'test'}\tpeople/person ` +
            `${row % people}/${row}.jpg`,
        ).join('\n')}\n`,
      );
      return id;
    });
    return { curveRuns, cloudRuns };
  } finally {
    store.close();
  }
}
