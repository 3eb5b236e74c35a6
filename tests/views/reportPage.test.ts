import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportPage } from '../../src-renderer/views/report/reportPage.ts';

test('a report becomes parts by its sections, with pictures of its folder alone and no HTML of its own', () => {
  const markdown =
    '# A *duel*\n\nThe question.\n\n## Verdict\n\n![Differences](differences.svg) ' +
    '![x](https://elsewhere/x.png)\n\n### Deeper\n\n## Data and split\n\n| a | b |\n| --- | --- |\n| <img ' +
    'src=x> 0.958 (0.935–0.973) | [paper](https://arxiv.org/abs/1801.07698) [bad](javascript:alert(1)) ' +
    '|\n\n## Not of ours\n\n> ## Quoted\n';
  const page = reportPage(markdown, (file) => (file === 'differences.svg' ? `reports/abc/${file}` : null));
  assert.equal(page.title, 'A duel');
  assert.deepEqual(
    page.parts.map(({ heading, name }) => [heading, name]),
    [
      ['', null],
      ['Verdict', 'verdict'],
      ['Data and split', 'data'],
      ['Not of ours', null],
    ],
  );
  const html = page.parts.map((part) => part.html).join('');
  assert.deepEqual(html.match(/<img [^>]*>/g), ['<img src="reports/abc/differences.svg" alt="Differences">']);
  assert.match(html, /<h2>A <em>duel<\/em><\/h2>[\s\S]*<h3>Verdict<\/h3>[\s\S]*<h4>Deeper<\/h4>/);
  assert.match(
    html,
    /<div class="table" tabindex="0" role="region" aria-label="Table 1"><table>[\s\S]*<\/table><\/div>/,
  );
  // an interval is not broken over two lines
  assert.match(html, /0\.958 <span class="whole">\(0\.935–0\.973\)<\/span>/);
  assert.doesNotMatch(html, /href="javascript/);
});
