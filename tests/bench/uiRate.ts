/// <reference lib="dom" />
// How fast the screens are, in Debian's chromium on software GL, against `arcbench serve` and its engine.
// --parts load,chart,cloud,blocked takes some of it; --out writes JSON.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { WorkbenchEvent } from '../../src-shared/api.ts';
import { callFrom, openBrowser, serveWorkbench } from '../e2e/servedBrowser.ts';
import { freePort, watchEventLoop, type LoopDelay } from './eventLoopDelay.ts';
import { median, publish, type Row } from './measured.ts';
import { optionOf } from './optionOf.ts';
import { longCurves, makeUiWorkspace } from './uiWorkspace.ts';

const chosen = optionOf('parts', 'load,chart,cloud,blocked').split(',');
const pause = (milliseconds: number) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
const say = (text: string) => process.stderr.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'arcbench-ui-'));
const workspace = join(folder, 'workspace');
const rows: Row[] = [];

say('Making a workspace of 1,000 short runs, 4 long ones and 2 large clouds');
const { curveRuns, cloudRuns } = makeUiWorkspace(workspace, { runs: 1000, points: 100_000, rows: 50_000 });
const inspected = await freePort();
const served = await serveWorkbench(workspace, [folder], [`--inspect=127.0.0.1:${inspected}`]);
const loop = await watchEventLoop(inspected);
// A process that does nothing shows how long the machine itself lets one wait.
const idlePort = await freePort();
const idle = spawn(process.execPath, [`--inspect=127.0.0.1:${idlePort}`, '-e', 'setInterval(() => {}, 1000)'], {
  stdio: 'ignore',
});
await pause(1000);
const idleLoop = await watchEventLoop(idlePort);

