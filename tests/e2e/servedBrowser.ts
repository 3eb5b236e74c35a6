/// <reference lib="dom" />
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { installDebianPackages } from '../debianPackages.ts';
import { waitFor } from '../waitUntil.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const findChromium = () =>
  [process.env['ARCBENCH_CHROMIUM'], ...places].find((path) => path !== undefined && existsSync(path));
// Root on Debian gets it by apt-get.
if (findChromium() === undefined) installDebianPackages('chromium');
const executable = findChromium();

/** False where there is a browser, else the reason why the tests in one are skipped. */
export const noBrowser =
  executable === undefined &&
  'Chromium was not found: install it (Debian: apt-get install chromium), or name it in ARCBENCH_CHROMIUM';

/** Opens Chromium with further switches. Throws where there is no browser. */
export async function openBrowser(switches: readonly string[] = []): Promise<Browser> {
  if (executable === undefined) throw new Error(noBrowser || '');
  return await chromium.launch({
    executablePath: executable,
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--disable-dev-shm-usage', ...switches],
  });
}

export interface ServedWorkbench {
  readonly address: string;
  readonly open: string;
  stop(): Promise<void>;
}

/**
 * `arcbench serve` in a process of its own on a workspace, with folders that may be opened; `nodeOptions` go to its
 * Node.
 */
export async function serveWorkbench(
  workspace: string,
  folders: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<ServedWorkbench> {
  const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    [...nodeOptions, main, 'serve', '--workspace', workspace, '--port', '0', '--open', ...folders],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  );
  let said = '';
  const address = new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`arcbench serve ended with ${code}`)));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      said += `${line}\n`;
      const found = /^ArcBench: (http\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const open = await waitFor('the address that arcbench serve prints', address, { seen: () => said }).catch((error) => {
    child.kill('SIGKILL'); // it would keep the test file from ending
    throw error;
  });
  return {
    open,
    address: new URL('/', open).href,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await waitFor('the end of arcbench serve after SIGTERM', ended).catch((error) => {
        child.kill('SIGKILL');
        throw error;
      });
    },
  };
}

/** A call of the contract on a socket of its own, which `answerLate` leaves alone. */
export const callFrom = <Name extends CallName>(
  page: Page,
  name: Name,
  input: CallInput<Name>,
): Promise<CallOutputs[Name]> =>
  page.evaluate(
    ([call, given]) =>
      new Promise<never>((resolve, reject) => {
        const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api?own`);
        socket.onopen = () => socket.send(JSON.stringify({ id: 1, call, input: given }));
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(String(data)) as { id?: number; result: never; fault?: { message: string } };
          if (message.id !== 1) return;
          socket.close();
          if (message.fault) reject(new Error(message.fault.message));
          else resolve(message.result);
        };
      }),
    [name, input] as const,
  );

/** From its next load on, each answer to a call of this name reaches the page late. */
export const answerLate = (page: Page, name: CallName, milliseconds: number): Promise<void> =>
  page.routeWebSocket(/\/api$/, (socket) => {
    const server = socket.connectToServer();
    const late = new Set<unknown>();
    socket.onMessage((message) => {
      const { id, call } = JSON.parse(String(message)) as { readonly id: unknown; readonly call: string };
      if (call === name) late.add(id);
      server.send(message);
    });
    server.onMessage((message) => {
      const { id } = JSON.parse(String(message)) as { readonly id?: unknown };
      if (late.delete(id)) setTimeout(() => socket.send(message), milliseconds);
      else socket.send(message);
    });
  });

export interface OpenedWorkbench {
  /** A folder of its own, of which the workbench may open everything, and the workspace in it. */
  readonly folder: string;
  readonly workspace: string;
  readonly page: Page;
  /** What the page threw. */
  readonly faults: string[];
  close(): Promise<void>;
}

/**
 * A workbench on a new workspace, and a page of it in a browser. `fill` writes the workspace and `prepare` sees the
 * page before either is opened; with `firstTime` the first steps are shown.
 */
export async function openWorkbenchPage(
  name: string,
  options: {
    readonly timeout?: number;
    readonly width?: number;
    readonly height?: number;
    readonly firstTime?: boolean;
    /** Further switches of Chromium. */
    readonly switches?: readonly string[];
    fill?(workspace: string): void;
    prepare?(page: Page): Promise<void>;
  } = {},
): Promise<OpenedWorkbench> {
  const folder = mkdtempSync(join(tmpdir(), `arcbench-${name}-`));
  const workspace = join(folder, 'workspace');
  options.fill?.(workspace);
  const browser = await openBrowser(options.switches);
  let served: ServedWorkbench | undefined;
  // Whatever fails, nothing stays open: a test file with an open process never ends.
  const close = async () => {
    await browser.close();
    await served?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    served = await serveWorkbench(workspace, [folder]);
    const page = await browser.newPage({
      viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
      reducedMotion: 'reduce',
    });
    page.setDefaultTimeout(options.timeout ?? 60_000);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    if (!options.firstTime) await page.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
    await options.prepare?.(page);
    await page.goto(served.open);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return { folder, workspace, page, faults, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Violations that axe finds in a page as it stands, or in the part that a selector names. */
export async function violationsOf(page: Page, within: string | null = null): Promise<string[]> {
  // Colours that are on their way from one state to another have a contrast of neither.
  await page.waitForFunction(() =>
    document.getAnimations().every((animation) => !(animation instanceof CSSTransition)),
  );
  // axe is run in the page's world, past its content security policy, as a browser extension would.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axe });
  const { result } = await session.send('Runtime.evaluate', {
    expression:
      `axe.run(${within === null ? 'document' : JSON.stringify(within)}, ` +
      ("{ resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations.map((entry) => " +
        '`${entry.id}: ${entry.help} (${entry.nodes[0].html.slice(0, 160)})`)))'),
    awaitPromise: true,
  });
  return JSON.parse(String(result.value)) as string[];
}
