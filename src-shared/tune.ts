import { z } from 'zod';
import { sweptKnobSchema, type ArmPlan, type Setting } from './arms.ts';
import { randomStream } from './maths/random.ts';
import { sweptArms } from './sweep.ts';

export const tuneSchema = z.strictObject({
  knobs: z
    .record(z.string(), sweptKnobSchema)
    .refine((knobs) => Object.keys(knobs).length > 0, { error: 'name at least one knob' })
    .refine((knobs) => Object.keys(knobs).every((knob) => knob.startsWith('training.')), {
      error:
        'only knobs of training can be tuned, such as training.learningRate: every arm has them, so that all arms ' +
        'get the same grid',
    })
    .describe('knobs of training and the values that each arm tries, such as training.learningRate: [0.01, 0.03, 0.1]'),
  seeds: z
    .int()
    .min(1)
    .max(20)
    .default(2)
    .describe('with how many seeds of its own each combination is tried; they are never those of the comparison'),
  seed: z.int().min(0).default(1).describe('seed from which the seeds of tuning are drawn'),
});
export type TunePlan = z.infer<typeof tuneSchema>;

/** The largest number of combinations of an arm. */
const mostCombinations = 60;
/** Seeds of tuning are drawn below this, so that they are easy to read. */
const highestSeed = 100_000;

/** What tuning takes of a plan. */
interface Tuned {
  readonly tune?: TunePlan | undefined;
  readonly arms: readonly ArmPlan[];
  readonly training: unknown;
  readonly model: unknown;
}

/** Every combination of tuned values of every arm, as variants of the arm; none where nothing is tuned. */
export function tuningTrials(
  { tune, arms, training, model }: Tuned,
  refuse: (knob: string, message: string) => void = () => undefined,
): ArmPlan[] {
  if (!tune) return [];
  return sweptArms({
    sweep: { knobs: tune.knobs, search: 'grid', budget: mostCombinations, seed: tune.seed },
    arms,
    sections: { training, model },
    refuse: (knob, message) =>
      refuse(
        knob,
        message
          .replace('no such knob to sweep', 'no such knob to tune')
          .replace(/: raise sweep.budget, .*/, ': give fewer values'),
      ),
  }).filter(({ variantOf }) => variantOf !== undefined);
}

/** The seeds that tuning trains with: drawn, and never one of the comparison. */
export function tuningSeeds({ tune, seeds }: Pick<Tuned, 'tune'> & { readonly seeds: readonly number[] }): number[] {
  if (!tune) return [];
  const random = randomStream(tune.seed, 'tuning seeds');
  const drawn = new Set<number>();
  while (drawn.size < tune.seeds) {
    const seed = random.integer(highestSeed);
    if (!seeds.includes(seed)) drawn.add(seed);
  }
  return [...drawn];
}

/** An arm with the settings that val chose for it. */
export const tunedArm = <Arm extends ArmPlan>(arm: Arm, trial: Pick<ArmPlan, 'settings'>): Arm => ({
  ...arm,
  settings: { ...arm.settings, ...trial.settings },
});

/** The values of the tuned knobs in an arm. */
export const tunedValues = ({ tune }: Pick<Tuned, 'tune'>, arm: ArmPlan): Readonly<Record<string, Setting>> =>
  Object.fromEntries(
    Object.keys(tune?.knobs ?? {}).flatMap((knob) => {
      const value = arm.settings?.[knob];
      return value === undefined ? [] : [[knob, value] as const];
    }),
  );