async function newPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(100_000);
  await page.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
  return page;
}
const go = (page: Page, view: string) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${view}`);
/** Opens a view behind the first one, which comes by itself. */
async function openView(page: Page, view: string): Promise<void> {
  await page.goto(served.open, { waitUntil: 'commit' });
  await page.getByRole('heading', { level: 1 }).waitFor();
  await go(page, view);
}
/** Frames a second that the page gets drawn over some seconds, while `meanwhile` goes on. */
async function framesWhile(page: Page, seconds: number, meanwhile: (until: number) => Promise<void>): Promise<number> {
  const counted = page.evaluate(
    (milliseconds) =>
      new Promise<number>((resolve) => {
        const begun = performance.now();
        let frames = 0;
        const count = (now: number) => {
          if (now - begun >= milliseconds) return resolve((frames / (now - begun)) * 1000);
          frames++;
          requestAnimationFrame(count);
        };
        requestAnimationFrame(count);
      }),
    seconds * 1000,
  );
  await meanwhile(Date.now() + seconds * 1000);
  return await counted;
}
async function load(): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const browser = await openBrowser(); // a new process with an empty cache
    const page = await newPage(browser);
    await page.goto(served.open, { waitUntil: 'commit' });
    // Usable: the view's own content is there, fetched from the workbench, and a button can be pressed.
    await page.getByRole('heading', { level: 1, name: 'Datasets' }).waitFor();
    await page.getByRole('button', { name: /demo/i }).first().click({ trial: true });
    times.push(await page.evaluate(() => performance.now()));
    await browser.close();
  }
  rows.push({
    name: 'page to usable, median of 5 cold loads',
    value: median(times),
    unit: 'ms',
    goal: '<= 1500 ms',
    met: median(times) <= 1500,
  });
}

async function chart(): Promise<void> {
  const browser = await openBrowser();
  const page = await newPage(browser);
  // Points come in as a trainer's do: the socket is the workbench's, with its events of points added on the way.
  let send: (event: WorkbenchEvent) => void = () => undefined;
  await page.routeWebSocket(/\/api$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => socket.send(message));
    socket.onMessage((message) => server.send(message));
    send = (event) => socket.send(JSON.stringify(event));
  });
  await openView(page, `live/${curveRuns[0]}`);
  await page.getByRole('heading', { name: 'Training loss' }).waitFor();
  await page
    .locator('canvas')
    .nth(longCurves.length - 1)
    .waitFor();
  let step = 100_000;
  const timer = setInterval(() => {
    const steps = Array.from({ length: 25 }, () => ++step); // 100 steps a second
    for (const run of curveRuns)
      send({
        event: 'points',
        payload: {
          run,
          points: steps.flatMap((at) =>
            longCurves.map((name) => ({
              name,
              step: at,
              epoch: 200,
              at: 1.7e12 + at * 30,
              value: 0.3 + 0.1 * Math.sin(at / 7),
            })),
          ),
        },
      });
  }, 250);
  await pause(3000);
  const goal = (value: number) => ({ value, unit: 'fps', goal: '>= 50 fps', met: value >= 50 });
  const title = (what: string) => `live chart, 4 series of 100,000 points, points arriving${what}`;
  rows.push({
    name: title(', all charts'),
    ...goal(await framesWhile(page, 6, () => pause(6000).then(() => undefined))),
  });
  await page.getByRole('button', { name: 'Enlarge' }).first().click();
  const canvas = page.locator('canvas').first();
  await pause(1500);
  const box = await canvas.boundingBox();
  if (!box) throw new Error('The chart has no place.');
  const at = (share: number) => [box.x + box.width * share, box.y + box.height * 0.4] as const;
  rows.push({
    name: title(', hovered'),
    ...goal(
      await framesWhile(page, 6, async (until) => {
        for (let place = 0; Date.now() < until; place++) {
          await page.mouse.move(...at(0.1 + 0.8 * Math.abs(Math.sin(place / 30))));
          await pause(10);
        }
      }),
    ),
  });
  await page.keyboard.down('Control');
  rows.push({
    name: title(', zoomed'),
    ...goal(
      await framesWhile(page, 6, async (until) => {
        for (let turn = 0; Date.now() < until; turn++) {
          await page.mouse.wheel(0, Math.floor(turn / 12) % 2 === 0 ? -40 : 40);
          await pause(30);
        }
      }),
    ),
  });
  await page.keyboard.up('Control');
  await page.keyboard.down('Control');
  for (let turn = 0; turn < 8; turn++) await page.mouse.wheel(0, -80);
  await page.keyboard.up('Control');
  await page.mouse.move(...at(0.5));
  await page.mouse.down();
  rows.push({
    name: title(', panned'),
    ...goal(
      await framesWhile(page, 6, async (until) => {
        for (let place = 0; Date.now() < until; place++) {
          await page.mouse.move(...at(0.5 + 0.3 * Math.sin(place / 30)));
          await pause(10);
        }
      }),
    ),
  });
  await page.mouse.up();
  clearInterval(timer);
  await browser.close();
}

async function cloud(): Promise<void> {
  for (const { clouds, drawnAs } of [
    { clouds: 1, drawnAs: 'Density' },
    { clouds: 1, drawnAs: 'Dots' },
    { clouds: 2, drawnAs: 'Density' },
    { clouds: 2, drawnAs: 'Dots' },
  ]) {
    const browser = await openBrowser();
    const page = await newPage(browser);
    await page.addInitScript(() => {
      const drawn = { count: 0 };
      Object.assign(window, { drawn });
      const draw = WebGL2RenderingContext.prototype.drawElements;
      WebGL2RenderingContext.prototype.drawElements = function (...given: Parameters<typeof draw>) {
        drawn.count++;
        draw.apply(this, given);
      };
      const put = CanvasRenderingContext2D.prototype.putImageData;
      CanvasRenderingContext2D.prototype.putImageData = function (image: ImageData, x: number, y: number) {
        drawn.count++; // the density is a picture
        put.call(this, image, x, y, 0, 0, image.width, image.height);
      };
    });
    await openView(page, `embedding/${cloudRuns[0]}`);
    if (clouds === 1) {
      const second = page.getByRole('combobox', { name: 'Second run' });
      await second.click();
      await page.getByRole('option', { name: 'No second run' }).click();
    }
    await page
      .getByText('50,000 pictures')
      .nth(clouds - 1)
      .waitFor();
    await page.getByRole('radio', { name: drawnAs }).click();
    await pause(2000);
    const before = await page.evaluate(() => (window as unknown as { drawn: { count: number } }).drawn.count);
    const box = await page.locator('.cloud canvas').first().boundingBox();
    if (!box) throw new Error('The cloud has no place.');
    const at = (turn: number) =>
      [
        box.x + box.width * (0.5 + 0.3 * Math.sin(turn / 40)),
        box.y + box.height * (0.5 + 0.2 * Math.cos(turn / 60)),
      ] as const;
    await page.mouse.move(...at(0));
    await page.mouse.down();
    const frames = await framesWhile(page, 6, async (until) => {
      for (let turn = 0; Date.now() < until; turn++) {
        await page.mouse.move(...at(turn));
        await pause(8);
      }
    });
    await page.mouse.up();
    const drawn =
      ((await page.evaluate(() => (window as unknown as { drawn: { count: number } }).drawn.count)) - before) /
      6 /
      clouds;
    const rate = Math.min(frames, drawn);
    rows.push({
      name:
        `${clouds === 1 ? 'a cloud' : 'two linked clouds'} of 50,000 points, ${drawnAs.toLowerCase()}, ` +
        'turned, software GL',
      value: rate,
      unit: 'fps',
      ...(clouds === 1 ? { goal: '>= 30 fps', met: rate >= 30 } : {}),
    });
    await browser.close();
  }
}

async function blocked(): Promise<void> {
  const browser = await openBrowser();
  const measured: { name: string; workbench: LoopDelay; idle: LoopDelay }[] = [];
  const during = async (name: string, work: () => Promise<void>) => {
    await Promise.all([loop.delay(), idleLoop.delay()]);
    await work();
    const [workbench, idle] = await Promise.all([loop.delay(), idleLoop.delay()]);
    measured.push({ name, workbench, idle });
    const {
      blocked,
      gap: { length, worked, withoutCore },
    } = workbench;
    const told = (milliseconds: number | null) =>
      milliseconds === null ? 'not told' : `${milliseconds.toFixed(1)} ms`;
    say(
      `${name}: blocked ${told(blocked)}; delay ${told(workbench.longest)}; longest gap ${told(length)}, in ` +
        `it worked ${told(worked)}, without a core ${told(withoutCore)}; an idle process ${told(idle.longest)}`,
    );
  };
  const page = await newPage(browser);
  await openView(page, 'datasets');
  const yaml =
    'name: Trained meanwhile\ndata: { source: demo, demo: { people: 60, imagesPerPerson: 12 } }\nprepare: { ' +
    'inputSize: 64 }\ntraining: { epochs: 6, batchSize: 32 }\n';
  const { id } = await callFrom(page, 'experiments.save', { id: null, yaml });
  const job = await callFrom(page, 'experiments.start', { id, interrupted: 'refuse' });
  const state = async () => (await callFrom(page, 'jobs.list', {})).find((entry) => entry.id === job.id);
  await during('faces drawn, prepared and split', async () => {
    while ((await state())?.run == null) await pause(200);
  });
  await during('training, Live open on 12 curves of 100,000 points', async () => {
    await go(page, `live/${curveRuns[0]}`);
    await page
      .locator('canvas')
      .nth(longCurves.length - 1)
      .waitFor();
    await pause(3000);
  });
  await during('training, 1,000 runs listed', async () => {
    await go(page, 'runs');
    await page.reload();
    await page.getByRole('grid').waitFor();
    await pause(2000);
  });
  await during('training, 50,000 embeddings placed', async () => {
    await go(page, `embedding/${cloudRuns[0]}`);
    await page.getByText('50,000 pictures').first().waitFor({ timeout: 200_000 });
    await pause(1000);
  });
  await during('training to the report, Live open on it', async () => {
    await go(page, `live/${(await state())?.run ?? ''}`);
    for (let now = await state(); now && now.endedAt === null; now = await state()) await pause(500);
  });
  const ended = await state();
  if (ended?.state !== 'done')
    throw new Error(`The training did not end well: ${ended?.fault?.message ?? ended?.state}`);
  await during('the report shown and exported', async () => {
    await go(page, 'report');
    await page.getByRole('button', { name: 'Export Markdown' }).waitFor();
    await page.evaluate(
      async (hash) => {
        await (await fetch(`/reports/${hash}.zip`)).arrayBuffer();
      },
      (await callFrom(page, 'reports.list', {}))[0]?.id ?? '',
    );
    await pause(1000);
  });
  await browser.close();
  rows.push(
    ...measured.flatMap(({ name, workbench: { longest, blocked, gap }, idle }) => [
      { name: `workbench blocked at most: ${name}`, value: blocked, unit: 'ms', goal: '<= 50 ms', met: blocked <= 50 },
      { name: '  delay of its loop, times without a core counted', value: longest, unit: 'ms' },
      { name: '    in the longest gap its own thread worked', value: gap.worked, unit: 'ms' },
      { name: '    in that gap its own thread was ready and had no core', value: gap.withoutCore, unit: 'ms' },
      { name: '  the same delay of an idle process beside it', value: idle.longest, unit: 'ms' },
    ]),
  );
}

try {
  for (const [name, part] of Object.entries({ load, chart, cloud, blocked })) {
    if (!chosen.includes(name)) continue;
    say(`Measuring: ${name}`);
    const before = rows.length;
    await part();
    for (const row of rows.slice(before)) say(`  ${row.name}: ${row.value?.toPrecision(3)} ${row.unit}`);
  }
  publish('The screens in chromium without a graphics card', rows);
} finally {
  loop.stop();
  idleLoop.stop();
  idle.kill();
  await served.stop();
  rmSync(folder, { recursive: true, force: true });
}
