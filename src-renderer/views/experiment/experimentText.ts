import { isMap, isScalar, isSeq, parseDocument, stringify, type Document } from 'yaml';
import { givenModelOf, type GivenModel } from '../../../src-shared/arms.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import { lossCatalogue, lossSchema, lossTerms, type LossPlan } from '../../../src-shared/losses.ts';
import type { Knob, KnobPath } from './knobTree.ts';

/** An arm as written in the text. Names and settings may be missing or wrong. */
export interface GivenArm {
  readonly name: string;
  readonly loss: unknown;
  /** What it is that is not trained here; null for an arm that is trained. */
  readonly given: GivenModel | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly against: string | null;
}
export type LossText = string | LossPlan | { readonly name: string };

const parse = (text: string): Document => parseDocument(text, { prettyErrors: false });
/** A document with the user's own indentation. Long lines are not wrapped. */
const write = (document: Document, own: string): string =>
  document.toString({
    lineWidth: 0,
    indent: /^( +)[^\s#-]/m.exec(own)?.[1]?.length ?? 2,
    indentSeq: !hasFlushList(own),
  });

/** Whether a text has a list that is not indented below its key. */
function hasFlushList(text: string): boolean {
  let indent: string | null = null; // of the key that ends the last line with content
  for (const line of text.split('\n')) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const own = line.slice(0, line.length - line.trimStart().length);
    if (indent === own && content.startsWith('- ')) return true;
    indent = content.endsWith(':') && !content.startsWith('-') ? own : null;
  }
  return false;
}

/** Reads what a text sets at a path; null where the text is not valid YAML. */
export function givenIn(text: string): ((path: KnobPath) => unknown) | null {
  const document = parse(text);
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents))) return null;
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  return (path) => path.reduce<unknown>(stepInto, value);
}

function stepInto(place: unknown, step: string | number): unknown {
  if (typeof place === 'number') return step === shortKey(place) ? place : undefined;
  return typeof place === 'object' && place !== null && Object.hasOwn(place, step)
    ? (place as Record<PropertyKey, unknown>)[step]
    : undefined;
}

/** The key that a value has in the section it is short for: `optimizer: adam`, `gradientClip: 5`. */
const shortKey = (value: unknown): string | null => {
  if (typeof value === 'string') return 'name';
  return typeof value === 'number' ? 'norm' : null;
};

function edit(text: string, change: (document: Document) => void): string {
  const document = parse(text);
  if (document.errors.length > 0) return text;
  if (document.contents === null) document.contents = document.createNode({}) as Document['contents'];
  const before = write(document, text);
  change(document);
  const after = write(document, text);
  const kept = keepLines(text.split('\n'), before.split('\n'), after.split('\n'));
  const reread = parse(kept);
  return reread.errors.length === 0 && JSON.stringify(reread.toJS()) === JSON.stringify(document.toJS()) ? kept : after;
}

/** The new text, in which unchanged lines keep the user's spacing. Writing the document alone would change it. */
function keepLines(own: readonly string[], before: readonly string[], after: readonly string[]): string {
  if (own.length !== before.length) return after.join('\n');
  const shortest = Math.min(before.length, after.length);
  let first = 0;
  let last = 0;
  while (first < shortest && before[first] === after[first]) first++;
  while (last < shortest - first && before.at(-1 - last) === after.at(-1 - last)) last++;
  return [...own.slice(0, first), ...after.slice(first, after.length - last), ...own.slice(own.length - last)].join(
    '\n',
  );
}

/** A short list or section is written on one line. */
const nodeOf = (document: Document, value: unknown) =>
  document.createNode(value, { flow: typeof value === 'object' && value !== null });

/** Sets a value in place. A name or number on the way that is short for a section becomes that section. */
function setIn(document: Document, path: KnobPath, value: unknown): void {
  for (let depth = 1; depth < path.length; depth++) {
    const above = path.slice(0, depth);
    const node = document.getIn(above, true);
    if (isMap(node) || isSeq(node)) continue;
    const key = isScalar(node) ? shortKey(node.value) : null;
    const section = key !== null && isScalar(node) ? { [key]: node.value } : {};
    document.setIn(above, nodeOf(document, section));
  }
  const before = document.getIn(path, true);
  // The existing scalar keeps its comment and its position.
  if (isScalar(before) && (typeof value !== 'object' || value === null)) {
    before.value = value;
    delete before.source;
    delete before.format;
    delete before.minFractionDigits;
  } else document.setIn(path, nodeOf(document, value));
}

