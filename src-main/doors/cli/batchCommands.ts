import { InvalidArgumentError, type Command } from 'commander';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { collectBatch } from '../../workbench/batch/collectBatch.ts';
import { isInRounds } from '../../workbench/batch/knownRuns.ts';
import { runBatchTask } from '../../workbench/batch/runBatchTask.ts';
import { continueBatch, submitBatch, type SubmitOptions, type Submitted } from '../../workbench/batch/submitBatch.ts';
import type { Session } from './session.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
interface SubmitFlags {
  readonly dryRun?: boolean;
  readonly collect: boolean;
  readonly continue?: boolean;
  readonly partition?: string;
  readonly time?: string;
  readonly cpusPerTask?: string;
  readonly gpus?: string;
}

/** The commands that run an experiment on a cluster, one task for each run, and join the results. */
export function addBatchCommands(program: Command, cli: Session): void {
  const self = () => {
    const { engine, eager } = cli.globals();
    return [process.execPath, main, '--engine', engine, ...(eager ? ['--eager'] : [])];
  };
  program
    .command('submit')
    .argument('<experiment.yaml>')
    .argument('[flags...]', 'further flags of sbatch, after --')
    .description('train the runs as tasks of a batch system; prepares and splits here, once')
    .requiredOption('--slurm', 'by Slurm: an array job with one task a run')
    .option('--dry-run', 'write and print the scripts, submit nothing')
    .option('--no-collect', 'leave out the job that joins the runs and writes the report')
    .option('--continue', 'join the round that has ended and submit the next one; the job behind a round calls this')
    .option('--partition <name>', 'partition of the cluster where the tasks run')
    .option('--time <limit>', 'time limit of each task; a task that it stops is saved and queued again')
    .option('--cpus-per-task <number>', 'processors of each task; it starts as many threads')
    .option('--gpus <number>', 'graphics cards of each task')
    .addHelpText(
      'after',
      '\nSuch as: arcbench submit duel.yaml --slurm --partition gpu --time 4:00:00 --gpus 1 -- ' +
        '--account=faces --mem=8G\nThe workspace must lie on a file system that the nodes share. Where this ' +
        'machine may not compute: `srun arcbench split <experiment.yaml>` first.',
    )
    .action((source: string, further: readonly string[], chosen: SubmitFlags) =>
      cli.withExperiment(source, async (options) => {
        const named = {
          partition: chosen.partition,
          time: chosen.time,
          'cpus-per-task': chosen.cpusPerTask,
          gpus: chosen.gpus,
        };
        const flags = [
          ...Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
          ...further,
        ];
        const where = [source, ...cli.dataFlag(), '--workspace', cli.workspace()];
        const submit: SubmitOptions = {
          flags,
          from: process.cwd(),
          dryRun: chosen.dryRun ?? false,
          collect: chosen.collect,
          commands: (folder) => ({
            task: [...self(), 'task', folder],
            collect: isInRounds(options.plan)
              ? [...self(), 'submit', ...where, '--slurm', '--continue', '--', ...flags]
              : [...self(), 'collect', ...where],
          }),
        };
        if (!chosen.continue) {
          const result = await submitBatch(options, submit);
          cli.print(submittedText(result), result);
          return;
        }
        const { compiled, engine } = cli.trainOptions();
        const result = await continueBatch(options, submit, { compiled, engine });
        cli.print(
          result.kind === 'submitted'
            ? `Joined ${result.joined.length} runs.\n${submittedText(result.submitted)}`
            : collectedText(result),
          result,
        );
      }),
    );
  program
    .command('task')
    .argument('<folder>', 'folder of the batch')
    .argument('<number>', 'number of the task', wholeNumber)
    .description(
      'train one run of a submitted experiment, from its last checkpoint; tasks of the batch system call this',
    )
    .action(async (folder: string, number: number) => {
      const { compiled, engine } = cli.trainOptions();
      const run = await cli.withProgress((shown) =>
        runBatchTask({ folder: resolve(folder), number, ...shown, train: { compiled, engine } }),
      );
      cli.print(
        `Run ${run.id} (${run.arm}, seed ${run.seed}) is done in ${run.workspace}; \`arcbench collect\` joins it.`,
        run,
      );
    });
  program
    .command('collect')
    .argument('<experiment.yaml>')
    .argument('[workspaces...]', 'workspaces that hold its runs (default: those of the submitted tasks)')
    .description('join the runs of tasks, evaluate them, and write the report')
    .option('--partial', 'write the report of the runs that are done, where others are not')
    .action((source: string, from: readonly string[], { partial = false }: { partial?: boolean }) =>
      cli.withExperiment(source, async (options) => {
        const { compiled, engine } = cli.trainOptions();
        const result = await collectBatch(options, { from, partial, train: { compiled, engine } });
        cli.print(collectedText(result), result);
      }),
    );
}

interface Collected {
  readonly joined: readonly string[];
  readonly runs: readonly string[];
  readonly report: string;
}
const collectedText = ({ joined, runs, report }: Collected): string =>
  `Joined ${joined.length} of ${runs.length} runs.\nReport: ${report}`;

/** The scripts of a dry run, or the tasks that were submitted. */
function submittedText(result: Submitted): string {
  const tasks = result.tasks.map(({ number, arm, seed, id }) => `task ${number}: ${arm}, seed ${seed} (run ${id})`);
  const scripts = result.scripts.map(({ path, text }) => `# ${path}\n${text}`);
  return [...(result.job === null ? scripts : tasks), submittedSentence(result)].join('\n');
}

function submittedSentence({ job, collectJob, inRounds, folder, scripts }: Submitted): string {
  if (job === null) return `Nothing was submitted. To submit by hand: sbatch ${shellWord(scripts[0]?.path ?? '')}`;
  const reporter =
    collectJob === null
      ? ''
      : `, and job ${collectJob} that ${inRounds ? 'submits the next round' : 'writes the report'} after it`;
  return `Submitted job ${job}${reporter}; \`squeue\` shows how far they are. Logs: ${folder}`;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number was expected.');
  return Number(text);
}
