/** What is watched while a run trains: means over an epoch's steps, and what an epoch's end tells of the class centres. */
export interface EpochHealth {
  readonly epoch: number; // from 1
  readonly epochs: number;
  /** Epochs of warm-up, of the learning rate or the margin. */
  readonly warmupEpochs: number;
  readonly classes: number;
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

export interface HealthWarning { readonly name: string; readonly message: string }

/** The least loss that logits of scale s can reach with n classes at perfect separation: ln(1 + (n - 1) e^{-s n / (n - 1)}) (arXiv 1704.06369, proposition 2). */
export const lowestLoss = (scale: number, classes: number): number => Math.log1p((classes - 1) * Math.exp((-scale * classes) / Math.max(1, classes - 1)));

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const number = (value: number) => value.toPrecision(3);

/** What has left its range, each in one sentence with what to try; the same epoch gives the same words. */
export function healthWarnings(health: EpochHealth): HealthWarning[] {
  const { epoch, epochs, warmupEpochs, classes, loss, accuracy, gradientNorm, gradientClip, targetAngleDegrees, embeddingNorm, marginSatisfied, beyondMargin, scale, collapsedCentres, unusedCentres } = health;
  const chance = 1 / classes;
  const started = epoch > warmupEpochs + Math.max(3, epochs / 5); // early epochs may still search
  const rules: readonly (readonly [name: string, ill: boolean, message: string])[] = [
    ['scale', scale !== undefined && lowestLoss(scale, classes) > Math.max(0.5, 0.1 * Math.log(classes)), `with scale ${scale} and ${classes} classes the loss cannot fall below ${number(lowestLoss(scale ?? 1, classes))}, so the gradient never ends: raise loss.scale to ${Math.ceil(neededScale(classes))} or more`],
    ['beyond-margin', epoch > warmupEpochs && (beyondMargin ?? 0) > 0.2, `${percent(beyondMargin ?? 0)} of the samples lie further than π - m from their centre, where a margin teaches little: add training.marginWarmupEpochs, or lower the margin`],
    ['target-angle', started && targetAngleDegrees > 88 && accuracy < Math.max(2 * chance, 0.05), `the mean angle to the own centre is ${number(targetAngleDegrees)}°, as if drawn at random: lower training.learningRate, or add training.marginWarmupEpochs`],
    ['margin', started && marginSatisfied !== undefined && marginSatisfied < 0.01 && accuracy > 0.5, `only ${percent(marginSatisfied ?? 0)} of the samples satisfy the margin while ${percent(accuracy)} are right without it: lower the margin, or train longer`],
    ['gradient-clip', started && gradientClip > 0 && gradientNorm > 100 * gradientClip, `the gradient's norm is ${number(gradientNorm)} on average, over a hundred times the clip of ${gradientClip}, so that every step has one length: lower loss.scale or the margin, add training.schedule.warmupEpochs, or raise training.gradientClip`],
    ['gradient-large', gradientClip === 0 && gradientNorm > 100, `the gradient's norm is ${number(gradientNorm)} on average and not clipped: set training.gradientClip to 5, or lower training.learningRate`],
    ['gradient-vanished', gradientNorm < 1e-6 && accuracy < 0.99, `the gradient's norm is ${number(gradientNorm)}, nothing is learned any more: raise training.learningRate, or look whether the loss saturates`],
    ['loss-chance', started && loss > 1.5 * Math.log(classes) && accuracy < 2 * chance, `the loss of ${number(loss)} is above that of guessing among ${classes} classes (${number(Math.log(classes))}) and ${percent(accuracy)} are right: lower training.learningRate to a tenth`],
    ['norms', embeddingNorm < 1e-2 || embeddingNorm > 1e3, `the embeddings' mean length is ${number(embeddingNorm)}, outside 0.01 to 1000: ${embeddingNorm < 1 ? 'they collapse; lower training.optimizer.weightDecay or training.learningRate' : 'they grow without bound; raise training.optimizer.weightDecay or lower training.learningRate'}`],
    ['collapsed-centres', (collapsedCentres ?? 0) > 0, `${collapsedCentres} of ${classes} class centres ${collapsedCentres === 1 ? 'lies' : 'lie'} on another one (cosine above 0.99): look for one person under two names in the data, or lower training.learningRate`],
    ['unused-centres', started && (unusedCentres ?? 0) > 0.8 * classes, `no val picture is taken for ${unusedCentres} of the ${classes} classes: train longer, lower training.learningRate, or give those people more pictures`],
  ];
  return rules.filter(([, ill]) => ill).map(([name, , message]) => ({ name, message: `Epoch ${epoch}: ${message}.` }));
}

/** The smallest scale whose lowest reachable loss is a hundredth of guessing's. */
function neededScale(classes: number): number {
  let scale = 1;
  while (lowestLoss(scale, classes) > 0.01 * Math.log(classes)) scale++;
  return scale;
}
