import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { trainedArms } from '../../src-shared/arms.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { citation } from '../../src-main/workbench/results/export/citation.ts';
import { croissant } from '../../src-main/workbench/results/export/croissant.ts';
import type { ExportedRun } from '../../src-main/workbench/results/export/exportedRun.ts';
import { splitCsv, type ExportedSplit } from '../../src-main/workbench/results/export/exportedSplit.ts';
import { modelCard } from '../../src-main/workbench/results/export/modelCard.ts';

/** A run of the plan's last arm that has not been judged. */
function unjudged(text: string): ExportedRun {
  const plan = parseExperiment(text, 'card.yaml');
  const arm = trainedArms(plan).at(-1)!;
  const run = {
    id: 'aaaaaaaaaaaa',
    experiment: plan.name,
    arm: arm.name,
    seed: 1,
    planHash: 'p'.repeat(64),
    splitHash: 's'.repeat(64),
    status: 'trained',
    createdAt: '2026-11-30T12:00:00.000Z',
    finishedAt: null,
    message: null,
    initialWeightsHash: null,
  } as const;
  return { run, plan, arm, summary: null, alignment: 'landmarks' };
}
const file = (part: 'train' | 'query', identity: string) => ({
  part,
  identity,
  file: `${part}/${identity}/1.jpg`,
  sha256: 'a'.repeat(64),
});
const files = [file('train', 'Ann'), file('train', '=Bob, "B"'), file('query', 'Cid')];
const split: ExportedSplit = {
  seed: 7,
  hash: 's'.repeat(64),
  files,
  parts: [
    { part: 'train', people: 2, images: 2 },
    { part: 'query', people: 1, images: 1 },
  ],
};

test('a card says what is not known: the licence, the split, the evaluation', () => {
  const card = modelCard(unjudged('data: { source: /faces }'), null);
  assert.match(card, /does not state the licence of the pictures/);
  assert.match(card, /not in the workspace any more/);
  assert.match(card, /has not been evaluated/);
  assert.ok(!card.includes('/faces'), "the author's folders are nobody's business");
  assert.ok(!Object.hasOwn(parse(card.split('---\n')[1]!) as object, 'license'), 'nobody stated one for the model');
});

test('names that look like Markdown, HTML or YAML stay text', () => {
  const name = '--- <script>alert(1)</script> | # a: [b](c)';
  const card = modelCard(
    unjudged(
      JSON.stringify({ name, data: { licence: '<b>: "mine" | yours\n---\n# x' }, arms: [{ name, loss: 'arcFace' }] }),
    ),
    split,
  );
  const [, front = ''] = card.split(/^---$/m);
  assert.deepEqual((parse(front) as { data_licence: string }).data_licence, '<b>: "mine" | yours\n---\n# x');
  assert.ok(!card.slice(card.indexOf('\n# ')).includes('<script>') && !/^# x/m.test(card.slice(front.length + 8)));
});

test('a citation names the papers of the loss', () => {
  const { references } = parse(citation(unjudged('arms: [{ name: a, loss: arcFace + 0.1 triplet }]'))) as {
    references: { url: string }[];
  };
  assert.ok(references.some(({ url }) => url === 'https://arxiv.org/abs/1801.07698'));
  assert.ok(!citation(unjudged('arms: [{ name: a, loss: crossEntropy }]')).includes('references'));
});

const python = spawnSync('python3', ['-c', 'import mlcroissant']);
const skip = python.status === 0 ? false : "Python's mlcroissant is needed: pip install mlcroissant, or set PYTHONPATH";

test('mlcroissant accepts the description of a split and reads its pictures', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-croissant-'));
  try {
    const csv = splitCsv(split);
    writeFileSync(join(folder, 'split.csv'), csv);
    writeFileSync(join(folder, 'croissant.json'), croissant(unjudged("data: { licence: 'CC BY 4.0' }"), split, csv));
    const program =
      'import json, mlcroissant, sys\n' +
      'dataset = mlcroissant.Dataset(jsonld=sys.argv[1])\n' +
      "rows = [{key: value.decode() for key, value in row.items()} for row in dataset.records('pictures')]\n" +
      'print(json.dumps(rows))';
    const { status, stdout, stderr } = spawnSync('python3', ['-c', program, join(folder, 'croissant.json')], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      (JSON.parse(stdout) as Record<string, string>[]).map((row) => [row['pictures/identity'], row['pictures/part']]),
      [
        ['Ann', 'train'],
        [`'=Bob, "B"`, 'train'], // no spreadsheet runs it as a formula
        ['Cid', 'query'],
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
