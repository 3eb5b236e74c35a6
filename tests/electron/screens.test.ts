import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Locator } from 'playwright-core';
import { drawFaces } from '../drawnFaces.ts';
import { desktop, notHere, type Desktop, type StartedApp } from './startedApp.ts';

// The real screens and the real workbench in the window; `npm test` has built them.
const root = fileURLToPath(new URL('../..', import.meta.url));
const isBuilt = existsSync(join(root, 'dist', 'renderer', 'index.html'));
const options = {
  skip: notHere || (!isBuilt && 'The screens are not built: `npm test` builds them before it runs.'),
  timeout: 120_000,
};
const outside = mkdtempSync(join(tmpdir(), 'arcbench-dropped-'));
let machine: Desktop;
let { app, page } = {} as StartedApp;
before(async () => {
  if (options.skip) return;
  machine = await desktop({ real: true });
  ({ app, page } = await machine.start());
  page.setDefaultTimeout(60_000);
  await page.evaluate('localStorage.setItem("arcbench.tour", "done")');
  await page.reload();
});
after(async () => {
  await machine?.close();
  rmSync(outside, { recursive: true, force: true });
});

test(
  'faces that are dropped on the window are imported from where they lie, outside of what was opened before',
  options,
  async () => {
    // Beside what the workbench may open, not in it.
    const faces = join(outside, 'drawn_faces');
    await drawFaces(faces, { people: 20, pictures: 10 });
    await page.getByRole('heading', { level: 1, name: 'Datasets' }).waitFor();
    const devTools = await page.context().newCDPSession(page);
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await devTools.send('Input.dispatchDragEvent', {
        type,
        x: 700,
        y: 450,
        data: { items: [], files: [faces], dragOperationsMask: 1 },
      });
    await page.getByText('20 people · 200 images').first().waitFor();
    assert.deepEqual(readdirSync(join(machine.workspace, 'uploads')), [], 'they were sent instead');
    await page
      .getByRole('link', { name: /drawn_faces/ })
      .first()
      .click();
    await page.getByRole('img', { name: /s1\b/ }).first().waitFor();
  },
);

test('what was dropped is split, trained on and reported, as in a browser', options, async () => {
  const view = (name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  const enter = async (field: Locator, value: string) => {
    await field.fill(value);
    await field.press('Enter');
  };
  await view('Split');
  await enter(page.getByLabel(/Input size/).first(), '32');
  await page.getByRole('button', { name: 'Prepare the faces' }).first().click();
  await page.getByRole('button', { name: 'Create folders' }).and(page.locator(':enabled')).click();
  await page.getByText('The folders are in').waitFor();
  await page.getByRole('button', { name: 'Use in…' }).click();
  await page.getByRole('menuitem', { name: 'A new experiment' }).click();
  await page.getByPlaceholder('Find a knob…').fill('epochs');
  await enter(page.getByLabel('Epochs', { exact: true }).first(), '2');
  await page.getByText('Saved').first().waitFor();
  await page.getByRole('button', { name: 'Start' }).and(page.locator(':enabled')).click();
  await view('Live');
  await page.getByText('done', { exact: true }).nth(1).waitFor();
  await view('Report');
  await page.getByRole('heading', { name: 'Verdict' }).waitFor();
  assert.equal(readdirSync(join(machine.workspace, 'reports')).length, 1);
});

test('an experiment that the system opens is shown in its form', options, async () => {
  const file = join(machine.folder, 'mine.arcbench.yaml');
  copyFileSync(join(root, 'resources', 'experiments', 'demo.yaml'), file);
  await app.evaluate(({ app }, path) => app.emit('open-file', { preventDefault: () => {} }, path), file);
  await page.waitForURL(/arcbench:\/\/app\/#\/experiment\/[\w-]+$/);
  await page.getByLabel('Name').first().waitFor();
});
