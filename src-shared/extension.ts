import { isTrained, type ArmPlan, type Setting } from './arms.ts';
import { ArcBenchError } from './errors.ts';
import { planOfArm, type Plan } from './experiment.ts';

/** How many epochs are added, and with which learning rate; null: by the rule of `rateAfter`. */
export interface Extension {
  readonly epochs: number;
  readonly learningRate: number | null;
}

/** The share of the highest learning rate with which a schedule that ended at 0 begins again. */
const restartShare = 0.1;

/**
 * The learning rate and schedule of added epochs. A schedule that ends above 0 (constant, step) stays at its last
 * value. One that ends at 0 (cosine, polynomial) begins again at a tenth of its highest rate and falls to 0 by a
 * cosine, as a warm restart (SGDR, arXiv 1608.03983).
 */
export function rateAfter({ learningRate, schedule, epochs }: Plan['training']): {
  readonly learningRate: number;
  readonly name: 'constant' | 'cosine';
} {
  switch (schedule.name) {
    case 'constant':
      return { learningRate, name: 'constant' };
    case 'step':
      return {
        learningRate:
          learningRate * schedule.stepFactor ** schedule.stepEpochs.filter((after) => after < epochs).length,
        name: 'constant',
      };
    case 'cosine':
    case 'polynomial':
      return { learningRate: restartShare * learningRate, name: 'cosine' };
  }
}

/** Knobs that describe how training begins and how long it is: the extension has its own. */
const replaced = ['training.epochs', 'training.learningRate', 'training.marginWarmupEpochs'] as const;
const isReplaced = (knob: string): boolean =>
  replaced.some((own) => own === knob) ||
  knob === 'training.freezeBackboneEpochs' ||
  knob.startsWith('training.schedule.');

/**
 * The plan that trains the finished runs of a plan for some more epochs. `arms` and `seeds` are those that were
 * trained; of a tuned arm, with the settings that val chose.
 */
export function extendedPlan(
  plan: Plan,
  {
    hash,
    arms,
    seeds,
    extension,
  }: {
    readonly hash: string;
    readonly arms: readonly ArmPlan[];
    readonly seeds: readonly number[];
    readonly extension: Extension;
  },
): Plan {
  if (plan.sweep?.halving)
    throw new ArcBenchError(
      'wrong-input',
      'A sweep with successive halving trains its arms for unequal epochs, so they cannot go on as equals: put the ' +
        'arm that it chose into an experiment of its own, and extend that.',
    );
  const { stopping: _stopping, tune: _tune, ...kept } = plan;
  const shared = trainingAfter(plan.training, extension);
  return {
    ...kept,
    name: nameAfter(plan.name, extension.epochs),
    training: shared,
    seeds: [...seeds],
    arms: arms.map((arm) => (isTrained(arm) ? armAfter(plan, arm, { shared, extension }) : arm)),
    extends: {
      plan: hash,
      epochs: (plan.extends?.epochs ?? 0) + Math.max(...arms.map((arm) => planOfArm(plan, arm).training.epochs)),
    },
  };
}

function trainingAfter(training: Plan['training'], { epochs, learningRate }: Extension): Plan['training'] {
  const after = rateAfter(training);
  return {
    ...training,
    epochs,
    learningRate: learningRate ?? after.learningRate,
    schedule: { ...training.schedule, name: after.name, warmupEpochs: 0, stepEpochs: [] },
    marginWarmupEpochs: 0,
    freezeBackboneEpochs: 0,
  };
}

/** An arm without the knobs that the extension has of its own, and with its own rate where it had one. */
function armAfter(
  plan: Plan,
  arm: ArmPlan,
  { shared, extension }: { readonly shared: Plan['training']; readonly extension: Extension },
): ArmPlan {
  if (!arm.settings || !Object.keys(arm.settings).some(isReplaced)) return arm;
  const own = trainingAfter(planOfArm(plan, arm).training, extension);
  const settings: Record<string, Setting> = Object.fromEntries(
    Object.entries(arm.settings).filter(([knob]) => !isReplaced(knob)),
  );
  if (own.learningRate !== shared.learningRate) settings['training.learningRate'] = own.learningRate;
  if (own.schedule.name !== shared.schedule.name) settings['training.schedule.name'] = own.schedule.name;
  return { ...arm, settings };
}

const longestName = 200;
const nameAfter = (name: string, epochs: number): string => {
  const added = `, ${epochs} more ${epochs === 1 ? 'epoch' : 'epochs'}`;
  return `${name.slice(0, longestName - added.length)}${added}`;
};
