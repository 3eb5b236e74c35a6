import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
  type YAMLError,
} from 'yaml';
import type { z } from 'zod';
import { ArcBenchError } from './errors.ts';
import { experimentSchema, type Plan } from './experiment.ts';
import { knobSchemaOf, rangeOf, type KnobSchema } from './knobSchema.ts';
import { nearestName } from './nearestName.ts';
import { faultOfName, quotedName } from './shownName.ts';

const longestText = 2 ** 20;

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/**
 * Reads an experiment's YAML into a plan with all defaults filled in. Throws 'wrong-input' with one sentence that names
 * file, line and key.
 */
export function parseExperiment(text: string, fileName: string): Plan {
  const lines = new LineCounter();
  if (text.length > longestText)
    throw new ArcBenchError(
      'wrong-input',
      `${fileName} has ${text.length} characters, more than the ${longestText} that an experiment may have: ` +
        'name an experiment file.',
    );
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    stringKeys: true,
    uniqueKeys: false, // the parser compares each key with each other one; repeatedKey does not
  });
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new ArcBenchError(
      'wrong-input',
      `${fileName}, line ${lines.linePos(fault.pos[0]).line}: this is not valid YAML (${yamlFault(fault)}).`,
    );
  }
  const repeated = repeatedKey(document);
  if (repeated !== null) {
    const line = lines.linePos(startOf(repeated) ?? 0).line;
    throw new ArcBenchError(
      'wrong-input',
      `${fileName}, line ${line}: this is not valid YAML (the key '${String(repeated.value).slice(0, 60)}' is there ` +
        'twice in one section: keep one of them).',
    );
  }
  nameEachPersonOnce(document, { fileName, lines });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new ArcBenchError(
      'wrong-input',
      `${fileName}: this is not valid YAML (${oneSentence(error instanceof Error ? error.message : String(error))}).`,
      { cause: error },
    );
  }
  const unusable = unusableText(value);
  if (unusable)
    throw new ArcBenchError(
      'wrong-input',
      `${fileName}, line ${lineOf(document, lines, unusable.path)}: ${unusable.sentence}.`,
    );
  const result = experimentSchema.safeParse(value);
  if (result.success) {
    const unclear = unclearName(result.data);
    if (unclear === null) return result.data;
    const line = lineOf(document, lines, unclear.path);
    throw new ArcBenchError('wrong-input', `${fileName}, line ${line}: ${unclear.sentence}.`);
  }
  const issue = result.error.issues[0]!;
  const path = placeOf(issue, value);
  const line = lineOf(document, lines, path);
  throw new ArcBenchError('wrong-input', `${fileName}, line ${line}: ${describe(issue, path, value)}.`);
}

/**
 * The first name that nobody could tell from others on the screen. It is looked for in files only, not in the schema:
 * plans of earlier versions may have such names, and stay readable.
 */
function unclearName({ name, arms }: Plan): { readonly path: Path; readonly sentence: string } | null {
  const named = [
    { path: ['name'], key: 'name', of: name },
    ...arms.map((arm, index) => ({ path: ['arms', index, 'name'], key: `arms[${index}].name`, of: arm.name })),
  ];
  for (const { path, key, of } of named) {
    const fault = faultOfName(of);
    if (fault !== null)
      return {
        path,
        sentence: `'${key}' ${fault} (${quotedName(of)}); expected a name in one line, such as ArcFace`,
      };
  }
  return null;
}

/** A key that is there twice in one section, in time that grows with the number of keys; null if there is none. */
function repeatedKey(document: Document): Scalar | null {
  // A list, not a recursion: YAML may be nested deeper than the stack reaches.
  const open: unknown[] = [document.contents];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isSeq(next)) for (const item of next.items) open.push(item);
    if (!isMap(next)) continue;
    const seen = new Set<string>();
    for (const { key, value } of next.items) {
      if (value !== null) open.push(value);
      if (!isScalar(key)) continue;
      if (seen.has(String(key.value))) return key;
      seen.add(String(key.value));
    }
  }
  return null;
}

/**
 * Takes the people of split.assign in Unicode NFC, since José has two spellings. Throws
 * 'wrong-input' if one person stands there twice.
 */
