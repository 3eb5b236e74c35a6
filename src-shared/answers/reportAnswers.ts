import type { RunData } from './runAnswers.ts';

export interface ReportSummary {
  /** Plan and data of its runs; reports of older versions have the plan only. */
  readonly id: string;
  /** The first 12 characters of the plan's hash. */
  readonly planHash: string;
  /** The data that its runs saw; null if that is unknown. */
  readonly data: RunData | null;
  readonly title: string;
  readonly writtenAt: string;
}
export interface ReportDetails extends ReportSummary {
  readonly markdown: string;
  /** Names of the files beside report.md, as reportAddress takes them. */
  readonly files: readonly string[];
  readonly remarks: Readonly<Record<string, string>>;
  readonly folder: string;
}
