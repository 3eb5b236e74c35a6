import { lowestLoss } from './lowestLoss.ts';
import type { RunWarning, WarningKey } from './runWarning.ts';

/** What is watched while a run trains: means over the steps of an epoch, and the class centres at its end. */
export interface EpochHealth {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Warm-up epochs of the learning rate or the margin. */
  readonly warmupEpochs: number;
  readonly classes: number;
  /** Classes that each step draws; absent where it uses all. */
  readonly drawnClasses?: number | undefined;
  readonly loss: number;
  readonly accuracy: number;
  readonly gradientNorm: number;
  /** The norm that gradients are clipped to; 0: no clipping. */
  readonly gradientClip: number;
  readonly targetAngleDegrees: number;
  readonly embeddingNorm: number;
  /** Share of samples whose target logit is the largest even with the margin; absent without class logits. */
  readonly marginSatisfied?: number | undefined;
  /** Share of samples further than π − m from their centre; absent for losses without an angular margin. */
  readonly beyondMargin?: number | undefined;
  /** s; absent for losses without a fixed scale. */
  readonly scale?: number | undefined;
  /** Centres that almost coincide with another one. */
  readonly collapsedCentres?: number | undefined;
  /** Classes that no val picture is taken for. */
  readonly unusedCentres?: number | undefined;
}

/** A warning for each value that left its range. The same epoch always gives the same warnings. */
export function healthWarnings(health: EpochHealth): RunWarning[] {
  const {
    epoch,
    epochs,
    warmupEpochs,
    classes,
    drawnClasses,
    loss,
    accuracy,
    gradientNorm,
    gradientClip,
    targetAngleDegrees,
    embeddingNorm,
    marginSatisfied,
    beyondMargin,
    scale,
    collapsedCentres,
    unusedCentres,
  } = health;
  const among = drawnClasses ?? classes; // in the softmax of a step
  const chance = 1 / among;
  const guessing = Math.log(among);
  const started = epoch > warmupEpochs + Math.max(3, epochs / 5); // The first epochs may look bad without being so.
  const rules: readonly (readonly [key: WarningKey, ill: boolean, values: RunWarning['values']])[] = [
    [
      'warning.scale',
      scale !== undefined && lowestLoss(scale, among) > Math.max(0.5, 0.1 * guessing),
      { scale: scale ?? 0, classes: among, bound: lowestLoss(scale ?? 1, among), needed: neededScale(among) },
    ],
    ['warning.beyondMargin', epoch > warmupEpochs && (beyondMargin ?? 0) > 0.2, { share: beyondMargin ?? 0 }],
    [
      'warning.targetAngle',
      started && targetAngleDegrees > 88 && accuracy < Math.max(2 * chance, 0.05),
      { angle: targetAngleDegrees },
    ],
    [
      'warning.margin',
      started && marginSatisfied !== undefined && marginSatisfied < 0.01 && accuracy > 0.5,
      { share: marginSatisfied ?? 0, accuracy },
    ],
    [
      'warning.gradientClip',
      started && gradientClip > 0 && gradientNorm > 100 * gradientClip,
      { norm: gradientNorm, clip: gradientClip },
    ],
    ['warning.gradientLarge', gradientClip === 0 && gradientNorm > 100, { norm: gradientNorm }],
    ['warning.gradientVanished', gradientNorm < 1e-6 && accuracy < 0.99, { norm: gradientNorm }],
    [
      'warning.lossChance',
      started && loss > 1.5 * guessing && accuracy < 2 * chance,
      { loss, classes: among, guessing, accuracy },
    ],
    ['warning.normsSmall', embeddingNorm < 1e-2, { norm: embeddingNorm }],
    ['warning.normsLarge', embeddingNorm > 1e3, { norm: embeddingNorm }],
    ['warning.collapsedCentres', (collapsedCentres ?? 0) > 0, { collapsed: collapsedCentres ?? 0, classes }],
    ['warning.unusedCentres', started && (unusedCentres ?? 0) > 0.8 * classes, { unused: unusedCentres ?? 0, classes }],
  ];
  return rules.filter(([, ill]) => ill).map(([key, , values]) => ({ key, values: { epoch, ...values } }));
}

/** The smallest scale whose lowest loss is at most a hundredth of the loss of guessing. */
function neededScale(classes: number): number {
  let scale = 1;
  while (lowestLoss(scale, classes) > 0.01 * Math.log(classes)) scale++;
  return scale;
}
