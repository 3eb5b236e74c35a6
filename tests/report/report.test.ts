import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import sharp from 'sharp';
import { readFigureTable } from '../../src-shared/figureTable.ts';
import { adviceBeforeTraining } from '../../src-shared/advice.ts';
import { runWarningSchema } from '../../src-shared/runWarning.ts';
import { renderReport } from '../../src-main/report/renderReport.ts';
import type { ReportModel, ReportRun } from '../../src-main/report/reportModel.ts';
import { DivergedError } from '../../src-main/train/divergedError.ts';
import { joinedPattern } from '../joinedPattern.ts';
import { constructedModel, type Outcome } from './constructedModel.ts';

const duel =
  'arms: [{name: CE, loss: crossEntropy}, {name: ArcFace, loss: {name: arcFace, marginRadians: 0.3, scale: 32}}]\n';
/** ArcFace a little better by seed, and by much in test accuracy. */
const apart = (arm: string, seed: number): Outcome =>
  arm === 'CE'
    ? { val: 40 + seed, test: 38 + seed, separation: 0.3 }
    : { val: 50 + seed, test: 52 + (seed % 2) + seed, separation: 0.31 + 0.01 * (seed % 3) };
const sectionOf = (markdown: string, heading: string) =>
  markdown.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';

const assertIncludes = (text: string, expected: string): void =>
  assert.ok(text.includes(expected), `expected '${expected}' in:\n${text}`);

