import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { randomStream } from '../../src-shared/maths/random.ts';
import { secret } from '../serve/folderWorkbench.ts';
import { mutatedMessage } from '../serve/mutatedMessage.ts';
import { withServedFolder } from '../serve/servedFolder.ts';
import { desktop, notHere, type Desktop, type StartedApp } from './startedApp.ts';
import { waitUntil } from '../waitUntil.ts';

const options = { skip: notHere, timeout: 90_000 };
let machine: Desktop;
let { app, page } = {} as StartedApp;
before(async () => {
  if (notHere) return;
  machine = await desktop();
  ({ app, page } = await machine.start());
});
after(() => machine?.close());

type Answer = { id: number; result?: unknown; fault?: { code: string; message: string } };
/** What is in the page and in the app's process while a function of a test runs there. */
type There = typeof globalThis & {
  readonly arcbench: {
    request(message: unknown): Promise<Answer>;
    onEvent(listener: (event: { event: string }) => void): () => void;
  };
  bars: number[];
  notes: [string, string][];
  looking: boolean;
  shows: number;
  closing: AbortController;
  asked: unknown;
};
const request = (call: string, input: unknown) =>
  page.evaluate((message) => (globalThis as There).arcbench.request(message), { id: 1, call, input });
const save = (yaml: string) => request('experiments.save', { id: null, yaml });

test('the window shows the screens, and its workbench in another process answers', options, async () => {
  assert.equal(page.url(), 'arcbench://app/');
  assert.equal(await page.textContent('main'), 'pictures');
  assert.deepEqual(await request('runs.show', { id: 'r' }), {
    id: 1,
    fault: { code: 'wrong-input', message: 'There is no run r.' },
  });
  const fault = JSON.stringify(await request('runs.list', {}));
  assert.ok(fault.includes('fault of the program') && !fault.includes(machine.folder) && !fault.includes(secret));
});

test('events reach the window until it stops listening, and show on the taskbar', options, async () => {
  await app.evaluate(({ BrowserWindow }) => {
    const [shown] = BrowserWindow.getAllWindows();
    (globalThis as There).bars = [];
    if (shown)
      shown.setProgressBar = (share: number) => {
        (globalThis as There).bars.push(share);
      };
  });
  const heard = page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const stop = (globalThis as There).arcbench.onEvent(({ event }) => {
          stop();
          resolve(event);
        });
      }),
  );
  await save('start');
  assert.equal(await heard, 'job');
  await save('end');
  await waitUntil('two progress bars', async () => (await app.evaluate(() => (globalThis as There).bars)).length === 2);
  assert.deepEqual(await app.evaluate(() => (globalThis as There).bars), [0.25, -1]);
});

test(
  'a run that ends while the user looks elsewhere is told once, with its fault, and a click shows the window',
  options,
  async () => {
    await app.evaluate(({ BrowserWindow, Notification }) => {
      const there = globalThis as There;
      const [shown] = BrowserWindow.getAllWindows();
      there.notes = [];
      Notification.isSupported = () => true;
      const { on } = Notification.prototype;
      // No desktop runs here to show a notification, and each has a function `show` of its own: it is replaced where
      // the app begins to listen.
      Notification.prototype.on = function (this: Electron.Notification, ...given: Parameters<typeof on>) {
        this.show = () => {
          there.notes.push([this.title, this.body]);
          this.emit('click');
        };
        return on.apply(this, given);
      } as typeof on;
      if (shown) {
        there.shows = 0;
        shown.isFocused = () => there.looking;
        shown.show = () => {
          there.shows += 1;
        };
      }
    });
    const told = async (looking: boolean, ...jobs: string[]) => {
      await app.evaluate((_electron, now) => {
        (globalThis as There).looking = now;
      }, looking);
      for (const job of jobs) await save(job);
      await wait(200);
      return await app.evaluate(() => (globalThis as There).notes.splice(0));
    };
    assert.deepEqual(await told(true, 'start', 'end'), []);
    assert.deepEqual(await told(false, 'start', 'end', 'end'), [['Demo is done', 'Its report is written.']]);
    assert.deepEqual(await told(false, 'start', 'fail'), [['Demo failed', 'The loss is not a number.']]);
    assert.equal(await app.evaluate(() => (globalThis as There).shows), 2);
  },
);

