import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { defaultWorkspace } from '../../src-main/doors/defaultWorkspace.ts';
import { asksForCamera } from '../../src-main/doors/electron/asksForCamera.ts';
import { withAbsolutePaths } from '../../src-main/doors/electron/absolutePaths.ts';
import { commandLineIn } from '../../src-main/doors/electron/commandLine.ts';
import { connectPage } from '../../src-main/doors/electron/connectPage.ts';
import { givenPaths } from '../../src-main/doors/electron/givenPaths.ts';
import { keptFile } from '../../src-main/doors/electron/keptFile.ts';
import { menuTemplate } from '../../src-main/doors/electron/menuTemplate.ts';
import { openedWith, relaunchOptions } from '../../src-main/doors/electron/openedWith.ts';
import { originIn } from '../../src-main/doors/electron/originIn.ts';
import { remoteAddress } from '../../src-main/doors/electron/remoteAddress.ts';
import { taskbarProgress } from '../../src-main/doors/electron/taskbarProgress.ts';
import {
  followWindow,
  placeOfWindow,
  windowStateSchema,
  type WindowState,
} from '../../src-main/doors/electron/windowState.ts';

test('a remote address is http or https with a token, and keeps nothing else of what was pasted', () => {
  assert.equal(remoteAddress(' http://127.0.0.1:4477/?token=abc ', '').href, 'http://127.0.0.1:4477/?token=abc');
  assert.equal(
    remoteAddress('https://bench.example/some/page?x=1#y', ' a b ').href,
    'https://bench.example/?token=a%20b',
  );
  for (const wrong of [
    '',
    'bench',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'arcbench://app/',
    'http://user:pass@host/?token=a',
    'http://',
  ])
    assert.throws(() => remoteAddress(wrong, 'token'), { code: 'wrong-input', message: /http:\/\// });
  assert.throws(() => remoteAddress('http://127.0.0.1:4477/', ''), {
    code: 'wrong-input',
    message: /token is missing/,
  });
});

test('the page that asks for an address shows a fault as text', () => {
  assert.ok(connectPage('<script>"&\'', null).includes('&#60;script&#62;&#34;&#38;&#39;'));
  assert.ok(connectPage(null, 'http://"onload=').includes('value="http://&#34;onload="'));
  assert.ok(!connectPage(null, null).includes('role="alert"'));
});

test('the camera may be asked for in the view Try only, and without the microphone', () => {
  const asked = { permission: 'media', media: ['video'], page: 'arcbench://app/#/try' };
  for (const page of ['arcbench://app/#/try', 'arcbench://app/#/try/0123abcd', 'arcbench://app/#/try?mode=who'])
    assert.ok(asksForCamera({ ...asked, page }), page);
  for (const page of ['', 'arcbench://app/', 'arcbench://app/#/datasets', 'arcbench://app/#/tryout', 'x#/try'])
    assert.ok(!asksForCamera({ ...asked, page }), page);
  for (const media of [[], ['audio'], ['video', 'audio'], ['unknown'], ['']])
    assert.ok(!asksForCamera({ ...asked, media }), media.join());
  for (const permission of ['geolocation', 'display-capture', 'clipboard-read'])
    assert.ok(!asksForCamera({ ...asked, permission }), permission);
});

test('what was dropped or chosen by hand is given, what a script made up is not', () => {
  const file = (path: string, webkitRelativePath = '') => ({ path, webkitRelativePath });
  const pathOf = ({ path }: ReturnType<typeof file>) => path;
  const drop = {
    isTrusted: true,
    target: null,
    dataTransfer: { files: [file('/data/faces'), file('/lists/people.csv'), file('')] },
  };
  assert.deepEqual(givenPaths(drop, pathOf), ['/data/faces', '/lists']);
  assert.deepEqual(givenPaths({ ...drop, isTrusted: false }, pathOf), []);
  const field = {
    isTrusted: true,
    target: { files: [file('/data/faces/s1/1.png', 'faces/s1/1.png'), file('/data/faces/s2/1.png', 'faces/s2/1.png')] },
  };
  assert.deepEqual(givenPaths(field, pathOf), ['/data/faces']);
  assert.deepEqual(givenPaths({ isTrusted: true, target: {} }, pathOf), []);
});

test('an experiment that is opened from elsewhere means the same faces, weights and pairs', () => {
  const text =
    '# mine\ndata: { source: ../faces } # near\nmodel:\n  weights: w.safetensors\nevaluation: { pairs: built }\n';
  const opened = withAbsolutePaths(text, '/home/me/plans');
  assert.deepEqual(parse(opened), {
    data: { source: '/home/me/faces' },
    model: { weights: '/home/me/plans/w.safetensors' },
    evaluation: { pairs: 'built' },
  });
  assert.match(opened, /# mine[^]*# near/);
  for (const same of ['data: { source: demo }\n', 'data: { source: /faces }\n', 'data: [', '7'])
    assert.equal(withAbsolutePaths(same, '/home'), same);
});

test('a window opens where it was, unless no screen is there any more', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  const at = (x: number, y: number) =>
    placeOfWindow({ bounds: { x, y, width: 1200, height: 800 }, maximized: false }, screens);
  assert.deepEqual(at(300, 50), { x: 300, y: 50, width: 1200, height: 800 });
  for (const [x, y] of [
    [2000, 50],
    [-1150, 50],
    [300, 1060],
    [300, -30],
  ] as const)
    assert.deepEqual(at(x, y), { width: 1440, height: 900 });
});

test('a window neither creeps by its frame nor grows by having been maximized, from start to start', async () => {
  const frame = { x: 1, y: 20 };
  /** A window of X11 as it comes to be: told where it was asked to be, then where its contents are. */
  const started = async (kept: WindowState, { shown = true } = {}) => {
    const asked = { ...placeOfWindow(kept, [{ x: 0, y: 0, width: 1920, height: 1080 }]) } as {
      x: number;
      y: number;
      width: number;
      height: number;
    };
    const events = new EventEmitter();
    const window = {
      at: asked,
      maximized: false,
      getBounds: () => window.at,
      isMaximized: () => window.maximized,
      isMinimized: () => false,
      isFullScreen: () => false,
      isDestroyed: () => false,
      on: events.on.bind(events),
    };
    const keep = followWindow(window as unknown as Parameters<typeof followWindow>[0], kept);
    if (kept.maximized) Object.assign(window, { maximized: true, at: { x: 0, y: 19, width: 1920, height: 1061 } });
    else window.at = { ...asked, x: asked.x + frame.x, y: asked.y + frame.y };
    events.emit('show');
    if (shown) await wait(350);
    return { window, keep };
  };
  const bounds = { x: 200, y: 100, width: 1100, height: 700 };
  const { window, keep } = await started({ bounds, maximized: false });
  assert.deepEqual(keep(), { bounds, maximized: false });
  window.at = { ...window.at, x: 231, y: 150 };
  assert.deepEqual(keep().bounds, { ...bounds, x: 230, y: 130 });
  assert.deepEqual((await started({ bounds, maximized: true })).keep(), { bounds, maximized: true });
  assert.deepEqual((await started({ bounds, maximized: false }, { shown: false })).keep().bounds, bounds);
});

test('a kept file survives its program, and a damaged one reads as the default', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-kept-'));
  const missing = { bounds: null, maximized: false };
  const file = keptFile(join(folder, 'deep', 'window.json'), windowStateSchema, missing);
  assert.deepEqual(file.read(), missing);
  file.write({ bounds: { x: 1, y: 2, width: 800, height: 600 }, maximized: true });
  assert.deepEqual(file.read(), { bounds: { x: 1, y: 2, width: 800, height: 600 }, maximized: true });
  for (const damage of ['{', '{"bounds":{"x":"1"},"maximized":true}', 'null']) {
    writeFileSync(join(folder, 'deep', 'window.json'), damage);
    assert.deepEqual(file.read(), missing);
  }
  rmSync(folder, { recursive: true });
});

test(
  'a start with a command is for the command line, and one with a file, an address or a workspace for the ' + 'window',
  () => {
    const switches = ['--no-sandbox', '--remote-debugging-port=0'];
    assert.deepEqual(commandLineIn(['--no-sandbox', '--workspace=/w', '--run', 'mine.yaml']), [
      '--workspace=/w',
      '--run',
      'mine.yaml',
    ]);
    for (const args of [
      ['doctor', '--json'],
      ['--run=mine.yaml'],
      ['--help'],
      ['--version'],
      ['--workspace', 'bench', 'runs', 'list'],
    ])
      assert.deepEqual(commandLineIn(args), args);
    for (const args of [
      [],
      ['/home/ann/arcbench'],
      ['.'],
      ['--workspace', 'bench'],
      ['--workspace=/w'],
      ['mine.arcbench.yaml'],
      ['file:///mine.arcbench.yaml'],
    ])
      assert.equal(commandLineIn([...switches, ...args]), null, args.join(' '));
  },
);

test('the taskbar shows the mean of the jobs that run', () => {
  const job = (state: Job['state'], progress: [number, number] | null) =>
    ({ state, progress: progress && { done: progress[0], total: progress[1], note: '' } }) as Job;
  assert.equal(taskbarProgress([]), -1);
  assert.equal(taskbarProgress([job('done', [1, 1]), job('queued', null)]), -1);
  assert.equal(taskbarProgress([job('running', null)]), 2);
  assert.equal(taskbarProgress([job('running', [1, 4]), job('running', [3, 4]), job('running', [0, 0])]), 0.5);
});

test("a command line names a workspace and an experiment among Chromium's switches", () => {
  assert.deepEqual(
    openedWith(['--no-sandbox', 'faces.arcbench.yaml', '--workspace=bench', '--inspect=0'], '/home/ann'),
    { workspace: '/home/ann/bench', experiment: '/home/ann/faces.arcbench.yaml' },
  );
  assert.equal(openedWith(['--workspace', 'bench', '--no-sandbox'], '/home/ann').workspace, '/home/ann/bench');
  assert.equal(openedWith(['--workspace'], '/home/ann').workspace, null);
  assert.deepEqual(openedWith(['.', 'notes.yaml', '--x.arcbench.yaml'], '/home/ann'), {
    workspace: null,
    experiment: null,
  });
});

test(
  "the workspace lies in the user's data folder wherever the app is started; a variable that is empty or " +
    'relative counts as not set',
  () => {
    const before = process.env['XDG_DATA_HOME'];
    const found: string[] = [];
    for (const value of ['', 'data', '/data']) {
      process.env['XDG_DATA_HOME'] = value;
      found.push(defaultWorkspace());
    }
    if (before === undefined) delete process.env['XDG_DATA_HOME'];
    else process.env['XDG_DATA_HOME'] = before;
    const own = join(homedir(), '.local', 'share', 'arcbench');
    assert.deepEqual(found, [own, own, '/data/arcbench']);
  },
);

test("a file's address on the command line is its path, and what only looks like one is taken as it is", () => {
  assert.equal(
    openedWith(['file:///home/ann/my%20faces.arcbench.yaml'], '/tmp').experiment,
    '/home/ann/my faces.arcbench.yaml',
  );
  assert.equal(
    openedWith(['file://elsewhere/%.arcbench.yaml'], '/tmp').experiment,
    '/tmp/file:/elsewhere/%.arcbench.yaml',
  );
});

test(
  'the app starts anew in another workspace or the same, without the experiment that it has opened, from an ' +
    'AppImage by its file',
  () => {
    const args = ['.', '--no-sandbox', '--workspace=/a', 'mine.arcbench.yaml'];
    assert.deepEqual(relaunchOptions({ args, env: {}, workspace: '/b', experiment: null }), {
      args: ['.', '--no-sandbox', '--workspace=/b'],
    });
    assert.deepEqual(
      relaunchOptions({ args: ['.', '--workspace', '/a'], env: {}, workspace: '/b', experiment: null }),
      {
        args: ['.', '--workspace=/b'],
      },
    );
    assert.deepEqual(relaunchOptions({ args, env: {}, workspace: null, experiment: null }), {
      args: ['.', '--no-sandbox', '--workspace=/a'],
    });
    assert.deepEqual(relaunchOptions({ args, env: {}, workspace: '/b', experiment: '/c/x.arcbench.yaml' }).args, [
      '.',
      '--no-sandbox',
      '--workspace=/b',
      '/c/x.arcbench.yaml',
    ]);
    assert.deepEqual(
      relaunchOptions({ args: [], env: { APPIMAGE: '/apps/ArcBench.AppImage' }, workspace: null, experiment: null }),
      { args: [], execPath: '/apps/ArcBench.AppImage' },
    );
  },
);

test('origins of our own scheme are told apart, where URL.origin says null', () => {
  assert.equal(originIn('arcbench://app/#/runs'), 'arcbench://app');
  assert.notEqual(originIn('arcbench://app.evil/'), 'arcbench://app');
  assert.equal(originIn('nonsense'), null);
});

test('the menus hold what a desktop app has, and no developer tools in a packaged one', () => {
  const heard: string[] = [];
  const actions = {
    openWorkspace: () => heard.push('workspace'),
    openRecent: (folder: string) => heard.push(folder),
    openExperiment: () => heard.push('experiment'),
    openRemote: () => heard.push('remote'),
    about: () => heard.push('about'),
  };
  const template = menuTemplate({ recent: ['/a & b'], actions, platform: 'linux', packaged: true });
  assert.ok(!JSON.stringify(template).includes('toggleDevTools'));
  assert.ok(
    JSON.stringify(menuTemplate({ recent: [], actions, platform: 'darwin', packaged: false })).includes(
      'toggleDevTools',
    ),
  );
  assert.ok(JSON.stringify(template).includes('"quit"') && JSON.stringify(template).includes('/a && b'));
  const file = template[0]?.submenu as { label?: string; click?: () => void; submenu?: { click: () => void }[] }[];
  for (const { click, submenu } of file) {
    click?.();
    submenu?.forEach((item) => item.click());
  }
  assert.deepEqual(heard, ['workspace', '/a & b', 'experiment', 'remote']);
  const help = (platform: NodeJS.Platform) =>
    menuTemplate({ recent: [], actions, platform, packaged: true }).at(-1)?.submenu as {
      role?: string;
      label?: string;
      click?: () => void;
    }[];
  assert.equal(help('darwin')[0]?.role, 'about');
  help('linux')[0]?.click?.();
  assert.equal(heard.at(-1), 'about');
});
