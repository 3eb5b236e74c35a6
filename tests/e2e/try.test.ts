import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawnPortrait } from '../drawnPortrait.ts';
import { noBrowser, openWorkbenchPage, violationsOf, type OpenedWorkbench } from './servedBrowser.ts';

const options = { skip: noBrowser };
const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const made = mkdtempSync(join(tmpdir(), 'arcbench-try-'));
const video = join(made, 'camera.mjpeg');
let { workspace, page, faults, close } = {} as OpenedWorkbench;

/** Drawn people, a run of both losses on them, and what the camera will see. */
async function makeWorkspace(): Promise<string> {
  const faces = join(made, 'faces');
  for (let person = 1; person <= 8; person++) {
    mkdirSync(join(faces, `s${person}`), { recursive: true });
    for (let picture = 1; picture <= 5; picture++)
      writeFileSync(join(faces, `s${person}`, `${picture}.png`), await drawnPortrait(person, picture));
  }
  const experiment = join(made, 'small.yaml');
  writeFileSync(
    experiment,
    `name: Small
data: { source: ${faces} }
prepare: { inputSize: 32, alignment: detect }
split: { query: 0.4, distractors: 0.1, minImages: 2, duplicates: allow }
model: { backbone: smallcnn, embeddingSize: 16 }
training: { epochs: 1, batchSize: 8, learningRate: 0.05 }
evaluation: { falsePositiveRates: [0.1, 0.01] }
`,
  );
  const space = join(made, 'space');
  const { status } = spawnSync(process.execPath, [main, '--run', experiment, '--workspace', space], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  assert.equal(status, 0);
  const portrait = await sharp(await drawnPortrait(30, 1))
    .resize(330, 400)
    .toBuffer();
  const frame = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#98a0a8' } })
    .composite([{ input: portrait, left: 155, top: 40 }])
    .jpeg({ quality: 95 })
    .toBuffer();
  writeFileSync(video, Buffer.concat(Array.from({ length: 30 }, () => frame)));
  return space;
}

before(async () => {
  if (noBrowser) return;
  const space = await makeWorkspace();
  ({ workspace, page, faults, close } = await openWorkbenchPage('try', {
    switches: ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`],
    fill: (target) => spawnSync('cp', ['-r', space, target]),
  }));
  await page.getByRole('navigation').getByRole('link', { name: 'Try', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Try' }).waitFor();
});
after(async () => {
  await close?.();
  rmSync(made, { recursive: true, force: true });
});

const slot = (name: string) => page.getByRole('region', { name, exact: true });

/** Drops a picture on a place, or pastes it into the page. */
async function give(how: 'drop' | 'paste', picture: Buffer, on: string | null = null): Promise<void> {
  const data = picture.toString('base64');
  const target = on === null ? page.locator('#main') : slot(on);
  await target.evaluate(
    (element, [bytes, way]) => {
      const file = new File([Uint8Array.from(atob(bytes!), (each) => each.charCodeAt(0))], 'face.png', {
        type: 'image/png',
      });
      const transfer = new DataTransfer();
      transfer.items.add(file);
      if (way === 'paste')
        return void element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }));
      for (const kind of ['dragenter', 'dragover', 'drop'])
        element.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    },
    [data, how] as const,
  );
}

test(
  'two pictures, dropped and pasted, are compared by both arms, with the answer at the rate that is set',
  options,
  async () => {
    await page.getByText('Drop a picture, or paste one.').first().waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await give('drop', await drawnPortrait(1, 1), 'First face');
    await slot('First face').getByRole('img', { name: 'First face, as the network sees it' }).waitFor();
    await give('paste', await drawnPortrait(2, 1));
    await slot('Second face').getByRole('img', { name: 'Second face, as the network sees it' }).waitFor();
    const answers = page.getByRole('region', { name: /^What .* says$/ });
    assert.equal(await answers.count(), 2);
    for (const place of [0, 1])
      await answers
        .nth(place)
        .getByText(/^(Same person|Two people)$/)
        .waitFor();
    await page
      .getByText(/The cosine is (not )?above \d/)
      .first()
      .waitFor();
    await page.getByRole('combobox', { name: 'False positive rate' }).click();
    await page.getByRole('option', { name: '1 in 10', exact: true }).click();
    await page.getByText('which 1 in 10 pairs of different people exceed.').first().waitFor();
    assert.deepEqual(await violationsOf(page), []);
  },
);

test('the parts of the faces behind a cosine are shown on demand', options, async () => {
  await page.getByRole('button', { name: 'Why?' }).first().click();
  await page.getByRole('img', { name: 'Parts of the first face that matter' }).waitFor();
  await page.getByText(/the cosine falls by \d/).waitFor();
  assert.deepEqual(await violationsOf(page), []);
});

test('every face of a picture is boxed, and one is chosen by keys', options, async () => {
  const both = await sharp({ create: { width: 400, height: 200, channels: 3, background: '#a0a8b0' } })
    .composite([
      { input: await drawnPortrait(1, 1), left: 50, top: 40 },
      { input: await drawnPortrait(2, 1), left: 250, top: 40 },
    ])
    .png()
    .toBuffer();
  await give('drop', both, 'Second face');
  const boxes = slot('Second face').getByRole('button', { name: /^Face \d of 2$/ });
  await boxes.nth(1).waitFor();
  assert.equal(await boxes.nth(0).getAttribute('aria-pressed'), 'true');
  await boxes.nth(1).focus();
  await page.keyboard.press('Enter');
  assert.equal(await boxes.nth(1).getAttribute('aria-pressed'), 'true');
  await page
    .getByText(/^(Same person|Two people)$/)
    .first()
    .waitFor();
});

test('a picture without a face says what to do, and is taken whole where it is a face already', options, async () => {
  const wall = await sharp({ create: { width: 90, height: 90, channels: 3, background: '#806040' } })
    .png()
    .toBuffer();
  await give('drop', wall, 'Second face');
  await slot('Second face')
    .getByText(/No face was found/)
    .waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await slot('Second face').getByRole('switch', { name: 'It is an aligned face already' }).click();
  await slot('Second face').getByRole('img', { name: 'Second face, as the network sees it' }).waitFor();
});

test(
  'who it is: nearest people of both arms, and someone who is enrolled by the camera and deleted',
  options,
  async () => {
    await page.getByRole('radio', { name: 'Who is it' }).click();
    await page
      .getByRole('region', { name: /^Whom .* sees$/ })
      .nth(1)
      .waitFor();
    await page.getByRole('button', { name: 'Clear face' }).click();

    // The camera asks first: until it is allowed, the dialog says so.
    await page.getByRole('button', { name: 'Camera…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The camera was not allowed').waitFor();
    await page.context().grantPermissions(['camera']);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Take the picture' }).and(page.locator(':enabled')).click();
    await slot('Face').getByRole('img', { name: 'Face, as the network sees it' }).waitFor();
    assert.deepEqual(await violationsOf(page), []);

    await page.getByRole('textbox', { name: 'Name of the person' }).fill('Ann');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Delete Ann and all pictures' }).waitFor();
    const nearest = page.getByRole('region', { name: /^Whom .* sees$/ }).first();
    await nearest.getByRole('listitem').first().getByText('Ann', { exact: true }).waitFor();
    await nearest.getByText('1.000').first().waitFor();
    assert.equal(readdirSync(join(workspace, 'people')).length, 1);
    await page.getByRole('button', { name: 'Delete Ann and all pictures' }).click();
    await page.getByText('Nobody yet.').waitFor();
    assert.deepEqual(readdirSync(join(workspace, 'people')), []);
  },
);

test('a small window has room for it, and nothing went wrong', options, async () => {
  await page.setViewportSize({ width: 640, height: 700 });
  await page.getByRole('radio', { name: 'Two faces' }).click();
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok((await overflow()) <= 0);
  assert.deepEqual(await violationsOf(page), []);
  assert.deepEqual(faults, []);
});
