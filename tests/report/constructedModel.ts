import { parse } from 'yaml';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { wilsonInterval } from '../../src-shared/maths/statistics.ts';
import { identificationRates } from '../../src-shared/maths/identificationRate.ts';
import type { ReportModel, ReportRun } from '../../src-main/report/reportModel.ts';
import type { JudgedParts, RunEvaluation } from '../../src-main/report/runEvaluation.ts';

export interface Outcome {
  readonly val: number;
  readonly test: number;
  readonly separation: number;
  readonly changes?: Partial<ReportRun>;
  readonly parts?: JudgedParts;
}

/** A model of runs with given numbers of correct images out of 60, and similarities that lie a given distance apart. */
export function constructedModel(yaml: string, outcome: (arm: string, seed: number) => Outcome): ReportModel {
  const plan = experimentSchema.parse(parse(yaml));
  const rate = (correct: number) => ({ correct, total: 60, value: correct / 60, ...wilsonInterval(correct, 60) });
  const negatives = Float64Array.from({ length: 400 }, (_, index) => index / 400);
  const runs = plan.arms.flatMap((arm) =>
    plan.seeds.map((seed): ReportRun => {
      const { val, test, separation, changes, parts } = outcome(arm.name, seed);
      const epochs = Array.from({ length: 8 }, (_, index) => index + 1);
      return {
        id: `${arm.name} ${seed}`,
        arm: arm.name,
        seed,
        status: 'done',
        message: null,
        warnings: [],
        picture: null,
        predictions: null,
        halving: null,
        resultHash: null,
        hashes: { split: 's', initialWeights: `w${seed}`, batchOrder: `b${seed}`, augmentation: `a${seed}` },
        curves: {
          'train/loss': epochs.map((epoch) => ({ epoch, value: 3 / epoch })),
          'val/accuracy': epochs.map((epoch) => ({ epoch, value: (val / 60) * (epoch / 8) })),
          'train/accuracy': epochs.map((epoch) => ({ epoch, value: epoch / 8 })),
          gradientNorm: epochs.map((epoch) => ({ epoch, value: 2 / epoch })),
        },
        summary: {
          epochs: 8,
          bestEpoch: 8,
          seconds: 12,
          imagesPerSecond: 300,
          parameters: 1234567,
          artefacts: {},
          evaluation: {
            accuracy: {
              val: { top1: rate(val), top5: rate(60) },
              test: { top1: rate(test), top5: rate(Math.min(60, test + 3)) },
            },
            identification: {
              positives: 90,
              negatives: 400,
              rates: identificationRates(
                Float64Array.from({ length: 90 }, (_, index) => separation + index / 90),
                negatives,
                plan.evaluation.falsePositiveRates,
              ),
            },
            ...parts,
          } as RunEvaluation, // parts hold what a report reads of them
        },
        ...changes,
      };
    }),
  );
  return {
    plan,
    planHash: 'f'.repeat(64),
    rerunCommand: 'npm run arcbench -- --run constructed.yaml',
    machine: {
      cpu: 'A <processor>',
      cores: 2,
      memoryGiB: 8,
      operatingSystem: 'Linux',
      node: 'v24',
      tensorflow: '2.21.0',
      engine: 'cpu',
      threads: 2,
    },
    dataset: {
      source: '/faces',
      layout: 'folders',
      images: 400,
      people: 40,
      rejected: [],
      alignment: 'centre crop',
      inputSize: 64,
      hash: 'd',
    },
    split: {
      seed: 1,
      hash: 'e'.repeat(64),
      parts: [
        { part: 'train', people: 30, images: 180 },
        { part: 'val', people: 30, images: 60 },
        { part: 'test', people: 30, images: 60 },
        { part: 'query', people: 6, images: 60 },
        { part: 'distractors', people: 0, images: 0 },
      ],
      skippedPeople: 0,
      splits: 1,
      givenBy: null,
      notes: [],
      copies: [],
      findings: [],
    },
    advice: [],
    tuning: [],
    test: { classes: [], files: {} },
    faces: { files: {}, people: {} },
    runs,
  };
}
