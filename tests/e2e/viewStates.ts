import type { Locator, Page } from 'playwright-core';
import type { View } from './viewNames.ts';

/** A tab, dialog or menu of a view, and how it is reached from its address in the normal workspace. */
interface ViewState {
  readonly view: View;
  readonly address: string;
  readonly open?: (page: Page) => Promise<void>;
}

const tab = (name: RegExp) => (page: Page) => page.getByRole('tab', { name }).first().click();
const comparedRuns = ['cross-entropy', 'ArcFace'].flatMap((arm) => [1, 2, 3].map((seed) => `${arm}-${seed}`)).join();
/** A way to compare the runs of two arms. */
const compared = (name: string): ViewState => ({
  view: 'runs',
  address: `runs?marked=${comparedRuns}&grouped=0&tab=${name}`,
  open: async (page) => {
    await page.getByRole('checkbox', { name: 'Mark this row', checked: true }).nth(5).waitFor();
  },
});
async function rightClick(on: Locator): Promise<void> {
  await on.click({ button: 'right' });
  await on.page().getByRole('menu').waitFor();
}
const firstPicture = (page: Page) =>
  page
    .getByRole('list', { name: /^Pictures/ })
    .getByRole('button')
    .first();

/** What is kept of the normal workspace beside the first state of each view, by name. */
export const viewStates = {
  'datasets-alignment': { view: 'datasets', address: 'datasets', open: tab(/^Alignment/) },
  'datasets-people': { view: 'datasets', address: 'datasets', open: tab(/^People/) },
  'datasets-left-out': { view: 'datasets', address: 'datasets', open: tab(/^Left out/) },
  'datasets-menu': {
    view: 'datasets',
    address: 'datasets',
    open: (page) => rightClick(page.getByRole('list', { name: 'People' }).getByRole('button').nth(2)),
  },
  'datasets-picture': { view: 'datasets', address: 'datasets', open: (page) => firstPicture(page).click() },
  'datasets-selected': {
    view: 'datasets',
    address: 'datasets',
    open: async (page) => {
      await firstPicture(page).click({ modifiers: ['Control'] });
      await page.getByText('1 selected').waitFor();
    },
  },
  'split-pictures': { view: 'split', address: 'split', open: tab(/^Pictures/) },
  'split-audit': { view: 'split', address: 'split', open: tab(/^Audit/) },
  'split-menu': {
    view: 'split',
    address: 'split',
    open: (page) => rightClick(page.getByRole('list', { name: 'Training' }).getByRole('button').first()),
  },
  'split-person': {
    view: 'split',
    address: 'split',
    open: (page) => page.getByRole('list', { name: 'Training' }).getByRole('button').first().click(),
  },
  'experiment-arms': {
    view: 'experiment',
    address: 'experiment',
    open: async (page) => {
      await page.getByRole('complementary', { name: 'Experiments' }).getByRole('link').first().click();
      await page.getByRole('region', { name: 'Arms', exact: true }).scrollIntoViewIfNeeded();
    },
  },
  'experiment-yaml': { view: 'experiment', address: 'experiment', open: tab(/^YAML/) },
  'experiment-new': {
    view: 'experiment',
    address: 'experiment',
    open: async (page) => {
      await page.getByRole('button', { name: 'New', exact: true }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  'live-large': { view: 'live', address: 'live/ArcFace-1?chart=accuracy' },
  'runs-metrics': compared('metrics'),
  'runs-differences': compared('differences'),
  'runs-curves': compared('curves'),
  'runs-rates': compared('rates'),
  'runs-mistakes': compared('mistakes'),
  'runs-knobs': compared('knobs'),
  'runs-facts': compared('facts'),
  'runs-menu': {
    view: 'runs',
    address: 'runs',
    open: (page) => rightClick(page.getByRole('grid', { name: 'Runs' }).getByRole('row').nth(2)),
  },
  'runs-confirm': {
    ...compared('metrics'),
    open: async (page) => {
      await compared('metrics').open?.(page);
      await page.getByRole('button', { name: /^Delete/ }).click();
      await page.getByRole('alertdialog').or(page.getByRole('dialog')).waitFor();
    },
  },
  'embedding-people': { view: 'embedding', address: 'embedding/ArcFace-1', open: tab(/^People/) },
  'embedding-selection': { view: 'embedding', address: 'embedding/ArcFace-1', open: tab(/^Selection/) },
  'settings-palette': {
    view: 'settings',
    address: 'settings',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('textbox', { name: 'Search' }).fill('arc');
      await page.getByRole('option').nth(3).waitFor();
    },
  },
  'settings-keys': {
    view: 'settings',
    address: 'settings',
    open: async (page) => {
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
} as const satisfies Readonly<Record<string, ViewState>>;

/** States are kept in one size only: their layout is that of their view. */
export const stateSize = '1280x800';
export const stateNames = Object.keys(viewStates) as readonly (keyof typeof viewStates)[];
export const statePictureName = (state: string, theme: string): string => `state-${state}-${theme}`;
