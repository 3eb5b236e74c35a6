import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { drawFaces } from '../drawnFaces.ts';
import { callFrom, noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

// What is changed by hand in Datasets, by mouse, keyboard and right click.
let { page, faults, close } = {} as OpenedWorkbench;
const options = { skip: noBrowser };
let hash = '';
before(async () => {
  if (noBrowser) return;
  const opened = await openWorkbenchPage('edits', { timeout: 20_000 });
  ({ page, faults, close } = opened);
  const source = join(opened.folder, 'faces');
  await drawFaces(source, { people: 6, pictures: 5 });
  await callFrom(page, 'datasets.import', { data: { source } });
  await page.getByRole('heading', { level: 2, name: 'faces', exact: true }).waitFor();
  hash = (await callFrom(page, 'datasets.list', {}))[0]?.hash ?? '';
});
after(() => close?.());

const pictures = () => page.getByRole('list', { name: /^Pictures/ });
const picture = (name: string) => pictures().getByRole('button', { name });
const row = (person: string) => page.getByRole('list', { name: 'People' }).getByRole('button', { name: person });
const item = (name: string | RegExp) => page.getByRole('menuitem', { name });
const toolbar = () => page.getByRole('toolbar', { name: 'Selected pictures' });
const excluded = async () => (await callFrom(page, 'datasets.show', { hash })).excluded;
/** Waits until this many pictures are excluded. */
async function isExcluded(count: number): Promise<void> {
  for (let turn = 0; (await excluded()) !== count; turn++) {
    assert.ok(turn < 100, `${await excluded()} pictures are excluded instead of ${count}`);
    await page.waitForTimeout(50);
  }
}

test('pictures are excluded by right click, and taken back by Ctrl+Z', options, async () => {
  await picture('s1, s1/2.png').click({ button: 'right' });
  await item('Open').waitFor();
  assert.deepEqual(await violationsOf(page, '[role="menu"]'), []);
  await item(/^Exclude/).click();
  await page.getByText('1 picture excluded', { exact: true }).waitFor();
  await picture('s1, s1/2.png, excluded').waitFor();
  await page.getByRole('button', { name: 'Undo: 1 picture excluded' }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await page.keyboard.press('Control+z');
  await page.getByText('Undone: 1 picture excluded', { exact: true }).waitFor();
  await isExcluded(0);
  assert.equal(await picture('s1, s1/2.png, excluded').count(), 0);
});

test('several pictures are marked and excluded by keyboard alone', options, async () => {
  await picture('s1, s1/1.png').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await toolbar().getByText('2 selected').waitFor();
  await page.keyboard.press('Delete');
  await isExcluded(2);
  await page.keyboard.press('Escape');
  await toolbar().waitFor({ state: 'hidden' });
  await page.keyboard.press('Shift+F10');
  await item(/^Include again/).waitFor();
  await page.keyboard.press('Escape');
  await item(/^Include again/).waitFor({ state: 'hidden' });
  await page.keyboard.press('Delete'); // includes what is excluded
  await isExcluded(1);
});

test(
  'a range is marked with Shift, all with Ctrl+A, and what is excluded has a filter of its own',
  options,
  async () => {
    await picture('s2, s2/1.png').click({ modifiers: ['ControlOrMeta'] });
    await picture('s2, s2/3.png').click({ modifiers: ['Shift'] });
    await toolbar().getByText('3 selected').waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await toolbar().getByRole('button', { name: 'Exclude' }).click();
    await isExcluded(4);
    await toolbar().getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('radio', { name: 'Excluded (4)' }).click();
    await page.getByText('4 pictures', { exact: true }).waitFor();
    await picture('s2, s2/1.png').focus();
    await page.keyboard.press('Control+a');
    await toolbar().getByRole('button', { name: 'Include again' }).click();
    await isExcluded(0);
    await page.getByText('30 pictures', { exact: true }).waitFor(); // the filter is gone with its last picture
  },
);

test('people are excluded one by one in the list, and several in the table', options, async () => {
  await row('s3').click({ button: 'right' });
  await item(/^Exclude/).click();
  await isExcluded(5);
  await row('s3').getByRole('img', { name: 'excluded' }).waitFor();
  await page.getByRole('tab', { name: /^People/ }).click();
  const line = (person: string) => page.getByRole('grid', { name: 'People' }).getByRole('row', { name: person });
  for (const person of ['s4', 's5']) await line(person).getByRole('checkbox').check();
  await line('s5').click({ button: 'right' });
  await item('Exclude 2 people').click();
  await isExcluded(15);
  assert.deepEqual(await violationsOf(page), []);
  await page.keyboard.press('Control+z');
  await isExcluded(5);
  await page.keyboard.press('Control+z');
  await isExcluded(0);
  assert.deepEqual(faults, []);
});
