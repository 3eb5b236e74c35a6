import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { desktop, notHere, type Desktop, type StartedApp } from './startedApp.ts';
import { waitUntil } from '../waitUntil.ts';

// What the system asks the app to open, how it ends and how it starts itself anew; each test ends the app that it
// started.
const options = { skip: notHere, timeout: 90_000 };
let machine: Desktop;
let { app, page } = {} as StartedApp;
before(async () => {
  if (!notHere) machine = await desktop();
});
after(() => machine?.close());

type There = typeof globalThis & { asked: unknown; again: Electron.RelaunchOptions };
const experiment = (name: string) => {
  const folder = join(machine.folder, 'plans of Ann');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `name: ${name}\ndata: { source: ../faces }\n`);
  return join(folder, name);
};
const savedOf = (name: string) => `name: ${name}\ndata: { source: ${join(machine.folder, 'faces')} }\n`;
/** Waits until an experiment has come to the workbench, and the screen shows it. */
const shows = async (name: string) => {
  await waitUntil('the experiment to be saved', () => existsSync(join(machine.folder, 'saved')));
  assert.equal(readFileSync(join(machine.folder, 'saved'), 'utf8'), savedOf(name));
  await page.waitForURL('arcbench://app/#/experiment/new');
  rmSync(join(machine.folder, 'saved'));
  await page.evaluate('location.hash = "#/"');
};
const answerWith = (response: number) =>
  app.evaluate(({ dialog }, chosen) => {
    dialog.showMessageBox = async (...given: unknown[]) => {
      (globalThis as There).asked = given.at(-1);
      return { response: chosen, checkboxChecked: false };
    };
  }, response);
const save = (yaml: string) =>
  page.evaluate(
    `arcbench.request({ id: 1, call: 'experiments.save', input: { id: null, yaml: ${JSON.stringify(yaml)} } })`,
  );
/** Quits the app; its exit code, or the signal that ended it. */
const quit = async (): Promise<number | NodeJS.Signals> => {
  const ended = once(app.process(), 'exit');
  await app.evaluate(({ app }) => {
    setImmediate(() => app.quit());
  });
  const [code, signal] = (await ended) as [number, null] | [null, NodeJS.Signals];
  return code ?? signal;
};
const opened = () =>
  readFileSync(join(machine.folder, 'opened'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const at = line.indexOf(' ');
      return { app: Number(line.slice(0, at)), workspace: line.slice(at + 1) };
    });

test(
  'an experiment on the command line is opened when the window is there, and its faces are those beside it',
  options,
  async () => {
    experiment('first.arcbench.yaml');
    ({ app, page } = await machine.start(join('plans of Ann', 'first.arcbench.yaml')));
    await shows('first.arcbench.yaml');
  },
);

test('macOS tells a double click by an event, which is kept from its own doing', options, async () => {
  const prevented = await app.evaluate(({ app }, path) => {
    let kept = false;
    app.emit(
      'open-file',
      {
        preventDefault: () => {
          kept = true;
        },
      },
      path,
    );
    return kept;
  }, experiment('second.arcbench.yaml'));
  assert.ok(prevented);
  await shows('second.arcbench.yaml');
});

test("a double click on Linux starts a second app with the file's address: the first opens it", options, async () => {
  assert.equal(machine.startSecond(pathToFileURL(experiment('third.arcbench.yaml')).href), 0);
  await shows('third.arcbench.yaml');
  assert.equal(opened().length, 1, 'the second opened a workbench too');
});

test('an experiment that cannot be read is named', options, async () => {
  await answerWith(0);
  await app.evaluate(
    ({ app }, path) => app.emit('open-file', { preventDefault: () => {} }, path),
    join(machine.folder, 'none.arcbench.yaml'),
  );
  await waitUntil('the question', () => app.evaluate(() => 'asked' in globalThis));
  assert.match(
    JSON.stringify(await app.evaluate(() => (globalThis as There).asked)),
    /none\.arcbench\.yaml could not be opened.*cannot be read/,
  );
});

