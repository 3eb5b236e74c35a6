import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { adviceBeforeTraining } from '../../src-shared/advice.ts';
import { renderReport } from '../../src-main/report/renderReport.ts';
import type { ReportRun } from '../../src-main/report/reportModel.ts';
import { joinedPattern } from '../joinedPattern.ts';
import { constructedModel } from './constructedModel.ts';
import { apart, assertIncludes, checkWhole, duel, sectionOf } from './wholeReport.ts';

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
    '| cross-entropy → NormFace (s = 1) | `loss.name` crossEntropy → normFace, `loss.scale` 1 | test accuracy |',
  );
  assert.match(ladder, /\| NormFace \(s = 1\) → NormFace \(s = 64\) \| `loss\.scale` 1 → 64 \| test accuracy \|/);
  assertIncludes(
    ladder,
    '| NormFace (s = 64) → ArcFace | `loss.name` normFace → arcFace, `loss.marginRadians` 0.5 | test accuracy |',
  );
  assert.match(ladder, /No single step can be told from chance yet\.\n/);
  // Each row's p is Holm's over all rows, its interval its own: the table says so beside them.
  assert.match(ladder, /\| 95 % interval \| pairs \| Holm p \| verdict \|/);
  assert.match(ladder, /own step only; p is corrected by Holm's method for the 8 comparisons of this table/);
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
