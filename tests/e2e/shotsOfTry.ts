/// <reference lib="dom" />
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { openBrowser, serveWorkbench } from '/work/wt/try/tests/e2e/servedBrowser.ts';
const space = '/tmp/try/space';
const main = '/work/wt/try/src-main/doors/cli/main.ts';
const att = '/work/shared/data/att_faces';
if (!existsSync(space)) {
  writeFileSync('/tmp/try/att.yaml', `name: AT&T
data: { source: ${att} }
prepare: { inputSize: 64, alignment: detect }
split: { query: 0.25, distractors: 0.1 }
model: { backbone: smallcnn, embeddingSize: 64 }
training: { epochs: 12, batchSize: 32, learningRate: 0.05 }
evaluation: { falsePositiveRates: [0.1, 0.01, 0.001] }
`);
  spawnSync(process.execPath, [main, '--run', '/tmp/try/att.yaml', '--workspace', space], { stdio: 'inherit' });
}
const out = '/tmp/try/shots'; mkdirSync(out, { recursive: true });
const [served, browser] = await Promise.all([serveWorkbench(space, ['/tmp/try']), openBrowser()]);
const empty = await serveWorkbench('/tmp/try/emptyspace', ['/tmp/try']);
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme, reducedMotion: 'reduce' });
    page.on('console', (m) => { if (m.type() === 'error') console.log('console', m.text()); });
    page.on('pageerror', (e) => console.log('pageerror', e.message));
    page.setDefaultTimeout(60000);
    await page.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
    await page.goto(served.open);
    const shot = async (name: string) => { await page.waitForTimeout(700); await page.screenshot({ path: `${out}/${name}-${colorScheme}.png` }); console.log(name); };
    await page.getByRole('navigation').getByRole('link', { name: 'Try', exact: true }).click();
    await page.getByText('Drop a picture, or paste one.').first().waitFor();
    await shot('1-start');
    const give = (name: string, file: string) => page.getByLabel(`Picture for ${name}`).setInputFiles(file);
    await give('first face', `${att}/s3/1.png`); await give('second face', `${att}/s3/7.png`);
    await page.getByText(/^(Same person|Two people)$/).nth(1).waitFor();
    await shot('2-two');
    await page.getByRole('button', { name: 'Why?' }).first().click();
    await page.getByRole('img', { name: 'Parts of the first face that matter' }).waitFor();
    await shot('3-why');
    const group = '/tmp/try/group.png';
    writeFileSync(group, await sharp({ create: { width: 640, height: 300, channels: 3, background: '#a0a8b0' } }).composite(await Promise.all([5, 6, 7, 8].map(async (p, i) => ({ input: readFileSync(`${att}/s${p}/2.png`), left: 30 + i * 150, top: 60 + (i % 2) * 60 })))).png().toBuffer());
    await give('second face', group);
    await page.getByRole('button', { name: /^Face 2 of/ }).waitFor().catch((e: Error) => console.log(e.message));
    await shot('4-group');
    await page.getByRole('radio', { name: 'Who is it' }).click();
    await page.getByRole('region', { name: /^Whom .* sees$/ }).nth(1).getByRole('listitem').first().waitFor();
    await page.waitForTimeout(800);
    await page.getByRole('textbox', { name: 'Name of the person' }).fill(`Ann ${colorScheme}`);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Delete Ann ${colorScheme} and all pictures` }).waitFor();
    await shot('5-who');
    await page.setViewportSize({ width: 640, height: 700 });
    await shot('6-who-small');
    await page.getByRole('radio', { name: 'Two faces' }).click();
    await shot('7-two-small');
    await page.close();
    const none = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme });
    await none.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
    await none.goto(empty.open);
    await none.getByRole('navigation').getByRole('link', { name: 'Try', exact: true }).click();
    await none.waitForTimeout(700);
    await none.screenshot({ path: `${out}/0-empty-${colorScheme}.png` });
    await none.close();
  }
} finally { await browser.close(); await served.stop(); await empty.stop(); }
