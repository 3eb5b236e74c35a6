import assert from 'node:assert/strict';
import { test } from 'node:test';
import MarkdownIt from 'markdown-it';
import { withRemarks } from '../../src-main/report/withRemarks.ts';
import { sectionNamed } from '../../src-shared/reportSections.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';

const markdown = '# Duel\n\n## Verdict\n\nArcFace is better.\n\n## Limits\n\nFew people.\n';

test('a remark stands at the end of its section, in the language of the report, and none changes nothing', () => {
  assert.equal(withRemarks(markdown, {}, 'en'), markdown);
  assert.equal(
    withRemarks(markdown, { verdict: 'As *we*\n\nexpected.', limits: 'All from one lab.', ghost: 'x' }, 'en'),
    '# Duel\n\n## Verdict\n\nArcFace is better.\n\n> **Remark**\n>\n> As *we*\n>\n> expected.\n\n## ' +
      'Limits\n\nFew people.\n\n> **Remark**\n>\n> All from one lab.\n',
  );
  assert.equal(sectionNamed(reportTexts('ru').say('heading.limits')), 'limits');
  assert.equal(sectionNamed('Something else'), null);
});

test('a remark brings no HTML, and what it leaves open ends with it', () => {
  // A renderer that takes HTML: whatever is in the remark must have been made harmless before.
  const html = new MarkdownIt({ html: true }).render(
    withRemarks(
      markdown,
      { verdict: '<script>alert(1)</script> <img src=x onerror=y>\n```\nan open fence\n<!-- ', limits: '## Verdict' },
      'en',
    ),
  );
  assert.doesNotMatch(html, /<script|<img|<!--/);
  assert.match(html, /<\/blockquote>\s*<h2>Limits<\/h2>/);
});
