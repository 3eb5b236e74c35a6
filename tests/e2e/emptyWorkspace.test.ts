import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noBrowser, openWorkbenchPage, type OpenedWorkbench } from './servedBrowser.ts';

// Every view of an empty workspace while the workbench has not answered, and after it has.
let { page, faults, close } = {} as OpenedWorkbench;
const options = { skip: noBrowser };
let held: (() => void)[] | null = [];
const release = () => {
  const waiting = held ?? [];
  held = null;
  for (const send of waiting) send();
};

before(async () => {
  if (noBrowser) return;
  ({ page, faults, close } = await openWorkbenchPage('empty', {
    timeout: 20_000,
    prepare: (of) =>
      of.routeWebSocket(/\/api$/, (socket) => {
        const server = socket.connectToServer();
        socket.onMessage((message) => server.send(message));
        server.onMessage((message) => {
          if (held === null) socket.send(message);
          else held.push(() => socket.send(message));
        });
      }),
  }));
});
after(() => close?.());

const views = ['datasets', 'split', 'experiment', 'live', 'runs', 'embedding', 'report'] as const;
const firstText: Readonly<Record<(typeof views)[number], RegExp>> = {
  datasets: /drop/i,
  split: /No faces to split yet/,
  experiment: /No experiment yet/,
  live: /Nothing has trained yet/,
  runs: /No runs yet/,
  embedding: /embedding/i,
  report: /report/i,
};

test('no view says anything about what is there before the workbench has answered', options, async () => {
  for (const name of views) {
    await page.evaluate((view) => {
      location.hash = `#/${view}`;
    }, name);
    await page
      .getByRole('heading', { level: 1 })
      .filter({ hasText: new RegExp(name, 'i') })
      .waitFor();
    await page.waitForTimeout(50);
    const said = await page.locator('#main').innerText();
    assert.doesNotMatch(said, /\bno\b|nothing|yet|appear after|empty/i, `${name}: ${said}`);
    const bar = await page.getByRole('contentinfo', { name: 'Jobs' }).innerText();
    assert.doesNotMatch(bar, /nothing/i, name);
  }
});

test('then each says what it is for', options, async () => {
  release();
  for (const name of views) {
    await page.evaluate((view) => {
      location.hash = `#/${view}`;
    }, name);
    await page.locator('#main').getByText(firstText[name]).first().waitFor();
  }
  assert.deepEqual(faults, []);
});
