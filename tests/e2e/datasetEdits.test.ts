import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { drawFaces } from '../drawnFaces.ts';
import {
  answerLate,
  callFrom,
  noBrowser,
  openWorkbenchPage,
  violationsOf,
  type OpenedWorkbench,
} from './servedBrowser.ts';

// What is changed by hand in Datasets, by mouse, keyboard and right click.
let { page, faults, close } = {} as OpenedWorkbench;
const options = { skip: noBrowser };
let hash = '';
before(async () => {
  if (noBrowser) return;
  const opened = await openWorkbenchPage('edits', {
    timeout: 20_000,
    // Keys are often quicker than the screen, and none of them may be lost.
    prepare: (of) => answerLate(of, 'datasets.show', 150),
  });
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

test('pictures are excluded by right click, taken back by Ctrl+Z, and excluded again by redo', options, async () => {
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
  for (const keys of ['Control+Shift+Z', 'Control+y']) {
    await page.keyboard.press(keys);
    await isExcluded(1);
    await page.keyboard.press('Control+z');
    await isExcluded(0);
  }
  await page.getByRole('button', { name: 'Redo: 1 picture excluded' }).click();
  await isExcluded(1);
  await page.getByRole('button', { name: 'Undo: 1 picture excluded' }).click();
  await isExcluded(0);
  const messages = page.locator('.toast').filter({ hasText: '1 picture excluded' });
  assert.equal(await messages.count(), 1, 'a message takes the place of the one before');
});

test('a picture that is open is excluded there, and Ctrl+Z waits for its dialog to close', options, async () => {
  await picture('s1, s1/2.png').click();
  const open = page.getByRole('dialog', { name: 's1' });
  await open.getByRole('button', { name: 'Exclude' }).click();
  await open.getByRole('button', { name: 'Include again' }).waitFor();
  await open.getByText('excluded', { exact: true }).waitFor();
  assert.deepEqual(await violationsOf(page, '[role="dialog"]'), []);
  await page.keyboard.press('Control+z');
  await page.waitForTimeout(200);
  await isExcluded(1);
  await page.keyboard.press('Escape');
  await open.waitFor({ state: 'hidden' });
  await page.keyboard.press('Control+z');
  await isExcluded(0);
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
  await page.locator('[data-position]:focus').waitFor(); // the menu gives the focus back
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

const dialog = (title: string) => page.getByRole('dialog', { name: title });
async function answered(title: string, text: string): Promise<void> {
  await dialog(title).getByRole('textbox').fill(text);
  await dialog(title).getByRole('textbox').press('Enter');
  await dialog(title).waitFor({ state: 'hidden' });
}

test('a person is renamed, merging asks, and undo parts them again', options, async () => {
  await page.getByRole('tab', { name: /^Pictures/ }).click();
  await row('s1').focus();
  await page.keyboard.press('F2');
  await dialog('Rename s1').waitFor();
  assert.deepEqual(await violationsOf(page, '[role="dialog"]'), []);
  await dialog('Rename s1').getByRole('textbox').fill(' ');
  await page.keyboard.press('Enter');
  await dialog('Rename s1').getByText('A name was expected.').waitFor();
  await answered('Rename s1', 'Ann');
  await row('Ann').waitFor();
  await row('s2').click({ button: 'right' });
  await item(/^Rename/).click();
  await answered('Rename s2', 'Ann');
  await page.getByRole('alertdialog', { name: 'Merge s2 into Ann?' }).getByRole('button', { name: 'Merge' }).click();
  await row('Ann').filter({ hasText: '10' }).waitFor();
  assert.equal(await row('s2').count(), 0);
  await page.keyboard.press('Control+z');
  await row('s2').waitFor();
  await row('Ann').filter({ hasText: '5' }).waitFor();
  await page.keyboard.press('Control+y');
  await row('Ann').filter({ hasText: '10' }).waitFor();
  await page.keyboard.press('Control+z');
  await row('s2').waitFor();
});

test('tags are given to pictures, people and the dataset, and the filters find them', options, async () => {
  await picture('s2, s2/1.png').click({ button: 'right' });
  await item('Tags…').click();
  const title = `Tags of ${join('s2', '1.png')}`;
  await dialog(title).getByRole('textbox').fill('a=b');
  await page.keyboard.press('Enter');
  await dialog(title).getByText('“a=b” cannot be a tag').waitFor();
  await answered(title, 'blurred, dark');
  await page.getByRole('button', { name: /^Redo/, disabled: true }).waitFor(); // a new change drops what was undone
  await page.keyboard.press('Control+z');
  await page.getByRole('button', { name: 'Redo: tagged blurred, dark' }).click();
  await page.getByRole('button', { name: 'Undo: tagged blurred, dark' }).waitFor();
  await row('s4').click({ button: 'right' });
  await item('Tags…').click();
  await answered('Tags of s4', 'twin');
  const filter = page.getByRole('textbox', { name: 'Filter people and pictures' });
  for (const [text, count] of [
    ['tag = blurred', '1 picture'],
    ['tag=TWIN', '5 pictures'],
    ['width < 50', '0 pictures'],
    ['ann images >= 5', '5 pictures'],
    ['tag = dark s4', '0 pictures'],
  ] as const) {
    await filter.fill(text);
    await page.getByText(count, { exact: true }).waitFor();
  }
  await filter.fill('widht < 50');
  await page.getByRole('alert').getByText('The filter does not know “widht”; did you mean width?').waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await filter.fill('');
  await page.getByRole('link', { name: /^faces/ }).click({ button: 'right' });
  await item('Tags…').click();
  await answered('Tags of faces', 'mine');
  await page.getByRole('link', { name: /^faces/ }).press('F2');
  await answered('Rename faces', 'My faces');
  await page.getByRole('heading', { level: 2, name: 'My faces' }).waitFor();
  const list = page.getByRole('textbox', { name: 'Filter datasets' });
  await list.fill('tag = yours');
  await page.getByText('No dataset fits the filter.').waitFor();
  await list.fill('size > 3');
  await page.getByRole('alert').getByText('Datasets have no “size > 3”').waitFor();
  await list.fill('tag = mine people > 5');
  await page.getByRole('link', { name: /^My faces/ }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  assert.deepEqual(faults, []);
});

const column = (name: string) => page.getByRole('list', { name, exact: true });
const partsBar = () => page.locator('.parts');

test(
  'people are excluded on the board of Split, and its undo knows their order among other changes',
  options,
  async () => {
    await page.evaluate((name) => {
      location.hash = `#/split?dataset=${name}`;
    }, hash);
    await page.getByRole('button', { name: 'Prepare the faces' }).last().click();
    await column('Training').getByRole('button').first().waitFor();
    await page.getByLabel('Minimum images per person').fill('2');
    await page.getByLabel('Minimum images per person').press('Enter');
    const person = await column('Training').getByRole('button').first().getAttribute('title');
    const card = (name: string) => column(name).getByTitle(person ?? '', { exact: true });
    await card('Training').click({ button: 'right' });
    assert.deepEqual(await violationsOf(page, '[role="menu"]'), []);
    await item(/^Exclude/).click();
    await card('Left out').getByRole('img', { name: 'excluded' }).waitFor();
    await partsBar().getByText('1 whole person').waitFor();
    await partsBar().getByText('excluded').waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await isExcluded(5);

    await page.keyboard.press('Control+z');
    await card('Training').waitFor();
    await card('Training').focus();
    await page.keyboard.press('Shift+ArrowRight'); // a change of the rule
    await card('Query').waitFor();
    await card('Query').focus();
    await page.keyboard.press('Delete'); // and one of the dataset
    await card('Left out').waitFor();
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('Control+z');
    await card('Query').waitFor();
    await page.keyboard.press('Control+z');
    await card('Training').waitFor();
    await page.keyboard.press('Control+y');
    await card('Query').waitFor();
    await page.getByRole('button', { name: 'Redo', exact: true }).click();
    await card('Left out').waitFor();
    await card('Left out').click({ button: 'right' });
    await item(/^Include again/).click();
    await card('Query').waitFor();
    await isExcluded(0);

    // A person who was moved by hand keeps the place under another name, and undo and redo know both.
    const renamed = column('Query').getByTitle('Somebody', { exact: true });
    await card('Query').focus();
    await page.keyboard.press('F2');
    await page.getByRole('textbox', { name: 'Name' }).fill('Somebody');
    await page.keyboard.press('Enter');
    await renamed.waitFor();
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('Control+z');
    await card('Query').waitFor();
    await page.keyboard.press('Control+y');
    await renamed.waitFor();
    await page.keyboard.press('Control+z');
    await card('Query').waitFor();
    assert.equal(await renamed.count(), 0);
  },
);

test('pictures are excluded in Split, in the sheet and in the window of a person', options, async () => {
  await page.getByRole('tab', { name: /^Pictures/ }).click();
  const sheet = page.getByRole('list', { name: 'Pictures in train' }).getByRole('button');
  await sheet.first().focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await toolbar().getByText('2 selected').waitFor();
  await page.keyboard.press('Delete');
  await isExcluded(2);
  await partsBar().locator('dl > div').filter({ hasText: 'excluded' }).getByText('2 images').waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await page.getByRole('tab', { name: /^People/ }).click();
  await column('Training').getByRole('button').nth(1).click();
  const open = page.getByRole('dialog');
  await open.getByRole('listitem').first().focus();
  await page.keyboard.press('Delete');
  await isExcluded(3);
  await open.getByText(/excluded by hand/).waitFor();
  await open.getByRole('listitem').first().click({ button: 'right' });
  await item('Tags…').waitFor();
  await page.keyboard.press('Escape');
  await item('Tags…').waitFor({ state: 'hidden' });
  assert.deepEqual(await violationsOf(page, '[role="dialog"]'), []);
  await page.keyboard.press('Escape');
  await open.waitFor({ state: 'hidden' });
  for (const left of [2, 0]) {
    await page.keyboard.press('Control+z');
    await isExcluded(left);
  }
  assert.deepEqual(faults, []);
});
