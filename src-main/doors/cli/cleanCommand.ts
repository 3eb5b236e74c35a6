import type { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { removableKinds, type Removable } from '../../../src-shared/answers/systemAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { fileSize } from '../../../src-shared/fileSize.ts';
import { nearestName } from '../../../src-shared/nearestName.ts';
import { findRemovable } from '../../workbench/workspace/clean/findRemovable.ts';
import { removeFolders } from '../../workbench/workspace/clean/removeFolders.ts';
import type { Session } from './session.ts';

/** The command that frees room in the workspace. */
export function addCleanCommand(program: Command, cli: Session): void {
  program
    .command('clean')
    .description('say what the workspace no longer needs, and remove it if you agree')
    .option('--yes', 'remove it without asking')
    .option('--only <kinds>', `only these kinds, with commas between them: ${removableKinds.join(', ')}`)
    .action(async ({ yes = false, only }: { yes?: boolean; only?: string }) => {
      const kinds = kindsOf(only);
      const found = await cli.withStore({ readOnly: true }, async (store) =>
        (await findRemovable(store)).filter(({ kind }) => kinds.includes(kind)),
      );
      const removable = found.map(({ path: _path, ...rest }) => rest);
      const isWanted = found.length > 0 && (yes || (await isAgreed(cli, removable)));
      if (!isWanted) {
        cli.print(textOf(removable, false), { removable, removed: 0, bytes: 0, kept: [] });
        return;
      }
      const cleaned = await cli.withStore({ readOnly: false, existing: true }, (store) =>
        removeFolders(
          store,
          found.map(({ id }) => id),
          (title, done) => cli.say(`Removing ${done + 1} of ${found.length}: ${title}`),
        ),
      );
      cli.print(
        [
          `Removed ${cleaned.removed} of ${found.length}; ${fileSize(cleaned.bytes)} are free again.`,
          ...cleaned.kept.map(({ title, reason }) => `Kept ${title}: ${reason}`),
        ].join('\n'),
        { removable, ...cleaned },
      );
      if (cleaned.kept.length > 0) process.exitCode = 1;
    });
}

/** The kinds that --only names; all without it. Throws 'wrong-input' for a word that is no kind. */
function kindsOf(only: string | undefined): readonly Removable['kind'][] {
  if (only === undefined) return removableKinds;
  return only.split(',').map((word) => {
    const kind = removableKinds.find((known) => known === word.trim());
    if (kind !== undefined) return kind;
    const nearest = nearestName(word.trim(), removableKinds);
    throw new ArcBenchError(
      'wrong-input',
      `--only ${word.trim()}: there is no such kind; ` +
        (nearest === null ? `the kinds are ${removableKinds.join(', ')}.` : `the nearest is ${nearest}.`),
    );
  });
}

/** Asks on a terminal; nobody can answer elsewhere. */
async function isAgreed(cli: Session, removable: readonly Removable[]): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY || cli.globals().json) return false;
  cli.print(textOf(removable, true), null);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question('Remove all of this? [y/N] ');
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function textOf(removable: readonly Removable[], isAsked: boolean): string {
  if (removable.length === 0) return 'There is nothing to remove.';
  const bytes = removable.reduce((sum, folder) => sum + folder.bytes, 0);
  return [
    ...removable.map(
      ({ kind, title, reason, bytes: own }) => `${fileSize(own).padStart(9)}  ${kind.padEnd(11)}  ${title}. ${reason}`,
    ),
    `${fileSize(bytes).padStart(9)}  in all`,
    ...(isAsked ? [] : ['Nothing was removed. Add --yes to remove all of this.']),
  ].join('\n');
}
