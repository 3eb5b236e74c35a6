import assert from 'node:assert/strict';
import { Command } from 'commander';
import { test } from 'node:test';
import { addPackCommand } from '../../src-main/doors/cli/packCommand.ts';
import type { Session } from '../../src-main/doors/cli/session.ts';

/** Parses arguments of `pack`; nothing is opened, as each of them is refused before. */
async function refusalOf(...args: readonly string[]): Promise<string> {
  const session = {
    withExperiment: () => Promise.reject(new Error('the stages began')),
  } as Partial<Session> as Session;
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addPackCommand(program, session);
  program.commands.forEach((command) => command.exitOverride().configureOutput({ writeErr: () => undefined }));
  return await program.parseAsync(['pack', ...args], { from: 'user' }).then(
    () => 'was done',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

test('pack says what is missing or contradicts itself before it opens anything', async () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['faces'], /what to write was expected: --rec <folder>, or --bin <file> with --pairs <file>/],
    [['faces', '--rec', 'a', '--bin', 'b'], /--rec and --bin are two things/],
    [['faces', '--bin', 'b'], /--bin needs the list of its pairs/],
    [['faces', '--rec', 'a', '--pairs', 'p'], /--pairs belongs to --bin/],
    [['faces', '--bin', 'b', '--pairs', 'p', '--part', 'test'], /--part belongs to --rec/],
    [['faces', '--rec', 'a', '--part', 'tests'], /Allowed choices are all, train, val, test, query, distractors/],
    [['faces', '--rec', 'a', '--part', 'test'], /the stages began/],
    [['faces', '--bin', 'b', '--pairs', 'p'], /the stages began/],
  ];
  for (const [args, message] of cases) assert.match(await refusalOf(...args), message, args.join(' '));
});
