import type { Plan } from '../../../src-shared/experiment.ts';
import { halvingRounds } from '../../../src-shared/halving.ts';
import type { ArmRow } from './armRows.ts';
import type { GivenArm } from './experimentText.ts';
import type { Knob, KnobKind } from './knobTree.ts';

/** A knob that can be swept: its name as the sweep gives it, such as 'arms.ArcFace.loss.scale'. */
export interface SweepOption {
  readonly name: string;
  readonly label: string;
  readonly knob: Knob;
  /** What stands where it is not swept. */ readonly value: unknown;
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

/** Values to begin with: what stands now, with one below and one above it. */
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
  const least = kind.least ?? -Infinity;
  const most = kind.most ?? Infinity;
  const inside =
    number < least || (kind.above && number === least)
      ? null
      : number > most || (kind.below && number === most)
        ? null
        : number;
  const near = inside ?? (number > most ? (kind.below ? most * 0.999 : most) : kind.above ? least + 0.001 : least);
  return kind.whole ? Math.round(near) : Number(near.toPrecision(6));
}

/** A range to begin with, from the lowest of some values to the highest. */
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

/** What a sweep makes, in words. */
export function sweepSize(plan: Plan): { readonly arms: string; readonly rounds: string | null } {
  const variants = plan.arms.filter((arm) => arm.variantOf !== undefined);
  const swept = new Set(variants.map((arm) => arm.variantOf)).size;
  const whole = plan.arms.length - variants.length;
  const seeds = plan.seeds.length;
  const combinations =
    swept === 0
      ? 0
      : Math.max(
          ...[...new Set(variants.map((arm) => arm.variantOf))].map(
            (name) => variants.filter((arm) => arm.variantOf === name).length,
          ),
        );
  const arms =
    `${variants.length} ${variants.length === 1 ? 'variant' : 'variants'} of ${swept} ` +
    `${swept === 1 ? 'arm' : 'arms'}${whole > 0 ? ` and ${whole} as ${whole === 1 ? 'it stands' : 'they stand'}` : ''}, ` +
    `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}: ${plan.arms.length * seeds} runs`;
  const rounds =
    plan.sweep?.halving && combinations > 0
      ? halvingRounds(plan.sweep.halving, { candidates: combinations, epochs: plan.training.epochs })
          .map(({ candidates, epochs }) => `${candidates} to epoch ${epochs}`)
          .join(', ')
      : null;
  return { arms, rounds };
}
