import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseExperiment } from '../../../src-shared/parseExperiment.ts';
import { planHash } from '../../../src-main/workbench/experiment/planHash.ts';
import { met, pick, type HostileKind } from './attempt.ts';
import { hostileNames, hostileNumbers, mutateText } from './mutate.ts';

const presets = fileURLToPath(new URL('../../../resources/experiments/', import.meta.url));
/** Five knobs of 200 values each: more variants than any budget. */
const largeGrid = [
  'training.learningRate',
  'training.batchSize',
  'training.epochs',
  'model.dropout',
  'model.embeddingSize',
]
  .map((knob) => `${knob}: [${Array.from({ length: 200 }, (_, value) => value + 2).join(',')}]`)
  .join(',');
const laughs = [
  'a: &a [lol, lol]',
  ...Array.from({ length: 30 }, (_, level) => {
    const own = String.fromCharCode(98 + (level % 25)) + level;
    const before = level === 0 ? 'a' : String.fromCharCode(98 + ((level - 1) % 25)) + (level - 1);
    return `${own}: &${own} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`;
  }),
].join('\n');
/** Whole texts that YAML parsers have died of. */
const bombs: readonly string[] = [
  laughs,
  `x: &x {<<: *x}`,
  '&a [*a]',
  `${'['.repeat(100_000)}`,
  `${'{a: '.repeat(50_000)}`,
  `${'- '.repeat(50_000)}x`,
  Array.from({ length: 2000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
  `name: ${'x'.repeat(1_000_000)}`,
  `? ${'[? '.repeat(5000)}`,
  '__proto__: {polluted: true}',
  'data: {__proto__: {source: /etc/passwd}}',
  'constructor: {prototype: {polluted: true}}',
  'split: {assign: {__proto__: training}}',
  'name: !!js/function "function () { process.exit() }"',
  'name: !!python/object/apply:os.system [id]',
  '!!binary "//79"',
  'name: !<tag:yaml.org,2002:binary> x',
  '%YAML 9.9\n---\nname: x',
  '--- x\n--- y',
  '%TAG ! tag:x:\n--- !a b',
  'name: "\\ud800"',
  '\ufeffname: x',
  'seeds: 1e9',
  'seeds: [1,1,1,1]',
  `seeds: [${Array.from({ length: 100_000 }, (_, seed) => seed).join(',')}]`,
  `arms: [${'{name: a},'.repeat(20_000)}]`,
  `sweep: {knobs: {${largeGrid}}}`,
  `evaluation: {falsePositiveRates: [${'0.5,'.repeat(100_000)}]}`,
  `${'#'.repeat(1_000_000)}`,
  `a${'\n'.repeat(500_000)}b`,
  `${'*a '.repeat(50_000)}`,
  `${'!'.repeat(100_000)}`,
  `"${'\\'.repeat(99_999)}"`,
  `|${'\n x'.repeat(200_000)}`,
  `${'a: &x '.repeat(20_000)}`,
];
const poisons = [
  ...hostileNames,
  ...hostileNumbers,
  '&a',
  '*a',
  '<<:',
  '!!set',
  '!!omap',
  '!!timestamp 2001-01-01',
  '? ',
  '|',
  '>',
  '- ',
  '[',
  '{',
  '}',
  '"',
  "'",
  '\t',
  '# ',
  '%',
  '@',
  'null',
  '~',
  'true',
  '0o17',
  '.inf',
  '.nan',
  '__proto__: 1',
  ...Array.from({ length: 3 }, () => '\n'),
];

export const experiments: HostileKind = {
  name: 'YAML',
  share: 0.1,
  each: 1,
  async open() {
    const texts = readdirSync(presets).map((name) => readFileSync(`${presets}${name}`, 'utf8'));
    let bomb = 0;
    return {
      async attempt(random) {
        const text =
          random.next() < 0.1
            ? (bombs[bomb++ % bombs.length] ?? '')
            : mutateText(random, pick(random, texts), poisons).toString();
        const result = await met(() => planHash(parseExperiment(text, 'hostile.yaml')), 'hostile.yaml');
        if ('polluted' in {}) throw new Error('The prototype of all objects was changed.');
        return result;
      },
    };
  },
};
