import {
  lossCatalogue,
  lossSchema,
  lossTerms,
  type LossName,
  type LossPlan,
  type SumPlan,
} from '../../../src-shared/losses.ts';
import { fitsFilter, lossKnobs, words, type Knob, type KnobPath } from './knobTree.ts';
import type { GivenArm } from './experimentText.ts';

/** A row of the table of arms: one knob, with its value in each arm that has it. */
export interface ArmRow {
  /** 'loss.scale', or the dotted name of a knob of network or training. */
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly unit: string | null;
  /** One per arm; null where the arm's loss does not have the knob. */
  readonly cells: readonly (ArmCell | null)[];
}
export interface ArmCell {
  readonly knob: Knob;
  readonly path: KnobPath;
  readonly value: unknown;
  /** Whether the arm sets it itself. */
  readonly given: boolean;
}

/**
 * The loss that an arm's text names; null where it names none. Values that the schema refuses stay as they are written,
 * so that they can be corrected where they stand.
 */
export const lossOf = (arm: GivenArm): LossPlan | null =>
  lossSchema.safeParse(arm.loss).data ?? lossAsWritten(arm.loss);

function lossAsWritten(loss: unknown): LossPlan | null {
  if (typeof loss !== 'object' || loss === null || !('name' in loss)) return null;
  const standing = lossSchema.safeParse(loss.name).data;
  if (standing === undefined) return null;
  if (standing.name !== 'sum') return Object.assign(standing, ownKeys(loss, standing));
  const terms = 'terms' in loss && Array.isArray(loss.terms) ? loss.terms.map(termAsWritten) : standing.terms;
  return terms.every((term) => term !== null) ? { ...standing, terms } : null;
}
function termAsWritten(term: unknown): SumPlan['terms'][number] | null {
  if (typeof term !== 'object' || term === null || !('loss' in term)) return null;
  const loss = lossSchema.safeParse(term.loss).data ?? lossAsWritten(term.loss);
  if (loss === null || loss.name === 'sum') return null;
  return { weight: 1, ...ownKeys(term, { weight: 1 }), loss };
}
/** The entries of a written section that its schema knows. */
const ownKeys = <Section extends object>(written: object, section: Section): Partial<Section> =>
  Object.fromEntries(Object.entries(written).filter(([key]) => key in section)) as Partial<Section>;

/** A sum as users write it: 'arcFace + 0.1 triplet'. */
export const lossExpression = (plan: LossPlan): string =>
  lossTerms(plan)
    .map(({ weight, loss }) => (weight === 1 ? loss.name : `${weight} ${loss.name}`))
    .join(' + ');

/** Reads a typed sum. Returns its plan, in which known terms keep their settings, or what is wrong. */
export function readLossExpression(
  text: string,
  before: LossPlan | null,
): { readonly loss: string | LossPlan } | { readonly fault: string } {
  const parsed = lossSchema.safeParse(text.trim());
  if (!parsed.success) return { fault: parsed.error.issues[0]?.message ?? 'This is not a loss.' };
  const known = new Map(before ? lossTerms(before).map(({ loss }) => [loss.name, loss]) : []);
  const plan = parsed.data;
  if (plan.name !== 'sum') return { loss: known.get(plan.name) ?? text.trim() };
  const terms = plan.terms.map((term) => ({ ...term, loss: known.get(term.loss.name) ?? term.loss }));
  return JSON.stringify(terms) === JSON.stringify(plan.terms)
    ? { loss: text.trim() }
    : { loss: { name: 'sum', terms } };
}

/** The rows of the table of arms: all knobs of their losses, then the settings that some arm overrides. */
export function armRows(
  arms: readonly GivenArm[],
  settings: readonly Knob[],
  shared: (path: KnobPath) => unknown,
): ArmRow[] {
  const cellsOfArms = arms.map((arm) => new Map([...lossCells(arm), ...settingCells(arm, settings, shared, arms)]));
  const names = [...new Set(cellsOfArms.flatMap((cells) => [...cells.keys()]))];
  const isSetting = (name: string) => !name.startsWith('loss.');
  return [...names.filter((name) => !isSetting(name)), ...names.filter(isSetting)].map((name) => {
    const cells = cellsOfArms.map((own) => own.get(name) ?? null);
    const knob = cells.find((cell) => cell !== null)?.knob;
    return {
      name,
      label: knob?.label ?? words(name.split('.').at(-1)),
      help: knob?.help ?? '',
      unit: knob?.unit ?? null,
      cells,
    };
  });
}

function lossCells(arm: GivenArm): [string, ArmCell][] {
  const plan = lossOf(arm);
  if (plan === null) return [];
  const own = (name: LossName, values: object, place: KnobPath, term: string): [string, ArmCell][] =>
    lossKnobs(name).map((knob) => {
      const path = [...place, ...knob.path];
      const value = (values as Record<string, unknown>)[knob.name];
      return [
        path.join('.'),
        {
          knob: { ...knob, label: term + knob.label },
          path,
          value,
          given: JSON.stringify(value) !== JSON.stringify(knob.default),
        },
      ];
    });
  if (plan.name !== 'sum') return own(plan.name, plan, ['loss'], '');
  return plan.terms.flatMap(({ loss }, index) =>
    own(loss.name, loss, ['loss', 'terms', index, 'loss'], `${lossCatalogue[loss.name].title}: `),
  );
}

function settingCells(
  arm: GivenArm,
  settings: readonly Knob[],
  shared: (path: KnobPath) => unknown,
  arms: readonly GivenArm[],
): [string, ArmCell][] {
  if (arm.given) return []; // nothing is trained
  return settings
    .filter(({ name }) => arms.some((other) => Object.hasOwn(other.settings, name)))
    .map((knob) => {
      const given = Object.hasOwn(arm.settings, knob.name);
      return [
        knob.name,
        {
          knob,
          path: ['settings', knob.name],
          value: given ? arm.settings[knob.name] : (shared(knob.path) ?? knob.default),
          given,
        },
      ];
    });
}

export const rowFits = (row: ArmRow, filter: string): boolean => fitsFilter(row, filter);