test('a reload and a crash of the screens stop nothing that runs: they come back and hear of it', options, async () => {
  await save('start');
  const inPage = (script: string) =>
    app.evaluate(
      ({ BrowserWindow }, text) =>
        BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(text) as Promise<unknown>,
      script,
    );
  const isWhole = () =>
    inPage('document.querySelector("main").textContent.includes("pictures")').catch(() => false) as Promise<boolean>;
  const hears = () =>
    inPage(
      'new Promise((resolve) => { arcbench.onEvent(({ payload }) => resolve(payload.state)); ' +
        'arcbench.request({ id: 1, call: "experiments.save", input: { id: null, yaml: "start" } }); })',
    );
  await inPage('document.querySelector("main").textContent = ""');
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.reload());
  await waitUntil('the window that was reloaded to show its screen', isWhole);
  assert.equal(await hears(), 'running');
  const gone = app.evaluate(
    ({ BrowserWindow }) =>
      new Promise((resolve) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        contents?.once('render-process-gone', (_event, { reason }) => resolve(reason));
        contents?.forcefullyCrashRenderer();
      }),
  );
  assert.match(String(await gone), /crashed|killed/);
  await waitUntil('the window that was reloaded to show its screen', isWhole);
  assert.equal(await hears(), 'running');
  assert.equal(opened().length, 1, 'another workbench was started');
  await answerWith(0);
  assert.equal(await quit(), 0);
  assert.equal(readFileSync(join(machine.workspace, 'closed'), 'utf8'), 'checkpoint saved');
  rmSync(join(machine.workspace, 'closed'));
  ({ app, page } = await machine.start());
});

test(
  'another start in another workspace asks before this one is left for it, with the experiment that it brings',
  options,
  async () => {
    const startElsewhere = () =>
      app.evaluate(({ app }, folder) => {
        delete (globalThis as { asked?: unknown }).asked;
        app.relaunch = (again) => {
          (globalThis as There).again = again ?? {};
        };
        app.emit('second-instance', {}, [], folder, ['.', '--workspace', 'elsewhere', 'fifth.arcbench.yaml']);
      }, machine.folder);
    await answerWith(1);
    await startElsewhere();
    await waitUntil('the question', () => app.evaluate(() => 'asked' in globalThis));
    assert.match(
      JSON.stringify(await app.evaluate(() => (globalThis as There).asked)),
      new RegExp(`Open the workspace ${join(machine.folder, 'elsewhere')}.*This window shows ${machine.workspace}`),
    );
    assert.ok(!existsSync(join(machine.workspace, 'closed')));
    await answerWith(0);
    await app.evaluate(({ app }) => {
      app.exit = () => {};
    });
    await startElsewhere();
    await waitUntil('the workbench to close', () => existsSync(join(machine.workspace, 'closed')));
    await waitUntil('the second question', () => app.evaluate(() => 'again' in globalThis));
    const { args } = await app.evaluate(() => (globalThis as There).again);
    assert.deepEqual(
      args?.filter((argument) => !argument.startsWith('--') || argument.startsWith('--workspace')).slice(-2),
      [`--workspace=${join(machine.folder, 'elsewhere')}`, join(machine.folder, 'fifth.arcbench.yaml')],
    );
    rmSync(join(machine.workspace, 'closed'));
    const ended = once(app.process(), 'exit');
    app.process().kill('SIGKILL');
    await ended;
    ({ app, page } = await machine.start());
  },
);

test('quitting asks while something runs, goes on if told so, and else saves a checkpoint', options, async () => {
  await save('start');
  await answerWith(1);
  await app.evaluate(({ app }) => {
    delete (globalThis as { asked?: unknown }).asked;
    app.quit();
  });
  await waitUntil('the question', () => app.evaluate(() => 'asked' in globalThis));
  assert.match(JSON.stringify(await app.evaluate(() => (globalThis as There).asked)), /still running.*Save and Quit/);
  assert.ok(
    await page.evaluate(
      `arcbench.request({ id: 1, call: 'files.list', input: { path: null } }).then((answer) => 'result' in answer)`,
    ),
    'it quit although it was told to keep running',
  );
  assert.ok(!existsSync(join(machine.workspace, 'closed')));
  await answerWith(0);
  assert.equal(await quit(), 0);
  assert.equal(readFileSync(join(machine.workspace, 'closed'), 'utf8'), 'checkpoint saved');
});

test(
  'an app whose workbench died starts again in the same workspace, and does not open its experiment twice',
  options,
  async () => {
    ({ app, page } = await machine.start(experiment('fourth.arcbench.yaml')));
    await shows('fourth.arcbench.yaml');
    const before = opened();
    await answerWith(0);
    await app.evaluate(
      (_electron, starter) => {
        process.env['ARCBENCH_STAND_IN_STARTER'] = starter;
      },
      join(machine.folder, 'starter.cjs'),
    ); // no debugger waits for the next one
    const ended = once(app.process(), 'exit');
    await save('die').catch(() => {});
    await ended;
    await waitUntil('the app that starts itself again', () => opened().length > before.length);
    const again = opened().at(-1);
    assert.equal(again?.workspace, machine.workspace);
    assert.notEqual(again?.app, before.at(-1)?.app);
    rmSync(join(machine.workspace, 'closed'));
    process.kill(again?.app as number, 'SIGTERM');
    await waitUntil('the workbench to close', () => existsSync(join(machine.workspace, 'closed')));
    assert.ok(!existsSync(join(machine.folder, 'saved')));
  },
);
