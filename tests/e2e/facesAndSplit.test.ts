import assert from 'node:assert/strict';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { drawFaces } from '../drawnFaces.ts';
import { pageSteps, type PageSteps } from './pageSteps.ts';
import { callFrom, noBrowser, openWorkbenchPage, type OpenedWorkbench } from './servedBrowser.ts';

// Faces and their split, on two small datasets.
let { page, faults, close, folder: workspaceFolder } = {} as OpenedWorkbench;
let { until, go, view, button, entered, newExperiment } = {} as PageSteps;
const options = { skip: noBrowser };

before(async () => {
  if (noBrowser) return;
  const opened = await openWorkbenchPage('faces', { timeout: 20_000 });
  ({ page, faults, close, folder: workspaceFolder } = opened);
  const steps = pageSteps(page);
  ({ until, go, view, button, entered, newExperiment } = steps);
  for (const name of ['first', 'second']) {
    const faces = join(opened.folder, name);
    await drawFaces(faces, { people: 12, pictures: 6 });
    if (name === 'second') leak(faces);
    await steps.imported(faces, 32);
  }
});
after(() => close?.());

/** The same pictures under two names: the audit finds them, and blocks where copies are not resolved. */
function leak(faces: string): void {
  const [one, other] = readdirSync(faces, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const file of readdirSync(join(faces, one!.name)).slice(0, 3))
    copyFileSync(join(faces, one!.name, file), join(faces, other!.name, `copy-${file}`));
}
const chosenDataset = async (name: string) => {
  await page.getByRole('combobox', { name: 'Dataset' }).click();
  await page.getByRole('option', { name: new RegExp(`^${name}`) }).click();
};
const people = (column: string) => page.getByRole('list', { name: column, exact: true }).getByRole('button');
const splitOf = async (name: string) => {
  await view('Split');
  await chosenDataset(name);
  if ((await page.getByLabel(/^Input size/).inputValue()) !== '32') await entered('Input size', '32');
  await page.getByRole('tab', { name: /People/ }).click();
  await people('Training').first().waitFor();
  await page.waitForTimeout(300); // longer than the rule waits before it asks for another split
  await page.locator('.parts.pending').waitFor({ state: 'detached' });
};

test('what was set for the split of a dataset is there again, and each change is undone', options, async () => {
  await splitOf('first');
  const moved = await people('Training').first().getAttribute('title');
  await people('Training').first().focus();
  await page.keyboard.press('Shift+ArrowRight');
  await page.getByText('1 person moved by hand').waitFor();
  await entered('Minimum images per person', '2');
  await splitOf('second');
  await page.getByText('1 person moved by hand').waitFor({ state: 'hidden' });
  await splitOf('first');
  await page.getByText('1 person moved by hand').waitFor();
  assert.equal(await page.getByLabel('Minimum images per person').inputValue(), '2');

  await button('Set the rule for people back').click();
  assert.notEqual(await page.getByLabel('Minimum images per person').inputValue(), '2');
  assert.equal(await page.getByLabel(/^Input size/).inputValue(), '32', 'a section is set back by itself');
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Control+z');
  await until(async () => (await page.getByLabel('Minimum images per person').inputValue()) === '2' || undefined);
  await button('Move all back').click();
  await page.getByText('1 person moved by hand').waitFor({ state: 'hidden' });
  await button(/^Undo/).first().click();
  await page
    .getByRole('list', { name: 'Query' })
    .getByTitle(moved ?? '', { exact: true })
    .waitFor();
  await button('Redo').click();
  await page.getByText('1 person moved by hand').waitFor({ state: 'hidden' });
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Control+z');
  await page.getByText('1 person moved by hand').waitFor();
  await entered('Minimum images per person', '3');
  assert.equal(await button('Redo').isDisabled(), true, 'a new change drops what was undone');
});

test('folders that the audit keeps from being created say so where they were asked for', options, async () => {
  await splitOf('second');
  await page.getByRole('combobox', { name: 'Copies of pictures' }).click();
  await page.getByRole('option', { name: 'Refuse to train' }).click();
  await page.getByRole('tab', { name: /Audit/ }).click();
  await page.getByRole('list', { name: 'Findings of the audit' }).waitFor();
  await button('Create folders').click();
  await page.getByRole('alert').filter({ hasText: 'The folders were not created' }).waitFor();
  await page.getByRole('tab', { name: /People/ }).click();
  await button('Show the audit').click();
  await page.getByRole('list', { name: 'Findings of the audit' }).waitFor();
});

