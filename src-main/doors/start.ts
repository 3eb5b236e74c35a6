import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isExperiment } from './electron/openedWith.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packageFolder = join(root, 'node_modules', 'electron');

/** Why no window can be opened here, or null where it can. */
export function noWindowReason({
  platform,
  env,
  userId,
}: {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly userId: number | null;
}): string | null {
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return 'There is no display';
  if (platform === 'linux' && userId === 0) return 'Electron does not run as root';
  return null;
}

/** Electron's program, fetched when it is first needed; null where it cannot be fetched. */
function electronProgram(): string | null {
  const program = () =>
    existsSync(join(packageFolder, 'path.txt'))
      ? join(packageFolder, 'dist', readFileSync(join(packageFolder, 'path.txt'), 'utf8'))
      : null;
  const installer = join(packageFolder, 'install.js');
  if (program() === null && existsSync(installer)) {
    process.stderr.write('Fetching Electron, once…\n');
    spawnSync(process.execPath, [installer], { stdio: 'ignore', timeout: 300_000 });
  }
  const found = program();
  return found !== null && existsSync(found) ? found : null;
}

/** Arguments of a window. Chromium may reorder them, so that an option and its value must be one word. */
export function windowArguments(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--workspace');
  return at < 0 ? args : args.toSpliced(at, 2, `--workspace=${args[at + 1] ?? ''}`);
}

/** Arguments of the served workbench, and notes on the experiments that only a window would have opened. */
export function servedArguments(args: readonly string[]): {
  readonly args: readonly string[];
  readonly notes: readonly string[];
} {
  return {
    args: args.filter((argument) => !isExperiment(argument)),
    notes: args
      .filter(isExperiment)
      .map(
        (file) =>
          `${file} is not opened there: paste it into the YAML tab of a new experiment, or run it without a ` +
          `screen, \`npm run arcbench -- --run ${file}\`.`,
      ),
  };
}

/** Opens the app, or says in one line why it cannot and serves the same workbench. */
function start(args: readonly string[]): void {
  const reason = noWindowReason({ platform: process.platform, env: process.env, userId: process.getuid?.() ?? null });
  const program = reason === null ? electronProgram() : null;
  const served = servedArguments(args);
  if (program === null)
    process.stderr.write(
      [
        `${reason ?? "Electron's program could not be fetched"}: the workbench is served to a browser instead.`,
        ...served.notes,
        '',
      ].join('\n'),
    );
  const child =
    program === null
      ? spawn(process.execPath, [join(root, 'src-main', 'doors', 'cli', 'main.ts'), 'serve', ...served.args], {
          stdio: 'inherit',
        })
      : spawn(program, [root, ...windowArguments(args)], { stdio: 'inherit' });
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the child by itself
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

if (import.meta.main) start(process.argv.slice(2));
