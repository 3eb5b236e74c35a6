import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import MarkdownIt from 'markdown-it';
import type { Browser } from 'playwright-core';
import { renderReport } from '../../src-main/report/renderReport.ts';
import { terminalProgress } from '../../src-main/doors/cli/terminalProgress.ts';
import { shellWord } from '../../src-shared/shellWord.ts';
import { reportPage } from '../../src-renderer/views/report/reportPage.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { noBrowser, openBrowser } from '../e2e/servedBrowser.ts';
import { constructedModel, type Outcome } from './constructedModel.ts';

// Each would run, break a table, a code span, a fence or a chart, or move a terminal's cursor, if it were not escaped.
const hostile = [
  '<script>hacked=1</script>',
  '<img src=x onerror=hacked=1>',
  '](javascript:hacked=1)',
  '[x](javascript:hacked=1)',
  '![x](x" onerror="hacked=1)',
  'a|b|c',
  '`a`|``b',
  '| --- |',
  'one\n\n## Verdict\n\n<b>two',
  '\u001b[2J\u001b[31mred\u001b]0;title\u0007',
  '\u202egnp.\u2066x',
  '"/><script>hacked=1</script>',
  ']]></text></svg><script>hacked=1</script>',
  '<!--',
  '&lt;script&gt;',
  '$x$',
  '- item',
  '1. item',
  '# heading',
  '> quote',
  '```\ncode',
  '\\',
  '__proto__',
  'constructor',
  'x\u0000y',
  'x\ufffey',
  '<svg onload=hacked=1>',
  "'; hacked=1; '",
] as const;
const name = (index: number) => hostile[index % hostile.length] as string;
const face =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPh' +
  'fDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/** The name as a plan may have it: one with a NUL character is refused. */
const planName = (index: number) => name(index).replaceAll('\0', '');

/** A report in which every name that a user, a folder or a file can bring is the hostile one, or its neighbours. */
function hostileReport(index: number): Map<string, string> {
  const own = planName(index);
  const other = planName(index + 1);
  const third = name(index + 2);
  const yaml =
    `name: ${JSON.stringify(own)}\nseeds: [1, 2, 3]\narms: [{name: ${JSON.stringify(own)}, loss: ` +
    `crossEntropy}, {name: ${JSON.stringify(`${other} `)}, loss: arcFace}]\n`;
  const outcome = (arm: string, seed: number): Outcome => ({
    val: 40 + seed,
    test: arm === own ? 40 + seed : 50 + seed,
    separation: 0.3,
    changes: {
      warnings: [`${own} is odd.`],
      picture: {
        explained: 0.5,
        points: Array.from({ length: 12 }, (_, at) => ({ person: name(index + (at % 3)), x: at % 4, y: at % 5 })),
      },
    },
    parts: {
      confusions: {
        mistaken: { correct: 1, total: 60, value: 1 / 60 },
        mistakes: [
          { file: `/faces/${own}/${other}.png`, identity: own, predicted: third },
          { file: `/faces/${third}/1.png`, identity: third, predicted: 'constructor' },
        ],
        hardestImpostors: [
          {
            first: { file: `/faces/${own}/1.png`, identity: own },
            second: { file: `/faces/${other}/1.png`, identity: other },
            cosine: 0.6,
          },
        ],
        hardestGenuine: [],
        labelSuspects: [
          { file: `/faces/${own}/7.png`, identity: own, ownDegrees: 80, nearest: third, nearestDegrees: 60 },
        ],
      },
    },
  });
  const model = constructedModel(yaml, outcome);
  const failed = model.runs.map((run, at) => (at === 0 ? { ...run, status: 'failed' as const, message: own } : run));
  return renderReport({
    ...model,
    runs: failed,
    rerunCommand: `npm run arcbench -- --run ${shellWord(`/faces/${own}.yaml`)}`,
    machine: { ...model.machine, cpu: own, operatingSystem: other },
    dataset: {
      ...model.dataset,
      source: `/faces/${own}`,
      rejected: [{ path: `/faces/${own}`, reason: `${other} is no picture.` }],
    },
    split: {
      ...model.split,
      findings: [
        {
          name: own,
          kind: 'sameContent',
          blocking: false,
          message: `${own} and ${other} are one.`,
        } as unknown as (typeof model.split.findings)[number],
      ],
    },
    remarks: { verdict: own, data: other },
    faces: { files: { [`/faces/${own}/${other}.png`]: face }, people: Object.fromEntries([[third, face]]) },
  });
}

interface Seen {
  readonly hacked: boolean;
  readonly text: string;
  readonly headings: number;
  readonly elements: string[];
  readonly listeners: string[];
  readonly ragged: string[];
}
let browser: Browser | undefined;
const folder = mkdtempSync(join(tmpdir(), 'arcbench-names-'));
before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

