import { trainedArms, type TrainedArm } from '../../src-shared/arms.ts';
import { tunedArm } from '../../src-shared/tune.ts';
import type { ReportModel } from './reportModel.ts';

/** The arms that are trained, with the settings that tuning chose for them. */
export const armsAsTrained = ({ plan, tuning }: Pick<ReportModel, 'plan' | 'tuning'>): TrainedArm[] =>
  trainedArms(plan).map((arm) => {
    const chosen = tuning.find(({ origin }) => origin === arm.name)?.chosen;
    return chosen ? tunedArm(arm, chosen) : arm;
  });
