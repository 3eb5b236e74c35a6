import { ArcBenchError } from '../../../src-shared/errors.ts';
import { planOfArm, type ArmPlan, type Plan } from '../../../src-shared/experiment.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { enginesThatDiffer, type RunEngine } from '../../../src-shared/runEngine.ts';
import type { PlannedRun } from '../experiment/plannedRun.ts';
import type { RunRow, Store } from '../../store/store.ts';
import type { Draws } from '../experiment/drawsOf.ts';
import { enginesOf } from '../experiment/enginesOf.ts';
import type { StageOptions } from '../experiment/stage.ts';
import { withStore } from './taskStates.ts';

interface RunPlace {
  readonly id: string;
  readonly arm: string;
  readonly seed: number;
  readonly workspace: string;
}

/**
 * Throws 'damaged' where runs of one seed with the same knobs did not start from the same weights, or did not see the
 * same batches and augmentation: machines may have different weight files or versions of ArcBench. Warns where the
 * engines differ.
 */
export function refuseUnpaired(
  { store, plan, progress }: StageOptions,
  runs: readonly RunPlace[],
  planned: readonly PlannedRun[],
): void {
  const arms = new Map(planned.map(({ id, armPlan }) => [id, armPlan]));
  const firsts = new Map<string, { readonly run: RunPlace; readonly hash: string | null }>();
  const engines: { readonly run: RunPlace; readonly engines: readonly RunEngine[] }[] = [];
  for (const run of runs) {
    const take = (own: Store) => {
      const row = own.run(run.id) as RunRow;
      const draws = own.result(run.id, 'draws') as Draws | null;
      const hashes = {
        'initial weights': row.initialWeightsHash,
        'order of batches': draws?.batchOrder ?? null,
        'augmentation draws': draws?.augmentation ?? null,
      };
      for (const [part, knobs] of Object.entries(knobsOf(plan, arms.get(run.id) as ArmPlan))) {
        const key = JSON.stringify([part, run.seed, knobs]);
        const hash = hashes[part as keyof typeof hashes];
        const first = firsts.get(key);
        if (first && first.hash !== hash)
          throw new ArcBenchError(
            'damaged',
            `${run.arm} and ${first.run.arm}, seed ${run.seed}, do not share their ${part} (runs ${run.id} ` +
              `and ${first.run.id}), though the plan says they do: train them with one version of ArcBench and ` +
              'one weight file.',
          );
        if (!first) firsts.set(key, { run, hash });
      }
      engines.push({ run, engines: enginesOf(own, run.id) });
    };
    if (run.workspace === store.workspace) take(store);
    else withStore(run.workspace, take);
  }
  const differ = enginesThatDiffer(engines, reportTexts('en'));
  if (differ)
    progress.notice(
      'Warning: the runs were not trained on one engine ' +
        `(${[...differ].map(([engine, [first]]) => `${engine}: ${first?.arm}, seed ${first?.seed}`).join('; ')}), ` +
        `so that the engines may cause a difference between the arms.`,
    );
}

/** The knobs that each shared part follows from, beside the seed and the split. */
function knobsOf(
  plan: Plan,
  arm: ArmPlan,
): Readonly<Record<'initial weights' | 'order of batches' | 'augmentation draws', unknown>> {
  const { model, training, prepare } = planOfArm(plan, arm);
  const { batchSize, epochs, sampler, augmentation } = training;
  return {
    'initial weights': [model, prepare.inputSize],
    'order of batches': [batchSize, epochs, sampler],
    'augmentation draws': [batchSize, epochs, sampler, augmentation],
  };
}
