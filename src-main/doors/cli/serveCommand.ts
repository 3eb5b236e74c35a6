import type { Command } from 'commander';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { openToOthers } from '../../files/openToOthers.ts';
import { readTextFile } from '../../files/readTextFile.ts';
import type { Workbench } from '../../workbench/workbench.ts';
import { isLoopback } from '../serve/accessControl.ts';
import { serve } from '../serve/serve.ts';
import { onHangup } from './onHangup.ts';
import type { Session } from './session.ts';

/** Opens the application on a workspace, with the folders that screens may look into. */
export type OpenWorkbench = (options: {
  readonly workspace: string;
  readonly door: 'electron' | 'serve';
  readonly roots?: readonly string[];
}) => Workbench;

const builtScreens = fileURLToPath(new URL('../../../dist/renderer', import.meta.url));
const collect = (value: string, values: readonly string[]) => [...values, value];

/** The command that serves the workbench to browsers until Ctrl-C. */
export function addServeCommand(program: Command, cli: Session, openWorkbench: OpenWorkbench): void {
  program
    .command('serve')
    .description('serve the workbench to a browser; Ctrl-C saves a checkpoint and ends')
    .option('--port <number>', 'port; 0 takes any free one', portNumber, 4477)
    .option(
      '--host <address>',
      'address to listen at; beyond 127.0.0.1, anyone who sees the traffic sees the token',
      '127.0.0.1',
    )
    .option(
      '--allow-host <name>',
      'a further name of this machine that browsers may use; repeatable. 127.0.0.1 serves browsers that do not know ' +
        'names below localhost, but other programs of this machine may then get the cookie',
      collect,
      [],
    )
    .option('--open <folder...>', 'folders below which faces may be imported (default: the home folder)')
    .option('--token-file <file>', 'take the token from a file instead of a random one')
    .action(
      async (chosen: {
        port: number;
        host: string;
        allowHost: readonly string[];
        open?: readonly string[];
        tokenFile?: string;
      }) => {
        const token = chosen.tokenFile === undefined ? undefined : readToken(chosen.tokenFile);
        const roots = chosen.open?.map(existingFolder);
        const workbench = openWorkbench({ workspace: cli.workspace(), door: 'serve', ...(roots ? { roots } : {}) });
        try {
          const served = await serve(workbench, {
            host: chosen.host,
            port: chosen.port,
            allowedHosts: chosen.allowHost,
            renderer: builtScreens,
            log: (line) => process.stderr.write(`${line}\n`),
            ...(token === undefined ? {} : { token }),
          });
          // Before the address is printed: a program that reads it may stop this one at once.
          const asked = stopAsked();
          const isOpen = openToOthers(cli.workspace());
          if (isOpen !== null) process.stderr.write(`${isOpen}\n`);
          const { open } = served;
          if (!isLoopback(chosen.host))
            process.stderr.write(
              'Warning: the workbench is served beyond this machine without encryption; an SSH tunnel to ' +
                '127.0.0.1 is safer.\n',
            );
          cli.print(`ArcBench: ${open}\nCtrl-C ends.`, { address: served.address, token: served.token, open });
          await asked;
          process.once('SIGINT', () => process.exit(130));
          process.stderr.write(
            `\n${workbench.busy() ? 'Saving a checkpoint; Ctrl-C again ends at once, without saving.' : 'Closing.'}\n`,
          );
          await served.close();
        } finally {
          await workbench.close();
        }
      },
    );
}

/**
 * Resolves at Ctrl-C, SIGTERM or a closed terminal. From then on a further Ctrl-C ends at once; the other signals do
 * not, because a system that shuts down sends several.
 */
async function stopAsked(): Promise<void> {
  await new Promise<unknown>((resolve) => {
    process.once('SIGINT', resolve);
    process.on('SIGTERM', resolve);
    onHangup(() => resolve(null));
  });
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new ArcBenchError('wrong-input', `--port is a whole number from 0 to 65535, not ${text}.`);
  return Number(text);
}

function readToken(file: string): string {
  refuseSharedToken(file);
  const make = 'make one with `openssl rand -hex 32`';
  const token = readTextFile(file, `a file with a token was expected; ${make}`).trim();
  if (!/^[\w-]{32,}$/.test(token))
    throw new ArcBenchError(
      'wrong-input',
      `${file} must hold a token of at least 32 letters, digits, - and _: ${make}.`,
    );
  return token;
}

/** Throws 'wrong-input' where somebody else can read the token, or could have written it. */
function refuseSharedToken(file: string): void {
  if (process.platform === 'win32' || !existsSync(file)) return;
  const { mode, uid } = statSync(file);
  const isOurs = uid === process.getuid?.() || uid === 0;
  if ((mode & 0o077) === 0 && isOurs) return;
  const reason = isOurs ? `can be read by other users (mode ${(mode & 0o777).toString(8)})` : 'belongs to another user';
  throw new ArcBenchError(
    'wrong-input',
    `${file} ${reason}: ` +
      `a token opens the whole workbench. Make a new one: \`umask 077; openssl rand -hex 32 > ${shellWord(file)}\`.`,
  );
}

function existingFolder(folder: string): string {
  const path = resolve(folder);
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new ArcBenchError('wrong-input', `There is no folder ${path}: --open takes existing folders.`);
  return path;
}
