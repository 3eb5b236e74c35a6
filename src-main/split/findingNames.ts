import { allowedFinding } from '../../src-shared/allowedFinding.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { SplitSource } from './splitParts.ts';

export type FindingKind = 'one-file-twice' | 'identical-content' | 'near-identical' | 'held-out-identity-in-training';

/** The name of a finding, by which split.allowFindings allows it. */
export const findingName = (kind: FindingKind, key: string): string => `${kind}:${key}`;

/** Whether the rule allows a finding, by its name or by its kind. */
export const isAllowed = ({ allowFindings }: Plan['split'], name: string): boolean =>
  allowFindings
    .map((entry) => allowedFinding(entry).name)
    .some((allowed) => allowed === name || allowed === name.split(':', 1)[0]);

const hashOf = ({ images }: SplitSource, index: number | undefined) => images[index ?? -1]?.contentHash ?? '';

/** What tells identical files from others. */
export const identicalKey = (set: SplitSource, [first]: readonly number[]): string => hashOf(set, first).slice(0, 12);
/** What tells two near-identical pictures from others. */
export const nearKey = (set: SplitSource, pair: readonly [number, number]): string =>
  pair.map((index) => hashOf(set, index).slice(0, 8)).join('-');
