import { experimentFields, type Plan } from '../../../src-shared/experiment.ts';
import { knobsOf as knobsOfPlan } from '../../../src-shared/knobs.ts';
import { knobSchemaOf, type KnobSchema } from '../../../src-shared/knobSchema.ts';
import { lossCatalogue, type LossName } from '../../../src-shared/losses.ts';

export type KnobPath = readonly (string | number)[];
/** What a knob takes, which decides its control. */
export type KnobKind =
  | {
      readonly type: 'number';
      readonly whole: boolean;
      readonly least?: number;
      readonly most?: number;
      /** Whether `least` itself is excluded. */
      readonly above: boolean;
      /** Whether `most` itself is excluded. */
      readonly below: boolean;
      /** Words that may stand in place of a number, such as perSeed. */
      readonly words?: readonly string[];
    }
  | {
      readonly type: 'choice';
      readonly options: readonly string[];
      /** Those of the options that the text writes as numbers. */
      readonly numbers?: readonly string[];
    }
  | { readonly type: 'switch' }
  | { readonly type: 'text' }
  | {
      readonly type: 'numbers';
      readonly whole: boolean;
      /** Whether one number is how many there are: 5 seeds are the seeds 1 to 5. */
      readonly counts?: boolean;
    }
  | { readonly type: 'texts' }
  /** Any of some options. */
  | { readonly type: 'some'; readonly options: readonly string[] }
  /** Names, each with one of some options. */
  | { readonly type: 'named'; readonly options: readonly string[] };

/** One knob as the schema knows it. */
export interface Knob {
  readonly path: KnobPath;
  /** Dotted, as in advice and faults: 'training.optimizer.momentum'. */
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly unit: string | null;
  readonly kind: KnobKind;
  readonly default: unknown;
}
export interface KnobSection {
  readonly name: string;
  readonly title: string;
  readonly knobs: readonly Knob[];
}

/** Reads what the text sets at a path; undefined where it sets nothing. */
export type Given = (path: KnobPath) => unknown;

/** Knobs that have their own part of the form. */
const elsewhere = new Set(['arms', 'ladder', 'sweep', 'tune', 'stopping', 'extends']);
const titles: Readonly<Record<string, string>> = {
  '': 'Experiment',
  data: 'Data',
  prepare: 'Faces',
  split: 'Split',
  model: 'Network',
  training: 'Training',
  'training.optimizer': 'Optimiser',
  'training.schedule': 'Learning rate schedule',
  'training.sampler': 'Sampler',
  'training.gradientClip': 'Gradient clipping',
  'training.augmentation': 'Augmentation',
  evaluation: 'Evaluation',
  report: 'Report',
};
/** Labels that differ from the key in words. */
const labels: Readonly<Record<string, string>> = {
  'training.optimizer.name': 'Optimiser',
  'training.sampler.name': 'Sampler',
  'training.gradientClip.norm': 'Clip at norm',
  'training.gradientClip.of': 'Clip gradients of',
  'data.people': 'Folders of people',
  'data.licence': 'Licence of the pictures',
  'data.demo.people': 'Demo people',
  'data.demo.imagesPerPerson': 'Demo images per person',
  'data.demo.seed': 'Demo seed',
  'training.tensorboard': 'Write for TensorBoard',
  'training.sampler.identities': 'People per batch',
  'training.sampler.images': 'Images per person',
  'training.schedule.name': 'Schedule',
  'evaluation.falsePositiveRates': 'False positive rates',
  'evaluation.pairs': 'Verification pairs',
  'split.valPeople': 'People held out for val',
  'evaluation.select': 'Epoch chosen by',
  'split.assign': 'People assigned by hand',
  'split.allowFindings': 'Allowed findings',
};

/** Lists for which a number is short: 5 is the first five. */
const counted = new Set(['seeds']);

const experimentSchema = knobSchemaOf(experimentFields);
const standard = knobsOfPlan(experimentFields.parse({}));

