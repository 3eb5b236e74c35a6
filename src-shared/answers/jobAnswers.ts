import type { ErrorCode } from '../errors.ts';

export type JobKind = 'import' | 'find' | 'prepare' | 'split' | 'experiment' | 'resume' | 'projection' | 'explanation';
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  readonly title: string;
  readonly state: JobState;
  /** What it is doing, such as 'Training ArcFace, seed 1'. */
  readonly stage: string;
  readonly progress: { readonly done: number; readonly total: number; readonly note: string } | null;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** The experiment it runs, the run it trains now, and what it made, where there is such a thing. */
  readonly experiment: string | null;
  readonly run: string | null;
  readonly result: string | null;
  readonly fault: { readonly code: ErrorCode; readonly message: string } | null;
}
/** A line of a job's log; `index` counts its lines from 0. */
export interface LogLine {
  readonly job: string;
  readonly index: number;
  readonly at: string;
  readonly text: string;
}
