import type { ArmPlan } from './experiment.ts';

export interface KnobDifference {
  /** Dotted, such as 'loss.scale'. */
  readonly knob: string;
  /** One for each arm; '—' where the arm lacks the knob. */
  readonly values: string[];
}

/** The knobs in which arms differ, in the order in which they first appear; an arm's name is a label and no knob. */
export function planDifference(arms: readonly ArmPlan[]): KnobDifference[] {
  const flattened = arms.map(({ name: _label, ...knobs }) => {
    const values = new Map<string, string>();
    flatten('', knobs, values);
    return values;
  });
  const knobs = new Set(flattened.flatMap((values) => [...values.keys()]));
  return [...knobs]
    .map((knob) => ({ knob, values: flattened.map((values) => values.get(knob) ?? '—') }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** The dotted knobs of a section as text. */
export function flatKnobs(section: unknown): Record<string, string> {
  const values = new Map<string, string>();
  flatten('', section, values);
  return Object.fromEntries(values);
}

function flatten(path: string, value: unknown, into: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && (!Array.isArray(value) || value.some((item) => typeof item === 'object'))) {
    for (const [key, item] of Object.entries(value)) flatten(path === '' ? key : `${path}.${key}`, item, into);
  } else if (value !== undefined) {
    into.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  }
}
