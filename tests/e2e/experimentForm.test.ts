import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { duel, pageSteps, type PageSteps } from './pageSteps.ts';
import { noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

// The form of an experiment, on an empty workspace.
let { page, faults, close } = {} as OpenedWorkbench;
let { until, button, entered, newExperiment } = {} as PageSteps;
const options = { skip: noBrowser };

before(async () => {
  if (noBrowser) return;
  ({ page, faults, close } = await openWorkbenchPage('form', { timeout: 20_000 }));
  ({ until, button, entered, newExperiment } = pageSteps(page));
});
after(() => close?.());

const facts = (text: string | RegExp) => page.getByLabel('Before the start').getByText(text);

test('a number of seeds is how many, and a single seed is written as a list', options, async () => {
  const yaml = await newExperiment(duel);
  await entered('Seeds', '5');
  await facts('2 arms × 5 seeds').waitFor();
  assert.match(await yaml(), /^seeds: 5$/m);
  await entered('Seeds', '[5]');
  await facts(/^2 arms × 1 seed$/).waitFor();
  assert.match(await yaml(), /^seeds: \[ ?5 ?\]$/m);
  assert.equal(await page.getByLabel('Seeds', { exact: true }).inputValue(), '[5]');
});

test('a value out of range in a loss is an error at its field, where it can be corrected', options, async () => {
  const yaml = await newExperiment(duel);
  const scale = page.getByRole('textbox', { name: 'Scale of ArcFace' });
  for (const wrong of ['5000', '-1']) {
    await scale.fill(wrong);
    await scale.press('Enter');
    const cell = page.getByRole('cell').filter({ has: scale });
    await cell.getByRole('alert').filter({ hasText: 'out of range' }).waitFor();
    assert.equal(await scale.inputValue(), wrong);
    assert.equal(await scale.getAttribute('aria-invalid'), 'true');
  }
  await scale.fill('16');
  await scale.press('Enter');
  await until(async () => /scale: 16/.test(await yaml()) || undefined);
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Control+z');
  await until(async () => !/scale: 16/.test(await yaml()) || undefined);
  await page.keyboard.press('Control+Shift+Z');
  await until(async () => /scale: 16/.test(await yaml()) || undefined);
});

test('a new arm is called as its loss is called in the lists', options, async () => {
  await newExperiment(duel);
  await button('Add arm').click();
  await page.getByRole('menuitem', { name: 'CosFace', exact: true }).click();
  await page.getByRole('textbox', { name: 'Name of arm 3' }).waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'Name of arm 3' }).inputValue(), 'CosFace');
});

test('losses stand in groups, and typing over the chosen one finds others', options, async () => {
  const yaml = await newExperiment(duel);
  const loss = page.getByRole('combobox', { name: 'Loss of ArcFace' });
  await loss.click();
  await page.getByRole('listbox').getByRole('group', { name: 'Fixed margin' }).getByText('SphereFace').waitFor();
  await page.keyboard.type('adaptive');
  await page.getByRole('option', { name: 'MagFace' }).waitFor();
  assert.equal(await page.getByRole('option', { name: 'CosFace' }).count(), 0);
  assert.deepEqual(await violationsOf(page, '[role="listbox"]'), []);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('1801.09414');
  await page.getByRole('option', { name: 'CosFace' }).click();
  await until(async () => /loss: cosFace/.test(await yaml()) || undefined);
});

test('what a setting of the arms means is shown when it is asked for', options, async () => {
  await newExperiment(duel);
  const help = page.getByText('m, the angle in radians that is added to the target angle');
  const asked = button('What is Margin?');
  await asked.focus();
  assert.equal(await help.count(), 0);
  await page.keyboard.press('Enter');
  await help.waitFor();
  assert.equal(await asked.getAttribute('aria-expanded'), 'true');
  await asked.click();
  await help.waitFor({ state: 'detached' });
});

test('a name that is blank, taken or cannot be seen is refused beside its arm', options, async () => {
  const yaml = await newExperiment(duel);
  const name = page.getByRole('textbox', { name: 'Name of arm 2' });
  for (const [typed, said] of [
    ['  ', 'is blank'],
    ['Arc\u200bFace', 'has an invisible character'],
    ['cross-entropy', 'There is an arm cross-entropy already'],
  ] as const) {
    await name.fill(typed);
    await name.press('Enter');
    await page.getByRole('columnheader').getByRole('alert').filter({ hasText: said }).waitFor();
    assert.equal(await name.inputValue(), 'ArcFace');
  }
  await name.fill('Margin');
  await name.press('Enter');
  await until(async () => /name: Margin/.test(await yaml()) || undefined);
  assert.equal(await page.getByRole('columnheader').getByRole('alert').count(), 0);
});

test('names of arms stay in sight, however far the table is scrolled', options, async () => {
  const losses = ['crossEntropy', 'arcFace', 'cosFace', 'curricularFace', 'adaFace', 'elasticFace'];
  const arms = losses.map((loss) => `  - { name: ${loss}, loss: ${loss} }`).join('\n');
  await newExperiment(`name: Six arms\ndata: { source: demo }\narms:\n${arms}\n`);
  const table = page.getByRole('region', { name: 'Arms side by side' });
  await table.evaluate((element) => element.scrollTo(element.scrollWidth, element.scrollHeight));
  assert.ok(await table.evaluate((element) => element.scrollTop > 50), 'the table is long enough to scroll');
  const around = await table.boundingBox();
  const name = await page.getByRole('textbox', { name: 'Name of arm 6' }).boundingBox();
  assert.ok(around && name && name.y >= around.y && name.x + name.width <= around.x + around.width + 1);
  assert.deepEqual(await violationsOf(page), []);
});

test('nothing was thrown', options, () => assert.deepEqual(faults, []));
