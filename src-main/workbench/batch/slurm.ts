import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { inheritedEnvironment, neutralFolder } from '../../files/programEnvironment.mjs';

function slurm(
  command: 'sbatch' | 'squeue',
  args: readonly string[],
): { readonly status: number | null; readonly out: string; readonly said: string; readonly missing: boolean } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: neutralFolder,
    env: inheritedEnvironment(),
  });
  return {
    status,
    out: (stdout ?? '').trim(),
    said: (stderr ?? '').trim().split('\n').at(-1) ?? '',
    missing: error !== undefined,
  };
}

/** Throws 'missing-tool' where Slurm's commands are not on the PATH. */
export function requireSlurm(): void {
  if (slurm('sbatch', ['--version']).missing)
    throw new ArcBenchError(
      'missing-tool',
      'sbatch is not on the PATH: submit on a machine that has the commands of Slurm, or write the scripts ' +
        'with --dry-run and submit them there.',
    );
}

/** Submits a script and returns the job's id. Throws 'failed' with what sbatch said. */
export function submitScript(script: string, flags: readonly string[]): string {
  const { status, out, said } = slurm('sbatch', ['--parsable', ...flags, resolve(script)]);
  const job = out.split(';')[0] ?? ''; // the cluster's name may come behind
  if (status !== 0 || job === '')
    throw new ArcBenchError(
      'failed',
      `sbatch refused ${script} ` +
        `(${said.replace(/^sbatch: (error: )?/, '').replace(/\.$/, '') || `exit code ${status}`}): correct ` +
        'the flags, or see with `sinfo` what the cluster offers.',
    );
  return job;
}

/**
 * The tasks of array jobs that Slurm still has, with the state that it reports, such as PENDING; none where it does not
 * know the jobs.
 */
export function tasksInQueue(jobs: readonly string[]): ReadonlyMap<number, string> {
  if (jobs.length === 0) return new Map();
  const { out } = slurm('squeue', ['--noheader', '--array', `--jobs=${jobs.join(',')}`, '--format=%K %T']);
  return new Map(
    out.split('\n').flatMap((line) => {
      const [, number, state] = /^(\d+) (\w+)$/.exec(line.trim()) ?? [];
      return number === undefined || state === undefined ? [] : [[Number(number), state] as const];
    }),
  );
}
