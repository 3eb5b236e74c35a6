import type { IdentificationRate } from './maths/identificationRate.ts';

export interface Rate { readonly correct: number; readonly total: number; readonly value: number; readonly low: number; readonly high: number }
export interface ClosedSetAccuracy { readonly top1: Rate; readonly top5: Rate }

/** What a trained run was judged at, as the store keeps it. */
export interface RunEvaluation {
  readonly accuracy: { readonly val: ClosedSetAccuracy | null; readonly test: ClosedSetAccuracy | null };
  readonly identification: { readonly positives: number; readonly negatives: number; readonly rates: readonly IdentificationRate[] } | null;
}
