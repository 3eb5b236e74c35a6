import { existsSync } from 'node:fs';
import type { RunStatus } from '../../../src-shared/answers/runAnswers.ts';
import type { RunWarning } from '../../../src-shared/runWarning.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import { hashFiles } from '../../files/hashFiles.ts';
import { storedPaths } from '../../files/storedPaths.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { Artefact } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { LastMessage } from '../../trainer/trainerMessages.ts';
import { judgedMetrics } from '../results/judgedMetrics.ts';
import { warningEvent } from './runEvents.ts';

/** Keeps how a run ended, in one write: a run that is killed before it is judged again. */
export async function endRun(store: Store, id: string, last: LastMessage): Promise<void> {
  const artefacts = last.kind === 'done' ? await hashedArtefacts(store, id, last.summary) : [];
  store.atomically(() => {
    for (const artefact of artefacts) store.saveArtefact(id, artefact);
    if (last.kind === 'done') keepResults(store, id, last);
    if (last.kind === 'failed') {
      store.addEvent(id, { kind: 'failure', message: last.message, details: last.told });
      store.saveResult(id, 'failure', last.code);
    }
    const status = statusAfter(last);
    store.updateRun(id, {
      status,
      finishedAt: status === 'queued' ? null : new Date().toISOString(),
      message: last.kind === 'failed' ? last.message : null,
    });
    if (last.kind === 'done') store.saveResult(id, 'digest', store.digest(id));
  });
}

/** The status of a run after its trainer's last message. */
function statusAfter(last: LastMessage): RunStatus {
  switch (last.kind) {
    case 'done':
      return last.summary.evaluation ? 'done' : 'trained';
    case 'failed':
      return 'failed';
    case 'paused':
      return 'queued';
    case 'stopped':
      return 'cancelled';
  }
}

/** What a run left behind, each with the hash of its files. */
async function hashedArtefacts(store: Store, id: string, summary: TrainedSummary): Promise<readonly Artefact[]> {
  const { snapshots } = workspaceFolders(store.workspace).filesOfRun(id);
  const paths = { ...summary.artefacts, ...(existsSync(snapshots) ? { snapshots } : {}) };
  return await Promise.all(
    Object.entries(paths).map(async ([kind, path]) => ({ kind, path, sha256: await hashFiles(path) })),
  );
}

function keepResults(store: Store, id: string, last: Extract<LastMessage, { kind: 'done' }>): void {
  const { summary, predictions } = last;
  if (predictions) store.saveResult(id, 'predictions', predictions);
  const { stored } = storedPaths(store.workspace);
  const artefacts = Object.fromEntries(Object.entries(summary.artefacts).map(([kind, path]) => [kind, stored(path)]));
  store.saveResult(id, 'summary', { ...summary, artefacts });
  if (!summary.evaluation) return;
  store.saveResult(id, 'judged', judgedMetrics(summary));
  store.addEvent(id, { kind: 'evaluated', message: 'Test, query and distractors were evaluated.' });
  const warning = aliasWarning(summary.evaluation.aliases ?? []);
  if (warning) store.addEvent(id, warningEvent(warning));
}

/** The warning of people who may be one person under two names; null where there are none. */
function aliasWarning(aliases: NonNullable<NonNullable<TrainedSummary['evaluation']>['aliases']>): RunWarning | null {
  const [alias, ...more] = aliases;
  if (!alias) return null;
  const values = {
    first: alias.first.identity,
    firstPart: alias.first.part,
    second: alias.second.identity,
    secondPart: alias.second.part,
    cosine: alias.cosine,
    bar: alias.bar,
  };
  return more.length === 0
    ? { key: 'warning.alias', values }
    : { key: 'warning.aliases', values: { ...values, more: more.length } };
}
