/// <reference lib="dom" />
// Compares every view with its kept picture: `npm run check:views`. With `-- --update` it keeps what it sees.
// `-- --only runs,live` takes some views, `-- --kinds normal` some workspaces.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, serveWorkbench } from './servedBrowser.ts';
import {
  pictureName,
  sizes,
  themes,
  views,
  workspaceKinds,
  type Theme,
  type View,
  type WorkspaceKind,
} from './viewNames.ts';
import { changedPicture, keptPicture, mostChanged } from './viewPicture.ts';
import { stateNames, statePictureName, stateSize, viewStates } from './viewStates.ts';
import { fixedTime, makeViewWorkspace, type ViewWorkspace } from './viewWorkspaces.ts';

const kept = fileURLToPath(new URL('./views', import.meta.url));
const listAfter = (flag: string): readonly string[] | null =>
  process.argv.includes(flag) ? (process.argv[process.argv.indexOf(flag) + 1] ?? '').split(',') : null;
const updates = process.argv.includes('--update');
const onlyViews = listAfter('--only');
const onlyKinds = listAfter('--kinds');
const say = (text: string) => process.stdout.write(`${text}\n`);

/** What depends on the machine is not drawn: its load, its speed and its free disk. */
const withoutMachine = `
  .machine { visibility: hidden !important; }
  [aria-label='Before the start'], .bytes { display: none !important; }
  .settings .facts dd { visibility: hidden !important; white-space: nowrap; overflow: hidden; }
  * { caret-color: transparent !important; }
`;

const addressOf = (view: View, { live, embedding }: ViewWorkspace): string => {
  if (view === 'live' || view === 'runs') return `${view}/${live}`;
  return view === 'embedding' ? `embedding/${embedding}` : view;
};

/** What comes to a view after its frame and without a placeholder. */
const lateParts: Partial<Record<View, (page: Page) => Promise<void>>> = {
  live: (page) => page.locator('.machine').waitFor({ state: 'attached' }),
  embedding: (page) => page.locator('.cloud').nth(1).waitFor(),
  try: (page) => page.getByText('has no weights yet').waitFor(), // the runs are drawn
};

/** A picture of the page once everything on it has arrived and nothing moves. */
async function settled(page: Page): Promise<Buffer> {
  await page.waitForFunction(() => {
    const pictures = [...document.images].filter((picture) => {
      const { top, bottom } = picture.getBoundingClientRect();
      return bottom > 0 && top < innerHeight; // others are loaded when they come into sight
    });
    return document.querySelector('.skeleton') === null && pictures.every((picture) => picture.complete);
  });
  const mostTurns = 40;
  const pauseMilliseconds = 250;
  let before: Buffer = Buffer.alloc(0);
  for (let turn = 0; turn < mostTurns; turn++) {
    const now = await page.screenshot({ style: withoutMachine, animations: 'disabled' });
    if (now.equals(before)) return now;
    before = now;
    await page.waitForTimeout(pauseMilliseconds);
  }
  return before;
}

interface Outcome {
  readonly name: string;
  readonly problem: string | null;
}
/** Compares one picture with the kept one, or keeps it. */
async function judged(name: string, screenshot: Buffer, found: string): Promise<Outcome> {
  const path = join(kept, `${name}.webp`);
  const now = await keptPicture(screenshot);
  const known = existsSync(path) ? readFileSync(path) : null;
  const change = known && (await changedPicture(known, now));
  const isSame = change !== null && change.share <= mostChanged;
  if (isSame) return { name, problem: null };
  if (updates) {
    writeFileSync(path, now);
    return { name, problem: null };
  }
  writeFileSync(join(found, `${name}.png`), screenshot);
  if (change === null) return { name, problem: 'no picture of it is kept' };
  writeFileSync(join(found, `${name}-changed.png`), change.shown);
  return { name, problem: `${(change.share * 100).toFixed(2)} % of it changed` };
}

async function resize(page: Page, size: (typeof sizes)[number]): Promise<void> {
  const [width = 0, height = 0] = size.split('x').map(Number);
  await page.setViewportSize({ width, height });
}
const visit = (page: Page, address: string): Promise<void> =>
  page.evaluate((to) => {
    location.hash = `#/${to}`;
  }, address);

