import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPairsFile } from '../../src-main/data/pairs/pairsFile.ts';
import { code, escapeMarkdown, shortFile } from '../../src-main/report/markdown.ts';
import { withRemarks } from '../../src-main/report/withRemarks.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { naturalOrder } from '../../src-shared/naturalOrder.ts';
import { nearestName } from '../../src-shared/nearestName.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { printableLines } from '../../src-shared/printable.ts';
import { sectionNamed } from '../../src-shared/reportSections.ts';
import { shellWord } from '../../src-shared/shellWord.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-long-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const length = 200_000;
// What is quadratic takes 10 s and more for such a text.
const longest = 2000; // milliseconds of processor time
const characters = [
  ...' \t\n\r\v\0-_#:,.;+*·&\'"`/\\|<>()[]{}?!@$%^~=09eaAzé',
  '\u00a0',
  '\u2028',
  '\ufeff',
  '\ud800',
  '𝒳',
];

/** What a user's or a stranger's text goes through. */
const uses: Readonly<Record<string, (text: string) => unknown>> = {
  'the name in an experiment': (text) => parseExperiment(`name: ${JSON.stringify(text)}\n`, 'long.yaml'),
  'the loss in an experiment': (text) =>
    parseExperiment(`arms: [{ name: a, loss: ${JSON.stringify(`arcFace ${text}`)} }]\n`, 'long.yaml'),
  'the blanks before an experiment': (text) =>
    text.trim() === '' ? parseExperiment(`${text}\nname: long\n`, 'long.yaml') : null,
  'a sum of losses': (text) => ['', '1', 'arcFace + '].map((start) => lossSchema.safeParse(`${start}${text}!`)),
  'a remark and a section': (text) => withRemarks(`## Verdict\n\n${text}.`, { verdict: `${text}.` }, 'en'),
  'a heading': (text) => sectionNamed(`${text}.`),
  Markdown: (text) => [escapeMarkdown(`${text}.`), code(`${text}.`), shortFile(`${text}.`)],
  'a terminal': (text) => printableLines(`${text}.`),
  'a word of a shell': (text) => shellWord(`${text}.`),
  'a mistyped name': (text) => nearestName(text, ['crossEntropy', 'arcFace']),
  'two names in order': (text) => naturalOrder(`${text}a`, `${text}b`),
  'a list of pairs': (text) => {
    const path = join(folder, 'pairs.txt');
    writeFileSync(path, `${text}.`);
    return readPairsFile(path);
  },
};

for (const [what, use] of Object.entries(uses))
  test(`${what}: 200 kB of any one character are read in a time that grows with the length`, () => {
    for (const character of characters) {
      const text = character.repeat(length / character.length);
      const before = process.cpuUsage();
      try {
        use(text);
      } catch (error) {
        assert.ok(error instanceof Error && error.message.length < 5000, `a message of ${String(error).length}`);
      }
      const { user, system } = process.cpuUsage(before);
      const taken = (user + system) / 1000;
      assert.ok(taken < longest, `${JSON.stringify(character)}: ${taken.toFixed(0)} ms`);
    }
  });
