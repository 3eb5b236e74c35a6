// Pictures of the views for docs/tour.md, on demo faces: `npm run screenshots`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser, serveWorkbench } from './servedBrowser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-screenshots-'));
const workspace = join(folder, 'workspace');
const target = join(root, 'docs', 'screenshots');
mkdirSync(target, { recursive: true });
mkdirSync(join(workspace, 'experiments'), { recursive: true });
const experiment = join(workspace, 'experiments', 'demo-duel.yaml');
writeFileSync(
  experiment,
  `# Cross-entropy against ArcFace on synthetic faces, two seeds.
name: Demo duel
data: { source: demo, demo: { people: 60, imagesPerPerson: 16 } }
prepare: { inputSize: 64 }
training:
  epochs: 14
  learningRate: 0.05
  augmentation: { flip: 0.5, shift: 0.05 }
seeds: [1, 2]
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, marginRadians: 0.3, scale: 32 } }
`,
);
/** Two pictures of one person of the demo. */
function twoPicturesOfOne(): string[] {
  const prepared = join(workspace, 'prepared');
  const demo = join(prepared, readdirSync(prepared).find((name) => name.startsWith('demo-')) ?? '');
  const person = join(demo, readdirSync(demo).sort()[0] ?? '');
  return readdirSync(person)
    .sort()
    .slice(0, 2)
    .map((name) => join(person, name));
}

try {
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'src-main/doors/cli/main.ts'), '--run', experiment, '--workspace', workspace],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  );
  if (status !== 0) throw new Error('The experiment for the pictures did not run: see above.');
  const [served, browser] = await Promise.all([serveWorkbench(workspace, [folder]), openBrowser()]);
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    await page.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
    await page.goto(served.open);
    const view = async (name: string) => {
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
    };
    const shoot = async (name: string) => {
      await page.waitForTimeout(1500); // pictures and charts come in
      await page.screenshot({ path: join(target, `${name}.png`) });
      process.stdout.write(`docs/screenshots/${name}.png\n`);
    };
    await view('Datasets');
    await page.getByRole('img').first().waitFor();
    await shoot('datasets');
    await view('Split');
    const size = page.getByLabel(/Input size/).first();
    await size.fill('64');
    await size.press('Enter');
    await page.getByRole('button', { name: 'Create folders' }).and(page.locator(':enabled')).waitFor();
    await shoot('split');
    await view('Experiment');
    await page.getByRole('tab', { name: 'Form' }).waitFor();
    await shoot('experiment');
    await view('Live');
    await page.getByRole('heading', { name: 'Training loss' }).waitFor();
    await shoot('live');
    await view('Runs');
    const marks = page.getByRole('checkbox', { name: 'Mark this row' });
    await marks.first().click();
    await marks.nth(1).click();
    await shoot('runs');
    await view('Embedding');
    await page.waitForTimeout(4000); // PCA is placed at once
    await shoot('embedding');
    await view('Try');
    const [first = '', second = ''] = twoPicturesOfOne();
    await page.getByLabel('Picture for first face').setInputFiles(first);
    await page.getByLabel('Picture for second face').setInputFiles(second);
    await page
      .getByText(/^(Same person|Two people)$/)
      .nth(1)
      .waitFor();
    await shoot('try');
    await view('Report');
    await page
      .getByRole('button', { name: 'Export Markdown' })
      .or(page.getByRole('link', { name: 'Export Markdown' }))
      .waitFor();
    await shoot('report');
  } finally {
    await browser.close();
    await served.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
