import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { CallInput, WorkbenchEvent } from '../../src-shared/api.ts';
import type { Curve } from '../../src-shared/answers/runAnswers.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { movingAverage } from '../../src-shared/maths/movingAverage.ts';
import { makeUiWorkspace } from '../bench/uiWorkspace.ts';
import { callFrom, noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

let { page, faults, close } = {} as OpenedWorkbench;
interface Asked {
  readonly id: number;
  readonly input: CallInput<'runs.curves'>;
}
const asked: Asked[] = [];
const answers = new Map<number, readonly Curve[]>();
let withheld = false;
let tell: ((event: WorkbenchEvent) => void) | null = null;

/**
 * Sockets are the workbench's, the first the page's own; what is asked of curves is noted, and an answer may be held
 * back.
 */
const listen = (of: Page) =>
  of.routeWebSocket(/\/api$/, (socket) => {
    const server = socket.connectToServer();
    tell ??= (event) => socket.send(JSON.stringify(event));
    socket.onMessage((message) => {
      const { id, call, input } = JSON.parse(String(message)) as Asked & { readonly call: string };
      if (call === 'runs.curves') asked.push({ id, input });
      server.send(message);
    });
    server.onMessage((message) => {
      const { id, result } = JSON.parse(String(message)) as {
        readonly id?: number;
        readonly result?: readonly Curve[];
      };
      const of = asked.find((call) => call.id === id);
      if (of && result) answers.set(of.id, result);
      if (!(withheld && of?.input.range)) socket.send(message);
    });
  });
const options = { skip: noBrowser };
before(async () => {
  if (noBrowser) return;
  ({ page, faults, close } = await openWorkbenchPage('long', {
    timeout: 30_000,
    fill: (workspace) => {
      makeUiWorkspace(workspace, { runs: 40, points: 20_000, rows: 20 });
    },
    prepare: listen,
  }));
});
after(() => close?.());

const go = (view: string) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${view}`);
async function until<T>(what: string, found: () => T | undefined): Promise<T> {
  for (let turn = 0; turn < 300; turn++) {
    const value = found();
    if (value !== undefined) return value;
    await page.waitForTimeout(50);
  }
  return assert.fail(what);
}
const ranged = () => asked.filter(({ input }) => input.range);
const zoomIn = async (turns: number) => {
  const box = await page.locator('canvas').first().boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.keyboard.down('Control');
  for (let turn = 0; turn < turns; turn++) await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
};

test(
  'a curve that is zoomed gets the finer points of what is in sight from the source, and once',
  options,
  async () => {
    await go('live/long0');
    await page.getByRole('heading', { name: 'Training loss' }).waitFor();
    await page.getByRole('button', { name: 'Enlarge' }).first().click();
    const whole = await until('the whole curves never came', () =>
      [...answers.entries()].map(([id, curves]) => ({ id, curves })).find(({ curves }) => curves.length === 12),
    );
    const coarse = whole.curves.find(({ run, name }) => run === 'long0' && name === 'step/loss');
    assert.deepEqual([coarse?.total, coarse?.values.length], [20_000, 1500]);
    await page.locator('canvas').first().waitFor();
    await zoomIn(20);
    await until('no range was asked for', () => ranged()[0]);
    await page.waitForTimeout(800); // a slow machine may rest in between
    const settled = ranged().length;
    await page.waitForTimeout(800);
    assert.equal(ranged().length, settled, 'a window at rest asks once');
    const wide = () => {
      const { from, to } = ranged().at(-1)!.input.range!;
      return to - from >= 12_000;
    };
    for (let turn = 0; turn < 5 && wide(); turn++) {
      // a slow machine asks on the way
      await zoomIn(8);
      await page.waitForTimeout(800);
    }
    const call = ranged().at(-1)!;
    const { range, ids, names } = call.input;
    assert.ok(
      range?.by === 'step' && range.from > 100 && range.to < 19_900 && range.to - range.from < 12_000,
      JSON.stringify(range),
    );
    assert.deepEqual([ids.length, names], [4, ['step/loss']]);
    const fine = (await until('the range was not answered', () => answers.get(call.id))).find(
      ({ run }) => run === 'long0',
    );
    const within = (steps: readonly number[]) => steps.filter((step) => step >= range.from && step <= range.to).length;
    assert.ok(
      fine && within(fine.steps) > 1.5 * within(coarse!.steps),
      `${within(fine?.steps ?? [])} against ${within(coarse!.steps)}`,
    );
    // The smoothed line of the part is that of the whole curve.
    const [full] = await callFrom(page, 'runs.curves', { ids: ['long0'], names: ['step/loss'], points: 20_000 });
    const averages = movingAverage(full!.values, 0.6);
    assert.deepEqual([full!.values.length, call.input.smoothing], [20_000, 0.6]);
    for (const { steps, smoothed } of [fine, coarse!])
      steps.forEach((step, index) =>
        assert.ok(Math.abs(smoothed![index]! - averages[step - 1]!) < 1e-12, `step ${step}`),
      );
    const box = await page.locator('canvas').first().boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    const told = page
      .locator('.drawing div')
      .filter({ has: page.locator('b') })
      .first();
    for (const arm of ['crossEntropy', 'normFace', 'cosFace', 'arcFace'])
      await told.getByText(arm, { exact: true }).waitFor(); // thinned curves share no steps
    await page
      .getByRole('region', { name: 'Training loss', exact: true })
      .getByRole('button', { name: 'Show all' })
      .click();
    await page
      .getByRole('region', { name: 'Training loss', exact: true })
      .getByRole('button', { name: 'Show all' })
      .waitFor({ state: 'hidden' });
  },
);

test('what was shown stays on the screen while finer points are on their way', options, async () => {
  withheld = true;
  const before = ranged().length;
  await zoomIn(14);
  await until('no range was asked for', () => ranged()[before]);
  await page.getByText('Fetching finer points').waitFor({ state: 'attached' });
  const inked = await page
    .locator('canvas')
    .first()
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
      const colours = new Set<number>();
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3]! > 200) colours.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!);
      return colours.size;
    });
  assert.ok(inked > 10, `the chart is blank: ${inked} colours`);
  withheld = false;
});

test('of many runs Live draws the mean of seeds until one asks for each', options, async () => {
  await go('live/small0-0');
  await page.getByRole('list', { name: 'Arms' }).getByText('5 seeds').first().waitFor();
  assert.equal(await page.getByRole('list', { name: 'Arms' }).getByRole('listitem').count(), 4);
  await page.getByText('the range from the lowest to the highest seed').waitFor();
  const seeds = page.getByRole('combobox', { name: 'How seeds are drawn' });
  await seeds.click();
  await page.getByRole('option', { name: 'Mean ± deviation' }).click();
  await page.getByText('mean ± standard deviation over seeds').waitFor();
  await page.getByRole('button', { name: 'Enlarge' }).first().click();
  await page
    .getByRole('cell', { name: /± .*, 5 seeds/ })
    .first()
    .waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await page.getByRole('button', { name: 'Back to all charts' }).click();
  await seeds.click();
  await page.getByRole('option', { name: 'Each seed' }).click();
  const cards = page.getByRole('list', { name: 'Runs' });
  await cards.getByRole('listitem').nth(11).scrollIntoViewIfNeeded();
  await cards.getByRole('listitem').nth(19).waitFor();
  assert.equal(await cards.getByRole('listitem').count(), 20);
});

test('over many lines the pointer moves without redrawing them', options, async () => {
  const chart = page.getByRole('region', { name: 'Training loss', exact: true });
  const strokes = () =>
    chart.evaluate((element) => {
      const counted = [...element.querySelectorAll('canvas')].map((canvas) => {
        const seen = { count: 0 };
        const context = canvas.getContext('2d')!;
        const stroke = context.stroke.bind(context) as () => void;
        context.stroke = () => {
          seen.count++;
          stroke();
        };
        return seen;
      });
      Object.assign(window, { counted });
    });
  const taken = () =>
    page.evaluate(() => (window as unknown as { counted: { count: number }[] }).counted.map(({ count }) => count));
  await chart.locator('canvas').nth(1).waitFor();
  await strokes();
  const box = await chart.locator('canvas').first().boundingBox();
  assert.ok(box);
  for (let step = 0; step < 12; step++) {
    await page.mouse.move(box.x + box.width * (0.3 + step * 0.03), box.y + 24);
    await page.waitForTimeout(40);
  }
  const [frame, lines] = await taken();
  // once where it came, once where it came to rest
  assert.ok(frame! > 0 && lines! <= 40, `${frame} strokes of the frame, ${lines} of 20 lines`);
});

test('a log of thousands of lines stays at its end and is never longer than one can scroll', options, async () => {
  const job: Job = {
    id: 'told',
    kind: 'import',
    title: 'A long import',
    state: 'running',
    stage: 'Importing',
    progress: null,
    queuedAt: '2026-11-29T10:00:00.000Z',
    startedAt: '2026-11-29T10:00:00.000Z',
    endedAt: null,
    experiment: null,
    run: null,
    result: null,
    fault: null,
  };
  const say = (index: number) =>
    tell?.({ event: 'log', payload: { job: 'told', index, at: job.queuedAt, text: `line ${index}` } });
  tell?.({ event: 'job', payload: job });
  say(0);
  await page.locator('#main').focus();
  await page.keyboard.press('j');
  const log = page.getByRole('region', { name: 'Jobs and logs' }).getByRole('log');
  await log.waitFor();
  for (let index = 1; index < 6000; index++) say(index);
  await log.getByText('line 5999').waitFor();
  const lines = await log.getByRole('listitem').count();
  assert.ok(lines >= 3000 && lines <= 4001, `${lines} lines`);
  assert.ok(
    await log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 60),
    'the last line is out of sight',
  );
  tell?.({ event: 'job.dismissed', payload: { id: 'told' } });
  await page.keyboard.press('j');
});

test('every marked run is compared, in a table that sorts, and what shows fewer says so', options, async () => {
  await go('runs');
  await page.getByRole('checkbox', { name: 'Mark all rows' }).click();
  const metrics = page.getByRole('grid', { name: 'Metrics' });
  await metrics.waitFor();
  assert.equal(await metrics.getAttribute('aria-rowcount'), '47'); // a head and 46 runs
  await page.getByRole('button', { name: 'Delete 46' }).waitFor();
  await page.getByRole('tab', { name: 'Mistakes' }).click();
  await page.getByText('The first 24 of 46 marked runs are shown here').waitFor();
  assert.deepEqual(faults, []);
});