/** Tabs, dialogs and menus of the views, each on a fresh page. */
async function shootStates(page: Page, theme: Theme, found: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const [base = ''] = page.url().split('#');
  await resize(page, stateSize);
  page.setDefaultTimeout(20_000);
  for (const name of stateNames) {
    const { view, address, open } = { open: undefined, ...viewStates[name] };
    if (onlyViews?.includes(view) === false) continue;
    await page.goto('about:blank');
    await page.goto(`${base}#/${address}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const picture = statePictureName(name, theme);
    try {
      await lateParts[view]?.(page);
      await open?.(page);
    } catch (error) {
      outcomes.push({ name: picture, problem: `it could not be reached: ${String(error).split('\n')[0]}` });
      continue;
    }
    // Over nothing that shows a tooltip. A menu stays under the pointer, which marks one of its entries.
    if ((await page.getByRole('menu').count()) === 0) await page.mouse.move(0, 799);
    outcomes.push(await judged(picture, await settled(page), found));
  }
  return outcomes;
}

/**
 * Lets the fixed clock go on by a thousandth of a millisecond at each look. Vue calls no listener that was added at the
 * time of the event, so under a clock that stands still no menu or dialog opens.
 */
function letClockCount(): void {
  const fixed = Date.now.bind(Date);
  let looks = 0;
  Date.now = () => fixed() + ++looks / 1000;
}

/** Every view of one workspace in one theme, in all sizes. */
async function shootTheme(
  browser: Browser,
  {
    kind,
    theme,
    open,
    shown,
    found,
  }: {
    readonly kind: WorkspaceKind;
    readonly theme: Theme;
    readonly open: string;
    readonly shown: ViewWorkspace;
    readonly found: string;
  },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const context = await browser.newContext({
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000); // a large cloud is placed
  await page.clock.setFixedTime(fixedTime);
  await page.addInitScript(letClockCount);
  await page.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
  await page.goto(open);
  await page.getByRole('heading', { level: 1 }).waitFor();
  if (kind !== 'empty') {
    // What Embedding computes is part of the size of a run, which Runs shows.
    await visit(page, addressOf('embedding', shown));
    await lateParts.embedding?.(page);
  }
  for (const view of views.filter((own) => onlyViews?.includes(own) ?? true)) {
    await visit(page, addressOf(view, shown));
    for (const size of sizes) {
      await resize(page, size);
      if (kind !== 'empty') await lateParts[view]?.(page);
      outcomes.push(await judged(pictureName({ kind, view, size, theme }), await settled(page), found));
    }
  }
  if (kind === 'normal') outcomes.push(...(await shootStates(page, theme, found)));
  await context.close();
  return outcomes;
}

/** At one place always: the paths are seen in the pictures, and are part of hashes. */
const folder = join(tmpdir(), 'arcbench-views');
mkdirSync(folder, { recursive: true });
mkdirSync(kept, { recursive: true });
const found = mkdtempSync(join(tmpdir(), 'arcbench-views-found-'));
const browser = await openBrowser();
const outcomes: Outcome[] = [];
try {
  for (const kind of workspaceKinds.filter((own) => onlyKinds?.includes(own) ?? true)) {
    say(`Making the workspace: ${kind}`);
    const shown = await makeViewWorkspace(kind, folder);
    const served = await serveWorkbench(shown.workspace, [folder]);
    try {
      for (const theme of themes) {
        const own = await shootTheme(browser, { kind, theme, open: served.open, shown, found });
        for (const { name, problem } of own) if (problem !== null) say(`  ${name}: ${problem}`);
        outcomes.push(...own);
      }
    } finally {
      await served.stop();
    }
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
const changed = outcomes.filter(({ problem }) => problem !== null).length;
say(`${outcomes.length} pictures, ${changed} changed.`);
if (changed > 0) {
  say(`They lie in ${found}, with what changed in red. Keep them by: npm run check:views -- --update`);
  process.exitCode = 1;
} else rmSync(found, { recursive: true, force: true });
