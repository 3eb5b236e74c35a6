import { seedsOfArm } from '../../../src-shared/arms.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { halvingRounds } from '../../../src-shared/halving.ts';
import type { ArmRow } from './armRows.ts';
import type { GivenArm } from './experimentText.ts';
import type { Knob, KnobKind } from './knobTree.ts';

/** A knob that can be swept: its name as the sweep gives it, such as 'arms.ArcFace.loss.scale'. */
export interface SweepOption {
  readonly name: string;
  readonly label: string;
  readonly knob: Knob;
  /** The value without a sweep. */
  readonly value: unknown;
}

/** Every knob that can be swept: those of the arms' losses, then those of network and training. */
export function sweepOptions(
  arms: readonly GivenArm[],
  rows: readonly ArmRow[],
  settings: readonly Knob[],
  shared: (knob: Knob) => unknown,
): SweepOption[] {
  const ofLosses = arms.flatMap((arm, index) =>
    rows.flatMap(({ cells }) => {
      const cell = cells[index];
      return cell && cell.path[0] === 'loss'
        ? [
            {
              name: ['arms', arm.name, ...cell.path].join('.'),
              label: `${arm.name}: ${cell.knob.label}`,
              knob: cell.knob,
              value: cell.value,
            },
          ]
        : [];
    }),
  );
  return [
    ...ofLosses,
    ...settings.map((knob) => ({ name: knob.name, label: knob.label, knob, value: shared(knob) ?? knob.default })),
  ];
}

/** The first values to try: the present one, one below it and one above it. */
export function firstValues({ knob: { kind }, value }: Pick<SweepOption, 'knob' | 'value'>): readonly unknown[] {
  switch (kind.type) {
    case 'number': {
      const now = Number(value);
      const around = Number.isFinite(now) && now !== 0 ? [now / 2, now, now * 2] : [0, kind.whole ? 1 : 0.1];
      return [...new Set(around.map((number) => clip(kind, number)))];
    }
    case 'choice':
      return kind.options.length > 1 ? [...new Set([String(value), ...kind.options])].slice(0, 2) : kind.options;
    case 'switch':
      return [true, false];
    default:
      return [value];
  }
}

function clip(kind: Extract<KnobKind, { type: 'number' }>, number: number): number {
  const near = clamped(kind, number);
  return kind.whole ? Math.round(near) : Number(near.toPrecision(6));
}

/** The nearest number that the knob takes. An end that is excluded is approached. */
function clamped(
  { least = -Infinity, most = Infinity, above, below }: Extract<KnobKind, { type: 'number' }>,
  number: number,
): number {
  if (number > most || (below && number === most)) return below ? most * 0.999 : most;
  if (number < least || (above && number === least)) return above ? least + 0.001 : least;
  return number;
}

/** The first range to try, from the lowest of some values to the highest. */
export function firstRange(
  values: unknown,
  { knob }: Pick<SweepOption, 'knob'>,
): { readonly from: number; readonly to: number } {
  const numbers = (Array.isArray(values) ? values : []).map(Number).filter(Number.isFinite);
  const from = Math.min(...numbers);
  const to = Math.max(...numbers);
  if (numbers.length > 0 && from < to) return { from, to };
  const around = firstValues({ knob, value: numbers[0] ?? 1 }).map(Number);
  return { from: Math.min(...around), to: Math.max(...around) };
}

/** How much a sweep trains, in words. */
export function sweepSize(plan: Plan): { readonly arms: string; readonly rounds: string | null } {
  const variants = plan.arms.filter((arm) => arm.variantOf !== undefined);
  const whole = plan.arms.length - variants.length;
  const seeds = plan.seeds.length;
  const families = groupBy(variants, (arm) => arm.variantOf);
  const combinations = Math.max(0, ...[...families.values()].map((family) => family.length));
  const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
  const unchanged = whole > 0 ? ` and ${plural(whole, 'unchanged arm')}` : '';
  const arms =
    `${plural(variants.length, 'variant')} of ${plural(families.size, 'arm')}${unchanged}, ` +
    `${plural(seeds, 'seed')}: ${plan.arms.reduce((sum, arm) => sum + seedsOfArm(plan, arm).length, 0)} runs`;
  const rounds =
    plan.sweep?.halving && combinations > 0
      ? halvingRounds(plan.sweep.halving, { candidates: combinations, epochs: plan.training.epochs })
          .map(({ candidates, epochs }) => `${candidates} to epoch ${epochs}`)
          .join(', ')
      : null;
  return { arms, rounds };
}
