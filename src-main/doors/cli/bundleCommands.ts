import { resolve } from 'node:path';
import type { Command } from 'commander';
import { refuseTaken } from '../../files/newTarget.ts';
import { comparisonRuns } from '../../workbench/experiment/plannedRuns.ts';
import { planHash } from '../../workbench/experiment/planHash.ts';
import { gatherSplit } from '../../workbench/experiment/runExperiment.ts';
import { verifyBundle } from '../../workbench/results/bundle/verifyBundle.ts';
import { writeBundle } from '../../workbench/results/bundle/writeBundle.ts';
import type { Session } from './session.ts';

/** The commands that hand on the results of an experiment so that others can verify them. */
export function addBundleCommands(program: Command, cli: Session): void {
  program
    .command('bundle')
    .argument('<experiment.yaml>')
    .argument('<folder>')
    .description('write the report with what its numbers rest on into a new folder, each file with its SHA-256')
    .action((source: string, folder: string) => {
      refuseTaken(resolve(folder));
      return cli.withExperiment(source, async (options) => {
        const { store, plan, rerunCommand } = options;
        const faces = await gatherSplit(options);
        const runs = comparisonRuns(store, plan, faces);
        const bundle = await writeBundle(store, { plan, hash: planHash(plan), faces, runs, rerunCommand }, folder);
        cli.print(
          `Bundled ${bundle.runs} runs in ${bundle.files} files: ${bundle.folder}\n` +
            `SHA-256 of SHA256SUMS, to publish beside it: ${bundle.sha256}`,
          bundle,
        );
      });
    });
  program
    .command('verify')
    .argument('<bundle>')
    .description('verify a bundle without pictures or network; exit code 1 where something is not as it was written')
    .action(async (folder: string) => {
      const verified = await verifyBundle(folder);
      const { problems, files, rewritten, runs } = verified;
      cli.print(
        [
          ...problems,
          `${files} files have the SHA-256 that SHA256SUMS names.`,
          `${rewritten} files of the report follow from model.json, byte for byte.`,
          ...runs.map(({ name, numbers, leftOut }) =>
            [`${name}: ${numbers} evaluated numbers were computed again.`, ...leftOut].join(' '),
          ),
          'Curves, val accuracy, and what compares pictures with class centres are taken as recorded: they need the ' +
            'pictures or the weights.',
          problems.length === 0 ? 'The bundle is whole.' : 'The bundle is NOT as it was written.',
        ].join('\n'),
        verified,
      );
      if (problems.length > 0) process.exitCode = 1;
    });
}
