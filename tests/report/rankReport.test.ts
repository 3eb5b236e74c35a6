import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { rankReport, type RankSource } from '../../src-main/report/rankReport.ts';

/** Two datasets of five seeds, where arm A is always first, B second and C last, or diverged. */
const source: RankSource = {
  title: 'Losses <of> a test',
  metric: 'MAP@R',
  arms: ['C', 'A', 'B'],
  tuning: { combinations: 3, seeds: 2, choices: 6, atEdge: 4 },
  datasets: ['demo', 'att_faces'].map((name) => ({
    name,
    report: `../${name}/report.md`,
    blocks: [1, 2, 3, 4, 5].map((seed) => ({ seed, values: [seed === 5 ? null : 0.1, 0.9, 0.8 - seed / 100] })),
  })),
  rerunCommand: 'arcbench reality-check',
};

test('ranks say what they rest on: datasets, tuning, pairs that are told apart, and values at the edge', () => {
  const { markdown, lines, chart } = rankReport(source, reportTexts('en'));
  assert.match(
    markdown,
    /\*\*On these 2 datasets, the 3 arms do not all rank alike\*\* in MAP@R, each at its best of 3 combinations/,
  );
  // Ranks 1, 2 and 3 in ten blocks: Nemenyi's critical difference is 2.343 sqrt(3 x 4 / 60) = 1.05, above 1, below 2.
  assert.match(markdown, /The critical difference tells 1 of the 3 pairs of arms apart/);
  assert.ok(lines.includes('critical difference 1.05'));
  assert.match(markdown, /In 4 of 6 choices, val took the lowest or the highest value that was tried\./);
  assert.match(markdown, /\| A \| 1\.00 \| 90\.0 % \| 1\.00 \| 90\.0 % \| 1\.00 \|/);
  assert.match(markdown, /\| C \| 3\.00 \| 10\.0 %, 1 run diverged \| 3\.00 \|/);
  assert.match(markdown, /- \[report of att\\_faces\]\(\.\.\/att_faces\/report\.md\)/);
  assert.match(markdown, /^# Losses &lt;of&gt; a test|^# Losses \\<of/m);
  assert.match(chart, /critical difference 1\.05/);
  const russian = rankReport(source, reportTexts('ru')).markdown;
  assert.match(russian, /На этих 2 наборах ранги вариантов \(3\) различаются/);
  assert.doesNotMatch(russian, /choices|datasets|critical/);
});
