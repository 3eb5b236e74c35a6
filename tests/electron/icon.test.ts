import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { parse } from 'yaml';
import { renderedIcon } from '../../scripts/renderIcon.ts';

const at = (path: string) => join(fileURLToPath(new URL('../..', import.meta.url)), path);
const pixels = async (picture: Buffer | string) => await sharp(picture).resize(64, 64).ensureAlpha().raw().toBuffer();

test('the icon in pixels is that of the drawing: `npm run icon` makes it anew', async () => {
  const [kept, drawn] = await Promise.all([pixels(at('resources/icon/icon.png')), pixels(await renderedIcon())]);
  const { width, height } = await sharp(at('resources/icon/icon.png')).metadata();
  assert.deepEqual([width, height], [1024, 1024]);
  assert.ok(kept.every((value, index) => Math.abs(value - (drawn[index] ?? 0)) <= 8));
  assert.deepEqual([...kept.subarray(0, 4)], [0, 0, 0, 0], 'its corners are see-through');
});

test('the package of each system and the screens have the icon', () => {
  const { linux, mac, win } = parse(readFileSync(at('electron-builder.yml'), 'utf8')) as Record<
    string,
    { icon: string }
  >;
  assert.deepEqual([linux?.icon, mac?.icon, win?.icon], Array(3).fill('resources/icon/icon.png'));
  assert.match(
    readFileSync(at('src-renderer/index.html'), 'utf8'),
    /rel="icon" type="image\/svg\+xml" href="\.\/icon\.svg"/,
  );
});
