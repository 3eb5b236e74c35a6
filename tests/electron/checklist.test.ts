import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { desktop, notHere, type Desktop, type StartedApp } from './startedApp.ts';

// The points of Electron's security checklist (docs/latest/tutorial/security), in its order, on the window as it runs.
const options = { skip: notHere, timeout: 60_000 };
const root = fileURLToPath(new URL('../..', import.meta.url));
const door = join(root, 'src-main', 'doors', 'electron');
const sources = readdirSync(door)
  .map((name) => readFileSync(join(door, name), 'utf8'))
  .join('\n');
let machine: Desktop;
let { app, page } = {} as StartedApp;
let preferences: Record<string, unknown> = {};
before(async () => {
  if (notHere) return;
  machine = await desktop();
  ({ app, page } = await machine.start());
  preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>;
    };
    return JSON.parse(JSON.stringify(contents.getLastWebPreferences()));
  });
});
after(() => machine?.close());

/** Runs a script in the page and answers its value, or what it threw. */
const inPage = (script: string) =>
  page.evaluate<unknown>(
    `(async () => { try { return await (${script}); } catch (error) { return 'refused: ' + error; } })()`,
  );
const refused = async (script: string) => assert.match(String(await inPage(script)), /^refused/, script);
const windows = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

test('1: only secure content is loaded', options, async () => {
  for (const address of ['http://127.0.0.1:9/', 'https://example.com/', 'ws://127.0.0.1:9/', 'file:///etc/passwd'])
    await refused(`fetch('${address}')`);
  assert.equal(await inPage('isSecureContext'), true);
  assert.equal(
    await inPage(
      `new Promise((resolve) => { document.addEventListener('securitypolicyviolation', (event) => ` +
        'resolve(event.effectiveDirective)); const image = new Image(); image.src = ' +
        `'http://127.0.0.1:9/x.png'; })`,
    ),
    'img-src',
  );
});

test('2: no page has Node', options, async () => {
  assert.ok(
    !preferences['nodeIntegration'] &&
      !preferences['nodeIntegrationInWorker'] &&
      !preferences['nodeIntegrationInSubFrames'],
  );
  assert.deepEqual(
    await inPage(
      '["require", "process", "module", "Buffer", "global", "__dirname"].filter((name) => name in globalThis)',
    ),
    [],
  );
});

test('3: the preload has a context of its own', options, async () => {
  assert.equal(preferences['contextIsolation'], true);
  await refused('arcbench.request.constructor("return process")()');
  assert.equal(
    await inPage(
      '(() => { try { arcbench.request = () => "mine"; } catch {} return ' +
        'arcbench.request.toString().includes("mine"); })()',
    ),
    false,
  );
});

test('4: every process of a page is sandboxed', options, () => {
  assert.equal(preferences['sandbox'], true);
  assert.match(sources, /app\.enableSandbox\(\)/);
});

test('5: permissions are denied, and devices', options, async () => {
  assert.equal(await inPage('Notification.requestPermission()'), 'denied');
  await refused(
    'new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, ({ message }) => ' +
      'reject(message)))',
  );
  for (const asked of ['{ audio: true }', '{ video: true }'])
    await refused(`navigator.mediaDevices.getUserMedia(${asked})`);
  for (const name of ['geolocation', 'notifications', 'camera', 'microphone', 'midi', 'persistent-storage'])
    assert.notEqual(
      await inPage(`navigator.permissions.query({ name: '${name}' }).then(({ state }) => state)`),
      'granted',
      name,
    );
  const answers = await app.evaluate(async ({ session }) => ({ asked: session.defaultSession.isPersistent() }));
  assert.equal(answers.asked, true);
  await refused('document.body.requestPointerLock().then(() => document.pointerLockElement.tagName)');
});

test('6: the same-origin policy holds', options, async () => {
  assert.equal(preferences['webSecurity'], true);
  await refused('fetch("arcbench://connect/").then((answer) => answer.text())');
});

