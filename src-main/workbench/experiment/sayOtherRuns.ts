import type { Plan } from '../../../src-shared/experiment.ts';
import { knobsOf } from '../../../src-shared/knobs.ts';
import type { RunRow } from '../../store/store.ts';
import { originOf } from './originOf.ts';
import type { PlannedRun } from './plannedRuns.ts';
import type { StageOptions } from './stage.ts';

const mostNamed = 3; // of changed knobs, and of runs

/**
 * With --resume: says that the runs to come are other runs, where the plan or the faces have changed since the runs
 * before, and what becomes of those.
 */
export function sayOtherRuns(
  { store, plan, baseFolder, progress, rerunCommand }: StageOptions,
  planHash: string,
  runs: readonly Pick<PlannedRun, 'id' | 'arm' | 'seed'>[],
): void {
  if (runs.some(({ id }) => store.run(id) !== null)) return;
  const isOfThisExperiment = ({ id, experiment }: RunRow): boolean => {
    const origin = originOf(store, id);
    return origin?.rerunCommand === rerunCommand || (experiment === plan.name && origin?.baseFolder === baseFolder);
  };
  const [newest] = store
    .runs()
    .filter(isOfThisExperiment)
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  if (!newest) return;
  const former = store.runs(newest.planHash).filter(({ splitHash }) => splitHash === newest.splitHash);
  const isPlanChanged = newest.planHash !== planHash;
  progress.notice(
    `There is nothing to resume: ${isPlanChanged ? 'the plan' : 'the split of the faces'} has changed` +
      `${isPlanChanged ? changesSince(store.plan(newest.planHash), plan) : ''}, so these are other runs, and they ` +
      'start from the beginning.',
  );
  progress.notice(
    `${numberOf(former)} before the change (${listed(former)}) ${former.length === 1 ? 'stays' : 'stay'} in the ` +
      'workspace as before. To go on there, undo the change, or use `arcbench runs resume <id>`; ' +
      '`arcbench runs delete <id>` removes one.',
  );
}

const numberOf = (runs: readonly unknown[]): string => (runs.length === 1 ? 'The run' : `The ${runs.length} runs`);

function listed(runs: readonly RunRow[]): string {
  const named = runs.slice(0, mostNamed).map(({ id, arm, seed, status }) => `${id}: ${arm}, seed ${seed}, ${status}`);
  return [...named, ...(runs.length > mostNamed ? [`and ${runs.length - mostNamed} more`] : [])].join('; ');
}

/** The knobs in which two plans differ, as ` (training.epochs from 10 to 20)`. */
function changesSince(before: Plan | null, now: Plan): string {
  if (!before) return '';
  const { report: _before, ...trainedBefore } = before;
  const { report: _now, ...trainedNow } = now;
  const old = knobsOf(trainedBefore);
  const fresh = knobsOf(trainedNow);
  const shown = (value: unknown) => (value === undefined ? 'unset' : JSON.stringify(value));
  const changed = [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((knob) => shown(old.get(knob)) !== shown(fresh.get(knob)))
    .map((knob) => `${knob} from ${shown(old.get(knob))} to ${shown(fresh.get(knob))}`);
  const more = changed.length > mostNamed ? [`${changed.length - mostNamed} more`] : [];
  return changed.length === 0 ? '' : ` (${[...changed.slice(0, mostNamed), ...more].join(', ')})`;
}
