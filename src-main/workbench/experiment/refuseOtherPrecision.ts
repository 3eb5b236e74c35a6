import { isTrained, trainedArms } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { planOfArm, type Plan } from '../../../src-shared/experiment.ts';
import { tuningTrials } from '../../../src-shared/tune.ts';
import { refusePrecision, type PrecisionSurroundings } from '../../engine/refusePrecision.ts';

/** The arms, those that tuning tries too, that cannot be trained in their precision here, each with the reason. */
export const otherPrecisions = (
  plan: Plan,
  surroundings: PrecisionSurroundings,
): { readonly arm: string; readonly sentence: string }[] =>
  [...trainedArms(plan), ...tuningTrials(plan).filter(isTrained)].flatMap((arm) => {
    const sentence = refusePrecision(planOfArm(plan, arm).training.precision, surroundings);
    return sentence === null ? [] : [{ arm: arm.name, sentence }];
  });

/** Throws 'wrong-input' where an arm cannot be trained in its precision here. */
export function refuseOtherPrecision(plan: Plan, surroundings: PrecisionSurroundings): void {
  const [refused] = otherPrecisions(plan, surroundings);
  if (refused) throw new ArcBenchError('wrong-input', `The arm ${refused.arm} cannot be trained: ${refused.sentence}`);
}
