import { test } from 'node:test';
import assert from 'node:assert/strict';
import { z } from 'zod';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { knobSchemaOf, type KnobSchema } from '../../src-shared/knobSchema.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';

const withArm = (name: string) =>
  `arms:\n  - { name: cross-entropy, loss: crossEntropy }\n  - { name: ${JSON.stringify(name)}, loss: arcFace }`;
const faults: readonly (readonly [string, string, RegExp])[] = [
  ['a blank arm', withArm(' '), /line 3: 'arms\[1\]\.name' is blank \(" "\); expected a name in one line, such as A/],
  ['an invisible arm', withArm('\u200b'), /line 3: 'arms\[1\]\.name' has an invisible character .*\("\\u\{200b\}"\)/],
  ['an arm that looks like another', withArm('Arc\ufeffFace'), /'arms\[1\]\.name' has an invisible character in it/],
  [
    'an arm with a blank at its end',
    withArm('ArcFace '),
    /'arms\[1\]\.name' begins or ends with a blank \("ArcFace "\)/,
  ],
  ['an arm of two lines', withArm('Arc\nFace'), /'arms\[1\]\.name' has a line break in it \("Arc\\nFace"\); expected/],
  ['an arm with a tab', withArm('Arc\tFace'), /'arms\[1\]\.name' has a character in it that cannot be shown/],
  ['an experiment of two lines', 'name: "a\\u2028b"', /line 1: 'name' has a line break in it/],
  [
    'a number for a section',
    'training:\n  gradientClip: -1',
    /line 2: 'training\.gradientClip\.norm' is -1, out of range/,
  ],
  [
    'no number for a section',
    'training: { gradientClip: .inf }',
    /'training\.gradientClip\.norm' is Infinity; expected/,
  ],
  ['an unknown section', 'name: a\ntraning:\n  epochs: 3', /^e\.yaml, line 2: unknown key 'traning'; .*'training'\.$/],
  [
    'an unknown key',
    'training:\n  epochs: 3\n  learningrate: 1',
    /line 3: unknown key 'training\.learningrate'; .*'learningRate'\.$/,
  ],
  [
    'a list of losses',
    'arms:\n  - {name: a, loss: crossEntropy}\n  - {name: b, loss: [arcFace, triplet]}',
    /line 3: 'arms\[1\]\.loss' is a list; expected .*'arcFace \+ 0\.1 triplet'\.$/,
  ],
  ['a list as a key', 'name: a\n? [a, b]\n: 1', /line 2: this is not valid YAML \(a key is a list, .* a name was/],
  ['a section as a key', '{name: a}: 1', /line 1: this is not valid YAML \(a key is a list, a section or an alias/],
  ['an alias as a key', 'name: &n a\n*n : 1', /line 2: this is not valid YAML \(a key is a list, a section or an/],
  [
    'a unit in a number',
    'prepare:\n  inputSize: 112px',
    /line 2: 'prepare\.inputSize' is '112px'; expected a whole number of pixels from 32 to 224/,
  ],
  ['a number out of range', 'prepare:\n  inputSize: 1000', /line 2: .* out of range; expected .* from 32 to 224/],
  [
    'degrees for radians',
    'arms:\n  - name: a\n    loss:\n      name: arcFace\n      marginRadians: 28',
    /line 5: 'arms\[0\]\.loss\.marginRadians' is 28, out of range; expected a number of radians from 0/,
  ],
  [
    'an unknown loss',
    'arms:\n  - name: a\n    loss: arcface',
    /line 3: 'arms\[0\]\.loss' cannot be 'arcface'; .*'arcFace'\.$/,
  ],
  [
    'an unknown loss by name',
    'arms:\n  - name: a\n    loss:\n      name: normface',
    /line 4: 'arms\[0\]\.loss\.name' cannot be 'normface'; .*'normFace'\.$/,
  ],
  [
    "another loss's key",
    'arms:\n  - name: a\n    loss: {name: arcFace, margin: 0.5}',
    /line 3: unknown key 'arms\[0\]\.loss\.margin'/,
  ],
  [
    'an unknown schedule',
    'training:\n  schedule: cosin',
    /line 2: 'training\.schedule' cannot be 'cosin'; .*'cosine'\.$/,
  ],
  [
    'an unknown backbone',
    'model:\n  backbone: resnet19',
    /line 2: 'model\.backbone' cannot be 'resnet19'; .*'resnet18'\.$/,
  ],
  [
    'shares that miss 1',
    'split:\n  train: 0.5',
    /line 2: 'split\.train': train, val and test must add up to 1, not to 0\.80; change all three\.$/,
  ],
  [
    'a key twice',
    'name: a\nname: b',
    /line 2: this is not valid YAML \(the key 'name' is there twice in one section: keep one of them\)/,
  ],
  ['a list', '- a', /line 1: this is a list; expected a section of keys \(name, data/],
  [
    'a tab',
    'training:\n\tepochs: 3',
    /line 2: this is not valid YAML \(tabs are not allowed as indentation: use spaces\)/,
  ],
  ['two documents', 'name: a\n---\nname: b', /line 2: this is not valid YAML \(there is more than one document/],
  ['a broken bracket', 'name: a\nseeds: [1\nmodel: 2', /line \d: this is not valid YAML/],
];

for (const [what, text, sentence] of faults) {
  test(`${what} is named with file, line and key`, () => {
    assert.throws(
      () => parseExperiment(text, 'e.yaml'),
      (error) => {
        assert.ok(error instanceof ArcBenchError);
        assert.equal(error.code, 'wrong-input');
        assert.match(error.message, sentence);
        return true;
      },
    );
  });
}

test('an empty experiment is the default plan; a bare loss name has its defaults', () => {
  assert.equal(parseExperiment('', 'e.yaml').prepare.inputSize, 112);
  assert.deepEqual(parseExperiment('arms:\n  - name: a\n    loss: arcFace', 'e.yaml').arms[0]?.loss, {
    name: 'arcFace',
    marginRadians: 0.5,
    scale: 64,
    labelSmoothing: 0,
  });
});

test("the plan's hash ignores the order of keys and spelled-out defaults, and sees each value", () => {
  const hash = (text: string) => planHash(parseExperiment(text, 'e.yaml'));
  assert.match(hash(''), /^[0-9a-f]{64}$/);
  assert.equal(
    hash('training: {batchSize: 64, epochs: 20}'),
    hash('training: {epochs: 20, batchSize: 64}\nname: experiment'),
  );
  assert.notEqual(hash(''), hash('training: {epochs: 21}'));
});

test('people in split.assign are named as they are written, numbers too, in one spelling of their letters', () => {
  const text = 'split:\n  assign:\n    007: query\n    8: distractors\n    1e3: training\n    Jose\u0301: query\n';
  assert.deepEqual(parseExperiment(text, 'e.yaml').split.assign, {
    '007': 'query',
    '8': 'distractors',
    '1e3': 'training',
    'Jos\u00e9': 'query',
  });
  assert.throws(() => parseExperiment(`${text}    Jos\u00e9: training\n`, 'e.yaml'), {
    message: 'e.yaml, line 7: split.assign names Jos\u00e9 twice; keep one of the lines.',
  });
});

test('every list of an experiment has a longest length, so that a plan cannot grow without end', () => {
  const unbounded: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const schema = value as Readonly<Record<string, unknown>>;
    if (schema['type'] === 'array' && schema['maxItems'] === undefined) unbounded.push(path);
    for (const [key, inner] of Object.entries(schema)) visit(inner, `${path}.${key}`);
  };
  visit(z.toJSONSchema(experimentSchema, { io: 'input', unrepresentable: 'any', reused: 'inline' }), 'experiment');
  assert.deepEqual(unbounded, []);
});

test('YAML whose alias stands inside the value it names is refused, not searched for ever', () => {
  for (const text of ['x: &x {<<: *x}', '&a [*a]', 'name: &n [*n]', 'arms: &a [{name: &b {c: *b}}, *a]'])
    assert.throws(() => parseExperiment(text, 'loop.yaml'), /^ArcBenchError: loop\.yaml, line 1: /, text);
});

test('odd YAML is refused without a warning of the YAML library on the terminal', async () => {
  const warnings: string[] = [];
  const hear = ({ message }: Error) => warnings.push(message);
  process.on('warning', hear);
  assert.throws(
    () => parseExperiment('? {name: a}\n: 1\n', 'odd.yaml'),
    /^ArcBenchError: odd\.yaml, line 1: .*a key is a list/,
  );
  await new Promise((resolve) => setImmediate(resolve)); // Node tells warnings a moment later
  process.off('warning', hear);
  assert.deepEqual(warnings, []);
});

test('40,000 keys in one section take no quadratic time, and one that is there twice is named', () => {
  const people = Array.from({ length: 40_000 }, (_, person) => `    p${person}: query\n`);
  const text = `split:\n  assign:\n${people.join('')}`;
  const started = process.cpuUsage().user;
  assert.equal(Object.keys(parseExperiment(text, 'x.yaml').split.assign).length, people.length);
  const seconds = (process.cpuUsage().user - started) / 1e6;
  assert.ok(seconds < 5, `${seconds} s`); // about 1 s; it took minutes
  assert.throws(() => parseExperiment(`${text}    p7: query\n`, 'x.yaml'), {
    message: /^x\.yaml, line 40003: this is not valid YAML \(the key 'p7' is there twice in one section: keep one/,
  });
  assert.throws(() => parseExperiment('arms: [{ name: a, name: b }]', 'x.yaml'), {
    message: /key 'name' is there twice/,
  });
});

test('a name that YAML takes for a number or a truth value is refused with the advice to quote it', () => {
  for (const name of ['2024', '007', '1e3', '0x10', '.inf', 'true'])
    assert.throws(() => parseExperiment(`name: ${name}\n`, 'x.yaml'), {
      message: /expected a text.*; put it in quotes\.$/,
    });
  for (const name of ['2024-01-01', 'yes', 'no', '"2024"'])
    assert.equal(typeof parseExperiment(`name: ${name}\n`, 'x.yaml').name, 'string');
});

/** The knobs that stand in sections: their paths. */
function knobPaths(knob: KnobSchema, path: readonly string[] = []): string[][] {
  const entries = Object.entries(knob.properties ?? {});
  return entries.length === 0 ? [[...path]] : entries.flatMap(([name, inner]) => knobPaths(inner, [...path, name]));
}

test('a value of the wrong kind is told with what was expected, for every knob', () => {
  const paths = knobPaths(knobSchemaOf(experimentSchema));
  assert.ok(paths.length > 60, 'the knobs were not found');
  for (const path of paths)
    for (const value of ['.inf', '-.inf', '.nan', '1e400', '-1', 'nonsense', 'true', '[]', '{}', '[[1]]', '{ a: 1 }']) {
      const yaml = `${path.map((name, depth) => `${' '.repeat(depth)}${name}:`).join('\n')} ${value}\n`;
      try {
        parseExperiment(yaml, 'e.yaml');
      } catch (error) {
        assert.ok(error instanceof ArcBenchError, `${yaml}${String(error)}`);
        assert.doesNotMatch(error.message, /Invalid input|undefined|\[object/, yaml);
      }
    }
});

test('names in every script are taken, with joiners and signs, and stored plans keep what they have', () => {
  for (const name of ['می\u200cخواهم', '学习率', '🙂', '+5 %', 'é'.normalize('NFD')])
    assert.equal(parseExperiment(withArm(name), 'e.yaml').arms[1]?.name, name);
  const arms = [{ name: 'a\nb', loss: 'arcFace' }];
  assert.equal(experimentSchema.parse({ arms }).arms[0]?.name, 'a\nb');
});
