import type { ArmPlan } from '../../src-shared/experiment.ts';
import { tunedArm } from '../../src-shared/tune.ts';
import type { ReportModel } from './reportModel.ts';

/** The arms with the settings that tuning chose for them. */
export const armsAsTrained = ({ plan, tuning }: Pick<ReportModel, 'plan' | 'tuning'>): ArmPlan[] =>
  plan.arms.map((arm) => {
    const chosen = tuning.find(({ origin }) => origin === arm.name)?.chosen;
    return chosen ? tunedArm(arm, chosen) : arm;
  });
