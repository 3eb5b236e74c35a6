import { ArcBenchError } from '../../../src-shared/errors.ts';
import { printable, unprintable } from '../../../src-shared/printable.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { isInRounds } from './knownRuns.ts';
import { arrayScriptOf, collectScriptOf, taskLogOf, type Batch } from './batchFile.ts';

/**
 * The command lines of the tasks and of the job that collects, as lists of words. The number of a task is added to the
 * end of its command.
 */
export interface BatchCommands {
  readonly task: readonly string[];
  readonly collect: readonly string[];
}
export interface BatchScripts {
  readonly folder: string;
  readonly batch: Pick<Batch, 'plan' | 'planHash' | 'runs'>;
  readonly numbers: readonly number[];
  readonly flags: readonly string[];
  readonly commands: BatchCommands;
  readonly from: string;
}

const savingTime = 120; // seconds before the time limit in which a checkpoint is written

/** The sbatch script of a job array with one task a run; a task that its time limit stops is saved and queued again. */
export function arrayScript({ folder, batch, numbers, flags, commands, from }: BatchScripts): string {
  const tasks = batch.runs.map(
    ({ id, arm, seed }, number) => `#   task ${number}: ${oneLine(arm)}, seed ${seed} (run ${id})`,
  );
  return `#!/bin/bash
# The runs of ${titleOf(batch)}, one task each, written by arcbench submit.
${tasks.join('\n')}
# To submit some again: sbatch --array=NUMBERS ${shellWord(arrayScriptOf(folder))}
#SBATCH --array=${numbers.join(',')}
${head({ name: 'arcbench', log: taskLogOf(folder, '%a'), flags, from })}
#SBATCH --requeue
#SBATCH --signal=B:USR1@${savingTime}

if [ -n "$SLURM_CPUS_PER_TASK" ]; then export TF_NUM_INTRAOP_THREADS=$SLURM_CPUS_PER_TASK; fi
${commands.task.map(shellWord).join(' ')} "$SLURM_ARRAY_TASK_ID" &
task=$!
signals=0
timeup=
trap 'signals=$((signals + 1)); timeup=yes; kill -TERM $task' USR1 # the time is almost up
trap 'signals=$((signals + 1)); kill -TERM $task' TERM # scancel, or a job that goes before
while heard=$signals; wait $task; code=$?; [ $heard != $signals ]; do :; done
if [ -n "$timeup" ] && [ $code = 130 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $code
`;
}

/**
 * The sbatch script of the job that joins the runs once the array has ended, and then writes the report or submits the
 * next round.
 */
export function collectScript({ folder, batch, flags, commands, from }: BatchScripts): string {
  return `#!/bin/bash
# Joins the runs of ${titleOf(batch)} and ${
    isInRounds(batch.plan) ? 'submits the next round, or writes the report' : 'writes the report'
  }, written by arcbench submit.
# To submit by hand: sbatch --dependency=afterany:JOB ${shellWord(collectScriptOf(folder))}
${head({ name: 'arcbench-collect', log: `${collectScriptOf(folder).replace(/\.sh$/, '.log')}`, flags, from })}
exec ${commands.collect.map(shellWord).join(' ')}
`;
}

function head({
  name,
  log,
  flags,
  from,
}: {
  readonly name: string;
  readonly log: string;
  readonly flags: readonly string[];
  readonly from: string;
}): string {
  refuseForSlurm(from, 'The current folder');
  refuseForSlurm(log, 'The workspace');
  return [
    `--job-name=${name}`,
    `--chdir=${from}`,
    `--output=${log.replaceAll('%', '%%').replace('%%a', '%a')}`,
    '--open-mode=append',
    ...flags,
  ]
    .map((flag) => `#SBATCH ${directive(flag)}`)
    .join('\n');
}

/**
 * A flag as sbatch reads it from a script's comment. Quotes keep blanks together, and a backslash takes the meaning
 * from quotes and from itself. Throws 'wrong-input'.
 */
function directive(flag: string): string {
  if (!/^--?[A-Za-z]/.test(flag) || flag.search(unprintable) >= 0)
    throw new ArcBenchError(
      'wrong-input',
      `${JSON.stringify(flag)} is no flag that can be passed on to sbatch: one such as --account=NAME was ` +
        'expected, without line breaks and other control characters.',
    );
  const [, name = '', value = flag] = /^([^=]+=)(.*)$/.exec(flag) ?? [];
  return /[\s"'#\\]/.test(flag) ? `${name}"${value.replace(/["\\]/g, '\\$&')}"` : flag;
}

/** Refuses a path that no line of sbatch's comments can hold, or whose backslash turns off the numbers in log names. */
function refuseForSlurm(path: string, what: string): void {
  if (path.search(unprintable) >= 0 || path.includes('\\'))
    throw new ArcBenchError(
      'wrong-input',
      `${what} ${JSON.stringify(path)} has a backslash or a control character in its path, which Slurm cannot ` +
        'take: rename the folder.',
    );
}

const titleOf = ({ plan, planHash }: BatchScripts['batch']) => `${oneLine(plan.name)} (plan ${planHash.slice(0, 12)})`;
const oneLine = (text: string) => printable(text.replace(/\s+/g, ' '));
