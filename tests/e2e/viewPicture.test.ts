import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { pictureName, sizes, themes, views, workspaceKinds } from './viewNames.ts';
import { stateNames, statePictureName } from './viewStates.ts';
import { changedPicture, keptPicture, mostChanged } from './viewPicture.ts';

/** A page with lines that stand for words; `moved` shifts one of them. */
const page = ({ moved = 0, ink = 40 } = {}) =>
  sharp(
    Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="800"><rect width="1280" height="800" fill="#fff"/>' +
        Array.from({ length: 30 }, (_, line) => {
          const left = 240 + (line === 12 ? moved : 0);
          return `<rect x="${left}" y="${20 + line * 24}" width="44" height="11" fill="rgb(${ink},${ink},${ink})"/>`;
        }).join('') +
        '</svg>',
    ),
  )
    .png()
    .toBuffer();

test('a word that has moved is seen, a shade that hardly differs is not', async () => {
  const before = await keptPicture(await page());
  const share = async (now: Promise<Buffer>) => (await changedPicture(before, await keptPicture(await now))).share;
  assert.equal(await share(page()), 0);
  assert.ok((await share(page({ ink: 52 }))) <= mostChanged);
  assert.ok((await share(page({ moved: 60 }))) > mostChanged);
  const { data, info } = await sharp((await changedPicture(before, await keptPicture(await page({ moved: 60 })))).shown)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const red = [...data].filter((value, at) => at % info.channels === 0 && value === 220 && data[at + 1] === 0).length;
  assert.ok(red > 200, 'what changed is red');
  const small = await keptPicture(
    await sharp(await page())
      .resize({ width: 1024 })
      .png()
      .toBuffer(),
  );
  assert.equal((await changedPicture(before, small)).share, 1);
});

test('every view has its kept pictures, in every size and theme, and together they are small', () => {
  const rooms = readdirSync(fileURLToPath(new URL('../../src-renderer/views', import.meta.url)), {
    withFileTypes: true,
  });
  const named = rooms.filter((entry) => entry.isDirectory() && entry.name !== 'frame').map(({ name }) => name);
  assert.deepEqual([...views].sort(), named.sort());
  const expected = workspaceKinds.flatMap((kind) =>
    views.flatMap((view) =>
      sizes.flatMap((size) => themes.map((theme) => `${pictureName({ kind, view, size, theme })}.webp`)),
    ),
  );
  const states = stateNames.flatMap((state) => themes.map((theme) => `${statePictureName(state, theme)}.webp`));
  const folder = fileURLToPath(new URL('./views', import.meta.url));
  const found = readdirSync(folder);
  assert.deepEqual(found.sort(), [...expected, ...states].sort());
  const bytes = found.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  assert.ok(bytes < 4e6, `${(bytes / 1e6).toFixed(1)} MB`);
});
