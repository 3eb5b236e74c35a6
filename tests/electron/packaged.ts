import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build, Platform } from 'electron-builder';
import { chromium } from 'playwright-core';
import { parse } from 'yaml';
import { waitUntil } from '../waitUntil.ts';
import { shims, standInElectron, temporaryFolder, virtualScreen } from './standIn.ts';

// `npm run check:package`: the package as electron-builder makes it, around the stand-in, used as by one who has
// nothing but it.
const root = fileURLToPath(new URL('../..', import.meta.url));
const electron = standInElectron();
const folder = temporaryFolder();
const unpacked = join(folder, 'package', 'linux-unpacked');
const program = join(unpacked, 'arcbench');
const resources = join(unpacked, 'resources');
const home = join(folder, 'home of Ann');
let screen: Awaited<ReturnType<typeof virtualScreen>> | undefined;
const environment = () => ({ PATH: '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8', DISPLAY: screen?.display ?? '' });
const options = { skip: 'reason' in electron ? electron.reason : false, timeout: 300_000 };

before(async () => {
  if ('reason' in electron) return;
  mkdirSync(home);
  screen = await virtualScreen();
  const distribution = join(folder, 'electron');
  execFileSync('cp', ['-a', dirname(electron.executable), distribution]);
  for (const own of ['app', 'app-update.yml'])
    rmSync(join(distribution, 'resources', own), { recursive: true, force: true });
  writeFileSync(join(folder, 'starter.cjs'), `${shims}\nrequire('./dist/electron/main.cjs');`);
  const configuration = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
    files: unknown[];
    electronFuses: Record<string, boolean>;
  };
  const { grantFileProtocolExtraPrivileges: _newerThan22, ...electronFuses } = configuration.electronFuses;
  const file = join(folder, 'builder.json');
  writeFileSync(
    file,
    JSON.stringify({
      ...configuration,
      electronFuses,
      directories: { output: join(folder, 'package'), buildResources: 'resources' },
      electronDist: distribution,
      electronVersion: '22.3.25',
      extraMetadata: { main: 'starter.cjs' },
      files: [...configuration.files, { from: folder, to: '.', filter: ['starter.cjs'] }],
    }),
  );
  await build({ projectDir: root, config: file, targets: Platform.LINUX.createTarget('dir') });
});
after(() => {
  screen?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** What the command line of the package says, and its exit code. */
const commandLine = (args: readonly string[], file = join(resources, 'bin', 'arcbench')) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(file, args, { env: environment(), cwd: home }, (error, stdout, stderr) => {
      const failed = typeof error?.code === 'number' ? error.code : -1;
      resolve({ code: error ? failed : 0, stdout, stderr });
    });
  });
const mini = (name: string) => {
  writeFileSync(
    join(home, `${name}.arcbench.yaml`),
    `name: ${name}
data: { source: demo, demo: { people: 12, imagesPerPerson: 12 } }
prepare: { inputSize: 32 }
split: { query: 0.2, distractors: 0.2 }
model: { backbone: smallcnn, embeddingSize: 32 }
training: { epochs: 2, batchSize: 16, learningRate: 0.02 }
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, marginRadians: 0.3, scale: 32 } }
`,
  );
  return `${name}.arcbench.yaml`;
};

test('the package holds the app, its Node and its engine, and nothing of how they are made', options, () => {
  const asar = createRequire(import.meta.url)('@electron/asar') as {
    listPackage(path: string, options: object): string[];
  };
  const held = [
    ...asar.listPackage(join(resources, 'app.asar'), {}).map((path) => path.slice(1)),
    ...globSync('**', { cwd: resources }).map((path) => relative('app.asar.unpacked', path)),
  ];
  assert.ok(held.includes('dist/electron/main.cjs') && held.length > 4000);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const tools = Object.keys(devDependencies).filter((name) => !name.startsWith('@types/'));
  assert.deepEqual(
    held.filter(
      (path) =>
        /^(tests|docs|shared|\.git)\b|\.map$|\.d\.[mc]?ts$|@tensorflow\/.*_test\.js$|app-update/.test(path) ||
        tools.some((name) => path.startsWith(`node_modules/${name}/`)),
    ),
    [],
  );
  assert.ok(!readFileSync(join(resources, 'app.asar.unpacked', 'package.json'), 'utf8').includes('devDependencies'));
});

