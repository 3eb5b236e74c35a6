import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page, WebSocketRoute } from 'playwright-core';
import { callFrom, noBrowser, openWorkbenchPage, type OpenedWorkbench } from './servedBrowser.ts';
import { waitUntil } from '../waitUntil.ts';

let { workspace, page, close } = {} as OpenedWorkbench;
let isCut = false;
const sockets = new Set<WebSocketRoute>();
/** The network between page and workbench, which the test can cut. */
const listen = (of: Page) =>
  of.routeWebSocket(/\/api/, async (socket) => {
    if (isCut) return await socket.close();
    socket.connectToServer();
    sockets.add(socket);
  });
const options = { skip: noBrowser };
before(async () => {
  if (noBrowser) return;
  ({ workspace, page, close } = await openWorkbenchPage('interrupted', { prepare: listen }));
});
after(() => close?.());

const cut = async () => {
  isCut = true;
  for (const socket of sockets) await socket.close();
  sockets.clear();
};
const banner = () => page.getByText('The connection to the workbench is lost');
const yaml = `name: Interrupted
data: { source: demo, demo: { people: 60, imagesPerPerson: 12 } }
prepare: { inputSize: 64 }
training: { epochs: 24, batchSize: 32 }
arms: [{ name: cross-entropy, loss: crossEntropy }, { name: second, loss: normFace }]
`;
let run = '';

test('a trainer that is killed is said on the screen, which offers to resume it', options, async () => {
  const { id } = await callFrom(page, 'experiments.save', { id: null, yaml });
  const { id: job } = await callFrom(page, 'experiments.start', { id, interrupted: 'refuse' });
  await page.evaluate(() => {
    location.hash = '#/live';
  });
  await page.getByText(/^[1-9]\d* of 24$/).waitFor();
  await page
    .getByRole('timer')
    .getByText(/^About .+ left for this run, .+ including the next one$/)
    .waitFor();
  run = (await callFrom(page, 'jobs.list', {})).find((entry) => entry.id === job)?.run ?? '';
  process.kill(Number(readFileSync(join(workspace, 'runs', run, 'trainer.pid'), 'utf8')), 'SIGKILL');
  await page
    .getByText(/The trainer was killed \(SIGKILL\)/)
    .first()
    .waitFor();
  assert.equal((await callFrom(page, 'runs.list', {})).find((entry) => entry.id === run)?.status, 'failed');
  await page
    .getByRole('main')
    .getByRole('button', { name: /^Resume/ })
    .click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
});

test('a lost connection is said, stops nothing, and on return the screen is whole', options, async () => {
  await cut();
  await banner().waitFor();
  // by a file: there is no call to ask
  const ended = () => existsSync(join(workspace, 'runs', run, 'model', 'model.json'));
  await waitUntil('the end of a training that no screen watches', ended);
  assert.ok(await banner().isVisible());
  // A view that was not looked at yet is opened all the same.
  await page.route('**/assets/**', (route) => route.abort());
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings and help' }).waitFor();
  await page.unroute('**/assets/**');
  await page.goBack();
  isCut = false;
  await page.getByRole('button', { name: 'Try now' }).click();
  await banner().waitFor({ state: 'hidden' });
  await page.getByRole('list', { name: 'Runs' }).getByText('done', { exact: true }).first().waitFor();
  await page.waitForFunction(() =>
    [...document.querySelectorAll('[role=log]')].every(
      (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2,
    ),
  ); // its last line is in sight, lines of several rows or not
  await page.getByText('done', { exact: true }).first().waitFor();
  // the experiment was resumed, not its run alone
  await page.getByRole('list', { name: 'Runs' }).getByText('second', { exact: true }).waitFor();
});
