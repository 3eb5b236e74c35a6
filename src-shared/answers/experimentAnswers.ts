import type { Plan } from '../experiment.ts';
import type { StartEstimate } from '../startEstimate.ts';

export interface ExperimentSummary {
  readonly id: string;
  readonly name: string;
  readonly updatedAt: string;
  readonly planHash: string | null;
  readonly arms: number;
  readonly seeds: number;
  /** How many runs the plan asks for, without those of tuning. */
  readonly runs: number;
  readonly runsDone: number;
  /** Whether a sweep stops some of its runs early. */ readonly halving: boolean;
}
/** What is wrong with a text: one sentence, and the line counted from 1. */
export interface TextFault {
  readonly line: number;
  readonly message: string;
}
export interface CheckedExperiment {
  readonly plan: Plan | null;
  readonly planHash: string | null;
  readonly fault: TextFault | null;
  readonly advice: readonly PlanAdvice[];
  readonly parameters: number | null;
  readonly estimate: StartEstimate | null;
}
/**
 * One sentence on a plan with its numbers, the knob it is about (such as 'training.learningRate', or 'loss.scale' of
 * the arms named) and its arms; none: it is about all.
 */
export interface PlanAdvice {
  readonly knob: string;
  readonly arms: readonly string[];
  readonly text: string;
  /** Whether a start would be refused for it. */ readonly blocking: boolean;
}
export interface ExperimentDetails extends CheckedExperiment {
  readonly id: string;
  readonly yaml: string;
  readonly updatedAt: string;
}
export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly yaml: string;
}
