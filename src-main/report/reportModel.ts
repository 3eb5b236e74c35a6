import type { KnobDifference } from '../../src-shared/planDifference.ts';
import type { TrainedSummary } from '../train/trainerMessages.ts';

export interface ReportRun {
  readonly id: string; readonly seed: number; readonly status: string; readonly initialWeightsHash: string;
  readonly curves: Readonly<Record<string, readonly { readonly epoch: number; readonly value: number }[]>>;
  readonly summary: TrainedSummary | null;
}

/** All that a report says; it is written from this alone. */
export interface ReportModel {
  readonly title: string; readonly planHash: string; readonly planYaml: string; readonly rerunCommand: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly operatingSystem: string; readonly node: string; readonly tensorflow: string; readonly engine: string };
  readonly dataset: { readonly source: string; readonly layout: string; readonly images: number; readonly people: number; readonly rejected: readonly { readonly path: string; readonly reason: string }[]; readonly alignment: string; readonly inputSize: number; readonly hash: string };
  readonly split: { readonly seed: number; readonly hash: string; readonly parts: readonly { readonly part: string; readonly people: number; readonly images: number }[]; readonly skippedPeople: number; readonly findings: readonly { readonly name: string; readonly message: string; readonly blocking: boolean }[] };
  readonly planDifference: readonly KnobDifference[];
  readonly arms: readonly { readonly name: string; readonly lossTitle: string; readonly formula: string; readonly runs: readonly ReportRun[] }[];
}