function deleteIn(document: Document, path: KnobPath): void {
  document.deleteIn(path);
  for (let depth = path.length - 1; depth > 0; depth--) {
    const above = document.getIn(path.slice(0, depth), true);
    if (!isMap(above) || above.items.length > 0 || typeof path[depth - 1] === 'number') return;
    document.deleteIn(path.slice(0, depth));
  }
}

/** Sets a knob. The rest of the text stays unchanged, with its comments and order. */
export const setKnob = (text: string, path: KnobPath, value: unknown): string =>
  edit(text, (document) => setIn(document, path, value));

/** Chooses another optimiser or sampler. The old one's settings are removed, since the new one does not have them. */
export const setChoice = (text: string, path: KnobPath, section: Readonly<Record<string, unknown>>): string =>
  edit(text, (document) => document.setIn(path, nodeOf(document, section)));

/** Removes a knob from the text, so that its default applies again. A section that becomes empty is removed too. */
export const resetKnob = (text: string, path: KnobPath): string => edit(text, (document) => deleteIn(document, path));

/** The arms of a text; where it has none, the two default arms. */
export function armsIn(text: string, standing: readonly GivenArm[]): GivenArm[] {
  const arms = givenIn(text)?.(['arms']);
  if (!Array.isArray(arms)) return [...standing];
  return arms.map((arm: unknown, index) => {
    const { name, loss, onnx, embeddings, settings, against } = (
      typeof arm === 'object' && arm !== null ? arm : {}
    ) as Record<string, unknown>;
    return {
      name: typeof name === 'string' ? name : `arm ${index + 1}`,
      loss,
      given: loss === undefined ? givenModelOf({ onnx: textOf(onnx), embeddings: textOf(embeddings) }) : null,
      settings: (typeof settings === 'object' && settings !== null ? settings : {}) as Record<string, unknown>,
      against: typeof against === 'string' ? against : null,
    };
  });
}

/** Edits the arms of a text. Where it has none, the default arms are written first. */
export function editArms(text: string, standing: readonly GivenArm[]) {
  const withArms =
    givenIn(text)?.(['arms']) === undefined
      ? edit(text, (document) => document.setIn(['arms'], document.createNode(standing.map(written))))
      : text;
  const names = armsIn(withArms, standing).map(({ name }) => name);
  return {
    add: (loss: LossText): string =>
      edit(withArms, (document) =>
        document.addIn(
          ['arms'],
          document.createNode(
            written({
              name: freshName(lossTitle(loss), names),
              loss,
              given: null,
              settings: {},
              against: null,
            }),
          ),
        ),
      ),
    /** Adds a model or embeddings that are not trained here, under the name of the file. */
    addGiven: (given: GivenModel): string =>
      edit(withArms, (document) => {
        const name = freshName(nameOfFile(given.file), names);
        document.addIn(
          ['arms'],
          document.createNode(written({ name, loss: undefined, given, settings: {}, against: null })),
        );
      }),
    /** Names another file of an arm that is not trained here. The content of the file before no longer counts. */
    setGiven: (index: number, { kind, file }: GivenModel): string =>
      edit(withArms, (document) => {
        document.deleteIn(['arms', index, 'sha256']);
        setIn(document, ['arms', index, kind], file);
      }),
    duplicate: (index: number): string =>
      edit(withArms, (document) => {
        const arms = document.getIn(['arms'], true);
        if (!isSeq(arms)) return;
        const copy = (arms.items[index] as { clone: () => unknown }).clone();
        arms.items.splice(index + 1, 0, copy);
        document.setIn(['arms', index + 1, 'name'], freshName(names[index] ?? 'arm', names));
      }),
    remove: (index: number): string =>
      edit(withArms, (document) => {
        document.deleteIn(['arms', index]);
        names.forEach((_, other) => {
          if (
            other !== index &&
            document.getIn(['arms', other > index ? other - 1 : other, 'against']) === names[index]
          )
            document.deleteIn(['arms', other > index ? other - 1 : other, 'against']);
        });
      }),
    /** Renames an arm. Arms compared with it and swept knobs of its loss follow. */
    rename: (index: number, name: string): string =>
      edit(withArms, (document) => {
        const swept = document.getIn(['sweep', 'knobs'], true);
        const before = `arms.${names[index]}.loss.`;
        if (isMap(swept))
          for (const { key } of swept.items)
            if (isScalar(key) && String(key.value).startsWith(before))
              key.value = `arms.${name}.loss.${String(key.value).slice(before.length)}`;
        names.forEach((_, other) => {
          if (document.getIn(['arms', other, 'against']) === names[index])
            setIn(document, ['arms', other, 'against'], name);
        });
        setIn(document, ['arms', index, 'name'], name);
      }),
    /** Moves an arm by one place. */
    move: (index: number, by: -1 | 1): string =>
      edit(withArms, (document) => {
        const arms = document.getIn(['arms'], true);
        if (!isSeq(arms) || index + by < 0 || index + by >= arms.items.length) return;
        arms.items.splice(index + by, 0, ...arms.items.splice(index, 1));
      }),
    setLoss: (index: number, loss: LossText): string =>
      edit(withArms, (document) => document.setIn(['arms', index, 'loss'], nodeOf(document, loss))),
    set: (index: number, path: KnobPath, value: unknown): string =>
      edit(withArms, (document) => setIn(document, ['arms', index, ...path], value)),
    reset: (index: number, path: KnobPath): string =>
      edit(withArms, (document) => deleteIn(document, ['arms', index, ...path])),
  };
}