test(
  "a folder that is dropped on the window is opened to the workbench by its path, and a script's drop is not",
  options,
  async () => {
    const faces = join(machine.folder, 'faces to drop');
    mkdirSync(join(faces, 's1'), { recursive: true });
    writeFileSync(join(faces, 's1', '1.png'), '');
    const opened = page.evaluate(`new Promise((resolve) => {
    const given = [];
    arcbench.onEvent(({ payload }) => given.push(payload));
    addEventListener('dragover', (event) => event.preventDefault());
    addEventListener('drop', (event) => {
      event.preventDefault();
      // As the screens do (src-renderer/client/droppedFiles.ts): they learn the folder's path from a file in it.
      const dropped = event.dataTransfer.items[0].webkitGetAsEntry()?.createReader();
      dropped?.readEntries(([person]) => person.createReader().readEntries(([face]) => face.file((file) => {
        setTimeout(() => resolve({ given, inside: arcbench.pathOf(file) }), 200);
      })));
    });
    const transfer = new DataTransfer();
    transfer.items.add(new File(['x'], 'made up'));
    document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }));
  })`);
    const devTools = await page.context().newCDPSession(page);
    // Chromium's own drag, as from a file manager: the page gets a trusted event whose files have paths.
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await devTools.send('Input.dispatchDragEvent', {
        type,
        x: 300,
        y: 300,
        data: { items: [], files: [faces], dragOperationsMask: 1 },
      });
    assert.deepEqual(await opened, { given: [{ id: faces }], inside: join(faces, 's1', '1.png') });
  },
);

test('10,000 mutated messages through the bridge: each is answered, none tells a path or trace', options, async () => {
  const random = randomStream(4, 'mutated messages of the window');
  const messages = Array.from({ length: 10_000 }, (_, index) => mutatedMessage(random, index));
  let results = 0;
  for (let at = 0; at < messages.length; at += 500) {
    const answers = (await page.evaluate(
      (texts) =>
        Promise.all(
          texts.map((text) => {
            let message: unknown = text;
            try {
              message = JSON.parse(text);
            } catch {
              /* a string is a message too */
            }
            return (globalThis as There).arcbench
              .request(message)
              .catch((error: Error) => ({ id: -2, fault: { code: 'rejected', message: error.message } }));
          }),
        ),
      messages.slice(at, at + 500),
    )) as Answer[];
    assert.equal(answers.length, 500);
    for (const answer of answers) {
      const text = JSON.stringify(answer);
      if ('result' in answer) results += 1;
      else
        assert.ok(
          answer.fault !== undefined &&
            answer.fault.code !== 'rejected' &&
            text.length < 500 &&
            !text.includes(machine.folder) &&
            !text.includes(secret) &&
            !/\bat .*:\d+|node:|\.ts\b/.test(text),
          text,
        );
    }
  }
  assert.ok(results > 100, `only ${results} results`);
  assert.ok('result' in (await request('files.list', { path: null })));
});

