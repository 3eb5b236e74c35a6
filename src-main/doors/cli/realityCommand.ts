import type { Command } from 'commander';
import { checkReality } from '../../workbench/experiment/checkReality.ts';
import type { Session } from './session.ts';

/** The command that ranks losses over several datasets with an equal tuning budget. */
export function addRealityCommand(program: Command, cli: Session): void {
  program
    .command('reality-check')
    .argument('[experiment.yaml]', 'an experiment that tunes its arms', 'resources/experiments/reality-check.yaml')
    .description(
      "run an experiment on its own faces and on those of --data, and rank its arms by Friedman's and Nemenyi's tests",
    )
    .action(async (file: string) =>
      cli.withOwnData(file, async (options, data) => {
        const own = options.plan.data.source;
        const found = await checkReality(
          options,
          data === null || data === own ? [own] : [own, data],
          cli.trainOptions(),
        );
        cli.print(`${found.lines.join('\n')}\nRanks: ${found.report}`, found);
      }),
    );
}