test(
  'hostile names in a report: as the app shows it and as a renderer that takes HTML does, no script runs, no ' +
    'table breaks, and the names are read as they are',
  { skip: noBrowser, timeout: 60_000 },
  async () => {
    const page = await browser!.newPage();
    const spoken: string[] = [];
    page.on('dialog', (dialog) => {
      spoken.push(dialog.message());
      void dialog.dismiss();
    });
    for (const index of hostile.keys()) {
      const files = hostileReport(index);
      const markdown = files.get('report.md') as string;
      assert.doesNotMatch(markdown.replaceAll('\n', ''), /[\p{Cc}\p{Cs}]/u, 'a control character is left');
      assert.doesNotMatch(
        markdown.replace(/^>.*$/gm, ''),
        /[\u2028-\u202e\u2066-\u2069]/u,
        "a mark of direction is left outside the remarks, which are their author's",
      );
      // A remark is its author's Markdown: a heading in its quote is one.
      const headings = (text: string, remarks = false) =>
        [...text.matchAll(remarks ? /^(> )?#+ .*$/gm : /^#+ .*$/gm)].length;
      const asShown = reportPage(markdown, (file) =>
        files.has(file) ? 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' : null,
      )
        .parts.map((part) => part.html)
        .join('');
      const documents = [
        `<!doctype html><main>${asShown}</main>`,
        `<!doctype html><main>${new MarkdownIt({ html: true, linkify: true }).render(markdown)}</main>`,
        files.get('report.html') as string,
      ];
      for (const html of documents) {
        await page.setContent(html);
        const seen = await page.evaluate<Seen>(`(() => {
        const all = [...document.querySelectorAll('main, main *')];
        const runsScript = ({ name, value }) =>
          name.startsWith('on') || (/^(href|src|action|xlink:href)$/.test(name) && /javascript:/i.test(value));
        const isRagged = ({ rows }) => [...rows].some((row) => row.cells.length !== rows[0]?.cells.length);
        return {
          hacked: 'hacked' in globalThis,
          text: document.body.innerText,
          headings: document.querySelectorAll('main :is(h1, h2, h3, h4)').length,
          elements: all
            .filter((element) => /^(script|svg|style|iframe|b)$/i.test(element.localName))
            .map((element) => element.outerHTML),
          listeners: all
            .flatMap((element) => [...element.attributes].filter(runsScript).map(() => element.outerHTML)),
          ragged: [...document.querySelectorAll('table')]
            .filter(isRagged)
            .map((table) => table.outerHTML.slice(0, 500)),
        };
      })()`);
        assert.deepEqual([seen.hacked, seen.elements, seen.listeners, seen.ragged], [false, [], [], []], name(index));
        assert.equal(
          seen.headings,
          headings(markdown, true),
          `${JSON.stringify(name(index))} made or unmade a heading`,
        );
        if (!/[\p{C}\n]/u.test(name(index)))
          assert.ok(
            seen.text.replace(/\s+/g, ' ').includes(name(index)),
            `${JSON.stringify(name(index))} is not read as it is`,
          );
      }
      const plain = headings(hostileReport(hostile.indexOf('constructor')).get('report.md') as string);
      assert.ok(Math.abs(headings(markdown) - plain) <= 1, `${headings(markdown)} headings instead of ${plain}`);
    }
    assert.deepEqual(spoken, []);
    await page.close();
  },
);

test(
  'hostile names in charts: each SVG is well-formed in a browser, and no script runs',
  { skip: noBrowser, timeout: 60_000 },
  async () => {
    const page = await browser!.newPage();
    let charts = 0;
    for (let index = 0; index < hostile.length; index += 2) {
      // each is a neighbour's neighbour too
      for (const [file, svg] of hostileReport(index)) {
        if (!file.endsWith('.svg')) continue;
        charts++;
        const path = join(folder, file);
        writeFileSync(path, svg);
        await page.goto(pathToFileURL(path).href);
        const seen = await page.evaluate(`(() => {
        const isBad = ({ name, localName, value }) =>
          name.startsWith('on') || (localName === 'href' && !value.startsWith('data:image/'));
        return {
          root: document.documentElement.localName,
          hacked: 'hacked' in globalThis,
          bad: [...document.querySelectorAll('script, parsererror, foreignObject, a')]
            .map((element) => element.outerHTML),
          attributes: [...document.querySelectorAll('*')]
            .flatMap((element) => [...element.attributes].filter(isBad).map(({ value }) => value)),
        };
      })()`);
        assert.deepEqual(seen, { root: 'svg', hacked: false, bad: [], attributes: [] }, `${file} of ${name(index)}`);
      }
    }
    assert.ok(charts > 40, `only ${charts} charts`);
    await page.close();
  },
);

test('hostile names on a terminal: no line moves the cursor or forges another', () => {
  let written = '';
  const progress = terminalProgress({
    isTTY: false,
    write: (text: string) => {
      written += text;
      return true;
    },
  } as unknown as NodeJS.WriteStream);
  for (const own of hostile) {
    progress.notice(`Left out ${own}: it is no picture.`);
    const { message } = new ArcBenchError('wrong-input', `${own} is not there: name a file.`);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u);
    assert.doesNotMatch(shellWord(`/faces/${own}`), /\p{Cc}/u);
  }
  assert.equal(written.split('\n').length, hostile.length + 1);
  assert.doesNotMatch(written.replaceAll('\n', ''), /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
});
