import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Of } from './engineManifest.mjs';
import { runTool } from './runTool.mjs';
import { say, SetUpError } from './setUpError.mjs';

/**
 * Fetches a wheel by pip, whatever Python pip runs on, into `folder`, with a progress bar on a terminal; resolves with
 * its path, its SHA-256 checked. @param {{ python: string, wheel: import('./engineRelease.mjs').Wheel, folder: string,
 * signal: AbortSignal }} what
 */
export async function fetchWheel({ python, wheel, folder, signal }) {
  const [name = '', version, tag = '', , platforms = ''] = wheel.file.replace(/\.whl$/, '').split('-');
  const title = `Fetching ${name.replaceAll('_', '-')} ${version}`;
  const pythonVersion = /^cp3\d+$/.test(tag) ? tag.replace('cp3', '3.') : '3.11';
  const temporary = join(folder, 'fetching');
  mkdirSync(temporary, { recursive: true });
  const stopBar = showProgress(title, wheel.bytes, temporary);
  const { succeeded, output } = await runTool(
    [
      python,
      '-I',
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-input',
      '--no-deps',
      '--only-binary=:all:',
      '--progress-bar',
      'off',
      '--implementation',
      'cp',
      '--python-version',
      pythonVersion,
      ...platforms.split('.').flatMap((platform) => ['--platform', platform]),
      '--dest',
      folder,
      `${name.replaceAll('_', '-')}==${version}`,
    ],
    temporary,
    signal,
  ).finally(stopBar);
  const path = join(folder, wheel.file);
  if (!succeeded || !existsSync(path)) {
    const reason =
      output
        .split('\n')
        .filter((line) => line.startsWith('ERROR: '))
        .at(-1)
        ?.slice(7) ??
      output.split('\n').at(-1) ??
      '';
    throw new SetUpError(
      1,
      `pip could not fetch ${wheel.file} (${reason.replace(/\.$/, '') || 'it did not say why'}): check the ` +
        `network and pip's settings, then run the command again.`,
    );
  }
  const found = await sha256Of(path);
  if (found !== wheel.sha256)
    throw new SetUpError(
      1,
      `The fetched ${wheel.file} has the SHA-256 ${found}, expected ${wheel.sha256}: it was not used; run ` +
        'the command again, and if it happens again, ask who runs your package index.',
    );
  return path;
}

/**
 * Shows how many bytes of a download lie in a folder; returns what ends it. @param {string} title @param {number} total
 * @param {string} folder
 */
function showProgress(title, total, folder) {
  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(0)}`;
  if (!process.stderr.isTTY) {
    say(`${title} (${megabytes(total)} MB) …`);
    return () => {};
  }
  let bytes = 0;
  const draw = () => {
    bytes = Math.max(bytes, Math.min(total, bytesIn(folder))); // at its end pip moves the file away
    const done = Math.round((bytes / total) * 30);
    process.stderr.write(
      `\r\x1b[K${title} [${'='.repeat(done)}${' '.repeat(30 - done)}] ${megabytes(bytes)} of ${megabytes(total)} MB`,
    );
  };
  draw();
  const timer = setInterval(draw, 200);
  return () => {
    clearInterval(timer);
    process.stderr.write(`\r\x1b[K${title} (${megabytes(total)} MB)\n`);
  };
}

/** @param {string} folder @returns {number} */
function bytesIn(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce(
      (sum, entry) =>
        sum + (entry.isDirectory() ? bytesIn(join(folder, entry.name)) : statSync(join(folder, entry.name)).size),
      0,
    );
  } catch {
    return 0; // pip moves its files while they are counted
  }
}
