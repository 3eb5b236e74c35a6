import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { callFrom } from './servedBrowser.ts';

export type PageSteps = ReturnType<typeof pageSteps>;

/** What a user does again and again in tests of the views, on one page. */
export function pageSteps(page: Page) {
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
  return {
    until,
    go,
    view: async (name: string) => {
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
    },
    button: (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' }),
    entered: async (label: string, value: string) => {
      const field = page.getByLabel(label, { exact: true }).first();
      await field.fill(value);
      await field.press('Enter');
    },
    /** Opens a new experiment with this text. Returns what reads its text. */
    newExperiment: async (yaml: string) => {
      const { id } = await callFrom(page, 'experiments.save', { id: null, yaml });
      await go(`experiment/${id}`);
      await page.getByRole('region', { name: 'Arms', exact: true }).waitFor();
      return async () => (await callFrom(page, 'experiments.show', { id })).yaml;
    },
    /** Imports a folder of faces and prepares them at `inputSize` pixels. */
    imported: async (faces: string, inputSize: number): Promise<void> => {
      const data = { source: faces };
      await callFrom(page, 'datasets.import', { data });
      await until(async () => {
        const all = await callFrom(page, 'datasets.list', {});
        return all.find(({ source }) => source === faces)?.hash;
      });
      const prepared = await callFrom(page, 'split.prepare', { data, prepare: { inputSize } });
      await until(async () => {
        const job = (await callFrom(page, 'jobs.list', {})).find(({ id }) => id === prepared.id);
        return job?.state === 'done' || undefined;
      });
    },
  };
}

/** An experiment of two arms on faces that are drawn when it starts. */
export const duel = `name: Duel
data: { source: demo, demo: { people: 20, imagesPerPerson: 8 } }
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, scale: 32 } }
`;
