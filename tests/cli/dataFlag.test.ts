import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { isPlaceholder } from '../../src-shared/dataSchema.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const presets = fileURLToPath(new URL('../../resources/experiments/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-data-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const arcbench = (...args: readonly string[]) =>
  spawnSync(process.execPath, [main, ...args, '--workspace', join(folder, 'workspace')], {
    cwd: folder,
    encoding: 'utf8',
  });

test('every preset draws its faces or has a placeholder: none fails because a folder is not there', () => {
  for (const name of readdirSync(presets)) {
    const { source } = parseExperiment(readFileSync(join(presets, name), 'utf8'), name).data;
    assert.ok(source === 'demo' || isPlaceholder(source), `${name} reads ${source}`);
  }
});

test('a preset with a placeholder ends with a sentence that names --data', () => {
  const { status, stderr } = arcbench('--run', join(presets, 'duel-att.yaml'));
  assert.equal(status, 2);
  assert.match(stderr, /duel-att\.yaml needs faces of yours: .*\/path\/to\/att_faces.*--data <folder>/);
});

test('--data gives a preset its faces, from the current folder; faces themselves take no --data', async () => {
  for (const person of ['a', 'b', 'c', 'd']) {
    mkdirSync(join(folder, 'faces', person), { recursive: true });
    for (const [index, red] of [40, 120, 200].entries())
      await sharp({ create: { width: 32, height: 32, channels: 3, background: { r: red, g: 80, b: index } } })
        .png()
        .toFile(join(folder, 'faces', person, `${index}.png`));
  }
  const imported = arcbench('import', join(presets, 'duel-att.yaml'), '--data', 'faces', '--json');
  assert.equal(imported.status, 0, imported.stderr);
  const found = JSON.parse(imported.stdout) as { readonly source: string; readonly images: number };
  assert.match(found.source, /faces$/);
  assert.equal(found.images, 12);
  const twice = arcbench('import', 'faces', '--data', 'demo');
  assert.equal(twice.status, 2);
  assert.match(twice.stderr, /faces is no experiment file/);
});
