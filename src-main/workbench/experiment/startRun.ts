import { rmSync } from 'node:fs';
import { isTrained } from '../../../src-shared/arms.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { makeFolder, refuseFixed } from '../../files/writeWhole.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { ancestryOf, leakWarning } from './ancestryOf.ts';
import { drawsOf } from './drawsOf.ts';
import type { PlannedRun } from './plannedRuns.ts';
import { warnOnce } from './runEvents.ts';
import { startOf } from './startOf.ts';
import { saveOrigin } from './originOf.ts';
import { runFacesOf } from './runFaces.ts';
import type { TrainingStage } from './trainingStage.ts';

/**
 * Makes a run in the store, in place of what was left of it. Throws 'wrong-input' where its files may not be removed.
 */
export async function startRun(
  { options, faces, planHash, labelsOf }: TrainingStage,
  { id, arm, seed, role, split, armPlan: trained }: PlannedRun,
  armPlan: Plan,
): Promise<void> {
  const { store, plan, baseFolder, rerunCommand } = options;
  const folder = workspaceFolders(store.workspace).run(id);
  refuseFixed(folder, `The files of run ${id} cannot be removed`);
  if (store.run(id)) store.deleteRun(id); // first, so that the store never names files that are gone
  rmSync(folder, { recursive: true, force: true });
  await makeFolder(folder); // the old files are gone for good before the store knows the run again
  const start = isTrained(trained) ? startOf(options, armPlan, { arm, seed, split }) : null;
  const started = start && ancestryOf(start, { set: faces.set, split });
  const draws = isTrained(trained) ? drawsOf(armPlan, labelsOf(split), seed) : null;
  store.atomically(() => {
    store.createRun({ id, experiment: plan.name, arm, seed, planHash, splitHash: split.hash });
    store.saveResult(id, 'faces', runFacesOf(faces));
    saveOrigin(store, id, { baseFolder, rerunCommand });
    if (draws) store.saveResult(id, 'draws', draws);
    if (started) {
      store.saveResult(id, 'ancestry', started.ancestry);
      store.saveResult(id, 'ancestorPeople', started.people);
      store.updateRun(id, { initialWeightsHash: start.initialWeightsHash });
    }
    if (plan.tune && role === 'comparison' && isTrained(trained)) store.saveResult(id, 'tuned', trained.settings ?? {});
  });
  for (const leak of started?.ancestry.leaks ?? []) warnOnce(options, id, leakWarning(leak));
}