/**
 * The knobs of an experiment by section. Where a section depends on a choice, such as the optimiser, it has the knobs
 * of what the text chooses.
 */
export function knobSections(given: Given): KnobSection[] {
  const isSection = (schema: KnobSchema) => schema.properties !== undefined || schema.oneOf !== undefined;
  const section = (path: KnobPath, schemas: Readonly<Record<string, KnobSchema>>): KnobSection => {
    const name = path.join('.');
    return {
      name,
      title: titles[name] ?? words(path.at(-1)),
      knobs: Object.entries(schemas).flatMap(([key, schema]) => knobsOf([...path, key], schema, given)),
    };
  };
  const split = (schemas: Readonly<Record<string, KnobSchema>> = {}) => ({
    here: Object.entries(schemas).filter(([, schema]) => !isSection(schema)),
    apart: Object.entries(schemas).filter(([, schema]) => isSection(schema)),
  });
  const whole = split(experimentSchema.properties);
  const training = split(experimentSchema.properties?.['training']?.properties);
  const ofTraining = [
    section(['training'], Object.fromEntries(training.here)),
    ...training.apart.map(([key, inner]) => ({
      ...section(['training', key], {}),
      knobs: knobsOf(['training', key], inner, given),
    })),
  ];
  return [
    section([], Object.fromEntries(whole.here)),
    ...whole.apart
      .filter(([name]) => !elsewhere.has(name))
      .flatMap(([name, schema]) => (name === 'training' ? ofTraining : [section([name], schema.properties ?? {})])),
  ];
}

/** The settings of an ablation (`ladder` in the text). */
export const ladderKnobs = (): Knob[] =>
  Object.entries(experimentSchema.properties?.['ladder']?.properties ?? {}).flatMap(([key, schema]) =>
    knobsOf(['ladder', key], schema, () => undefined),
  );

/** The settings of tuning beside its knobs. */
export const tuneKnobs = (): Knob[] =>
  Object.entries(experimentSchema.properties?.['tune']?.properties ?? {})
    .filter(([key]) => key !== 'knobs')
    .flatMap(([key, schema]) => knobsOf(['tune', key], schema, () => undefined));

/** The settings of a sweep's successive halving. */
export const halvingKnobs = (): Knob[] =>
  Object.entries(experimentSchema.properties?.['sweep']?.properties?.['halving']?.properties ?? {}).flatMap(
    ([key, schema]) => knobsOf(['sweep', 'halving', key], schema, () => undefined),
  );

/** The settings of a sweep other than its knobs. */
export const sweepKnobs = (): Knob[] =>
  Object.entries(experimentSchema.properties?.['sweep']?.properties ?? {})
    .filter(([key]) => key !== 'knobs' && key !== 'halving')
    .flatMap(([key, schema]) => knobsOf(['sweep', key], schema, () => undefined));

/** The fields of a swept knob: values, or a range. Their paths are relative to the sweep's entry for the knob `of`. */
export function sweptKnobs(of: Pick<Knob, 'kind' | 'default'>): Knob[] {
  const schema = experimentSchema.properties?.['sweep']?.properties?.['knobs']?.additionalProperties;
  const own = Object.entries((schema || undefined)?.properties ?? {});
  return own.flatMap(([key, inner]) => {
    const kind = sweptKind(key, inner, of.kind);
    if (kind === null) return [];
    const help = inner.description ?? '';
    return [{ path: [key], name: key, label: words(key), help, unit: null, kind, default: undefined }];
  });
}

/** What one field of a swept knob takes: its values and the ends of its range are of the knob's own kind. */
function sweptKind(key: string, schema: KnobSchema, of: KnobKind): KnobKind | null {
  if (key === 'values') return valuesOf(of);
  if ((key === 'from' || key === 'to') && of.type === 'number') return of;
  return kindOf(schema);
}