function nameEachPersonOnce(
  document: Document,
  { fileName, lines }: { readonly fileName: string; readonly lines: LineCounter },
): void {
  const assign: unknown = document.getIn(['split', 'assign'], true);
  if (!isMap(assign)) return;
  const named = new Set<string>();
  for (const { key } of assign.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value).normalize('NFC');
    if (named.has(name))
      throw new ArcBenchError(
        'wrong-input',
        `${fileName}, line ${lines.linePos(startOf(key) ?? 0).line}: split.assign names ${name} twice; keep one of ` +
          'the lines.',
      );
    named.add(name);
    key.value = name;
  }
}

/**
 * The first key or text that cannot be used whatever the knob: files, databases and other programs cut a text off at a
 * NUL character, and a key `__proto__` would get lost.
 */
function unusableText(experiment: unknown): { readonly path: Path; readonly sentence: string } | null {
  // A list, not a recursion: YAML may be nested deeper than the stack reaches. Paths longer than these are not shown.
  const longestPath = 20;
  const open: { readonly value: unknown; readonly path: Path }[] = [{ value: experiment, path: [] }];
  // An alias may stand inside the value that it names: each value is looked at once.
  const seen = new Set<object>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && value.includes('\0'))
      return { path, sentence: `'${dotted(path)}' holds a NUL character, which no name or path may have; remove it` };
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const [key, item] of Object.entries(value)) {
      const place = path.length < longestPath ? [...path, Array.isArray(value) ? Number(key) : key] : path;
      if (key === '__proto__')
        return {
          path: place,
          sentence: `the key '__proto__' cannot be used; rename the person or folder, or remove it`,
        };
      open.push({ value: item, path: place }, { value: key, path });
    }
  }
  return null;
}

/** The key that an issue is about. */
function placeOf(issue: Issue, experiment: unknown): Path {
  if (issue.code === 'unrecognized_keys') return [...issue.path, issue.keys[0]!];
  return isBareName(experiment, issue.path) ? issue.path.slice(0, -1) : issue.path;
}

/** A YAML error in plain words, where the parser's own message is not. */
function yamlFault({ code, message }: YAMLError): string {
  if (message.startsWith('Maximum call stack')) return 'it is nested too deep';
  switch (code) {
    case 'NON_STRING_KEY':
      return 'a key is a list, a section or an alias: a name was expected';
    case 'TAB_AS_INDENT':
      return 'tabs are not allowed as indentation: use spaces';
    case 'MULTIPLE_DOCS':
      return 'there is more than one document: keep one, and remove the line ---';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return `${oneSentence(message)}: put a text with a colon in quotes`;
    default:
      return oneSentence(message);
  }
}

/** Whether the path is a name that was given alone, as in `loss: arcFace`, which the schema expands to a section. */
function isBareName(experiment: unknown, path: Path): boolean {
  return path.at(-1) === 'name' && path.length > 1 && typeof valueAt(experiment, path.slice(0, -1)) === 'string';
}

/** What stands at a path, or the number that stands for its section alone, as in `gradientClip: 5`. */
function givenAt(experiment: unknown, path: Path): unknown {
  const section = valueAt(experiment, path.slice(0, -1));
  return typeof section === 'number' ? section : valueAt(experiment, path);
}

function describe(issue: Issue, path: Path, experiment: unknown): string {
  const key = dotted(path);
  const given = givenAt(experiment, path);
  const knob = schemaAt(path, experiment);
  const shown = show(given);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = Object.keys(schemaAt(issue.path, experiment)?.properties ?? {});
      return `unknown key '${key}'; ${hint(String(path.at(-1)), known)}`;
    }
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
      if (options.length === 0) {
        const expected = unionInWords(knob);
        const sentence = expected === null ? oneSentence(issue.message) : `expected ${expected}${meaning(knob)}`;
        return `'${key}' is ${shown}; ${sentence}`;
      }
      if (given === undefined) return `'${key}' is missing; expected one of ${options.join(', ')}`;
      return (
        `'${key}' cannot be ${shown}; ` +
        `${typeof given === 'string' ? hint(given, options) : `expected one of ${options.join(', ')}`}`
      );
    }
    case 'invalid_value': {
      const options = issue.values.map(String);
      return (
        `'${key}' cannot be ${shown}; ` +
        `${typeof given === 'string' ? hint(given, options) : `expected one of ${options.join(', ')}`}`
      );
    }
    case 'too_small':
    case 'too_big': {
      if (issue.origin === 'string' || issue.origin === 'array') {
        const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
        return (
          `'${key}' has the wrong length; expected ${bound} ` +
          `${issue.origin === 'string' ? 'characters' : 'entries'}`
        );
      }
      return `'${key}' is ${shown}, out of range; expected ${unionInWords(knob) ?? rangeOf(knob)}${meaning(knob)}`;
    }
    case 'invalid_type': {
      if (path.length === 0) return `this is ${shown}; expected ${expectation(issue.expected, knob)}`;
      if (given === undefined) return `'${key}' is missing; expected ${expectation(issue.expected, knob)}`;
      if (path.at(-1) === 'loss')
        return (
          `'${key}' is ${shown}; expected the name of a loss, a section with its name and settings, or a sum ` +
          `such as 'arcFace + 0.1 triplet'`
        );
      return `'${key}' is ${shown}; expected ${expectation(issue.expected, knob)}${inQuotes(issue.expected, given)}`;
    }
    default:
      return `'${key}': ${oneSentence(issue.message)}`;
  }
}

