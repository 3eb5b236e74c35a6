import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src-main/store/store.ts';
import { fillWithRemovable } from '../workbench/removableWorkspace.ts';
import { noBrowser, openWorkbenchPage, violationsOf } from './servedBrowser.ts';

test('the app lists what the workspace no longer needs, and removes it after a look', { skip: noBrowser }, async () => {
  const { page, workspace, faults, close } = await openWorkbenchPage('room', {
    timeout: 20_000,
    fill: (folder) => {
      const store = openStore(folder);
      fillWithRemovable(store);
      store.close();
    },
  });
  try {
    const view = (name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await view('Runs');
    await page.getByRole('gridcell', { name: '2 KiB', exact: true }).or(page.getByText('2 KiB')).first().waitFor();
    await view('Settings');
    const panel = page
      .locator('section, article, div')
      .filter({ hasText: /^Room on the disk/ })
      .first();
    await panel.getByText('Checkpoints of runs that are done').waitFor();
    await panel.getByRole('checkbox', { name: /Reports whose runs were deleted/ }).uncheck();

    // Cancel leaves everything.
    await panel.getByRole('button', { name: 'Remove…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('ArcFace, seed 1 (Clean)').waitFor();
    assert.equal(await dialog.getByText('The report on').count(), 0);
    assert.deepEqual(await violationsOf(page, '[role=dialog]'), []);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    const checkpoints = join(workspace, 'runs', 'finished', 'checkpoints');
    assert.ok(existsSync(checkpoints));

    await panel.getByRole('button', { name: 'Remove…' }).click();
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText(/^Removed 4 folders, /).waitFor();
    assert.ok(!existsSync(checkpoints) && existsSync(join(workspace, 'runs', 'stopped', 'checkpoints')));
    assert.ok(existsSync(join(workspace, 'reports', 'f'.repeat(12))), 'what was spared stays');
    await panel.getByText('Checkpoints of runs that are done').waitFor({ state: 'detached' }); // the list is read anew
    await panel.getByText('Reports whose runs were deleted').waitFor();
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
});
