import type { Command } from 'commander';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import { knobSchemaOf, rangeOf, type KnobSchema } from '../../../src-shared/knobSchema.ts';
import { nearestName } from '../../../src-shared/nearestName.ts';
import type { Session } from './session.ts';

/** A knob of an experiment file; `of` is the loss, optimiser or sampler that it belongs to. */
interface Knob {
  readonly name: string;
  readonly of: string | null;
  readonly default: unknown;
  readonly takes: string;
  readonly meaning: string;
}

/** The command that lists what an experiment file may hold. */
export function addKnobsCommand(program: Command, cli: Session): void {
  program
    .command('knobs')
    .argument('[section]', 'such as training, or arms.loss')
    .description('every knob of an experiment file: what it takes, its default and its meaning')
    .action((section?: string) => {
      const all = knobsIn(knobSchemaOf(experimentSchema), '', null);
      const knobs =
        section === undefined ? all : all.filter(({ name }) => name === section || name.startsWith(`${section}.`));
      if (knobs.length === 0) {
        const nearest = nearestName(
          section ?? '',
          all.flatMap(({ name }) => name.split('.').map((_, end, steps) => steps.slice(0, end + 1).join('.'))),
        );
        throw new ArcBenchError(
          'wrong-input',
          `There is no knob or section ${section}${nearest === null ? '' : `; the nearest is ${nearest}`}: ` +
            '`arcbench knobs` lists all.',
        );
      }
      cli.print(knobs.map(knobLine).join('\n'), knobs);
    });
}

function knobLine({ name, of, takes, meaning, ...knob }: Knob): string {
  const owner = of === null ? '' : ` (${of})`;
  const standard = knob.default === undefined ? '' : `, default ${JSON.stringify(knob.default)}`;
  return `${name}${owner}: ${takes}${standard}${meaning === '' ? '' : `\n    ${meaning}`}`;
}

function knobsIn(schema: KnobSchema, name: string, of: string | null): Knob[] {
  const within = (steps: Readonly<Record<string, KnobSchema>>, owner: string | null) =>
    Object.entries(steps).flatMap(([step, knob]) =>
      knob.const === undefined ? knobsIn(knob, name === '' ? step : `${name}.${step}`, owner) : [],
    );
  const alternatives = schema.oneOf ?? schema.anyOf;
  const own: Knob = { name, of, default: schema.default, takes: takes(schema), meaning: schema.description ?? '' };
  if (alternatives?.some(({ properties }) => properties))
    return [
      own,
      ...alternatives.flatMap(({ properties = {} }) => within(properties, String(properties['name']?.const ?? of))),
    ];
  if (schema.properties) return within(schema.properties, of);
  if (schema.items?.properties) return [own, ...within(schema.items.properties, of)];
  return [own];
}

function takes({ type, enum: values, oneOf, anyOf, additionalProperties, ...knob }: KnobSchema): string {
  if (values) return values.join(' | ');
  const names = (oneOf ?? anyOf ?? []).flatMap(({ properties }) => properties?.['name']?.const ?? []);
  if (names.length > 0) return `${names.join(' | ')}, or a section with such a name and its knobs`;
  switch (type) {
    case 'number':
    case 'integer':
      return rangeOf({ type, ...knob });
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'string':
      return 'a text';
    default:
      return additionalProperties ? 'names with their values' : 'a value';
  }
}