/** What a knob of a word or a number may be; null where its schema says it in words of its own. */
function unionInWords(knob: KnobSchema | undefined): string | null {
  const words = (knob?.anyOf ?? []).flatMap(({ enum: named = [] }) => named.map(String));
  const numbers = (knob?.anyOf ?? []).filter(({ type }) => type === 'integer' || type === 'number').map(rangeOf);
  return words.length === 0 || numbers.length === 0 ? null : [...words, ...numbers].join(' or ');
}

/** What makes a text of a name that YAML reads as a number or a truth value, such as 2024, 007 or true. */
const inQuotes = (expected: string, given: unknown): string =>
  expected === 'string' && (typeof given === 'number' || typeof given === 'boolean') ? '; put it in quotes' : '';

function expectation(expected: string, knob: KnobSchema | undefined): string {
  switch (expected) {
    case 'number':
    case 'int':
      return `${rangeOf(knob)}${meaning(knob)}`;
    case 'boolean':
      return `true or false${meaning(knob)}`;
    case 'string':
      return `a text${meaning(knob)}`;
    case 'array':
      return `a list${meaning(knob)}`;
    case 'record':
      return `a section${meaning(knob)}`;
    case 'object':
      return `a section of keys (${Object.keys(knob?.properties ?? {}).join(', ') || 'name and its settings'})`;
    default:
      return `${expected}${meaning(knob)}`;
  }
}

const meaning = (knob: KnobSchema | undefined) => (knob?.description === undefined ? '' : ` (${knob.description})`);

function hint(word: string, known: readonly string[]): string {
  const nearest = nearestName(word, known);
  return nearest === null ? `expected one of ${known.join(', ')}` : `the nearest known name is '${nearest}'`;
}

/** The schema of a knob. In a union, it is the alternative that the experiment names. */
function schemaAt(path: Path, experiment: unknown): KnobSchema | undefined {
  let knob: KnobSchema | undefined = knobSchemaOf(experimentSchema);
  let value = experiment;
  const enter = () => {
    const alternatives = knob?.oneOf ?? knob?.anyOf;
    if (alternatives === undefined) return;
    const name = typeof value === 'string' ? value : valueAt(value, ['name']);
    if (name === undefined) return; // it names no alternative
    knob = alternatives.find((alternative) => alternative.properties?.['name']?.const === name) ?? knob;
  };
  enter();
  for (const step of path) {
    knob =
      typeof step === 'number'
        ? knob?.items
        : (knob?.properties?.[String(step)] ?? (knob?.additionalProperties || undefined));
    value = valueAt(value, [step]);
    enter();
  }
  return knob;
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

/** The line of the deepest part of the path that is in the text. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) break;
      offset = startOf(item) ?? offset;
      node = item;
    }
  }
  return Math.max(1, lines.linePos(offset).line);
}

const startOf = (node: unknown): number | undefined => (node as Node | null)?.range?.[0];

/** A path such as arms[0].loss. */
function dotted(path: Path): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').replace(/^\./, '') || 'experiment';
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 60)}'`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a section';
  return value === null ? 'empty' : String(value);
}

const oneSentence = (text: string) => text.split('\n')[0]!.trim().replace(/[.:]$/, '');
