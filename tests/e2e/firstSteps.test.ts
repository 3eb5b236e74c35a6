import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

let { page, faults, close } = {} as OpenedWorkbench;
const options = { skip: noBrowser };
before(async () => {
  if (noBrowser) return;
  ({ page, faults, close } = await openWorkbenchPage('first', {
    width: 1024,
    height: 700,
    timeout: 30_000,
    firstTime: true,
  }));
});
after(() => close?.());

const steps = () => page.getByRole('complementary', { name: 'First steps' });
const facts = () => page.getByLabel('Before the start');
const armsOf = (preset: string): number =>
  parseExperiment(readFileSync(`resources/experiments/${preset}`, 'utf8'), preset).arms.length;
const choose = async (preset: RegExp) => {
  const open = page.getByRole('button', { name: 'New', exact: true });
  if (await open.isVisible()) await open.click();
  await page.getByRole('button', { name: preset }).click();
  await facts().waitFor();
};

test('four first steps lead to the demo running, and never lie over the view that they speak of', options, async () => {
  for (const [view, title] of [
    ['Datasets', 'Faces come first'],
    ['Split', 'Some people train'],
    ['Experiment', 'Two arms, one difference'],
    ['Live', 'See it for yourself'],
  ] as const) {
    await page.getByRole('heading', { level: 1, name: view }).waitFor();
    await steps().getByRole('heading', { name: title }).waitFor();
    const own = await steps().boundingBox();
    const main = await page.getByRole('main').boundingBox();
    assert.ok(own && main && main.y + main.height <= own.y + 1, `${view}: ${JSON.stringify([own, main])}`);
    if (view !== 'Live') await steps().getByRole('button', { name: 'Next' }).click();
  }
  assert.deepEqual(await violationsOf(page), []);
  await steps().getByRole('button', { name: 'Start the demo' }).click();
  await steps().waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  assert.equal(await steps().isVisible(), false);
});

test(
  'a preset says what it would take before its start, waits behind what runs, and is duplicated',
  options,
  async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Experiment', exact: true }).click();
    await choose(/^Every loss on synthetic faces/);
    await facts()
      .getByText(`${armsOf('losses.yaml')} arms × 1 seed`)
      .waitFor();
    assert.match(await facts().innerText(), /about \d+ MiB/);
    await page.getByRole('button', { name: 'Queue' }).click();
    await page.getByText('Every loss on synthetic faces is queued', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Queued: show live' }).waitFor();
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Duplicate' }).click();
    await page.getByRole('heading', { level: 2, name: 'Every loss on synthetic faces, copy' }).waitFor();
    await page.getByRole('button', { name: 'Queue' }).and(page.locator(':enabled')).waitFor();
  },
);

test("a preset for faces of one's own is not started before their folder is named", options, async () => {
  await choose(/^The course's task/);
  await page.getByText('/path/to/the/course/archive is a placeholder').first().waitFor();
  assert.equal(await page.getByRole('button', { name: /^(Start|Queue)$/ }).isDisabled(), true);
  assert.match(await facts().innerText(), /efficientnet-lite0 at 112 px/);
  assert.deepEqual(faults, []);
});
