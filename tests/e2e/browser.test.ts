import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import type { Locator } from 'playwright-core';
import { drawFaces } from '../drawnFaces.ts';
import { callFrom, noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

let { folder, workspace, page, faults, close } = {} as OpenedWorkbench;

const options = { skip: noBrowser };
before(async () => {
  if (noBrowser) return;
  ({ folder, workspace, page, faults, close } = await openWorkbenchPage('browser'));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
});
after(() => close?.());

const view = async (name: string) => {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
};
const violations = (within: string | null = null) => violationsOf(page, within);

test('a folder of faces is sent from the browser, imported and shown', options, async () => {
  const faces = join(folder, 'drawn_faces');
  await drawFaces(faces, { people: 20, pictures: 10 });
  await page.locator('input[type=file]').first().setInputFiles(faces);
  await page.getByText('20 people · 200 images').first().waitFor();
  await page
    .getByRole('link', { name: /drawn_faces/ })
    .first()
    .click();
  await page.getByRole('img', { name: /s1\b/ }).first().waitFor();
  assert.deepEqual(await violations(), []);
});

test('the same folder sent again adds nothing, and that is said', options, async () => {
  await page.getByRole('button', { name: 'Import faces' }).first().click();
  await page.locator('input[type=file]').first().setInputFiles(join(folder, 'drawn_faces'));
  await page.getByText('These pictures are in the list already. Nothing was added.', { exact: true }).waitFor();
  assert.equal((await callFrom(page, 'datasets.list', {})).length, 1);
});

test('the split is made with live counts and its folders are created', options, async () => {
  await view('Split');
  const size = page.getByLabel(/Input size/).first();
  await size.fill('32');
  await size.press('Enter');
  await page.getByRole('button', { name: 'Prepare the faces' }).first().click();
  const training = page.getByRole('list', { name: 'Training' }).getByRole('button');
  await training.first().waitFor();
  const names = await training.locator('.name').allInnerTexts();
  const asPeopleCount = names.toSorted((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  assert.deepEqual(names, asPeopleCount);
  await training.first().focus();
  for (const name of names.slice(0, 2)) {
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByRole('list', { name: 'Query' }).getByTitle(name, { exact: true }).waitFor();
    // the focus was lost with who was moved
    await page.waitForFunction(() => document.activeElement?.matches('.card[draggable]'));
  }
  await page.getByRole('button', { name: 'Create folders' }).and(page.locator(':enabled')).click();
  await page.getByText('The folders are in').waitFor();
  const [split] = readdirSync(join(workspace, 'splits'));
  assert.ok(readdirSync(join(workspace, 'splits', split ?? '')).includes('manifest.json'));
  assert.deepEqual(await violations(), []);
});

test('an experiment is made of the split, shortened in its form, and started', options, async () => {
  await page.getByRole('button', { name: 'Use in…' }).click();
  await page.getByRole('menuitem', { name: 'A new experiment' }).click();
  await page.getByRole('tab', { name: 'Form' }).waitFor();
  await page.getByPlaceholder('Find a knob…').fill('epochs');
  const epochs = page.getByLabel('Epochs', { exact: true }).first();
  await epochs.fill('3');
  await epochs.press('Enter');
  await page.getByPlaceholder('Find a knob…').fill('');
  await page.getByText('Saved').first().waitFor();
  assert.deepEqual(await violations(), []);
  const sweep = page.getByRole('region', { name: 'Sweep' });
  await sweep.getByRole('combobox', { name: 'Sweep a knob' }).fill('ArcFace: scale');
  await page.getByRole('option', { name: 'ArcFace: Scale' }).click();
  await sweep.getByText('3 variants of 1 arm and 1 unchanged arm, 1 seed: 4 runs').waitFor();
  assert.deepEqual(await violations(), []);
  const values = sweep.getByRole('textbox', { name: 'Values of ArcFace: Scale' });
  await values.fill('16, 5000');
  await values.press('Enter');
  await sweep.getByRole('group', { name: 'Sweep: ArcFace: Scale' }).getByRole('alert').waitFor();
  await sweep.getByRole('button', { name: 'Sweep ArcFace: Scale no longer' }).click();
  await page
    .getByRole('button', { name: /^(Start|Queue)$/ })
    .and(page.locator(':enabled'))
    .waitFor();
  await page.getByRole('tab', { name: 'YAML' }).click();
  await page.locator('.cm-content').getByText('epochs').first().waitFor();
  assert.deepEqual(await violations(), []);
  await page.getByRole('button', { name: /^(Start|Queue)$/ }).click();
});

test('curves are drawn while it trains, and a reload stops nothing', options, async () => {
  await view('Live');
  await page.getByRole('heading', { name: 'Training loss' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Training loss' }).waitFor();
  assert.deepEqual(await violations(), []);
  await page.getByText('done', { exact: true }).nth(1).waitFor({ timeout: 240_000 });
});

test('both runs are compared', options, async () => {
  await view('Runs');
  await page.getByRole('textbox', { name: 'Filter runs' }).fill('nobody');
  await page.getByText('No run matches the filter.').waitFor();
  await page.getByRole('textbox', { name: 'Filter runs' }).fill('');
  const marks = page.getByRole('checkbox', { name: 'Mark this row' });
  await marks.first().click();
  await marks.nth(1).click();
  await page.getByRole('rowheader', { name: 'Test top-1' }).waitFor();
  assert.equal(
    await page
      .locator('thead')
      .getByText(/ArcFace, seed 1/)
      .count(),
    1,
  );
  for (const tab of ['Differences', 'Curves', 'Rates and ROC', 'Mistakes', 'What differs', 'Events and files']) {
    await page.getByRole('tab', { name: tab }).click();
    if (tab === 'Differences') await page.getByRole('cell', { name: 'test accuracy (higher is better)' }).waitFor();
    if (tab === 'Mistakes') {
      const row = page.getByRole('region', { name: 'Mistakes' }).getByRole('listitem').first();
      await row.getByRole('img', { name: 'whom it was taken for' }).waitFor();
      await row.getByText(/^cos -?[01]\.\d\d$/).waitFor();
      assert.equal(await row.getByRole('img').count(), 2);
    }
    assert.deepEqual(await violations(), [], tab);
  }
});

/** What opens after a press, checked by axe, then closed by Escape with the focus back where it was. */
async function opened(what: string, opener: Locator, role: 'menu' | 'listbox'): Promise<void> {
  await opener.focus();
  await page.keyboard.press('ArrowDown');
  await page.getByRole(role).first().waitFor();
  // An open list holds the focus and hides the rest from those who hear it: it is checked alone.
  assert.deepEqual(await violations(role === 'listbox' ? '.floating' : null), [], what);
  await page.keyboard.press('Escape');
  await page.getByRole(role).first().waitFor({ state: 'hidden' });
  assert.ok(
    await opener.evaluate(
      (element) =>
        element === element.ownerDocument.activeElement || element.contains(element.ownerDocument.activeElement),
    ),
    `${what}: Escape gives the focus back`,
  );
}

test('menus, selects and tooltips are opened and left by keys', options, async () => {
  await opened('columns of a table', page.getByRole('button', { name: 'Choose columns' }), 'menu');
  const columns = () =>
    page
      .getByRole('grid', { name: 'Runs' })
      .getByRole('columnheader')
      .evaluateAll((heads) =>
        heads
          .filter((head) => head.classList.contains('pinned'))
          .map((head) => (head as unknown as { innerText: string }).innerText.trim()),
      );
  await page.getByRole('button', { name: 'Choose columns' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Test top-1' }).first().click();
  await page.keyboard.press('Escape');
  assert.deepEqual(await columns(), ['', '★', 'Arm', 'Test top-1'], 'a column is kept at the left');
  await view('Live');
  await page.getByRole('heading', { name: 'Training loss' }).waitFor();
  await opened('axis', page.getByRole('combobox', { name: 'Horizontal axis' }), 'listbox');
  await opened('what a chart saves', page.getByRole('button', { name: 'Save Training loss' }), 'menu');
  await page.getByRole('button', { name: 'Enlarge' }).first().focus();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await page.getByRole('tooltip').first().waitFor();
  assert.deepEqual(await violations(), [], 'tooltip');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Back to all charts' }).waitFor();
  assert.deepEqual(await violations(), [], 'enlarged chart');
  await page.getByRole('button', { name: 'Back to all charts' }).click();
});

test('the log of a job is there for a page that was opened after it', options, async () => {
  await page.reload();
  await page.getByRole('log').getByText('Importing faces').waitFor();
});

test('the embedding space is computed, moved by keys, and shown by its tables', options, async () => {
  await view('Embedding');
  await page
    .getByText(/\d pictures/)
    .nth(1)
    .waitFor();
  assert.deepEqual(await violations(), []);
  const cloud = page.getByRole('application').first();
  const drawn = () => cloud.evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL().length);
  await cloud.focus();
  assert.ok((await drawn()) > 0);
  for (const key of ['ArrowLeft', '+', '0']) await page.keyboard.press(key);
  await page.getByRole('tab', { name: 'People' }).click();
  await page.getByRole('row').nth(1).click();
  assert.deepEqual(await violations(), [], 'people');
  await page.getByRole('tab', { name: /Selection/ }).click();
  await page
    .getByRole('img', { name: /\.(pgm|png|jpg)/ })
    .first()
    .waitFor();
  assert.deepEqual(await violations(), [], 'selection');
  await opened('run', page.getByRole('combobox', { name: 'Run', exact: true }), 'listbox');
  await opened('colours', page.getByRole('combobox', { name: 'Colour by' }), 'listbox');
});

test('dialogs hold the focus, pass axe while open, and give it back', options, async () => {
  for (const [keys, name] of [
    ['Control+k', 'Commands'],
    ['?', 'Keyboard shortcuts'],
  ] as const) {
    await page.locator('#main').focus();
    await page.keyboard.press(keys);
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    assert.deepEqual(await violations(), [], name);
    for (let tab = 0; tab < 4; tab++) await page.keyboard.press('Tab');
    assert.ok(
      await dialog.evaluate((element) => element.contains(element.ownerDocument.activeElement)),
      `${name} holds the focus`,
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  }
  await page.keyboard.press('j');
  await page.getByRole('region', { name: 'Jobs and logs' }).waitFor();
  assert.deepEqual(await violations(), [], 'jobs and logs');
  await page.keyboard.press('j');
});

test('one Escape closes a dialog with a tooltip open in it, or beneath it', options, async () => {
  const dialog = page.getByRole('dialog');
  const tooltip = page.getByRole('tooltip');
  await page.locator('#main').focus();
  await page.keyboard.press('?');
  await dialog.waitFor();
  await dialog.getByRole('button', { name: 'Close' }).hover();
  await tooltip.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden', timeout: 10_000 });
  await page.getByRole('button', { name: /^Theme:/ }).hover();
  await tooltip.waitFor();
  await page.keyboard.press('Control+k');
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden', timeout: 10_000 });
  await page.mouse.move(640, 400);
});

test('the report is read and exported, and its Markdown is the one in the workspace', options, async () => {
  await view('Report');
  const exported = page
    .getByRole('button', { name: 'Export Markdown' })
    .or(page.getByRole('link', { name: 'Export Markdown' }));
  await exported.waitFor();
  assert.deepEqual(await violations(), []);
  await page.getByRole('button', { name: 'Add a remark on Verdict' }).click();
  await page.keyboard.type('My own words.');
  await page.keyboard.press('Control+Enter');
  const edit = page.getByRole('button', { name: 'Edit the remark on Verdict' }).and(page.locator(':not([aria-busy])'));
  await edit.waitFor();
  assert.ok(
    await edit.evaluate((button) => button === button.ownerDocument.activeElement),
    'the focus is back where the remark was opened',
  );
  await Promise.all([page.waitForRequest(/\/reports\/.*\.svg/), page.getByRole('button', { name: 'Rewrite' }).click()]); // its pictures are fetched again
  await page.getByText('The report has been rewritten').first().waitFor();
  await page.getByText('My own words.').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), exported.click()]);
  const archive = join(folder, 'report.zip');
  await download.saveAs(archive);
  const files = unzipSync(readFileSync(archive));
  const [report] = readdirSync(join(workspace, 'reports'));
  const name = Object.keys(files).find((entry) => entry.endsWith('/report.md')) ?? '';
  assert.equal(
    strFromU8(files[name] ?? new Uint8Array()),
    readFileSync(join(workspace, 'reports', report ?? '', 'report.md'), 'utf8'),
  );
  assert.ok(
    Object.keys(files).some((entry) => entry.endsWith('.svg')) &&
      Object.keys(files).some((entry) => entry.endsWith('experiment.yaml')),
  );
});

test('a chart of the report is opened large, saved, and brought back by its address', options, async () => {
  const enlarge = page.getByRole('button', { name: /^Enlarge: / }).first();
  const name = ((await enlarge.getAttribute('data-figure')) ?? '').replace(/svg$/, '');
  await enlarge.click();
  const large = page.getByRole('dialog');
  const table = large.getByRole('region', { name: /as a table/ });
  await table.waitFor();
  assert.deepEqual(await violations(), [], 'the large chart');
  const saved = async (item: string, ending: string) => {
    await large.getByRole('button', { name: /^Save / }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: item }).click();
    const file = await download;
    assert.equal(file.suggestedFilename(), `${name}${ending}`);
    return readFileSync(await file.path());
  };
  const lines = (await saved('Data as CSV', 'csv')).toString().trim().split('\n');
  assert.ok(lines.length > 1, lines.join());
  assert.equal(await table.getByRole('row').count(), lines.length);
  assert.match((await saved('Picture as SVG', 'svg')).toString(), /^<svg[^]*<metadata>/);
  assert.equal((await saved('Picture as PNG', 'png')).subarray(1, 4).toString(), 'PNG');
  await page.reload();
  await table.waitFor();
  await page.keyboard.press('Escape');
  await large.waitFor({ state: 'detached', timeout: 10_000 });
  assert.doesNotMatch(page.url(), /chart=/);
});

test('settings and the command palette are reached by keys, and nothing went wrong on any page', options, async () => {
  await view('Settings');
  assert.deepEqual(await violations(), []);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Datasets');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Datasets' }).waitFor();
  assert.deepEqual(faults, []);
});
