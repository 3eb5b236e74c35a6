import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeUiWorkspace } from '../bench/uiWorkspace.ts';
import { drawFaces } from '../drawnFaces.ts';
import { duel, pageSteps, type PageSteps } from './pageSteps.ts';
import { callFrom, noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

// Training as it is watched, and finished runs, on a workspace with twelve runs and a small dataset.
let { page, faults, close, folder: workspaceFolder } = {} as OpenedWorkbench;
let { until, go, view, button, entered, newExperiment } = {} as PageSteps;
const options = { skip: noBrowser };

before(async () => {
  if (noBrowser) return;
  const opened = await openWorkbenchPage('runs', {
    timeout: 20_000,
    fill: (workspace) => {
      makeUiWorkspace(workspace, { runs: 12, points: 60, rows: 20 });
    },
  });
  ({ page, faults, close, folder: workspaceFolder } = opened);
  const steps = pageSteps(page);
  ({ until, go, view, button, entered, newExperiment } = steps);
  const faces = join(opened.folder, 'first');
  await drawFaces(faces, { people: 12, pictures: 6 });
  await steps.imported(faces, 32);
  await callFrom(page, 'experiments.save', { id: null, yaml: duel });
});
after(() => close?.());

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

test('Live tells how far each run and arm is from the first arm', options, async () => {
  await go('live/small0-0');
  const drawn = async (how: string) => {
    await page.getByRole('combobox', { name: 'How seeds are drawn' }).click();
    await page.getByRole('option', { name: how }).click();
  };
  const seeds = [0, 4, 8, 12, 16];
  // The val accuracy of a run is 1 / (4 + its place); the arms take turns.
  const mean = seeds.reduce((sum, run) => sum + 1 / (4 + run) - 1 / (5 + run), 0) / seeds.length;
  await drawn('Mean and range');
  const arms = page.getByRole('list', { name: 'Arms' }).getByRole('listitem');
  await arms
    .filter({ hasText: 'normFace' })
    .getByText(`to crossEntropy −${(100 * mean).toFixed(1)} pp`)
    .waitFor();
  assert.equal(await arms.filter({ hasText: 'to crossEntropy' }).count(), 3, 'none for the first arm itself');
  await drawn('Each seed');
  const row = page.getByRole('list', { name: 'Runs' }).getByRole('listitem').filter({ hasText: 'normFace' }).first();
  // On a busy machine the first click was once without effect.
  await until(async () => {
    const closed = row.getByRole('button', { expanded: false });
    if ((await closed.count()) > 0) await closed.click();
    return (await row.getByText('−5.0 pp').count()) > 0 || undefined; // 1 / 5 - 1 / 4
  });
});

test('the tooltip of a chart has what was measured and smoothed, and stays on its chart', options, async () => {
  await go('live/small0-0');
  const panel = page.locator('.curve-chart').filter({ hasText: 'Accuracy' }).first();
  await panel.locator('canvas').first().waitFor();
  const box = await panel.boundingBox();
  assert.ok(box);
  for (const share of [0.3, 0.6]) await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
  const tooltip = panel.locator('div').filter({ hasText: 'measured' }).filter({ hasText: 'train' }).last();
  await tooltip.waitFor();
  const own = await panel.locator('div[style*="max-width"]').first().boundingBox();
  assert.ok(own && own.x >= box.x - 1 && own.x + own.width <= box.x + box.width + 1, JSON.stringify([own, box]));
});

test('a projection and what was selected in it are there after a look elsewhere', options, async () => {
  await go('embedding/cloud0');
  await button('Lasso (or hold Shift)').click();
  const cloud = await page.getByRole('application').first().boundingBox();
  assert.ok(cloud);
  const at = (x: number, y: number) => page.mouse.move(cloud.x + cloud.width * x, cloud.y + cloud.height * y);
  await at(0.02, 0.02);
  await page.mouse.down();
  for (const [x, y] of [
    [0.98, 0.02],
    [0.98, 0.98],
    [0.02, 0.98],
  ] as const)
    await at(x, y);
  await page.mouse.up();
  const selected = page.getByRole('tab', { name: /^Selection\s+20$/ });
  await selected.waitFor();
  await page.getByRole('radio', { name: 't-SNE' }).click();
  await entered('Perplexity', '5');
  await button('Compute').first().click();
  await page.locator('.toolbar').getByRole('status').waitFor({ state: 'detached', timeout: 60_000 });
  const project = page.getByRole('radio', { name: 't-SNE', checked: true });
  await view('Runs');
  await view('Embedding');
  await project.waitFor();
  await page.getByRole('application').first().waitFor();
  await selected.waitFor();
  assert.equal(await page.getByText('Not computed yet').count(), 0);
  await page.getByRole('radio', { name: 'PCA' }).click();
  await selected.waitFor();
  const lasso = button('Lasso (or hold Shift)');
  await lasso.click();
  await page.keyboard.press('Escape');
  assert.equal(await lasso.getAttribute('aria-pressed'), 'false');
  await selected.waitFor();
  await page.keyboard.press('Escape');
  await selected.waitFor({ state: 'detached' });
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
      ['first', 'Datasets', 'first'],
      ['s7 first', 'People', 's7'],
      ['duel', 'Experiments', 'Duel'],
      ['small runs seed 2 cosface', 'Runs', 'cosFace, seed 2'],
      ['theme light', 'Settings', 'Theme: light, dark or as the system'],
      ['import', 'Datasets', 'Import faces…'],
      ['t-sne', 'Embedding', 'Project the embeddings with t-SNE'],
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
  await button('Open the report').click({ timeout: 60_000 }); // it trains until then
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
    const first = page.locator('.curve-chart').first();
    const box = await until(async () => (await first.locator('canvas').first().boundingBox()) ?? undefined);
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    // Charts of the view before may still be there for a moment.
    await until(async () => {
      const all = await page.locator('.crosshair').count();
      const own = await first.locator('.crosshair').count();
      return (all > 0 && own === 0) || undefined;
    });
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

test('names of experiments stay in sight, however far the table of runs is scrolled', options, async () => {
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
