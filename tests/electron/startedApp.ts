import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { standInElectron, starter, temporaryFolder, virtualScreen } from './standIn.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const electron = standInElectron();
/**
 * Playwright's own, which makes an app wait until its debugger is attached. Playwright gives it to Electron's default
 * app alone: without it a window that came to be while it attached hung the launch, now and then, under load.
 */
const loader = join(root, 'node_modules', 'playwright-core', 'lib', 'server', 'electron', 'loader.js');

/** False where the app can be started here, else why not. */
export const notHere = 'reason' in electron ? electron.reason : false;

export interface StartedApp {
  readonly app: ElectronApplication;
  readonly page: Page;
}
export interface Desktop {
  readonly folder: string;
  readonly workspace: string;
  start(...args: string[]): Promise<StartedApp>;
  /** Starts the app beside another; resolves with its exit code. */
  startSecond(...args: string[]): number;
  close(): Promise<void>;
}

/**
 * A screen and the built app of this tree, with the workbench of a folder and screens of one page in the place of the
 * real ones, unless those are asked for.
 */
export async function desktop({ real = false } = {}): Promise<Desktop> {
  if ('reason' in electron) throw new Error(electron.reason);
  const { executable } = electron;
  const folder = temporaryFolder();
  const app = join(folder, 'app');
  const workspace = join(folder, 'workspace');
  for (const path of [join(app, 'dist'), workspace]) mkdirSync(path, { recursive: true });
  execFileSync(process.execPath, [join(root, 'scripts', 'buildDoor.ts'), join(app, 'dist', 'electron')], {
    stdio: 'inherit',
  });
  for (const name of [
    'node_modules',
    'resources',
    ...(real ? ['package.json', 'src-main', 'src-shared', join('dist', 'renderer')] : []),
  ])
    symlinkSync(join(root, name), join(app, name));
  if (!real) writeStandIns({ app, workspace });
  const attached = join(folder, 'attached.cjs');
  writeFileSync(join(folder, 'starter.cjs'), starter);
  writeFileSync(attached, `require(${JSON.stringify(loader)}); require('./starter.cjs');`);
  const screen = await virtualScreen();
  const env = {
    ...(process.env as Record<string, string>),
    DISPLAY: screen.display,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    ARCBENCH_STAND_IN_APP: app,
    ARCBENCH_STAND_IN_STARTER: join(folder, 'starter.cjs'),
    ARCBENCH_TEST_TRACE: folder,
  };
  const switches = (args: readonly string[]) => [
    ...['--no-sandbox', '--disable-gpu'],
    ...(args.some((arg) => arg.startsWith('--workspace=')) ? [] : [`--workspace=${workspace}`]),
    ...args,
  ];
  const started: ElectronApplication[] = [];
  return {
    folder,
    workspace,
    async start(...args) {
      const app = await _electron.launch({
        executablePath: executable,
        args: switches(args),
        env: { ...env, ARCBENCH_STAND_IN_STARTER: attached },
        cwd: folder,
        timeout: 60_000,
      });
      started.push(app);
      const page = await app.firstWindow();
      await page.waitForSelector('main:not(:empty)', { timeout: 60_000 });
      return { app, page };
    },
    startSecond(...args) {
      try {
        execFileSync(executable, switches(args), { env, cwd: folder, stdio: 'ignore', timeout: 30_000 });
        return 0;
      } catch (error) {
        return (error as { status: number }).status;
      }
    },
    async close() {
      for (const app of started) await app.evaluate(({ app }) => app.exit(0)).catch(() => {});
      screen.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** A page that shows what its workbench's folder holds, a picture for it, and the program of that workbench. */
function writeStandIns({ app, workspace }: { readonly app: string; readonly workspace: string }): void {
  for (const path of [
    join(app, 'dist', 'renderer', 'assets'),
    join(app, 'src-main', 'doors', 'electron'),
    join(workspace, 'pictures', 'face', 'abc'),
  ])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(app, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(app, 'src-main', 'doors', 'electron', 'workbenchProcess.ts'),
    `import ${JSON.stringify(join(import.meta.dirname, 'workbenchProgram.ts'))};`,
  );
  writeFileSync(
    join(app, 'dist', 'renderer', 'index.html'),
    '<!doctype html><title>Datasets</title><body><main></main><script>document.title = ' +
      '"inline";</script><script type="module" src="./assets/main.js"></script>',
  );
  writeFileSync(
    join(app, 'dist', 'renderer', 'assets', 'main.js'),
    'const tried = (action) => { try { return action(); } catch { return "refused"; } }; ' +
      'globalThis.evaluated = [tried(() => eval("1")), tried(() => new Function("return 1")())]; ' +
      'window.arcbench?.request({ id: 1, call: "files.list", input: { path: null } }).then(({ result }) => { ' +
      'document.querySelector("main").textContent = result.entries.map(({ name }) => name).join(" "); });',
  );
  writeFileSync(
    join(workspace, 'pictures', 'face', 'abc', '0'),
    '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
  );
}