test(
  'headless, its own command line needs no screen, no npm and no engine of the system, and ends with the ' +
    'codes that it promises',
  options,
  async () => {
    const doctor = await commandLine(['doctor', '--json']);
    assert.equal(doctor.code, 0, doctor.stderr);
    const { folder: engine, checked } = JSON.parse(doctor.stdout) as { folder: string; checked: boolean };
    assert.ok(engine.startsWith(resources) && checked);
    const ran = await commandLine(['--run', mini('Headless'), '--workspace', 'bench']);
    assert.equal(ran.code, 0, ran.stderr);
    const report = readFileSync(/Report: (.*)/.exec(ran.stdout)?.[1] ?? '', 'utf8');
    assert.match(report, /arcbench --run Headless\.arcbench\.yaml --workspace bench/);
    assert.ok(!report.includes('npm run'));
    assert.equal((await commandLine(['--run', 'none.yaml'])).code, 2);
    symlinkSync(join(resources, 'bin', 'arcbench'), join(home, 'ab'));
    assert.deepEqual(await commandLine(['--version'], join(home, 'ab')), { code: 0, stdout: '0.1.0\n', stderr: '' });
    const served = spawn(join(home, 'ab'), ['serve', '--port', '0'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(served.stdout, 'data')) as [Buffer];
    const address = /http\S+/.exec(line.toString())?.[0] ?? '';
    const cookie = (await fetch(address, { redirect: 'manual' })).headers.get('set-cookie')?.split(';')[0] ?? '';
    assert.match(await (await fetch(new URL('/', address), { headers: { cookie } })).text(), /<script type="module"/);
    served.kill('SIGTERM');
    assert.deepEqual(await once(served, 'exit'), [0, null]);
  },
);

test("the window's program does the same where a command is given, with its exit codes", options, async () => {
  const given = (...args: string[]) => commandLine(['--no-sandbox', ...args], program);
  assert.match((await given('--version')).stdout, /^0\.1\.0$/m);
  const wrong = await given('--run', 'none.yaml');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /There is no file or folder .*none\.yaml/);
  assert.match((await given('doctr')).stderr, /nearest is 'doctor'/);
});

test('in its window an experiment is opened, trained and reported, and it ends whole', options, async () => {
  const child = spawn(program, ['--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', mini('Window')], {
    env: environment(),
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const address = () => /DevTools listening on ws:\/\/([\d.:]+)/.exec(said)?.[1];
  await waitUntil('the address', () => address() !== undefined);
  // A window whose page still loads while Playwright attaches can hang it.
  await waitUntil('the screen of the experiment', async () =>
    (await (await fetch(`http://${address()}/json`)).text()).includes('arcbench://app/#/experiment/'),
  );
  await wait(3000);
  const browser = await chromium.connectOverCDP(`http://${address()}`, { noDefaults: true });
  const page = browser.contexts()[0]?.pages()[0];
  assert.ok(page);
  page.setDefaultTimeout(120_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.getByRole('button', { name: 'Start' }).and(page.locator(':enabled')).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Live', exact: true }).click();
  await page.getByText('done', { exact: true }).nth(1).waitFor();
  await page.getByRole('navigation').getByRole('link', { name: 'Report', exact: true }).click();
  await page.getByRole('heading', { name: 'Verdict' }).waitFor();
  assert.deepEqual(faults, []);
  assert.equal(readdirSync(join(home, '.local', 'share', 'arcbench', 'reports')).length, 1);
  await browser.close();
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});