function valuesOf(kind: KnobKind): KnobKind {
  switch (kind.type) {
    case 'number':
    case 'numbers':
      return { type: 'numbers', whole: kind.whole };
    case 'choice':
    case 'some':
    case 'named':
      return { type: 'some', options: kind.options };
    case 'switch':
      return { type: 'some', options: ['true', 'false'] };
    case 'text':
    case 'texts':
      return { type: 'texts' };
  }
}

/** The knobs of one loss. Their paths are relative to the loss. */
export const lossKnobs = (loss: LossName): Knob[] =>
  loss === 'sum'
    ? []
    : knobsOf([], knobSchemaOf(lossCatalogue[loss].schema), () => undefined).filter(({ name }) => name !== 'name');

function knobsOf(path: KnobPath, schema: KnobSchema, given: Given): Knob[] {
  const name = path.join('.');
  if (elsewhere.has(name)) return [];
  if (schema.oneOf) {
    const named = given(path);
    const standard = (schema.default as { name?: string } | undefined)?.name ?? '';
    const chosen = typeof named === 'string' ? named : (given([...path, 'name']) ?? standard);
    const options = schema.oneOf.map((option) => String(option.properties?.['name']?.const));
    const own = schema.oneOf.find((option) => option.properties?.['name']?.const === chosen);
    return [
      {
        path: [...path, 'name'],
        name: `${name}.name`,
        label: labels[`${name}.name`] ?? words(path.at(-1)),
        help: schema.description ?? '',
        unit: null,
        kind: { type: 'choice', options },
        default: standard,
      },
      ...Object.entries(own?.properties ?? {})
        .filter(([key]) => key !== 'name')
        .flatMap(([key, inner]) => knobsOf([...path, key], inner, given)),
    ];
  }
  if (schema.properties)
    return Object.entries(schema.properties).flatMap(([key, inner]) => knobsOf([...path, key], inner, given));
  const kind = kindOf(schema);
  return kind === null
    ? []
    : [
        {
          path,
          name,
          label: labels[name] ?? words(path.at(-1)),
          help: schema.description ?? '',
          unit: unitOf(name, schema.description ?? ''),
          kind: kind.type === 'numbers' && counted.has(name) ? { ...kind, counts: true } : kind,
          default: schema.default ?? standard.get(name),
        },
      ];
}

function kindOf(schema: KnobSchema): KnobKind | null {
  if (schema.enum) return { type: 'choice', options: schema.enum };
  if (schema.anyOf) return wordOrNumber(schema.anyOf);
  switch (schema.type) {
    case 'integer':
    case 'number': {
      const least = limit(schema.exclusiveMinimum ?? schema.minimum);
      const most = limit(schema.exclusiveMaximum ?? schema.maximum);
      return {
        type: 'number',
        whole: schema.type === 'integer',
        ...(least === undefined ? {} : { least }),
        ...(most === undefined ? {} : { most }),
        above: schema.exclusiveMinimum !== undefined,
        below: schema.exclusiveMaximum !== undefined,
      };
    }
    case 'boolean':
      return { type: 'switch' };
    case 'string':
      return schema.const === undefined ? { type: 'text' } : null;
    case 'array':
      return listKind(schema.items?.type);
    case 'object':
      return schema.additionalProperties && schema.additionalProperties.enum
        ? { type: 'named', options: schema.additionalProperties.enum }
        : null;
    default:
      return null;
  }
}

/**
 * Words or a small whole number, such as `people: auto` or `people: 2`, are one list of options; words or any whole
 * number, such as `seed: perSeed`, are a number that a word may take the place of.
 */
function wordOrNumber(schemas: readonly KnobSchema[]): KnobKind | null {
  const words = schemas.flatMap((schema) => schema.enum ?? []);
  const number = schemas.find(({ type }) => type === 'integer');
  if (words.length === 0 || !number) return null;
  if (number.minimum === undefined || number.maximum === undefined || number.maximum - number.minimum > 20) {
    const kind = kindOf(number);
    return kind?.type === 'number' ? { ...kind, words } : null;
  }
  const { minimum, maximum } = number;
  const numbers = Array.from({ length: maximum - minimum + 1 }, (_, index) => String(minimum + index));
  return { type: 'choice', options: [...words, ...numbers], numbers };
}