test('pictures are counted alike in Datasets and in Split, those that are left out too', options, async () => {
  const dataset = (await callFrom(page, 'datasets.list', {})).find(({ name }) => name === 'second');
  await splitOf('second');
  await page.getByRole('combobox', { name: 'Copies of pictures' }).click();
  await page.getByRole('option', { name: 'Resolve them' }).click();
  const tab = page.getByRole('tab', { name: /Pictures/ });
  await page.locator('.parts').getByText('left out').waitFor();
  assert.match(await tab.innerText(), new RegExp(`\\b${dataset?.images}\\b`));
  const counts = await page.locator('.parts dl > div dd:nth-of-type(1)').allInnerTexts();
  assert.equal(
    counts.reduce((sum, text) => sum + Number.parseInt(text, 10), 0),
    dataset?.images,
  );
  await tab.click();
  await page.getByRole('radio', { name: 'left out' }).click();
  await page
    .getByRole('tabpanel', { name: /Pictures/ })
    .getByRole('img')
    .first()
    .waitFor();
  await page.getByRole('tab', { name: /People/ }).click();
});

test(
  'a blocked start says so in the experiment, leads to the split, and the mended split goes back',
  options,
  async () => {
    const dataset = (await callFrom(page, 'datasets.list', {})).find(({ name }) => name === 'second');
    assert.ok(dataset);
    const yaml = await newExperiment(
      `name: Leaky\ndata: { source: ${JSON.stringify(dataset.source)} }\nprepare: { inputSize: 32 }\n` +
        'split: { duplicates: block, minImages: 2 }\ntraining: { batchSize: 16 }\n',
    );
    await button('Start').click();
    await page.getByText('The split has 3 leaks between its parts').waitFor();
    assert.deepEqual(
      (await callFrom(page, 'jobs.list', {})).filter(({ kind }) => kind === 'experiment'),
      [],
    );

    await button('Settle them in the split').click();
    const findings = page.getByRole('list', { name: 'Findings of the audit' }).getByRole('listitem');
    await findings.first().waitFor();
    const text = await findings.first().innerText();
    assert.match(text, /copy-1\.png/);
    assert.match(text, /s1\b/);
    await findings
      .first()
      .getByTitle(/: show s/)
      .first()
      .click();
    await page
      .getByRole('dialog')
      .getByRole('heading', { name: /^s\d+$/ })
      .waitFor();
    await page.keyboard.press('Escape');

    await findings.first().getByRole('button', { name: 'Settle…' }).click();
    await page.getByRole('menuitem', { name: 'Allow it, with a reason…' }).click();
    await page.getByLabel('Why it is harmless').fill('checked by hand');
    await page.getByRole('dialog').getByRole('button', { name: 'Allow' }).click();
    await page.getByText('2 findings keep').waitFor();
    await button('Resolve all copies').click();
    await page.getByText('finding keeps').or(page.getByText('findings keep')).waitFor({ state: 'hidden' });
    await button('Use in Leaky').click();
    await page.getByRole('heading', { level: 2, name: 'Leaky' }).waitFor();
    assert.match(await yaml(), /allowFindings:[^]*checked by hand/);
    assert.doesNotMatch(await yaml(), /duplicates: block/);
    assert.match(await yaml(), /minImages: 2/);
  },
);

