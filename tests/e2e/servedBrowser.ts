/// <reference lib="dom" />
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { installDebianPackages } from '../debianPackages.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Debian's chromium, installed by apt-get where it is absent and this is root. Throws where it cannot be had. */
export function findChromium(): string {
  const found = () =>
    [process.env['ARCBENCH_CHROMIUM'], ...places].find((path) => path !== undefined && existsSync(path));
  const there = found();
  if (there !== undefined) return there;
  installDebianPackages('chromium');
  const installed = found();
  if (installed === undefined)
    throw new Error(
      'Chromium was not found: install it (Debian: apt-get install chromium), or name it in ARCBENCH_CHROMIUM.',
    );
  return installed;
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--disable-dev-shm-usage'],
  });

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
  const open = await new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`arcbench serve ended with ${code}`)));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const found = /^ArcBench: (http\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return {
    open,
    address: new URL('/', open).href,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.on('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** A call of the contract, on a socket of the page's own. */
export const callFrom = <Name extends CallName>(
  page: Page,
  name: Name,
  input: CallInput<Name>,
): Promise<CallOutputs[Name]> =>
  page.evaluate(
    ([call, given]) =>
      new Promise<never>((resolve, reject) => {
        const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api`);
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
    fill?(workspace: string): void;
    prepare?(page: Page): Promise<void>;
  } = {},
): Promise<OpenedWorkbench> {
  const folder = mkdtempSync(join(tmpdir(), `arcbench-${name}-`));
  const workspace = join(folder, 'workspace');
  options.fill?.(workspace);
  const [browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace, [folder])]);
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
  const close = async () => {
    await browser.close();
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, workspace, page, faults, close };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Violations that axe finds in a page as it stands, or in the part that a selector names. */
export async function violationsOf(page: Page, within: string | null = null): Promise<string[]> {
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
