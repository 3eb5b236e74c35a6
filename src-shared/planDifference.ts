import { trainedArms } from './arms.ts';
import { shownStart } from './ancestry.ts';
import type { Plan } from './experiment.ts';
import { knobsOf, shortKnobs } from './knobs.ts';
import { lossTerms, type LossPlan } from './losses.ts';

export interface KnobDifference {
  /** Dotted, such as 'loss.scale' or 'training.learningRate'. */
  readonly knob: string;
  /** A value for each trained arm; '—' where the arm does not have the knob. */
  readonly values: string[];
}

/**
 * The knobs in which the arms of a plan differ, in order of first appearance. Arms that do not set a knob of training
 * or model show the value that all arms share. Arms that are not trained have no knobs, and no value.
 */
export function planDifference(plan: Pick<Plan, 'arms' | 'training' | 'model'>): KnobDifference[] {
  const { training, model } = plan;
  const arms = trainedArms(plan);
  const shared = knobsOf({ training, model });
  const summed = arms.some(({ loss }) => loss.name === 'sum');
  const knobsOfArms = arms.map(
    ({ loss, settings = {} }) =>
      new Map([
        ...(summed ? knobsOfTerms(loss) : knobsOf(loss, 'loss')),
        ...Object.entries(settings).map(([knob, value]) => [shortKnobs[knob] ?? knob, value] as const),
      ]),
  );
  const names = new Set(knobsOfArms.flatMap((knobs) => [...knobs.keys()]));
  return [...names]
    .map((knob) => ({ knob, values: knobsOfArms.map((knobs) => show(knobs.get(knob) ?? shared.get(knob), knob)) }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** Next to a sum, a single loss counts as a sum of one term, with knobs such as 'loss.triplet.weight'. */
const knobsOfTerms = (plan: LossPlan): Map<string, unknown> =>
  new Map(
    lossTerms(plan).flatMap(({ weight, loss: { name, ...knobs } }) => [
      [`loss.${name}.weight`, weight] as const,
      ...knobsOf(knobs, `loss.${name}`),
    ]),
  );

function show(value: unknown, knob: string): string {
  if (value === undefined) return '—';
  if (knob === 'model.from' && typeof value === 'string') return shownStart(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
