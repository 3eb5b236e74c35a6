import { cpus, totalmem, type, release } from 'node:os';
import { stringify } from 'yaml';
import { describeLoss } from '../../src-shared/losses.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { planDifference } from '../../src-shared/planDifference.ts';
import type { ReportModel, ReportRun } from '../report/reportModel.ts';
import { partNames } from '../split/makeSplit.ts';
import type { Store } from '../store/store.ts';
import type { TrainedSummary } from '../train/trainerMessages.ts';
import type { SplitFaces } from './splitFaces.ts';

export interface ReportSource { readonly plan: Plan; readonly hash: string; readonly ids: readonly string[]; readonly faces: SplitFaces; readonly rerunCommand: string }

/** The report's model of an experiment, read from the store. */
export function reportOf(store: Store, source: ReportSource): ReportModel {
  const { plan } = source;
  const { dataset, set, split, findings } = source.faces;
  const peopleIn = (indexes: readonly number[]) => new Set(indexes.map((index) => set.images[index]?.identity)).size;
  const engine = source.ids.map((id) => store.result(id, 'engine') as { device: string; tensorflow: string } | null).find((found) => found !== null) ?? { device: 'unknown', tensorflow: 'unknown' };
  const runs = source.ids.map((id) => store.run(id)).filter((run) => run !== null);
  return {
    title: plan.name, planHash: source.hash, planYaml: stringify(plan), rerunCommand: source.rerunCommand,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), operatingSystem: `${type()} ${release()}`, node: process.version, tensorflow: engine.tensorflow, engine: engine.device },
    dataset: { source: dataset.source, layout: dataset.layout, images: set.count, people: peopleIn([...set.images.keys()]), rejected: [...dataset.rejected, ...set.rejected], alignment: set.alignment, inputSize: set.inputSize, hash: dataset.hash },
    split: { seed: split.seed, hash: split.hash, parts: partNames.map((part) => ({ part, people: peopleIn(split.parts[part]), images: split.parts[part].length })), skippedPeople: split.skipped.length, findings },
    planDifference: planDifference(plan),
    arms: plan.arms.map((arm) => ({
      name: arm.name, lossTitle: describeLoss(arm.loss).title, formula: describeLoss(arm.loss).formula,
      runs: runs.filter((run) => run.arm === arm.name).map((run): ReportRun => {
        const summary = store.result(run.id, 'summary') as TrainedSummary | null;
        const curves: Record<string, { epoch: number; value: number }[]> = {};
        for (const { name, epoch, value } of store.points(run.id)) (curves[name] ??= []).push({ epoch, value });
        return { id: run.id, seed: run.seed, status: run.status, initialWeightsHash: run.initialWeightsHash ?? '', curves, summary };
      }),
    })),
  };
}
