import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeUiWorkspace } from '../bench/uiWorkspace.ts';
import { drawFaces } from '../drawnFaces.ts';
import { callFrom, noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

// What a day with the workbench showed, on one workspace with twelve runs and two small datasets.
let { page, faults, close, folder: workspaceFolder } = {} as OpenedWorkbench;
const options = { skip: noBrowser };
const prepare = { inputSize: 32 };

before(async () => {
  if (noBrowser) return;
  const opened = await openWorkbenchPage('day', {
    timeout: 20_000,
    fill: (workspace) => {
      makeUiWorkspace(workspace, { runs: 12, points: 60, rows: 20 });
    },
  });
  ({ page, faults, close, folder: workspaceFolder } = opened);
  for (const name of ['first', 'second']) {
    const faces = join(opened.folder, name);
    await drawFaces(faces, { people: 12, pictures: 6 });
    if (name === 'second') leak(faces);
    await imported(faces);
  }
});
after(() => close?.());

/** The same pictures under two names: the audit finds them, and blocks where copies are not resolved. */
function leak(faces: string): void {
  const [one, other] = readdirSync(faces, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const file of readdirSync(join(faces, one!.name)).slice(0, 3))
    copyFileSync(join(faces, one!.name, file), join(faces, other!.name, `copy-${file}`));
}
async function imported(faces: string): Promise<void> {
  const data = { source: faces };
  await callFrom(page, 'datasets.import', { data });
  const hash = await until(async () => {
    const all = await callFrom(page, 'datasets.list', {});
    return all.find(({ source }) => source === faces)?.hash;
  });
  const prepared = await callFrom(page, 'split.prepare', { data, prepare });
  await until(async () => {
    const job = (await callFrom(page, 'jobs.list', {})).find(({ id }) => id === prepared.id);
    return job?.state === 'done' || undefined;
  });
  assert.ok(hash);
}
async function until<T>(found: () => Promise<T | undefined>): Promise<T> {
  for (let turn = 0; turn < 200; turn++) {
    const value = await found();
    if (value !== undefined) return value;
    await page.waitForTimeout(100);
  }
  return assert.fail('it did not come');
}
const go = (view: string) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${view}`);
const view = async (name: string) => {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
};
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
const entered = async (label: string, value: string) => {
  const field = page.getByLabel(label, { exact: true }).first();
  await field.fill(value);
  await field.press('Enter');
};

const newExperiment = async (yaml: string) => {
  const { id } = await callFrom(page, 'experiments.save', { id: null, yaml });
  await go(`experiment/${id}`);
  await page.getByRole('region', { name: 'Arms', exact: true }).waitFor();
  return async () => (await callFrom(page, 'experiments.show', { id })).yaml;
};
const duel = `name: Duel
data: { source: demo, demo: { people: 20, imagesPerPerson: 8 } }
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, scale: 32 } }
`;

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

test('the log of Live ends above the status bar, however many runs are listed', options, async () => {
  for (const [width, height] of [
    [1280, 800],
    [800, 600],
  ] as const) {
    await page.setViewportSize({ width, height });
    await go('live/small0-0');
    const log = page.getByRole('region', { name: 'Log', exact: true });
    await log.waitFor();
    const own = await log.boundingBox();
    const bar = await page.getByRole('contentinfo', { name: 'Jobs' }).boundingBox();
    assert.ok(own && bar && own.y + own.height <= bar.y + 1, `${width}: ${JSON.stringify([own, bar])}`);
    assert.ok(own.height >= 100, `the log is ${own.height} pixels high`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('grouped seeds are one column of the comparison, with mean and spread', options, async () => {
  await view('Runs');
  const grouped = page.getByRole('switch', { name: 'Group seeds' });
  if (!(await grouped.isChecked())) await grouped.click();
  await page.getByRole('textbox', { name: 'Filter runs' }).fill('Small runs');
  for (const row of [0, 1]) await page.getByRole('checkbox', { name: 'Mark this row' }).nth(row).click();
  const metrics = page.getByRole('region', { name: 'Metrics' });
  await metrics.waitFor();
  assert.equal(await metrics.getByRole('columnheader').count(), 3);
  assert.match(await metrics.getByRole('row').nth(1).innerText(), /±/);
  await grouped.click();
  await page.getByRole('checkbox', { name: 'Mark this row', checked: true }).nth(2).waitFor();
  assert.doesNotMatch(await page.getByRole('tabpanel', { name: 'Metrics' }).innerText(), /±/);
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

const listed = () => page.getByRole('listbox').getByRole('option');
const palette = async (text: string) => {
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: 'Search' }).fill(text);
};

test(
  'Ctrl-K finds people, datasets, experiments, runs, settings, and the actions of other views',
  options,
  async () => {
    await view('Settings');
    for (const [text, group, title] of [
      ['second', 'Datasets', 'second'],
      ['s7 first', 'People', 's7'],
      ['duel', 'Experiments', 'Duel'],
      ['small runs seed 2 cosface', 'Runs', 'cosFace, seed 2'],
      ['theme light', 'Settings', 'Theme: light, dark or as the system'],
      ['import', 'Datasets', 'Import faces…'],
    ] as const) {
      await palette(text);
      await page.getByRole('group', { name: group }).getByRole('option').filter({ hasText: title }).first().waitFor();
      await page.keyboard.press('Escape');
    }
    await palette('s7 first');
    await listed().filter({ hasText: '6 images, first' }).click();
    await page.getByText('6 pictures of s7').waitFor();
    await view('Settings');
    await palette('new experiment');
    await listed().filter({ hasText: 'New experiment…' }).click();
    await page.getByRole('dialog', { name: /New experiment/i }).waitFor();
    await page.keyboard.press('Escape');
  },
);

test('what is marked, filtered and shown in Runs is still so after a look elsewhere', options, async () => {
  await view('Runs');
  await page.getByRole('textbox', { name: 'Filter runs' }).fill('runs seed < 2 epoch >= 0');
  const marks = page.getByRole('checkbox', { name: 'Mark this row' });
  await until(async () => (await marks.count()) === 4 || undefined);
  const isMarked = (place: number) => marks.nth(place).isChecked();
  for (const place of [0, 1, 2, 3]) if ((await isMarked(place)) !== place < 2) await marks.nth(place).click();
  await page.getByRole('tab', { name: 'Curves' }).click();
  await view('Datasets');
  await view('Runs');
  assert.equal(await page.getByRole('textbox', { name: 'Filter runs' }).inputValue(), 'runs seed < 2 epoch >= 0');
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map(isMarked)), [true, true, false, false]);
  assert.equal(await page.getByRole('tab', { name: 'Curves' }).getAttribute('aria-selected'), 'true');
  await page.getByRole('textbox', { name: 'Filter runs' }).fill('acuracy > 3');
  await page.getByRole('alert').filter({ hasText: '“acuracy”' }).waitFor();
  await page.getByRole('textbox', { name: 'Filter runs' }).fill('');
  await page.getByRole('tab', { name: 'Metrics' }).click();
});

test('runs that have curves and no measured epoch say so, and show their curves', options, async () => {
  await go('runs/long0');
  await page.getByText('Nothing is measured yet').waitFor();
  await page.getByRole('tab', { name: 'Curves' }).click();
  await page.getByRole('region', { name: 'Training loss' }).waitFor();
  await page.getByRole('tab', { name: 'Metrics' }).click();
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

const training = (name: string, epochs: number) => {
  const source = JSON.stringify(join(workspaceFolder, 'first'));
  return callFrom(page, 'experiments.save', {
    id: null,
    yaml:
      `name: ${name}\ndata: { source: ${source} }\nprepare: { inputSize: 32 }\nsplit: { minImages: 2 }\n` +
      `model: { backbone: smallcnn, embeddingSize: 16 }\ntraining: { epochs: ${epochs}, batchSize: 16 }\n`,
  });
};

test(
  'training that is paused says Pausing, then Paused; what waits is listed; Escape closes the jobs',
  options,
  async () => {
    const { id } = await training('Long', 5000);
    await callFrom(page, 'experiments.start', { id, interrupted: 'refuse' });
    await go('live');
    const rows = page.getByRole('list', { name: 'Runs' }).getByRole('listitem');
    await rows.filter({ hasText: /[1-9]\d* of 5000/ }).waitFor();
    await rows.filter({ hasText: 'queued' }).waitFor();
    await button('Pause').click();
    await button('Pausing…').waitFor();
    await page
      .getByRole('status')
      .filter({ hasText: /^Paused$/ })
      .waitFor();
    await rows.filter({ hasText: 'paused' }).waitFor();

    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('j');
    const jobs = page.getByRole('region', { name: 'Jobs and logs' });
    await jobs.getByText('paused', { exact: true }).waitFor();
    await jobs.getByRole('button', { name: 'Clear finished' }).click();
    await jobs.getByText('No job yet.').waitFor();
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('Escape');
    await jobs.waitFor({ state: 'hidden' });
  },
);

test('the message at the end of an experiment leads to its report', options, async () => {
  const { id } = await training('Short', 1);
  await callFrom(page, 'experiments.start', { id, interrupted: 'refuse' });
  await button('Open the report').click();
  await page.getByRole('heading', { level: 1, name: 'Report' }).waitFor();
  await page
    .getByRole('link', { name: /^Short/ })
    .and(page.locator('[aria-current=true]'))
    .waitFor();
});

test(
  'charts that appear under the pointer are drawn, and show the crosshair of the one it is over',
  options,
  async () => {
    await go('live/long0');
    await page.locator('.curve-chart canvas').nth(1).waitFor();
    const box = await page.locator('.curve-chart canvas').first().boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.locator('.crosshair').first().waitFor({ state: 'attached' });
    assert.equal(await page.locator('.curve-chart').first().locator('.crosshair').count(), 0);
    await go('live/small0-0');
    await page.getByRole('list', { name: /^(Arms|Runs)$/ }).waitFor();
    await page.locator('.curve-chart canvas').nth(2).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'This view failed' }).count(), 0);
  },
);

test('an enlarged chart has an address, which brings it back', options, async () => {
  await go('live/small0-0');
  const panel = page.locator('.curve-chart').filter({ hasText: 'Training loss' });
  await panel.getByRole('button', { name: 'Enlarge' }).click();
  await page.waitForURL(/chart=loss/);
  await page.getByRole('region', { name: /as a table/ }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Back to all charts' }).waitFor();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Enlarge' }).first().waitFor();
});

test('rows of runs, experiments and reports have a menu, by right click and by Shift+F10', options, async () => {
  const item = (name: string | RegExp) => page.getByRole('menuitem', { name });
  const closed = async () => {
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
  };
  const [run] = (await callFrom(page, 'runs.list', {})).filter(({ status }) => status === 'done');
  assert.ok(run);

  await view('Runs');
  const rows = page.getByRole('grid', { name: 'Runs' }).getByRole('row');
  await rows.nth(1).click({ button: 'right' });
  assert.deepEqual(await violationsOf(page, '[role="menu"]'), []);
  await item(/^(Star|Unstar)$/).click();
  await rows.nth(1).getByRole('button', { name: /^Star/, pressed: true }).waitFor();
  await rows.nth(2).focus();
  await page.keyboard.press('Shift+F10');
  await item('Delete…').waitFor();
  await closed();
  for (const nth of [1, 2]) await rows.nth(nth).getByRole('checkbox').check();
  await rows.nth(1).click({ button: 'right' });
  await item('Delete 2 runs…').waitFor();
  await closed();

  await go(`live/${run.id}`);
  const line = page
    .getByRole('list', { name: /^(Arms|Runs)$/ })
    .getByRole('listitem')
    .first();
  await line.click({ button: 'right' });
  await item('Hide its curves').click();
  await line.getByRole('button', { name: /^Show (its curves|the curves of)/ }).click();
  await line.getByRole('button').first().focus();
  await page.keyboard.press('Shift+F10');
  await item(/^Show in Runs/).click();
  await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();

  await newExperiment(duel.replace('Duel', 'Right click'));
  await page.getByRole('complementary', { name: 'Experiments' }).getByText('Right click').click({ button: 'right' });
  await item('Duplicate').click();
  await page.getByRole('heading', { level: 2, name: 'Right click, copy' }).waitFor();
  await page.getByRole('link', { name: /^Right click, copy/ }).focus();
  await page.keyboard.press('Shift+F10');
  await item('Delete…').click();
  await page
    .getByRole('alertdialog', { name: 'Delete Right click, copy?' })
    .getByRole('button', { name: 'Delete' })
    .click();
  await page.getByRole('link', { name: /^Right click, copy/ }).waitFor({ state: 'detached' });

  const report = join(workspaceFolder, 'workspace', 'reports', run.planHash.slice(0, 12));
  mkdirSync(report, { recursive: true });
  writeFileSync(join(report, 'report.md'), '# Kept\n\n## Verdict\n\nNothing.\n');
  await view('Report');
  await page.getByRole('complementary', { name: 'Reports' }).getByRole('link').last().click({ button: 'right' });
  const saved = page.waitForEvent('download');
  await item('Save as ZIP').click();
  assert.match((await saved).suggestedFilename(), /^report-[0-9a-f-]+\.zip$/);
});

test('names of arms and experiments stay in sight, however far a table is scrolled', options, async () => {
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

  await view('Runs');
  await page.getByRole('textbox', { name: 'Filter runs' }).fill('');
  const grouped = page.getByRole('switch', { name: 'Group seeds' });
  if (await grouped.isChecked()) await grouped.click();
  const runs = page.getByRole('grid', { name: 'Runs' });
  const experiment = runs.getByRole('gridcell', { name: /^(Small runs|Long curves|Large clouds)/ }).first();
  await experiment.waitFor();
  await runs.evaluate((element) => element.parentElement?.scrollTo(4000, 0));
  const cell = await experiment.boundingBox();
  assert.ok(cell && cell.x > 205 && cell.x + cell.width < 800, JSON.stringify(cell));

  await go('embedding/cloud0');
  const picker = page.getByRole('combobox', { name: 'Run', exact: true });
  await picker.waitFor();
  // Runs of earlier tests saw other data, and then the data are named too.
  assert.match(await picker.inputValue(), /^crossEntropy, seed 1, Large clouds/);
});

test('nothing was thrown', options, () => assert.deepEqual(faults, []));
