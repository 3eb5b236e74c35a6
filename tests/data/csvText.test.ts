import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableText } from '../../src-main/data/csvText.ts';

for (const line of ['#', '', '\r', ' ', '# a;b'])
  test(`300,000 lines ${JSON.stringify(line)} above the header take no quadratic time`, () => {
    const above = `${line}\n`.repeat(300_000);
    const started = process.cpuUsage().user;
    const { text, delimiter } = tableText(`${above}path;person\na;b\n`);
    const seconds = (process.cpuUsage().user - started) / 1e6;
    assert.ok(seconds < 3, `${seconds} s`); // 0.1 s; it took minutes
    assert.equal(delimiter, ';');
    assert.equal(text.trimStart(), 'path;person\na;b\n');
    assert.equal(text.split('\n').length, above.split('\n').length + 2, 'lines keep their numbers');
  });

test('a byte order mark, a stated separator and a file of comments only are read', () => {
  assert.deepEqual(tableText('\ufeffsep=|\r\na|b\r\n'), { text: '\r\na|b\r\n', delimiter: '|' });
  assert.deepEqual(tableText('# x\n# y'), { text: '\n# y', delimiter: ',' });
  assert.deepEqual(tableText(''), { text: '', delimiter: ',' });
});
