import { isTrained, type ArmPlan, type Setting, type SweepPlan, type SweptKnob, type TrainedArm } from './arms.ts';
import { knobsOf, shortKnobs, withKnob } from './knobs.ts';
import { randomStream, type RandomStream } from './maths/random.ts';
import { nearestName } from './nearestName.ts';

export interface SweepSource {
  readonly sweep: SweepPlan;
  readonly arms: readonly ArmPlan[];
  /** The sections that an arm may change: training and model. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** Says in one sentence why a knob cannot be swept. */
  readonly refuse: (knob: string, message: string) => void;
}

type Combination = ReadonlyMap<string, Setting>;

/** The arm and the loss knob in a name such as 'arms.ArcFace.loss.scale'; null for a knob that all arms share. */
export function lossKnob(
  name: string,
  arms: readonly Pick<ArmPlan, 'name'>[],
): { readonly arm: string; readonly knob: string } | null {
  const arm = arms.find((entry) => name.startsWith(`arms.${entry.name}.loss.`));
  return arm ? { arm: arm.name, knob: name.slice(`arms.${arm.name}.loss.`.length) } : null;
}

/**
 * The arms of a sweep. An arm that has swept knobs becomes a variant for each combination of their values; the other
 * arms stay as they are.
 */
export function sweptArms({ sweep, arms, sections, refuse }: SweepSource): ArmPlan[] {
  const known = [
    ...arms
      .filter(isTrained)
      .flatMap((arm) =>
        [...knobsOf(arm.loss, `arms.${arm.name}.loss`).keys()].filter((name) => name !== `arms.${arm.name}.loss.name`),
      ),
    ...knobsOf(sections).keys(),
  ];
  for (const name of Object.keys(sweep.knobs)) {
    if (known.includes(name) || Object.hasOwn(shortKnobs, name)) continue;
    const nearest = nearestName(name, known);
    const advice =
      nearest === null
        ? 'expected a knob of training or model, or of a loss as in arms.ArcFace.loss.scale'
        : `the nearest known name is '${nearest}'`;
    refuse(name, `there is no such knob to sweep; ${advice}`);
    return [...arms];
  }
  const combinations = sweep.search === 'grid' ? gridOf(sweep) : randomOf(sweep);
  if (combinations.length > sweep.budget) {
    refuse(
      '',
      `the grid has ${combinations.length} combinations, more than the budget of ${sweep.budget}: raise ` +
        'sweep.budget, or set sweep.search to random',
    );
    return [...arms];
  }
  return arms.flatMap((arm) => (isTrained(arm) ? variantsOf(arm, combinations, arms) : [arm]));
}

function variantsOf(arm: TrainedArm, combinations: readonly Combination[], arms: readonly ArmPlan[]): ArmPlan[] {
  const variants = new Map<string, ArmPlan>();
  for (const combination of combinations) {
    const own = [...combination]
      .map(([name, value]) => ({ name, value, loss: lossKnob(name, arms) }))
      .filter(({ loss }) => loss === null || loss.arm === arm.name);
    if (own.length === 0) return [arm];
    let loss = arm.loss;
    const settings: Record<string, Setting> = { ...arm.settings };
    for (const knob of own) {
      if (knob.loss) loss = withKnob(loss, knob.loss.knob, knob.value);
      else settings[knob.name] = knob.value;
    }
    const label = own.map(({ name, value }) => `${name.split('.').at(-1)} ${value}`).join(', ');
    const name = `${arm.name} (${label})`;
    variants.set(label, {
      ...arm,
      name: name.length <= 80 ? name : `${arm.name.slice(0, 60)} (variant ${variants.size + 1})`,
      loss,
      ...(Object.keys(settings).length > 0 ? { settings } : {}),
      variantOf: arm.name,
    });
  }
  return [...variants.values()];
}

function gridOf({ knobs, budget }: SweepPlan): Combination[] {
  let combinations: Map<string, Setting>[] = [new Map()];
  for (const [name, knob] of Object.entries(knobs)) {
    const values =
      knob.values ??
      Array.from({ length: knob.steps ?? 3 }, (_, step) => inRange(knob, step / ((knob.steps ?? 3) - 1)));
    combinations = combinations.flatMap((combination) =>
      [...new Set(values)].map((value) => new Map([...combination, [name, value]])),
    );
    if (combinations.length > 100 * budget) break; // far beyond the budget: it is refused anyway
  }
  return combinations;
}

function randomOf({ knobs, budget, seed }: SweepPlan): Combination[] {
  const random = randomStream(seed, 'sweep');
  const drawn = new Map<string, Combination>();
  // A repeated draw is replaced by another, up to a limit, because there may be no others.
  for (let attempt = 0; attempt < budget * 20 && drawn.size < budget; attempt++) {
    const combination = new Map(Object.entries(knobs).map(([name, knob]) => [name, draw(knob, random)]));
    drawn.set(JSON.stringify([...combination]), combination);
  }
  return [...drawn.values()];
}

const draw = (knob: SweptKnob, random: RandomStream): Setting =>
  knob.values ? (knob.values[random.integer(knob.values.length)] as Setting) : inRange(knob, random.next());

/** The value at a share of the way through a range: a whole number, or three significant digits. */
function inRange({ from = 0, to = 1, log = false }: SweptKnob, share: number): number {
  const value = log ? from * (to / from) ** share : from + (to - from) * share;
  return Number.isInteger(from) && Number.isInteger(to) && to - from >= 2
    ? Math.round(value)
    : Number(value.toPrecision(3));
}