test('a remote workbench is asked for, refused in a sentence, opened in a session of its own, and used', options, () =>
  withServedFolder(async ({ address, open, token, host, workbench, folder }) => {
    const page = new URL('/', open).href; // the name that the cookie is bound to
    writeFileSync(
      join(folder, 'renderer', 'assets', 'main.js'),
      `
    const socket = new WebSocket(new URL('api', document.baseURI).href.replace(/^http/, 'ws'));
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, call: 'files.list', input: { path: null } }));
    socket.onmessage = ({ data }) => {
      document.body.append(JSON.parse(data).result.entries.map(({ name }) => name).join(' '));
    };`,
    );
    const asks = app.waitForEvent('window');
    await app.evaluate(({ Menu }) => {
      Menu.getApplicationMenu()
        ?.items.flatMap((item) => item.submenu?.items ?? [])
        .find(({ label }) => label.startsWith('Open Remote'))
        ?.click();
    });
    const form = await asks;
    await form.fill('input[name=address]', address);
    await form.click('button');
    assert.match((await form.textContent('[role=alert]')) ?? '', /token is missing/);
    await form.fill('input[name=address]', `${address}?token=${'x'.repeat(43)}`);
    await form.click('button');
    await form.locator('[role=alert]', { hasText: 'does not take this token' }).waitFor();
    assert.equal(await form.inputValue('input[name=address]'), `${address}?token=${'x'.repeat(43)}`);
    await form.fill('input[name=address]', `${address}?token=${token}`);
    const opens = app.waitForEvent('window');
    await form.click('button');
    const remote = await opens;
    // a function waited for would be compiled in the page, which its policy forbids
    await remote.locator('body', { hasText: 'pictures reports' }).waitFor({ state: 'attached' });
    assert.equal(remote.url(), page, 'the token left the address');
    assert.equal(workbench.listeners.size, 1);
    assert.deepEqual(await remote.evaluate('["arcbench" in window, "require" in window, document.cookie]'), [
      false,
      false,
      '',
    ]);
    const own = await app.evaluate(({ BrowserWindow, session }) =>
      BrowserWindow.getAllWindows().map(({ webContents }) => webContents.session === session.defaultSession),
    );
    assert.deepEqual(own.sort(), [false, true]);
    assert.match(
      await app.evaluate(
        ({ BrowserWindow }, at) =>
          BrowserWindow.getAllWindows()
            .find((shown) => shown.webContents.getURL() === at)
            ?.getTitle() ?? '',
        page,
      ),
      new RegExp(`at ${host}$`),
    );
    for (const target of ['https://example.com/', 'arcbench://app/', 'file:///etc/passwd']) {
      await remote.evaluate(`location.href = ${JSON.stringify(target)}`).catch(() => {});
      await wait(100);
      assert.equal(remote.url(), page, target);
    }
    assert.equal(
      await remote.evaluate(() =>
        fetch('arcbench://app/').then(
          () => 'read',
          () => 'refused',
        ),
      ),
      'refused',
    );
    assert.equal(await remote.evaluate('window.open("about:blank")'), null);
    assert.equal(await remote.evaluate('Notification.requestPermission()'), 'denied');
    await app.evaluate(({ dialog }) => {
      dialog.showMessageBox = async (...given: unknown[]) => {
        (globalThis as There).asked = given.at(-1);
        return { response: 1, checkboxChecked: false };
      };
    });
    await app.evaluate(
      ({ BrowserWindow }, at) =>
        BrowserWindow.getAllWindows()
          .find((shown) => shown.webContents.getURL() === at)
          ?.webContents.session.setProxy({ proxyRules: 'http://127.0.0.1:9', proxyBypassRules: '<-loopback>' }),
      page,
    );
    const gone = remote.waitForEvent('close');
    await app.evaluate(
      ({ BrowserWindow }, at) =>
        BrowserWindow.getAllWindows()
          .find((shown) => shown.webContents.getURL() === at)
          ?.reload(),
      page,
    );
    await gone;
    assert.match(
      JSON.stringify(await app.evaluate(() => (globalThis as There).asked)),
      /cannot be reached.*still runs there.*Try Again/,
    );
    await app.evaluate(() => {
      delete (globalThis as { asked?: unknown }).asked;
    });
    await waitUntil('the window that closed to stop listening', () => workbench.listeners.size === 0);
  }),
);

test('a second start hands its experiment to the first and ends', options, async () => {
  writeFileSync(join(machine.folder, 'mine.arcbench.yaml'), 'name: Mine');
  assert.equal(machine.startSecond('mine.arcbench.yaml'), 0);
  await page.waitForURL('arcbench://app/#/experiment/new');
});

