import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { arrayScript, collectScript } from '../../src-main/workbench/batch/batchScripts.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';

const folder = `/data/Ann's "faces" #1; $(touch x) \`id\`/batch/0`;
const script = {
  folder,
  batch: { plan: experimentSchema.parse({ name: 'x\ny' }), planHash: 'f'.repeat(64), runs: [] },
  numbers: [0],
  flags: [`--comment=it's "two" words #1`],
  commands: { task: ['node', "it's", folder], collect: ['node', folder] },
  from: folder,
};

/** A line as sbatch splits it: src/sbatch/opt.c of Slurm 22.05, `_get_argument`. */
function wordOf(line: string): string {
  let word = '';
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (quote === '' && /\s/.test(character)) break;
    if (character === '\\') word += line[++at] ?? '';
    else if (character === quote) quote = '';
    else if (quote === '' && /["']/.test(character)) quote = character;
    else if (quote === '' && character === '#') break;
    else word += character;
  }
  assert.equal(quote, '', line);
  return word;
}

test('flags and paths with blanks, quotes and marks reach sbatch as they are', () => {
  const lines = arrayScript(script).split('\n');
  const words = lines.flatMap((line) => (line.startsWith('#SBATCH ') ? [wordOf(line.slice('#SBATCH '.length))] : []));
  for (const flag of [...script.flags, `--chdir=${folder}`, `--output=${folder}/task-%a.log`])
    assert.ok(words.includes(flag), `${flag} is not among ${words.join('\n')}`);
});

test('each printed command is one line that a shell reads as it was meant', () => {
  for (const text of [arrayScript(script), collectScript(script)]) {
    const printed = /# To submit.*?: sbatch \S+ (.*)$/m.exec(text)?.[1] ?? '';
    const read = execFileSync('bash', ['-c', `printf %s ${printed}`], { encoding: 'utf8' });
    assert.match(read, /\.sh$/);
    assert.ok(read.startsWith(folder), read);
  }
  assert.doesNotThrow(() => execFileSync('bash', ['-n'], { input: arrayScript(script) }));
});

test('what no line of sbatch can hold is refused by name', () => {
  for (const from of ['/a\nb', '/a\\b'])
    assert.throws(() => arrayScript({ ...script, from }), /The current folder .* rename the folder/);
  assert.throws(() => arrayScript({ ...script, folder: '/a\\b' }), /The workspace .* rename the folder/);
  assert.throws(() => arrayScript({ ...script, flags: ['--comment=a\nb'] }), /no flag that can be passed/);
});
