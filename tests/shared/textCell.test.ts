import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { renderReport } from '../../src-main/report/renderReport.ts';
import { csvCell, textCell, textOfCell, tsvCell } from '../../src-shared/textCell.ts';
import { curvesAsCsv } from '../../src-renderer/charts/curveSeries.ts';
import { constructedModel } from '../report/constructedModel.ts';

const formulas = [
  ...['=1+1', '+1+1', '-1+cmd', '@SUM(A1)', '\t=1', '\r=1', '\n=1', "'=1", "''+x", '--1', '-', '-1e', '+a'],
  ...[' =1', '\u00a0=1', '\ufeff=1', '\u200b@a', '＝1+1', '＋a', '－a', '＠a'],
] as const;
const plain = [
  ...['Ann', "O'Neil", "'quoted'", '1', '', 'a=b', '/faces/-1.jpg', ' a'],
  ...['-1', '-0.5', '+1', '-1.2e-3', '-1,234.5', '-12 %'], // numbers
] as const;

test('no text cell begins like a formula, and each is read back as it was', () => {
  for (const text of formulas) {
    assert.match(textCell(text), /^'/);
    assert.equal(textOfCell(textCell(text)), text);
  }
  for (const text of plain) {
    assert.equal(textCell(text), text);
    assert.equal(textOfCell(text), text);
  }
  assert.equal(csvCell('=HYPERLINK("x","y")'), `"'=HYPERLINK(""x"",""y"")"`);
  assert.equal(csvCell('a;=1+1'), '"a;=1+1"');
  assert.equal(tsvCell('=a\tb\nc'), "'=a b c");
});

const beginsFormula = /^[=+@\t\r]|^-(?![\d.])/; // a negative number is no formula

test('the tables of a report and of a chart have no formula in a cell', () => {
  const arms = ['=cmd|"/c calc"!A1', '@arm'];
  const lines = arms.map((arm) => `  - { name: ${JSON.stringify(arm)}, loss: crossEntropy }\n`);
  const yaml = `name: x\nseeds: [1, 2, 3]\narms:\n${lines.join('')}`;
  const files = renderReport(
    constructedModel(yaml, (_, seed) => ({ val: 40 + seed, test: 41 + seed, separation: 0.3 })),
  );
  const chart = curvesAsCsv(
    [{ run: '1', name: '-loss', total: 1, steps: [1], epochs: [1], times: [0], values: [-1] }],
    () => '+arm',
  );
  const tables = [...files].filter(([name]) => name.endsWith('.csv'));
  assert.equal(tables.length, 4);
  let quoted = 0;
  for (const [name, text] of [...tables, ['chart', chart] as const])
    for (const cell of (parse(text, {}) as string[][]).flat()) {
      assert.doesNotMatch(cell, beginsFormula, name);
      if (cell.startsWith("'")) quoted++;
    }
  assert.ok(quoted > 8, 'the names of the arms are in the tables');
});