function listKind(itemType: string | undefined): KnobKind | null {
  switch (itemType) {
    case 'integer':
    case 'number':
      return { type: 'numbers', whole: itemType === 'integer' };
    case 'string':
      return { type: 'texts' };
    default:
      return null;
  }
}

// JSON Schema states the safe-integer bounds of every integer; they mean nothing to the user.
const limit = (bound: number | undefined) =>
  bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound;

function unitOf(name: string, help: string): string | null {
  if (/\bpixels\b/.test(help)) return 'px';
  if (/\bradians\b/.test(help) || /Radians$/.test(name)) return 'rad';
  return /epochs$/i.test(name) ? 'epochs' : null;
}

/** 'weightDecay' as 'Weight decay'. */
export function words(key: string | number | undefined): string {
  const spaced = String(key ?? '')
    .replace(/Radians$/, '')
    .replace(/([a-z])([A-Z])/g, (_all, before: string, after: string) => `${before} ${after.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/**
 * A list of numbers as its field shows it: '1, 2, 3'. Where one number says how many there are, a list of one number
 * that is not 1 is '[5]'.
 */
export function writtenNumbers(numbers: readonly unknown[], counts = false): string {
  const [only] = numbers;
  return counts && numbers.length === 1 && only !== 1 ? `[${String(only)}]` : numbers.join(', ');
}

/** What a field for numbers makes of a text: how many, or a list; null where something in it is no number. */
export function readNumbers(text: string, { whole, counts = false }: { whole: boolean; counts?: boolean | undefined }) {
  const isList = text.startsWith('[') || text.includes(',');
  const numbers = text
    .replace(/^\[|\]$/g, '')
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number);
  if (numbers.some((number) => !Number.isFinite(number) || (whole && !Number.isInteger(number)))) return null;
  return counts && !isList && numbers.length === 1 ? numbers[0]! : numbers;
}

/** A knob's range in words, such as '0 to 1' or 'above 0, at most 10'; empty where anything goes. */
export function rangeInWords(kind: KnobKind): string {
  if (kind.type === 'numbers' && kind.counts) return 'how many, or a list such as 3, 7';
  if (kind.type !== 'number') return '';
  const { least, most, above, below } = kind;
  const show = (value: number) => String(Number(value.toPrecision(4)));
  if (least !== undefined && most !== undefined && !above && !below) return `${show(least)} to ${show(most)}`;
  return [
    least === undefined ? '' : `${above ? 'above' : 'at least'} ${show(least)}`,
    most === undefined ? '' : `${below ? 'below' : 'at most'} ${show(most)}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** A value as the form shows it. */
export function shownValue(value: unknown): string {
  if (value === undefined || value === null) return '—';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (typeof value !== 'object') return String(value);
  const items = Object.entries(value).map(([name, item]) => `${name}: ${String(item)}`);
  return items.length === 0 ? 'none' : items.join(', ');
}

/** Whether a knob matches the filter: every word must occur in its name, label or help. */
export const fitsFilter = (knob: Pick<Knob, 'name' | 'label' | 'help'>, filter: string): boolean => {
  const text = `${knob.name} ${knob.label} ${knob.help}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

/** The knobs that an arm can override: those of the network and of training. */
export const armSettings = (plan: Pick<Plan, 'model' | 'training'>): Knob[] => {
  const given: Given = (path) =>
    path.reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined,
      plan,
    );
  return knobSections(given)
    .filter(({ name }) => name === 'model' || name.startsWith('training'))
    .flatMap(({ knobs }) => knobs)
    .filter(({ kind, name }) => kind.type !== 'numbers' && !/\.(optimizer|sampler)\.name$/.test(name));
};
