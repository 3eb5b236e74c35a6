import type { LadderPlan, TrainedArm } from './arms.ts';

/** The ablation from cross-entropy to sub-center ArcFace: each arm changes one thing of the arm it is held against. */
export function ladderArms({ scale, marginRadians, subCenters }: LadderPlan): TrainedArm[] {
  const labelSmoothing = 0;
  const steps: readonly Pick<TrainedArm, 'name' | 'loss'>[] = [
    { name: 'cross-entropy', loss: { name: 'crossEntropy', labelSmoothing } },
    { name: 'NormFace (s = 1)', loss: { name: 'normFace', scale: 1, labelSmoothing } },
    { name: `NormFace (s = ${scale})`, loss: { name: 'normFace', scale, labelSmoothing } },
    { name: 'ArcFace', loss: { name: 'arcFace', marginRadians, scale, labelSmoothing } },
    {
      name: 'Sub-center ArcFace',
      loss: { name: 'subCenterArcFace', marginRadians, scale, labelSmoothing, subCenters },
    },
  ];
  return steps.map((step, index) => (index === 0 ? step : { ...step, against: (steps[index - 1] as TrainedArm).name }));
}