test('7: a content security policy without inline or evaluated scripts', options, async () => {
  const policy = (await inPage(
    'fetch("arcbench://app/").then(({ headers }) => headers.get("content-security-policy"))',
  )) as string;
  assert.match(policy, /default-src 'none'; script-src 'self';/);
  assert.equal(await inPage('document.title'), 'Datasets', 'the inline script of the page ran');
  assert.deepEqual(await inPage('evaluated'), ['refused', 'refused'], "the page's own script evaluated text");
  assert.equal(
    await inPage(
      `new Promise((resolve) => { document.addEventListener('securitypolicyviolation', (event) => ` +
        `resolve(event.effectiveDirective), { once: true }); const script = document.createElement('script'); ` +
        `script.textContent = 'document.title = "run"'; document.body.append(script); })`,
    ),
    'script-src-elem',
  );
});

test('8: insecure content is not allowed to run', options, () =>
  assert.equal(preferences['allowRunningInsecureContent'], false),
);
test('9: experimental features are off', options, () => assert.equal(preferences['experimentalFeatures'], false));
test('10: no Blink feature is switched on', options, () =>
  assert.ok(!preferences['enableBlinkFeatures'] && !sources.includes('enableBlinkFeatures')),
);
test('11: no webview allows popups', () => assert.ok(!/allowpopups/i.test(sources)));

test('12: a webview never comes to be, not even in a window that allows them', options, async () => {
  assert.equal(preferences['webviewTag'], false);
  const kinds = await app.evaluate(async ({ BrowserWindow, webContents }) => {
    const other = new BrowserWindow({ show: false, webPreferences: { webviewTag: true } });
    await other.loadURL('data:text/html,<webview src="data:text/html,guest"></webview>');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const found = webContents.getAllWebContents().map((contents) => contents.getType());
    other.destroy();
    return found;
  });
  assert.ok(!kinds.includes('webview'), kinds.join());
});

test('13: a window leaves its own origin by no way', options, async () => {
  for (const address of [
    'https://example.com/',
    'http://127.0.0.1:9/',
    'file:///etc/passwd',
    'data:text/html,x',
    'arcbench://connect/',
    'arcbench://app.evil/',
    'javascript:document.title="x"',
  ]) {
    await inPage(`(location.href = ${JSON.stringify(address)}, 0)`);
    await wait(100);
    assert.equal(page.url(), 'arcbench://app/', address);
  }
  assert.equal(await inPage('document.title'), 'Datasets');
  assert.equal(
    await inPage(
      `new Promise((resolve) => { document.addEventListener('securitypolicyviolation', (event) => ` +
        `resolve(event.effectiveDirective), { once: true }); const frame = document.createElement('iframe'); ` +
        `frame.src = 'https://example.com/'; document.body.append(frame); })`,
    ),
    'frame-src',
  );
});

test('14: no page opens a window', options, async () => {
  for (const address of ['', 'about:blank', 'arcbench://app/', 'https://example.com/', 'file:///etc/passwd'])
    assert.equal(await inPage(`window.open(${JSON.stringify(address)})`), null, address);
  await inPage(
    `(() => { const link = document.createElement('a'); link.href = 'arcbench://app/'; link.target = ` +
      `'_blank'; document.body.append(link); link.click(); })()`,
  );
  await wait(200);
  assert.equal(await windows(), 1);
});

test("15: only a paper is handed to the system's browser", options, async () => {
  await app.evaluate(({ shell }) => {
    (globalThis as { opened?: string[] }).opened = [];
    shell.openExternal = async (address: string) => {
      (globalThis as { opened?: string[] }).opened?.push(address);
    };
  });
  for (const address of [
    'https://example.com/',
    'file:///etc/passwd',
    'smb://host/share',
    'https://arxiv.org.evil.example/abs/1',
    'https://arxiv.org@evil.example/abs/1',
    'http://arxiv.org/abs/1801.07698',
    'https://arxiv.org/abs/1801.07698?x=%00',
    'https://arxiv.org/abs/1801.07698',
  ])
    await inPage(`window.open(${JSON.stringify(address)})`);
  assert.deepEqual(await app.evaluate(() => (globalThis as { opened?: string[] }).opened), [
    'https://arxiv.org/abs/1801.07698',
  ]);
});