test("About tells the version with the icon, and does not block the window's process", options, async () => {
  await app.evaluate(({ dialog, Menu }) => {
    const show = dialog.showMessageBox.bind(dialog) as (
      window: Electron.BrowserWindow,
      options: Electron.MessageBoxOptions,
    ) => Promise<Electron.MessageBoxReturnValue>;
    const there = globalThis as There;
    there.closing = new AbortController();
    dialog.showMessageBox = (...given: unknown[]) => {
      there.asked = given.at(-1);
      return show(given[0] as Electron.BrowserWindow, {
        ...(given[1] as Electron.MessageBoxOptions),
        signal: there.closing.signal,
      });
    };
    Menu.getApplicationMenu()
      ?.items.flatMap((item) => item.submenu?.items ?? [])
      .find(({ label }) => label.startsWith('About'))
      ?.click();
  });
  await waitUntil('the question', () => app.evaluate(() => 'asked' in globalThis));
  const { message, icon } = await app.evaluate(() => (globalThis as There).asked as { message: string; icon: string });
  assert.match(message, /^ArcBench \d/);
  assert.ok(existsSync(icon));
  assert.ok('result' in (await request('files.list', { path: null })));
  await app.evaluate(() => {
    (globalThis as There).closing.abort();
    delete (globalThis as { asked?: unknown }).asked;
  });
});

test('a remote workbench that is not there is named', options, async () => {
  const asks = app.waitForEvent('window');
  await app.evaluate(({ Menu }) => {
    Menu.getApplicationMenu()
      ?.items.flatMap((item) => item.submenu?.items ?? [])
      .find(({ label }) => label.startsWith('Open Remote'))
      ?.click();
  });
  const form = await asks;
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await form.fill('input[name=address]', `http://127.0.0.1:${port}/?token=x`);
  await form.click('button');
  await form.locator('[role=alert]').waitFor();
  assert.match(
    (await form.textContent('[role=alert]')) ?? '',
    /127\.0\.0\.1:\d+ cannot be reached.*ERR_CONNECTION_REFUSED/,
  );
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()
      .find((shown) => shown.webContents.getURL().startsWith('arcbench://connect'))
      ?.webContents.sendInputEvent({ type: 'keyDown', keyCode: 'Escape' }),
  );
  await waitUntil(
    'one window',
    async () => (await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)) === 1,
  );
});

test(
  'closing while something runs asks, and goes on or saves a checkpoint; the window comes back where it was',
  options,
  async () => {
    const answerWith = (response: number) =>
      app.evaluate(({ dialog }, chosen) => {
        dialog.showMessageBox = async (...given: unknown[]) => {
          (globalThis as There).asked = given.at(-1);
          return { response: chosen, checkboxChecked: false };
        };
      }, response);
    await save('start');
    await answerWith(1);
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await waitUntil('the question before closing', async () =>
      /still running.*Save and Quit/.test(JSON.stringify(await app.evaluate(() => (globalThis as There).asked)) ?? ''),
    );
    await wait(200);
    assert.ok(
      'result' in (await request('files.list', { path: null })),
      'it closed although it was told to keep running',
    );
    await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.setBounds({ x: 120, y: 90, width: 1200, height: 800 }),
    );
    await wait(200);
    await answerWith(0);
    const closed = once(app.process(), 'exit'); // the next start needs the lock that it holds until then
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await closed;
    assert.equal(readFileSync(join(machine.workspace, 'closed'), 'utf8'), 'checkpoint saved');
    ({ app, page } = await machine.start());
    assert.deepEqual(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds()), {
      x: 120,
      y: 90,
      width: 1200,
      height: 800,
    });
    assert.ok(existsSync(join(machine.folder, 'config', 'ArcBench', 'recentWorkspaces.json')));
  },
);

test('a workbench that dies is told, and the window outlives it', options, async () => {
  await app.evaluate(({ dialog }) => {
    dialog.showMessageBox = (...given: unknown[]) => {
      (globalThis as There).asked = given.at(-1);
      return new Promise(() => {});
    };
  });
  const { fault } = await save('die');
  assert.match(fault?.message ?? '', /ended before it answered/);
  await waitUntil('the question', () => app.evaluate(() => 'asked' in globalThis));
  assert.match(
    JSON.stringify(await app.evaluate(() => (globalThis as There).asked)),
    /ended unexpectedly.*resumed on Live, from their last checkpoint.*Start Again/,
  );
  assert.match((await request('files.list', { path: null })).fault?.message ?? '', /has ended/);
});