const written = ({ name, loss, given, settings, against }: GivenArm) => ({
  name,
  ...(given ? { [given.kind]: given.file } : { loss }),
  ...(Object.keys(settings).length > 0 ? { settings } : {}),
  ...(against === null ? {} : { against }),
});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The name of a file without its folder and its ending. */
const nameOfFile = (file: string): string =>
  (file.split(/[/\\]/).at(-1) ?? file).replace(/\.(?:onnx|npy)$/i, '') || 'model';

/** A loss as the lists call it: 'CosFace', 'ArcFace + 0.1 Triplet'. */
function lossTitle(loss: LossText): string {
  const plan = lossSchema.safeParse(loss).data;
  if (plan === undefined) return typeof loss === 'string' ? loss : loss.name;
  return lossTerms(plan)
    .map((term) => `${term.weight === 1 ? '' : `${term.weight} `}${lossCatalogue[term.loss.name].title}`)
    .join(' + ');
}

/** A name that no arm has yet, in whatever case: 'ArcFace', 'ArcFace 2', … */
function freshName(name: string, taken: readonly string[]): string {
  const others = taken.map((other) => other.toLowerCase());
  const base = name.replace(/ \d+$/, '').slice(0, 70);
  for (let number = 1; ; number++) {
    const fresh = number === 1 ? base : `${base} ${number}`;
    if (!others.includes(fresh.toLowerCase())) return fresh;
  }
}

const standard = experimentSchema.parse({});
/** The sections of an experiment without knobs at their defaults and without empty sections. */
export const notStandard = (
  sections: Partial<Pick<Plan, 'data' | 'prepare' | 'split'>>,
): Record<string, Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(sections).flatMap(([section, knobs]) => {
      const standing = standard[section as keyof typeof sections] as Record<string, unknown>;
      const own = Object.entries(knobs).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify(standing[name]),
      );
      return own.length === 0 ? [] : [[section, Object.fromEntries(own)]];
    }),
  );

/** The text of an experiment with the faces, alignment and split of the given sections, and nothing else changed. */
export const withSplit = (text: string, sections: ReturnType<typeof notStandard>): string =>
  (['data', 'prepare', 'split'] as const).reduce((written, section) => {
    const own = sections[section];
    return own === undefined ? resetKnob(written, [section]) : setKnob(resetKnob(written, [section]), [section], own);
  }, text);

/** The text of a new experiment on the given faces. */
export function newExperimentText({
  name,
  data,
  detect = false,
}: {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Whether faces are looked for in pictures without landmarks. */
  readonly detect?: boolean;
}): string {
  const head = stringify({ name: `ArcFace against cross-entropy on ${name}`, data }, { lineWidth: 0 });
  return `# What does ArcFace buy over plain cross-entropy on these faces?
${head}prepare:
  inputSize: 64${detect ? '\n  alignment: detect' : ''}
model:
  backbone: smallcnn
  embeddingSize: 128
training:
  epochs: 30
  learningRate: 0.05
seeds: [1, 2, 3]
arms:
  - name: cross-entropy
    loss: crossEntropy
  - name: ArcFace
    loss: { name: arcFace, marginRadians: 0.3, scale: 32 }
`;
}

/** The text of a preset, on the faces of a dataset: what the preset says of them is replaced. */
export const presetOnFaces = (yaml: string, data: Readonly<Record<string, unknown>>): string =>
  Object.entries(data).reduce((text, [key, value]) => setKnob(text, ['data', key], value), yaml);

/** Whether the text sets a knob to something other than its default. */
export const differsFromDefault = (knob: Pick<Knob, 'default'>, given: unknown): boolean =>
  given !== undefined && JSON.stringify(given) !== JSON.stringify(knob.default);
