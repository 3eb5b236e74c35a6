/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { waitUntil } from '../waitUntil.ts';
import {
  callFrom,
  noBrowser,
  openBrowser,
  serveWorkbench,
  violationsOf,
  type ServedWorkbench,
} from './servedBrowser.ts';
import { views } from './viewNames.ts';
import { makeViewWorkspace, type ViewWorkspace } from './viewWorkspaces.ts';

// Every chart can be opened large, read as a table, saved, and linked to.
const folder = mkdtempSync(join(tmpdir(), 'arcbench-charts-'));
const options = { skip: noBrowser };
let shown = {} as ViewWorkspace;
let served: ServedWorkbench | undefined;
let browser: Browser | undefined;
let context = {} as BrowserContext;
const faults: string[] = [];
let dataset = '';
let page = {} as Page;

async function opened(address: string): Promise<Page> {
  const own = await context.newPage();
  own.setDefaultTimeout(20_000);
  own.on('pageerror', (error) => faults.push(error.message));
  await own.goto(address);
  await own.locator('h1').waitFor(); // a dialog hides it from roles
  return own;
}
before(async () => {
  if (noBrowser) return;
  shown = await makeViewWorkspace('normal', folder);
  served = await serveWorkbench(shown.workspace, [folder]);
  browser = await openBrowser();
  context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await context.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
  page = await opened(served.open);
  dataset = (await callFrom(page, 'datasets.list', {}))[0]?.hash ?? '';
});
after(async () => {
  await browser?.close();
  await served?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const go = (address: string) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${address}`);
const tab = (name: string) => page.getByRole('tab', { name, exact: true }).click();
const markAll = async () => {
  await go('runs');
  const marks = page.getByRole('grid', { name: 'Runs' }).getByRole('checkbox', { name: 'Mark this row' });
  await marks.first().waitFor();
  for (const mark of await marks.all()) await mark.check();
};

interface ChartCase {
  readonly title: RegExp;
  /** Opens the view with the chart, small. */
  open(): Promise<void>;
  /** Whether a link brings back what was marked. */
  readonly isOfMarkedRuns?: boolean;
  /** Whether its x axis can be zoomed. */
  readonly zooms: boolean;
}
const cases: readonly ChartCase[] = [
  { title: /^Training loss/, zooms: true, open: () => go(`live/${shown.live}`) },
  {
    title: /^Accuracy/,
    zooms: true,
    isOfMarkedRuns: true,
    open: async () => {
      await markAll();
      await tab('Curves');
    },
  },
  {
    title: /^Identification rate of people/,
    zooms: true,
    isOfMarkedRuns: true,
    open: async () => {
      await markAll();
      await tab('Rates and ROC');
    },
  },
  {
    title: /compared with/,
    zooms: false,
    isOfMarkedRuns: true,
    open: async () => {
      await markAll();
      await tab('Differences');
    },
  },
  {
    title: /^Images per person/,
    zooms: false,
    open: async () => {
      await go(`datasets/${dataset}`);
      await page.getByRole('tab', { name: /^People/ }).click();
    },
  },
  { title: /^Angles between/, zooms: true, open: () => go(`embedding/${shown.embedding}`) },
];

const panelOf = (of: Page, title: RegExp) =>
  of.getByRole('region', { name: title }).filter({ has: of.getByRole('img') });
/** Where the large chart is: in a dialog, or in place of the others. */
const largeOf = (of: Page) =>
  of
    .getByRole('dialog')
    .or(of.locator('.live .curve-chart.large'))
    .filter({ has: of.getByRole('img') });
/** One Escape closes the large chart, whether a tooltip is open over it or not. */
async function closed(of: Page): Promise<void> {
  await of.keyboard.press('Shift+Tab');
  await of.keyboard.press('Tab');
  await of.getByRole('tooltip').first().waitFor();
  await of.keyboard.press('Escape');
  await largeOf(of).waitFor({ state: 'detached', timeout: 10_000 });
}
/** Zooms the large chart to a part in its middle; false where it cannot be zoomed. */
async function zoomed(of: Page): Promise<boolean> {
  const image = largeOf(of).getByRole('img').first();
  const box = await image.boundingBox();
  assert.ok(box);
  await of.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await of.keyboard.down('Control');
  for (let turn = 0; turn < 4; turn++) await of.mouse.wheel(0, -120);
  await of.keyboard.up('Control');
  await of.mouse.move(box.x + box.width / 2, box.y - 20);
  const link = await linkTo(of);
  return link.includes('zoom=');
}
/** The link to the large chart, as it is copied. */
async function linkTo(of: Page): Promise<string> {
  await of.evaluate(() => navigator.clipboard.writeText(''));
  await largeOf(of)
    .getByRole('button', { name: /^Save / })
    .click();
  await of.getByRole('menuitem', { name: 'Copy a link to this chart' }).click();
  await of.waitForFunction(async () => (await navigator.clipboard.readText()) !== '');
  return await of.evaluate(() => navigator.clipboard.readText());
}
/** What the axes of a chart that is drawn as SVG say. */
const axisTexts = (of: Page) => largeOf(of).getByRole('img').first().locator('svg text').allTextContents();
async function saved(item: string, of: RegExp): Promise<Buffer> {
  await largeOf(page)
    .getByRole('button', { name: /^Save / })
    .click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: item }).click();
  const file = await download;
  assert.match(file.suggestedFilename(), of);
  return readFileSync(await file.path());
}

for (const { title, open, isOfMarkedRuns, zooms } of cases)
  test(`the chart ${title.source} is opened large, read as a table, saved and linked to`, options, async () => {
    await open();
    const small = panelOf(page, title).first();
    await small.waitFor();
    const smallHeight = (await small.getByRole('img').first().boundingBox())?.height ?? 0;
    assert.ok(smallHeight > 90, `the small chart is ${smallHeight} pixels high`);
    await small.getByRole('button', { name: 'Enlarge' }).click();
    await largeOf(page).waitFor();
    const table = largeOf(page).getByRole('region', { name: /as a table/ });
    const rows = await table.getByRole('row').count();
    assert.ok(rows > 1, `${rows} rows`);
    const height = (await largeOf(page).getByRole('img').first().boundingBox())?.height ?? 0;
    assert.ok(height > 230, `the large chart is ${height} pixels high`);
    const part = (await page.getByRole('dialog').count()) > 0 ? '[role="dialog"]' : '.live';
    assert.deepEqual(await violationsOf(page, part), []);

    const csv = (await saved('Data as CSV', /\.csv$/)).toString();
    assert.ok(csv.split('\n').length > 2, csv);
    assert.match((await saved('Picture as SVG', /\.svg$/)).toString(), /^<svg[^]*<path/);
    assert.equal((await saved('Picture as PNG', /\.png$/)).subarray(1, 4).toString(), 'PNG');

    assert.equal(await zoomed(page), zooms, 'whether it can be zoomed');
    const link = await linkTo(page);
    const texts = await axisTexts(page);
    const other = await opened(link);
    await largeOf(other)
      .getByRole('region', { name: /as a table/ })
      .waitFor();
    assert.equal(await largeOf(other).getByRole('row').count(), rows);
    assert.deepEqual(await axisTexts(other), texts, 'the zoom is brought back');
    assert.equal(new URL(await linkTo(other)).hash, new URL(link).hash, 'a link made there is the same');
    if (isOfMarkedRuns) {
      const marked = (own: Page) => own.getByRole('checkbox', { name: 'Mark this row', checked: true }).count();
      await closed(other);
      assert.ok((await marked(other)) > 2);
      assert.doesNotMatch(other.url(), /marked=|chart=/, 'what is marked later is not undone by the address');
    }
    await other.close();
    await closed(page);
  });

/** What of a view's header lies upon something else of it, or beyond the window; empty where nothing does. */
async function coveredInHeader(): Promise<string[]> {
  const boxes = await page.locator('.page-header').evaluate((header) => {
    const inWords = header.querySelectorAll('h1, .words > :not(p)');
    const inActions = header.querySelectorAll('.actions > *');
    const boxOf = (element: Element) => element.getBoundingClientRect().toJSON() as DOMRect;
    return { words: [...inWords].map(boxOf), actions: [...inActions].map(boxOf) };
  });
  return boxes.words.flatMap((word) =>
    boxes.actions
      .filter((action) => {
        const isApart = action.left >= word.right || action.top >= word.bottom || action.right <= word.left;
        return !isApart || action.right > 1024 || action.left < 200;
      })
      .map((action) => JSON.stringify([word, action])),
  );
}

test('in a small window no action covers the title of its view', options, async () => {
  await page.setViewportSize({ width: 1024, height: 700 });
  for (const view of views) {
    await go(view === 'live' ? `live/${shown.live}` : view);
    await page.getByRole('heading', { level: 1 }).waitFor();
    // The header is drawn in more than one step, and on a busy machine these are seen.
    let covered: readonly string[] = [];
    const look = async () => (covered = await coveredInHeader()).length === 0;
    await waitUntil(`a header of ${view} where nothing is covered`, look, { seconds: 5, seen: () => covered.join() });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('a link to the embeddings brings back runs, projection, camera and selection', options, async () => {
  await go(`embedding/${shown.embedding}`);
  await page.getByRole('button', { name: 'Lasso (or hold Shift)' }).waitFor();
  const legend = page.getByRole('region', { name: 'Colours' });
  await legend.getByRole('button', { name: /^s3\b/ }).click();
  await page.getByRole('button', { name: 'Copy a link to this view' }).click();
  await page.getByText('The link to this view is copied').last().waitFor();
  const other = await opened(await page.evaluate(() => navigator.clipboard.readText()));
  await other.getByRole('region', { name: 'Colours' }).getByRole('button', { name: /^s3\b/, pressed: true }).waitFor();
  assert.doesNotMatch(other.url(), /view=/);
  await other.close();
  await go('embedding/ArcFace-1?view=%7B');
  await page.getByText('The link holds no view of embeddings: it is cut off.', { exact: true }).waitFor();
  assert.deepEqual(faults, []);
});
