import { lowestLoss } from './maths/lowestLoss.ts';
import type { RunWarning, WarningKey } from './runWarning.ts';

/**
 * What is watched while a run trains: means over an epoch's steps, and what an epoch's end tells of the class centres.
 */
export interface EpochHealth {
  readonly epoch: number; // from 1
  readonly epochs: number;
  /** Epochs of warm-up, of the learning rate or the margin. */
  readonly warmupEpochs: number;
  readonly classes: number;
  /** Classes that each step draws; absent: all. */
  readonly drawnClasses?: number | undefined;
  readonly loss: number;
  readonly accuracy: number;
  readonly gradientNorm: number;
  /** The limit that gradients are clipped to; 0: none. */
  readonly gradientClip: number;
  readonly targetAngleDegrees: number;
  readonly embeddingNorm: number;
  /** Share of samples whose target stays ahead with its margin; absent for losses without class logits. */
  readonly marginSatisfied?: number | undefined;
  /** Share of samples further than π - m from their centre; absent for losses without an angular margin. */
  readonly beyondMargin?: number | undefined;
  /** s; absent for losses without a fixed one. */
  readonly scale?: number | undefined;
  /** Centres that lie nearly on another one, and classes that no val picture is taken for. */
  readonly collapsedCentres?: number | undefined;
  readonly unusedCentres?: number | undefined;
}

/** What has left its range, each with its numbers; the same epoch gives the same warnings. */
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
  const among = drawnClasses ?? classes; // in each step's softmax
  const chance = 1 / among;
  const guessing = Math.log(among);
  const started = epoch > warmupEpochs + Math.max(3, epochs / 5); // early epochs may still search
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

/** The smallest scale whose lowest reachable loss is a hundredth of guessing's. */
function neededScale(classes: number): number {
  let scale = 1;
  while (lowestLoss(scale, classes) > 0.01 * Math.log(classes)) scale++;
  return scale;
}
