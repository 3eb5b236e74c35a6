import type { ArmPlan } from './arms.ts';
import type { Plan } from './experiment.ts';
import { knobsOf } from './knobs.ts';
import { lossKnob } from './sweep.ts';

const rateKnob = 'training.learningRate';

/**
 * The values that tell a run's training from that of other arms, in words: its learning rate, the values that tune or
 * sweep tries, and the arm's own settings. `plan` is that of the arm.
 */
export function triedValues({ training, sweep, tune }: Plan, arm: ArmPlan): string {
  const ofLoss = knobsOf(arm.loss);
  const origins = [{ name: arm.variantOf ?? arm.name }];
  const tried = Object.keys({ ...sweep?.knobs, ...tune?.knobs }).flatMap((name) => {
    const knob = lossKnob(name, origins)?.knob;
    const value = knob === undefined ? undefined : ofLoss.get(knob);
    return value === undefined ? [] : [[knob, value] as const];
  });
  const values = new Map<unknown, unknown>([
    [rateKnob, training.learningRate],
    ...Object.entries(arm.settings ?? {}),
    ...tried,
  ]);
  return [...values].map(([name, value]) => `${name} ${value}`).join(', ');
}
