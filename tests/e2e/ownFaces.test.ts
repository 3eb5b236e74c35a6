import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { drawFaces } from '../drawnFaces.ts';
import { callFrom, noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

// An empty machine and a folder of faces: how many clicks it takes until they are judged, and how folders are named.
let { page, faults, close, folder } = {} as OpenedWorkbench;
const options = { skip: noBrowser };
let clicks = 0;
before(async () => {
  if (noBrowser) return;
  ({ page, faults, close, folder } = await openWorkbenchPage('own', { timeout: 30_000, firstTime: true }));
  await drawFaces(join(folder, 'friends'), { people: 10, pictures: 8 });
});
after(() => close?.());

const button = (name: string | RegExp) => page.getByRole('button', { name }).and(page.locator(':enabled'));
const clicked = async (name: string | RegExp) => {
  await button(name).first().click();
  clicks += 1;
};

/** Drops a folder of the disk on the page, as a file manager does. */
async function dropped(path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 640, y: 300, data });
}

test("one's own faces are judged after a drop and five clicks at most", options, async () => {
  await page.getByRole('heading', { name: 'Start with faces' }).waitFor();
  await dropped(join(folder, 'friends'));
  await page.getByRole('heading', { level: 2, name: 'friends', exact: true }).waitFor();
  await page.getByText('uploaded copy: ').waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await clicked('New experiment');
  await page.waitForURL(/#\/experiment\/.+/);
  // The attention is what is counted: the training itself is made short.
  const [{ id } = { id: '' }] = await callFrom(page, 'experiments.list', {});
  const { yaml } = await callFrom(page, 'experiments.show', { id });
  const short = 'seeds: 1\ntraining: { epochs: 2, batchSize: 16 }\nprepare: { inputSize: 32 }\n';
  const kept = yaml.replaceAll(/^(seeds|training|prepare):.*\n(?:[ -].*\n)*/gm, '');
  await callFrom(page, 'experiments.save', { id, yaml: `${kept.trimEnd()}\n${short}` });
  await page.getByText('2 arms × 1 seed').first().waitFor();
  await clicked(/^Start$/);
  await page.getByRole('heading', { level: 1, name: 'Live' }).waitFor();
  await clicked('Open the report');
  await page.getByRole('heading', { name: 'Verdict' }).waitFor();
  assert.ok(clicks > 0 && clicks <= 5, `it took ${clicks} clicks`);
});

test('a folder on the server is chosen by its path, and what the server may open is said', options, async () => {
  const other = join(folder, 'on the server', 'people');
  mkdirSync(dirname(other));
  await drawFaces(other, { people: 3, pictures: 4 });
  await page.getByRole('navigation').getByRole('link', { name: 'Datasets', exact: true }).click();
  await button('Import faces').click();
  await page.getByText(/are uploaded to the server, which keeps a copy/).waitFor();
  await button('Choose a folder to upload…').waitFor();
  await button('Choose on the server…').click();
  const dialog = page.getByRole('dialog', { name: 'Choose faces on the server' });
  await dialog.getByText(/arcbench serve --open FOLDER/).waitFor();
  const path = dialog.getByRole('textbox', { name: 'Path' });
  await path.fill('/etc');
  await path.press('Enter');
  await dialog.getByText(/^\/etc is not there, or lies outside .* start arcbench serve with --open\.$/).waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Choose this folder' }).isDisabled(), true);
  assert.deepEqual(await violationsOf(page), []);
  await path.fill(other);
  await path.press('Enter');
  await dialog.getByRole('button', { name: 's3' }).waitFor();
  await dialog.getByRole('button', { name: 'Choose this folder' }).click();
  await page.getByRole('heading', { level: 2, name: 'people', exact: true }).waitFor();
  assert.equal(await page.getByText('uploaded copy: ').count(), 0);
  assert.deepEqual(faults, []);
});