test('no column stays marked after a person was dragged past it or dropped', options, async () => {
  await splitOf('first');
  const from = await people('Training').nth(1).boundingBox();
  const over = await people('Training').nth(3).boundingBox();
  const query = await page.getByRole('list', { name: 'Query' }).boundingBox();
  const title = await page.getByRole('heading', { level: 1 }).boundingBox();
  assert.ok(from && over && query && title);
  const marked = () => page.locator('.column.over').count();
  await page.mouse.move(from.x + 20, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(over.x + 20, over.y + 10, { steps: 4 });
  await until(async () => (await marked()) === 1 || undefined);
  await page.mouse.move(query.x + 20, query.y + 30, { steps: 4 });
  await page.mouse.move(title.x + 5, title.y + 5, { steps: 2 });
  await page.mouse.up();
  assert.equal(await marked(), 0);
});

test('an upload is what the status bar speaks of while it lasts', options, async () => {
  await view('Datasets');
  await page.route(/\/uploads\//, () => undefined); // never answered
  await button('Import faces').first().click();
  const faces = join(workspaceFolder, 'first');
  await page.locator('input[type=file]').first().setInputFiles(faces);
  const bar = page.getByRole('contentinfo', { name: 'Jobs' });
  await bar.getByText(/Uploading/).waitFor();
  assert.equal(await bar.getByText('Nothing is running').count(), 0);
  await bar.getByRole('button', { name: 'Cancel the upload of first' }).click();
  await bar.getByText('Nothing is running').waitFor();
  await page.unroute(/\/uploads\//);
  await page.keyboard.press('Escape');
});

test('a face of Alignment is grey until its picture is there, and black only beyond the picture', options, async () => {
  const dataset = (await callFrom(page, 'datasets.list', {})).find(({ name }) => name === 'first');
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(/\/pictures\/original\//, async (route) => {
    await held;
    await route.continue();
  });
  await go(`datasets/${dataset?.hash}`);
  await page.getByRole('tab', { name: 'Alignment' }).click();
  const face = page.locator('.face').first();
  await face.waitFor();
  const background = () => face.evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.notEqual(await background(), 'rgb(0, 0, 0)');
  release();
  await until(async () => (await background()) === 'rgb(0, 0, 0)' || undefined);
  await page.unroute(/\/pictures\/original\//);
});

test('faces are looked for from Alignment and from a picture without landmarks', options, async () => {
  const dataset = (await callFrom(page, 'datasets.list', {})).find(({ name }) => name === 'second');
  await go(`datasets/${dataset?.hash}`);
  await page.getByRole('tab', { name: 'Alignment' }).click();
  const asked = page.getByRole('tabpanel', { name: 'Alignment' }).getByRole('button', { name: 'Find faces' });
  await asked.waitFor();
  await page.getByRole('img', { name: /s1\b/ }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Find the faces of all pictures' }).click();
  await dialog.getByRole('status').filter({ hasText: 'What is found appears here' }).waitFor();
  await page.keyboard.press('Escape');
  const search = page.getByRole('region', { name: 'Search for faces' });
  assert.equal(await asked.count(), 0, 'it is under way');
  await search.getByRole('button', { name: 'Stop' }).click();
  await asked.waitFor();
});

test(
  'what was prepared and created before a person was excluded is named, and made again in place',
  options,
  async () => {
    const dataset = (await callFrom(page, 'datasets.list', {})).find(({ name }) => name === 'first');
    assert.ok(dataset);
    await splitOf('first');
    await button('Create folders').click();
    const made = page.getByText('The folders are in');
    await made.waitFor();
    await callFrom(page, 'datasets.exclude', { hash: dataset.hash, people: ['s5'], pictures: [], excluded: true });
    await page.getByText('The faces were prepared before the latest changes').waitFor();
    await page.getByText('are of the split before the latest changes').waitFor();
    assert.equal(await made.count(), 0);
    await button('Prepare now').click();
    await button('Prepare now').waitFor({ state: 'detached' });
    await button('Create them again').click();
    await made.waitFor();

    await go(`datasets/${dataset.hash}`);
    await page
      .getByRole('region', { name: 'Excluded pictures' })
      .getByRole('button', { name: 'Open the split' })
      .click();
    await page.getByRole('heading', { level: 1, name: 'Split' }).waitFor();
    await made.waitFor();
    await callFrom(page, 'datasets.undo', { hash: dataset.hash });
    await button('Create them again').waitFor();
  },
);

test('landmarks that are moved one after the other are all kept', options, async () => {
  const dataset = (await callFrom(page, 'datasets.list', {})).find(({ name }) => name === 'first');
  assert.ok(dataset);
  const picture = { hash: dataset.hash, identity: null, offset: 0, limit: 1 };
  await go(`datasets/${dataset.hash}`);
  await page.getByRole('img', { name: /s1\b/ }).first().click();
  const dialog = page.getByRole('dialog');
  const place = dialog.getByRole('button', { name: 'Place five points' });
  if (await place.isVisible()) await place.click();
  const points = ['Left eye', 'Right eye', 'Nose'];
  const placed: (string | null)[] = [];
  for (const name of points) {
    const handle = await dialog.getByRole('button', { name: new RegExp(`^${name}:`) }).boundingBox();
    assert.ok(handle);
    const x = handle.x + handle.width / 2;
    const y = handle.y + handle.height / 2;
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 20, y + 12, { steps: 3 });
    await page.mouse.up();
    placed.push(await dialog.getByRole('button', { name: new RegExp(`^${name}:`) }).getAttribute('aria-label'));
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  const kept = async () => (await callFrom(page, 'datasets.pictures', picture)).pictures[0]?.landmarks ?? [];
  await until(async () => {
    const now = await kept();
    const shown = points.map((name, point) => `${name}: ${now[2 * point]}, ${now[2 * point + 1]} pixels`);
    return JSON.stringify(shown) === JSON.stringify(placed) || undefined;
  });
});

test('several people are selected and moved at once, and ordered by their images', options, async () => {
  await splitOf('second');
  const titleOf = (place: number) => people('Training').nth(place).getAttribute('title');
  const chosen = [await titleOf(1), await titleOf(3)];
  await people('Training')
    .nth(1)
    .click({ modifiers: ['Control'] });
  await people('Training')
    .nth(3)
    .click({ modifiers: ['Control'] });
  const selection = page.getByRole('group', { name: 'Selected people' });
  await selection.getByText('2 selected').waitFor();
  await selection.getByRole('button', { name: 'Move to…' }).click();
  await page.getByRole('menuitem', { name: 'Left out' }).click();
  for (const name of chosen)
    await page
      .getByRole('list', { name: 'Left out' })
      .getByTitle(name ?? '', { exact: true })
      .waitFor();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Control+z');
  for (const name of chosen)
    await page
      .getByRole('list', { name: 'Training' })
      .getByTitle(name ?? '', { exact: true })
      .waitFor();
});

test('nothing was thrown', options, () => assert.deepEqual(faults, []));