/** report.html has every chart and table of the folder in it, and refers to nothing else. */
function assertStandsAlone(files: ReadonlyMap<string, string>): void {
  const page = files.get('report.html') as string;
  assert.match(page, /Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/);
  assert.doesNotMatch(page, /<(?:script|link|iframe|object|embed|form)\b/i);
  for (const [, address] of page.matchAll(/\s(?:src|href)="([^"]*)"/g))
    assert.match(address as string, /^(?:data:(?:image\/svg\+xml|text\/csv|application\/yaml);base64,|https:)/);
  assert.ok(!/url\(|@import/.test(page.slice(0, page.indexOf('</head>'))));
  const within = [...page.matchAll(/base64,([^"]+)"/g)].map(([, data]) => Buffer.from(data!, 'base64').toString());
  for (const [name, content] of files)
    if (name.endsWith('.svg') || name === 'metrics.csv') assert.ok(within.includes(content), `${name} is not in it`);
}

/** What any report must keep to, whatever it says. */
async function checkWhole(model: ReportModel): Promise<string> {
  const files = renderReport(model);
  assert.deepEqual([...renderReport(model)], [...files], 'the same model gave other bytes');
  const markdown = files.get('report.md') as string;
  for (const [, file] of markdown.matchAll(/\]\(([^)]+)\)/g))
    assert.ok(files.has(file as string), `${file} is linked and not there`);
  for (const name of files.keys())
    if (name.endsWith('.svg')) assert.ok(markdown.includes(`](${name})`), `${name} is there and not shown`);
  assertStandsAlone(files);
  assert.doesNotMatch(markdown, /\{\w|undefined|NaN|Infinity|null|\[object/);
  assert.doesNotMatch(markdown, /\n{3}|[^\S\n]\n| {2}\S/, 'stray space');
  assert.doesNotMatch(markdown, /\b1 (?:seeds|pairs|runs|images|people|comparisons|variants|knobs|epochs)\b/);
  // No heading stands above another of its own rank or higher, or at the end.
  const lines = markdown.split('\n').filter((line) => line !== '');
  lines.forEach((line, index) => {
    const rank = /^#+/.exec(line)?.[0].length;
    const next = /^#+/.exec(lines[index + 1] ?? '#')?.[0].length;
    if (rank !== undefined && next !== undefined && rank > 1) assert.ok(next > rank, `'${line}' is empty`);
  });
  for (const [name, svg] of files) {
    if (!name.endsWith('.svg')) continue;
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    assert.ok(width > 300 && height > 80, name);
    assert.match(svg, /prefers-color-scheme:dark/);
    const carried = /<metadata>([^<]*)<\/metadata>/.exec(svg)?.[1] ?? '';
    const written = carried.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    const table = readFigureTable(written);
    assert.ok(table && table.rows.length > 0, `${name} carries its table`);
    for (const row of table.rows) assert.equal(row.length, table.columns.length, name);
  }
  return markdown;
}

test('a duel of five seeds: the verdict comes first, in a sentence with size, interval, pairs and p', async () => {
  const markdown = await checkWhole(constructedModel(`seeds: [1, 2, 3, 4, 5]\n${duel}`, apart));
  assert.deepEqual(
    [...markdown.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading),
    ['Verdict', 'Data and split', 'Models', 'Training', 'Results', 'Training health', 'Limits', 'Machine and rerun'],
  );
  // CE 38 + seed, ArcFace 52 + seed + seed mod 2 of 60: a mean difference of 14.6 / 60, spread 0.548 / 60, so ± 2.776 x
  // 0.548 / √5 / 60.
  assertIncludes(
    sectionOf(markdown, 'Verdict'),
    '**ArcFace is better than CE** in test accuracy, by 24.3 percentage points (23.2 to 25.5; 5 ' +
      'pairs of runs, p < 0.0001).',
  );
  assert.match(markdown, /as the hashes in the store show \(5 seeds checked\)\./);
  assertIncludes(
    sectionOf(markdown, 'Verdict'),
    '5 runs of CE that differ only in their seed have a standard deviation of 2.6 percentage ' +
      'points in test accuracy (95 % interval 1.6 to 7.6) and 0.0 percentage points in ' +
      'identification',
  );
  assert.match(sectionOf(markdown, 'Results'), /\| CE \| 1 \| 68\.3 % \(41 \/ 60; 55\.8–78\.7\)/);
  assert.match(sectionOf(markdown, 'Results'), /60 test images/);
  assert.match(sectionOf(markdown, 'Results'), /90 positive, 400 negative pairs/);
  assert.match(sectionOf(markdown, 'Results'), /FPR 0\.001 and 0\.0001 would need more negatives than there are/);
});

test('the tables hold every metric of every run, and every comparison with both intervals', () => {
  const files = renderReport(constructedModel(`seeds: [1, 2, 3]\n${duel}`, apart));
  const rows = (name: string) =>
    (files.get(name) as string)
      .trim()
      .split('\n')
      .map((line) => line.split(','));
  assert.deepEqual(
    rows('metrics.csv')
      .filter(([arm, seed, , metric]) => arm === 'ArcFace' && seed === '2' && metric === 'test.top1')
      .map((row) => row[4]),
    [String(54 / 60)],
  );
  const [head, ...pairs] = rows('comparison.csv') as [string[], ...string[][]];
  const pair = Object.fromEntries(head.map((name, column) => [name, pairs[0]?.[column]]));
  assert.deepEqual(
    [pair['kind'], pair['arm'], pair['metric'], pair['pairs'], pair['decidedBy'], pair['verdict']],
    ['base', 'ArcFace', 'test.top1', '3', 'student', 'better'],
  );
  assert.ok(
    Number(pair['bcaLow']) > Number(pair['low']) && Number(pair['bcaHigh']) < Number(pair['high']),
    'of three pairs, the bootstrap is the shorter',
  );
});

test('one seed: no interval is claimed, seeds are asked for, and no plural is wrong', async () => {
  const markdown = await checkWhole(constructedModel(duel, apart));
  assertIncludes(
    sectionOf(markdown, 'Verdict'),
    'in test accuracy, ArcFace has 90.0 % and CE has 65.0 %, a difference of +25.0 percentage ' +
      'points. But **one pair of runs cannot tell',
  );
  assert.match(sectionOf(markdown, 'Verdict'), /Add seeds to the experiment, such as `seeds: 5`/);
  assert.doesNotMatch(markdown, /All differences|better than/);
});

test('arms that the noise hides are not distinguishable, with the seeds that would settle it', async () => {
  const markdown = await checkWhole(
    constructedModel(`seeds: [1, 2, 3]\n${duel}`, (arm, seed) => ({
      val: 50,
      test: arm === 'CE' ? 50 + seed : 52 + ((seed * 2) % 5),
      separation: arm === 'CE' ? 0.3 : 0.3 + 0.02 * seed,
    })),
  );
  assertIncludes(
    sectionOf(markdown, 'Verdict'),
    'untuned: preliminary, from 3 pairs only: ArcFace and CE are not distinguishable in test ' +
      'accuracy: the difference is +3.9 percentage points (−4.7 to +12.5; 3 pairs of runs, p = ' +
      '0.19). Chance alone often gives',
  );
});

test(
  'pictures that one arm alone gets right: counted by seed and over seeds, weighed by McNemar, shown with ' +
    'faces, none where there is none',
  async () => {
    const images = Array.from({ length: 60 }, (_, at) => 100 + at);
    const labels = images.map((_, at) => at % 3);
    // Of 60 pictures CE is wrong about the first 8, ArcFace about the ninth, with each seed; with seed 2 CE about the
    // tenth too.
    const predicted = (arm: string, seed: number) =>
      labels.map((label, at) =>
        (arm === 'CE' ? at < 8 || (seed === 2 && at === 9) : at === 8) ? (label + 1) % 3 : label,
      );
    const model = constructedModel(`seeds: [1, 2, 3]\n${duel}`, (arm, seed) => ({
      ...apart(arm, seed),
      parts: {
        confusions: {
          mistaken: { correct: 8, total: 60, value: 8 / 60 },
          mistakes: [],
          hardestImpostors: [],
          hardestGenuine: [],
          labelSuspects: [],
        },
      },
      changes: { predictions: { images, labels, predicted: predicted(arm, seed) } },
    }));
    const test = {
      classes: ['anna|b', 'ben', 'cleo'],
      files: Object.fromEntries(images.map((image, at) => [image, `/faces/${labels[at]}/${image}.png`])),
    };
    const face = `data:image/png;base64,${(
      await sharp({ create: { width: 4, height: 4, channels: 3, background: '#888' } })
        .png()
        .toBuffer()
    ).toString('base64')}`;
    const markdown = await checkWhole({
      ...model,
      test,
      faces: { files: { '/faces/0/100.png': face }, people: { ben: face } },
    });
    const part =
      markdown.split(/^### /m).find((entry) => entry.startsWith('Pictures that only one arm gets right')) ?? '';
    // 8 against 1: 2 (1 + 9) / 512. 9 against 1: 2 (1 + 10) / 1024.
    assert.match(part, /\| 1 \| 51 \| 1 \| 8 \| 0 \| 0\.039 \|\n\| 2 \| 50 \| 1 \| 9 \| 0 \| 0\.021 \|/);
    // Together: eight differences of 3, one of -3, one of 1: patterns as far from 0 as the sum 22 of 28, whose lesser
    // side holds at most 3 are 11 of 1,024, two-sided.
    assert.match(part, /\| all 3 \| 152 \| 3 \| 25 \| 0 \| 0\.021 \|/);
    assertIncludes(
      part,
      'ArcFace gets 9 test pictures right more often than CE, and 1 less often (p = 0.021; 3 ' +
        'seeds). They show 3 people. Several show',
    );
    assert.match(part, /\| `0\/100\.png` \| anna\\\|b \| 0 of 3 \| 3 of 3 \| ben \|/);
    assert.ok(part.includes('](only-one-right.svg)'));
    assert.match(
      renderReport({ ...model, test }).get('pictures.csv') as string,
      /^ArcFace,CE,\/faces\/0\/100\.png,anna\|b,3,3,0,ben$/m,
    );
    const alike = {
      ...model,
      test,
      runs: model.runs.map((run) => ({ ...run, predictions: { images, labels, predicted: labels } })),
    };
    assert.match(await checkWhole(alike), /ArcFace and CE get the same pictures right equally often \(3 seeds\)\./);
  },
);

test('verification, ranks, margin-free metrics, angles, failures, warnings are shown if runs have them', async () => {
  const parts = (arm: string, seed: number) => ({
    verification: {
      genuine: 300,
      impostors: 400,
      people: 10,
      accuracy: { mean: arm === 'CE' ? 0.8 : 0.9 },
      areaUnderCurve: 0.95,
      equalErrorRate: arm === 'CE' ? 0.2 : 0.1 + seed / 1000,
      roc: { falsePositiveRates: [0, 0.1, 1], truePositiveRates: [0, 0.8, 1] },
    },
    ranks: {
      probes: 54,
      gallery: 6,
      byDistractors: [
        { distractors: 0, rank1: { value: 0.9 } },
        { distractors: 4, rank1: { value: 0.8 } },
      ],
    },
    marginFree: {
      images: 60,
      nearestCentre: { correct: 54, total: 60, value: 0.9 },
      retrieval: { queries: 60, meanAveragePrecisionAtR: 0.7 },
      silhouette: 0.25,
    },
    geometry: { toMeans: { own: { count: 60, mean: 30.5 }, nearestOther: { count: 60, mean: 70 } } },
    confusions: {
      mistaken: { correct: 1, total: 60, value: 1 / 60 },
      mistakes: arm === 'CE' ? [{ file: '/faces/s1/3.png', identity: 's1', predicted: 's|9' }] : [],
      hardestImpostors: [
        {
          first: { file: '/faces/s2/1.png', identity: 's2' },
          second: { file: '/faces/s3/1.png', identity: 's3' },
          cosine: 0.61,
        },
      ],
      hardestGenuine: [],
      labelSuspects: [{ file: '/faces/s4/7.png', identity: 's4', ownDegrees: 80.4, nearest: 's5', nearestDegrees: 60 }],
    },
  });
  const model = constructedModel(`seeds: [1, 2, 3]\n${duel}`, (arm, seed) => ({
    ...apart(arm, seed),
    parts: parts(arm, seed),
    changes: {
      warnings: arm === 'CE' ? ['The gradient norm is 400 in epoch 3.'] : [],
      picture: {
        explained: 0.5,
        points: Array.from({ length: 40 }, (_, index) => ({
          person: `p${index % 8}`,
          x: Math.cos(index % 8) + index / 100,
          y: Math.sin(index % 8),
        })),
      },
    },
  }));
  const face = `data:image/png;base64,${(
    await sharp({ create: { width: 4, height: 4, channels: 3, background: '#888' } })
      .png()
      .toBuffer()
  ).toString('base64')}`;
  const faces = {
    files: { '/faces/s1/3.png': face, '/faces/s2/1.png': face, '/faces/s3/1.png': face },
    people: { 's|9': face },
  };
  const nearest = [{ file: '/faces/s1/3.png', person: 's|9', face, cosine: 0.7123 }];
  const markdown = await checkWhole({ ...model, faces: { ...faces, nearest } });
  const results = sectionOf(markdown, 'Results');
  assert.match(
    results,
    /300 genuine pairs \(one person\) and 400 impostor pairs \(two people\), from 10 people who were not in training\./,
  );
  assert.match(results, /\| ArcFace \| 90\.0 % \| 10\.2 % \(10\.1 %–10\.3 %\) \|/);
  // A lower error is better: the difference is negative and the verdict good.
  assert.match(
    results,
    /\| equal error rate \| 20\.0 % \| 10\.2 % \| −9\.8 \| .* \| better \| 300 genuine, 400 impostor pairs \|/,
  );
  assert.match(results, /\| rank-1 identification \| 80\.0 % \| .* \| 54 probes, gallery of 10 \|/);
  assert.match(results, /\| angle to own centre \| 30\.5° \|/);
  assert.ok(results.includes('](roc.svg)'));
  assert.match(
    sectionOf(markdown, 'Embeddings'),
    joinedPattern(
      /40 query images of 8 people, seed 1, .* 50\.0 % of the variance of CE and 50\.0 /,
      /% of the variance of ArcFace\.[^]*6 people are in colour, the others grey\.[^]*\]\(embeddings\.svg\)/,
    ),
  );
  const failures = sectionOf(markdown, 'Failures');
  assert.match(failures, /1 of 60 test pictures was taken for another person by at least one run\./);
  assert.match(failures, /\| `s1\/3\.png` \| s1 \| s\\\|9 \| 0\.71 \| 3 of 3 \| 0 of 3 \|/);
  assert.match(failures, /cos θ is the cosine of the picture and the most similar picture of the person/);
  assert.match(failures, /Threshold of CE, first seed: cos θ 0\.\d\d\./);
  assert.ok(failures.includes('](most-alike.svg)') && !failures.includes('](least-alike.svg)'));
  const files = renderReport({ ...model, faces: { ...faces, nearest } });
  assert.match(files.get('failures.svg') ?? '', />0\.71</);
  assert.match(files.get('most-alike.svg') ?? '', />s2<[^]*>s3<|>0\.61<[^]*>s2</);
  const without = sectionOf(renderReport({ ...model, faces }).get('report.md') ?? '', 'Failures');
  assert.match(without, /\| `s1\/3\.png` \| s1 \| s\\\|9 \| 3 of 3 \| 0 of 3 \|/, 'a run without embeddings');
  assert.ok(failures.includes('](failures.svg)'));
  assert.match(failures, /- `s2\/1\.png` — `s3\/1\.png` \(cos θ 0\.61\)/);
  assert.match(failures, /- `s4\/7\.png`: 80\.4° from its own centre, 60\.0° from that of s5/);
  assert.match(
    sectionOf(markdown, 'Training health'),
    /Warnings during training:\n\n- CE: The gradient norm is 400 in epoch 3\./,
  );
});

test('the parts of a summed loss have a chart, and warnings are in the language of the report', async () => {
  const curve = (height: number) =>
    Array.from({ length: 8 }, (_, index) => ({ epoch: index + 1, value: height / (index + 1) }));
  const mixed =
    'arms:\n  - { name: ArcFace, loss: arcFace }\n  - { name: mixed, loss: arcFace + 0.1 triplet ' +
    '}\ntraining: { sampler: { name: pk, identities: 16, images: 4 } }\n';
  const of = (language: string) =>
    constructedModel(`report: { language: ${language} }\n${mixed}`, (arm, seed) => {
      const { curves } = constructedModel(mixed, apart).runs[0] as ReportRun;
      const warnings: ReportRun['warnings'] = [
        { key: 'warning.gradientClip', values: { epoch: 3, norm: 412.34, clip: 4 } },
      ];
      return {
        ...apart(arm, seed),
        changes:
          arm === 'mixed'
            ? { warnings, curves: { ...curves, 'train/loss/arcFace': curve(3), 'train/loss/triplet': curve(0.4) } }
            : {},
      };
    });
  const english = renderReport(of('en'));
  assert.match(english.get('loss-parts.svg') ?? '', /mixed: arcFace[^]*mixed: triplet/);
  assert.match(
    english.get('report.md') ?? '',
    joinedPattern(
      /\]\(loss-parts\.svg\)[^]*- mixed: Epoch 3: the gradient norm is 412 on average, /,
      /over a hundred times the clip of 4,/,
    ),
  );
  const russian = renderReport(of('ru')).get('report.md') ?? '';
  assert.match(
    russian,
    /- mixed: Эпоха 3: норма градиента в среднем 412, более чем в сто раз больше порога отсечения 4,/,
  );
  assert.doesNotMatch(russian, /Epoch 3/);
  assert.ok(!renderReport(constructedModel(duel, apart)).has('loss-parts.svg'));
});

test('a run that is not paired is named with what differs', async () => {
  const model = constructedModel(`seeds: [1, 2]\n${duel}`, (arm, seed) => ({
    ...apart(arm, seed),
    changes:
      arm === 'ArcFace' && seed === 2
        ? { hashes: { split: 's', initialWeights: 'other', batchOrder: 'b2', augmentation: null } }
        : {},
  }));
  const verdict = sectionOf(await checkWhole(model), 'Verdict');
  assert.match(verdict, /\*\*ArcFace is not paired with CE\*\*: they differ in the initial weights \(seed 2\)/);
  assert.match(verdict, /For ArcFace \(seed 2\), the store has no hash of the augmentation draws/);
  assert.doesNotMatch(verdict, /as the hashes in the store show/);
});

test('a ladder says what each step gained and which knob it changed', async () => {
  const order = ['cross-entropy', 'NormFace (s = 1)', 'NormFace (s = 64)', 'ArcFace', 'Sub-center ArcFace'];
  const ladder = sectionOf(
    await checkWhole(
      constructedModel('seeds: [1, 2, 3]\nladder: true', (arm, seed) => ({
        val: 40,
        test: 30 + 5 * order.indexOf(arm) + ((seed + order.indexOf(arm)) % 3),
        separation: 0.1 + 0.1 * order.indexOf(arm),
      })),
    ),
    'What each step gained',
  );
  assertIncludes(
    ladder,
    '| cross-entropy → NormFace (s = 1) | `loss.name` crossEntropy → normFace, `loss.scale` 1 | ' + 'test accuracy |',
  );
  assert.match(ladder, /\| NormFace \(s = 1\) → NormFace \(s = 64\) \| `loss\.scale` 1 → 64 \| test accuracy \|/);
  assertIncludes(
    ladder,
    '| NormFace (s = 64) → ArcFace | `loss.name` normFace → arcFace, `loss.marginRadians` 0.5 | ' + 'test accuracy |',
  );
  assert.match(ladder, /No single step can be told from chance yet\.\n/);
  // Each row's p is Holm's over all rows, its interval its own: the table says so beside them.
  assert.match(ladder, /\| 95 % interval \| pairs \| Holm p \| verdict \|/);
  assert.match(ladder, /own step only; p is corrected by Holm's method for the 8 comparisons of this table/);
});

test('a run that diverged says so in the language of the report', async () => {
  const diverged = (loss: number, limit: number) =>
    new DivergedError({
      arm: 'ArcFace',
      seed: 7,
      tried: 'training.learningRate 0.1',
      epoch: 3,
      loss,
      norm: 1234.5,
      limit,
    });
  assert.equal(
    diverged(Number.NaN, Infinity).message,
    'Training of ArcFace with seed 7 diverged in epoch 3 (training.learningRate 0.1): the loss is NaN and the ' +
      'gradient norm 1,230, but finite numbers were expected. Lower training.learningRate or add ' +
      'training.schedule.warmupEpochs. The last good checkpoint is kept.',
  );
  const stored = runWarningSchema.parse(JSON.parse(JSON.stringify(diverged(40, 11.06).told)));
  const model = (language: string) =>
    constructedModel(`report: {language: ${language}}\n${duel}`, (arm, seed) => ({
      ...apart(arm, seed),
      changes: arm === 'ArcFace' ? { status: 'failed', summary: null, message: stored } : {},
    }));
  assertIncludes(
    await checkWhole(model('en')),
    'ArcFace, seed 1, ended without a result: Training of ArcFace with seed 7 diverged in epoch 3 ' +
      '(training.learningRate 0.1): the loss is 40 and the gradient norm 1,230, but a loss of at ' +
      'most 11.1 was expected.',
  );
  const russian = await checkWhole(model('ru'));
  assertIncludes(
    russian,
    'результата нет. Обучение варианта ArcFace с сидом 7 разошлось в эпохе 3 ' +
      '(training.learningRate 0.1): потери равны 40,',
  );
  assert.doesNotMatch(russian, /diverged/);
});

test('a sweep: val chooses, a heat map and parallel coordinates are drawn, a diverged run is counted', async () => {
  const yaml =
    `${duel}seeds: [1, 2]\nsweep: {knobs: {arms.ArcFace.loss.scale: [16, 32, 64], ` +
    'arms.ArcFace.loss.marginRadians: [0.1, 0.3]}}\n';
  const model = constructedModel(yaml, (arm, seed) => ({
    val: arm.includes('scale 32, marginRadians 0.3') ? 58 : 40,
    test: arm === 'CE' ? 44 + seed : 45 + 2 * seed,
    separation: 0.3,
    changes: arm.includes('scale 64, marginRadians 0.3')
      ? { status: 'failed', summary: null, message: 'Training diverged.' }
      : {},
  }));
  const markdown = await checkWhole(model);
  assert.match(
    sectionOf(markdown, 'Sweep'),
    joinedPattern(
      /^Sweep\n\n5 variants by grid search over 2 knobs\. .* 2 runs diverged and are /,
      /left out: ArcFace \(scale 64, marginRadians 0\.3\), seed 1 and ArcFace \(scale /,
      /64, marginRadians 0\.3\), seed 2\. Ties [^\n]*\n\nFor ArcFace, val chose \*\*ArcFace /,
      /\(scale 32, marginRadians 0\.3\)\*\* \(val accuracy 96\.7 %, mean of 2 runs\)/,
    ),
  );
  for (const file of ['heatmap.svg', 'parallel.svg']) assert.ok(markdown.includes(`](${file})`), file);
  // The verdict is of the chosen variant alone.
  assert.equal((sectionOf(markdown, 'Verdict').match(/^- /gm) ?? []).length, 2);
  assert.doesNotMatch(sectionOf(markdown, 'Verdict'), /scale 16/);
});

test('a halved sweep: its rounds, what was stopped in which, and a verdict on the fully trained arm', async () => {
  const yaml =
    `${duel}seeds: [1, 2]\ntraining: {epochs: 8}\nsweep: {knobs: {arms.ArcFace.loss.scale: [16, 32], ` +
    'arms.ArcFace.loss.marginRadians: [0.1, 0.3]}, halving: {factor: 2, firstEpochs: 2}}\n';
  const kept = 'ArcFace (scale 32, marginRadians 0.3)';
  const model = constructedModel(yaml, (arm, seed) => ({
    val: arm === kept ? 58 : 40,
    test: 44 + seed,
    separation: 0.3,
    changes:
      arm === 'CE' || arm === kept
        ? { resultHash: `${seed}`.repeat(64) }
        : {
            status: 'cancelled',
            summary: null,
            halving: { round: 1, rounds: 3, epochs: 2, place: 3, candidates: 4, accuracy: 0.25 },
          },
  }));
  const markdown = await checkWhole(model);
  assert.match(
    sectionOf(markdown, 'Sweep'),
    /Successive halving: 4 variants train to epoch 2, the best 2 to epoch 4 and the best of them to epoch 8\. /,
  );
  assert.match(
    sectionOf(markdown, 'Sweep'),
    joinedPattern(
      /\| \*\*ArcFace \(scale 32, marginRadians 0\.3\)\*\* \| 96\.7 % \| 75\.8 % \| 2 /,
      /\| to the end \|\n\| ArcFace \(scale 16, marginRadians 0\.1\) \| 25\.0 % \| — /,
      /\| 2 \| 2 epochs, stopped in round 1 \|/,
    ),
  );
  assert.match(
    sectionOf(markdown, 'Training'),
    /\| ArcFace \(scale 16, marginRadians 0\.1\) \| 2 \| stopped in round 1 \| — \| — \| — \| — \|/,
  );
  assert.match(
    sectionOf(markdown, 'Models'),
    /\| CE — ArcFace \(scale 32, marginRadians 0\.3\) \| 2 of 2 \| 2 of 2 \| 2 of 2 \| 2 of 2 \|/,
  );
  assert.match(
    sectionOf(markdown, 'Machine and rerun'),
    /Result `[0-9a-f]{64}`: SHA-256 over the final weights, curves and evaluated metrics of 4 runs\./,
  );
  assert.match(
    sectionOf(
      renderReport({ ...model, plan: { ...model.plan, report: { language: 'ru' } } }).get('report.md') as string,
      'Перебор',
    ),
    /4 варианта до эпохи 2, 2 лучших до эпохи 4 и 1 лучший до эпохи 8\. [^]*\| 2 эпохи, остановлен в раунде 1 \|/,
  );
});

test('names from outside stay text: in Markdown, in SVG and in CSV', async () => {
  const model = constructedModel(
    'name: "<b>bold</b> | [x](y)"\narms: [{name: "a,\\"<i>|", loss: crossEntropy}, {name: "b*_`", loss: ' +
      'arcFace}]\nseeds: [1, 2]',
    apart,
  );
  const rejected = {
    ...model,
    dataset: { ...model.dataset, source: '/faces`\n# no', rejected: [{ path: '<script>|', reason: 'a\nb' }] },
  };
  const files = renderReport(rejected);
  const markdown = files.get('report.md') as string;
  assert.doesNotMatch(markdown, /<script|<b>|<i>|^# no/m);
  for (const line of markdown.split('\n').filter((text) => text.startsWith('| ') && text.includes('a,"')))
    assert.ok(line.includes('\\|'));
  for (const [name, content] of files) if (name.endsWith('.svg')) assert.doesNotMatch(content, /<i>|<b>/);
  assert.match(files.get('metrics.csv') as string, /^"a,""<i>\|",1,/m);
});

test('every advice and every run that is not done is in the report', async () => {
  const model = constructedModel(`seeds: [1, 2]\n${duel}`, (arm, seed) => ({
    ...apart(arm, seed),
    changes: arm === 'ArcFace' && seed === 2 ? { status: 'failed', summary: null, message: 'The disk is full.' } : {},
  }));
  const markdown = await checkWhole({
    ...model,
    advice: adviceBeforeTraining(model.plan, { trainImages: [6, 6], testImages: 60, positives: 90, negatives: 400 }),
  });
  assert.match(sectionOf(markdown, 'Warnings before training'), /^- The test part has 60 images/m);
  assert.match(markdown, /ArcFace, seed 2, ended without a result: The disk is full\./);
  const none = await checkWhole(
    constructedModel(duel, () => ({
      val: 0,
      test: 0,
      separation: 0,
      changes: { status: 'cancelled', summary: null, curves: {} },
    })),
  );
  assert.match(sectionOf(none, 'Verdict'), /nothing to compare/);
  assert.doesNotMatch(none, /## Results|## Training health/);
});

test('Russian: the same report with its own words, forms and decimal sign', async () => {
  const markdown = await checkWhole(constructedModel(`seeds: [1, 2, 3, 4, 5]\nreport: {language: ru}\n${duel}`, apart));
  assertIncludes(
    markdown,
    '**ArcFace лучше, чем CE,** по метрике «точность на test»: на 24,3 процентного пункта (от ' +
      '23,2 до 25,5; 5 пар запусков',
  );
  assert.doesNotMatch(markdown.replace(/```[^]*?```|`[^`]*`|\]\([^)]*\)/g, ''), /\b(?:is|the|and|of|runs)\b/);
});

test('both languages have the same keys and values, and the forms that their plurals ask for', () => {
  const [en, ru] = ['en', 'ru'].map(
    (language) =>
      JSON.parse(readFileSync(new URL(`../../resources/report/${language}.json`, import.meta.url), 'utf8')) as Record<
        string,
        string
      >,
  ) as [Record<string, string>, Record<string, string>];
  assert.deepEqual(Object.keys(ru), Object.keys(en));
  const named = (template: string) => [...new Set([...template.matchAll(/\{(\w+)/g)].map(([, name]) => name))].sort();
  for (const [key, template] of Object.entries(en)) assert.deepEqual(named(ru[key] as string), named(template), key);
  for (const [texts, forms] of [
    [en, 2],
    [ru, 3],
  ] as const)
    for (const [key, template] of Object.entries(texts))
      for (const [, options] of template.matchAll(/\{\w+\|([^{}]*)\}/g))
        assert.equal((options as string).split('|').length, forms, key);
});

test(
  'runs of one report that different engines computed are said to differ, by the engine of each; one engine is ' +
    'not spoken of',
  async () => {
    const model = constructedModel(`seeds: [1, 2]\n${duel}`, apart);
    const [engine, other] = [
      { device: 'cpu', tensorflow: '2.21.0', threads: 2, processor: 'A', steps: 'compiled' },
      { device: 'cuda', tensorflow: '2.21.0', threads: 2, processor: 'A', steps: 'compiled' },
    ] as const;
    const computed = (of: (run: ReportRun) => ReportRun['engines']) =>
      checkWhole({ ...model, runs: model.runs.map((run) => ({ ...run, engines: of(run) ?? [] })) });
    assert.doesNotMatch(await computed(() => [engine]), /computed with different engines/);
    assert.doesNotMatch(await computed(() => []), /computed with different engines/);
    const apartEngines = await computed(({ arm }) => [arm === 'CE' ? engine : other]);
    assert.match(
      sectionOf(apartEngines, 'Machine and rerun'),
      joinedPattern(
        /computed with different engines.*: TensorFlow 2\.21\.0 on cpu, 2 threads, A \(CE /,
        /1, CE 2\); TensorFlow 2\.21\.0 on cuda, 2 threads, A \(ArcFace 1, ArcFace 2\)\./,
      ),
    );
    for (const changed of [{ threads: 1 }, { steps: 'eager' }, { processor: 'B' }, { tensorflow: '2.22.0' }] as const)
      assert.match(
        await computed(({ seed }) => (seed === 1 ? [engine] : [engine, { ...engine, ...changed }])),
        /computed with different engines/,
        JSON.stringify(changed),
      );
  },
);

test('a report names the arms that were trained in bfloat16, and not as another engine', async () => {
  const low = 'settings: { training.precision: bfloat16 }';
  const model = constructedModel(
    `seeds: [1, 2]\narms: [{ name: CE, loss: crossEntropy }, { name: Low, loss: crossEntropy, ${low} }]\n`,
    apart,
  );
  const engine = { device: 'cpu', tensorflow: '2.21.0', threads: 2, processor: 'A', steps: 'compiled' } as const;
  const report = await checkWhole({
    ...model,
    runs: model.runs.map((run) => ({
      ...run,
      engines: [{ ...engine, ...(run.arm === 'Low' ? { precision: 'bfloat16' as const } : {}) }],
    })),
  });
  assert.match(report, /Convolutions, batch normalisation and rectifiers of Low were trained in bfloat16/);
  assert.match(report, /`training\.precision` \| float32 \| bfloat16/);
  assert.doesNotMatch(report, /computed with different engines/);
});

test('an arm with a long name keeps its metrics apart in the figure of differences, within the card', () => {
  const long = 'CosFace with a name that somebody wrote out in full so that all know what it is';
  const model = constructedModel(
    `seeds: 3\narms: [{name: CE, loss: crossEntropy}, {name: ${long}, loss: cosFace}, {name: ArcFace, loss: ` +
      'arcFace}]\n',
    apart,
  );
  const labels = [...(renderReport(model).get('differences.svg') as string).matchAll(/text-anchor="end">([^<]*)</g)]
    .map(([, label]) => label ?? '')
    .filter((label) => label.startsWith('CosFace'));
  assert.equal(labels.length, 2);
  assert.ok(
    labels.some((label) => label.endsWith('…: test accuracy')) && new Set(labels).size === 2,
    labels.join('; '),
  );
  for (const label of labels) assert.ok(label.length <= 50, label);
});

test("the end of an arm's name, which tells variants of a sweep apart, stands beside its line", () => {
  const model = constructedModel(
    'seeds: 1\narms: [{name: CE, loss: crossEntropy}, {name: "ArcFace (scale 16, marginRadians 0.3)", loss: ' +
      'arcFace}]\n',
    apart,
  );
  assert.match(
    renderReport(model).get('identification.svg') as string,
    />ArcFace \(scale 16,<\/text>\n.*>marginRadians 0\.3\)<\/text>/,
  );
});
