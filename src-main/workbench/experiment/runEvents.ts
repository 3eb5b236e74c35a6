import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { enginesThatDiffer } from '../../../src-shared/runEngine.ts';
import { warningSentence, type RunWarning } from '../../../src-shared/runWarning.ts';
import type { Store } from '../../store/store.ts';
import { enginesOf } from './enginesOf.ts';
import type { PlannedRun } from './plannedRuns.ts';
import type { StageOptions } from './stage.ts';

type RunEvent = Parameters<Store['addEvent']>[1];

/** A warning as the store keeps it. Its sentence is English; the report writes the numbers in its own language. */
export const warningEvent = (warning: RunWarning) =>
  ({
    kind: 'warning',
    message: warningSentence(warning, reportTexts('en')),
    details: warning,
  }) satisfies RunEvent;

/**
 * Keeps an event unless the run has it already, and returns whether it is new. A run that goes on, and an epoch that is
 * done again after a crash, say the same things again.
 */
export function keepOnce(store: Store, id: string, event: RunEvent): boolean {
  const isNew = !store.events(id).some(({ kind, message }) => kind === event.kind && message === event.message);
  if (isNew) store.addEvent(id, event);
  return isNew;
}

/** Keeps a warning of a run, and shows it where it is new. */
export function warnOnce({ store, progress }: StageOptions, id: string, warning: RunWarning): void {
  const event = warningEvent(warning);
  if (keepOnce(store, id, event)) progress.notice(`Warning: ${event.message}`);
}

/** Warns where a run and those it will be compared with were computed by engines that round differently. */
export function warnOfOtherEngines(
  options: StageOptions,
  planHash: string,
  { id, arm, seed }: Pick<PlannedRun, 'id' | 'arm' | 'seed'>,
): void {
  const { store } = options;
  const others = store
    .runs(planHash)
    .filter((run) => run.id !== id && (run.status === 'done' || run.status === 'trained'));
  const differ = enginesThatDiffer(
    [{ id, arm, seed }, ...others].map((run) => ({ run, engines: enginesOf(store, run.id) })),
    reportTexts('en'),
  );
  if (!differ) return;
  const engines = [...differ].map(([words, [first]]) => `${words} (${first?.arm}, seed ${first?.seed})`).join('; ');
  warnOnce(options, id, { key: 'warning.engines', values: { engines } });
}