test('16: the Electron that is shipped is a current one, and the stand-in of the tests never is', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  assert.ok(Number(/\d+/.exec(devDependencies['electron'] ?? '')?.[0]) >= 41);
  assert.ok(!readFileSync(join(root, 'electron-builder.yml'), 'utf8').includes('22.3'));
});

test('17: a call from another origin, or from a frame, is refused', options, async () => {
  const answer = await app.evaluate(
    async ({ BrowserWindow }, preload) => {
      const other = new BrowserWindow({
        show: false,
        webPreferences: { preload, sandbox: true, contextIsolation: true },
      });
      await other.loadURL('arcbench://connect/');
      const said = (await other.webContents.executeJavaScript(
        'arcbench.request({ id: 1, call: "files.list", input: { path: null } }).then(JSON.stringify, (error) ' +
          '=> error.message)',
      )) as string;
      await other.loadURL('arcbench://app/');
      const second = (await other.webContents.executeJavaScript(
        'arcbench.request({ id: 1, call: "files.list", input: { path: null } }).then(JSON.stringify, (error) ' +
          '=> error.message)',
      )) as string;
      other.destroy();
      return [said, second];
    },
    join(machine.folder, 'app', 'dist', 'electron', 'preload.cjs'),
  );
  for (const said of answer) assert.match(said, /Only the workbench's own page may call it/);
  assert.equal(
    await inPage(
      `(() => { const frame = document.createElement('iframe'); document.body.append(frame); return ` +
        `'arcbench' in frame.contentWindow; })()`,
    ),
    false,
  );
});

test(
  '18: pages come from a scheme of our own, never from file:, and no address leads out of its folder',
  options,
  async () => {
    assert.equal(await inPage('location.protocol'), 'arcbench:');
    assert.ok(!/loadFile\(|file:\/\//.test(sources));
    for (const path of [
      '../package.json',
      '..%2fpackage.json',
      '%2e%2e/package.json',
      '..%5cpackage.json',
      'assets/..%2f..%2f..%2fpackage.json',
      '%2fetc%2fpasswd',
      'pictures/..%2f..%2fapp%2fpackage.json',
      'reports/%2e%2e/x',
      'nothing',
    ]) {
      assert.deepEqual(
        await inPage(
          `fetch("arcbench://app/${path}").then(async (answer) => [answer.status, (await ` +
            `answer.text()).includes('module')])`,
        ),
        [404, false],
        path,
      );
    }
    assert.equal(
      await inPage('fetch("arcbench://app/", { method: "POST", body: "x" }).then(({ status }) => status)'),
      405,
    );
    assert.deepEqual(
      await inPage(
        'fetch("arcbench://app/pictures/face/abc/0").then(({ status, headers }) => [status, ' +
          'headers.get("content-type"), headers.get("content-security-policy").endsWith("sandbox"), ' +
          'headers.get("x-content-type-options")])',
      ),
      [200, 'image/svg+xml', true, 'nosniff'],
    );
  },
);

test('19: the fuses of the shipped app are set', () => {
  const { electronFuses } = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
    electronFuses: Record<string, boolean>;
  };
  assert.deepEqual(electronFuses, {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
  assert.ok(!/\bfork\(/.test(sources), "with runAsNode off, Electron's fork throws");
});

test('20: a page gets three functions and nothing of Electron', options, async () => {
  assert.deepEqual(await inPage('Object.entries(arcbench).map(([name, value]) => [name, typeof value])'), [
    ['request', 'function'],
    ['onEvent', 'function'],
    ['pathOf', 'function'],
  ]);
  const heard = inPage(
    'new Promise((resolve) => { arcbench.onEvent((...given) => resolve(given.map((value) => ' +
      'Object.keys(value)))); arcbench.request({ id: 1, call: "experiments.save", input: { id: null, yaml: ' +
      '"start" } }); })',
  );
  assert.deepEqual(await heard, [['event', 'payload']]);
});
