import {
  isClassificationLoss,
  type ClassificationLossPlan,
  type MetricLossPlan,
  type SumPlan,
} from '../../src-shared/losses.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { classMeanScores, classMeanState, classMeanUpdates } from './byClassCenter.ts';
import type { ClassificationLoss, LossOutput, MetricLoss } from './classificationLoss.ts';

export interface LossesByPlan {
  readonly classification: (plan: ClassificationLossPlan) => ClassificationLoss;
  readonly metric: (plan: MetricLossPlan) => MetricLoss;
}

interface MetricTerm {
  readonly weight: number;
  readonly plan: MetricLossPlan;
  readonly loss: MetricLoss;
  readonly prefix: string;
}

/**
 * The entries that begin with a prefix, without it. A metric term's state is prefixed by its place in the sum; the loss
 * with class scores keeps its own names.
 */
const ofTerm = (entries: ReadonlyMap<string, Tensor>, prefix: string): Map<string, Tensor> =>
  new Map(
    [...entries]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );

/**
 * Σ_i w_i L_i of metric losses and at most one loss with class scores. Without one the scores are cosines to the class
 * means.
 */
export function weightedSum({ classification, metric }: LossesByPlan): ClassificationLoss<SumPlan> {
  const scored = (plan: SumPlan) =>
    plan.terms
      .flatMap(({ weight, loss }) =>
        isClassificationLoss(loss) ? [{ weight, plan: loss, loss: classification(loss) }] : [],
      )
      .at(0);
  const metrics = (plan: SumPlan): MetricTerm[] =>
    plan.terms.flatMap(({ weight, loss }, index) =>
      isClassificationLoss(loss) ? [] : [{ weight, plan: loss, loss: metric(loss), prefix: `term${index + 1}.` }],
    );
  return {
    head({ plan, ...sizes }) {
      const main = scored(plan);
      return main?.loss.head({ plan: main.plan, ...sizes }) ?? [];
    },
    state({ plan, ...sizes }) {
      const main = scored(plan);
      return [
        ...(main
          ? (main.loss.state?.({ plan: main.plan, ...sizes }) ?? [])
          : [classMeanState(sizes.classes, sizes.embeddingSize)]),
        ...metrics(plan).flatMap((term) =>
          (term.loss.state?.({ plan: term.plan, ...sizes }) ?? []).map((state) => ({
            ...state,
            name: term.prefix + state.name,
          })),
        ),
      ];
    },
    noise({ plan, batchSize }) {
      const main = scored(plan);
      return main?.loss.noise?.({ plan: main.plan, batchSize }) ?? [];
    },
    scores({ plan, embeddings, parameters }) {
      const main = scored(plan);
      return main
        ? main.loss.scores({ plan: main.plan, embeddings, parameters })
        : classMeanScores(embeddings, parameters);
    },
    compute(input): LossOutput {
      const { plan, parameters, training } = input;
      const main = scored(plan);
      const losses: Tensor[] = [];
      const parts = new Map<string, Tensor>();
      const updates = new Map<string, Tensor>();
      const add = (
        term: { readonly weight: number; readonly plan: { readonly name: string }; readonly prefix?: string },
        loss: Tensor,
      ) => {
        losses.push(tf.mul(loss, term.weight));
        parts.set(parts.has(term.plan.name) ? `${term.prefix ?? ''}${term.plan.name}` : term.plan.name, tf.mean(loss));
      };
      let told: Pick<LossOutput, 'scores' | 'logits' | 'targetCosines'>;
      if (main) {
        const output = main.loss.compute({ ...input, plan: main.plan });
        add(main, output.loss);
        told = {
          scores: output.scores,
          ...(output.logits && { logits: output.logits }),
          ...(output.targetCosines && { targetCosines: output.targetCosines }),
        };
        for (const [name, tensor] of output.updates ?? []) updates.set(name, tensor);
      } else {
        told = { scores: classMeanScores(input.embeddings, parameters) };
        if (training) for (const [name, tensor] of classMeanUpdates(input)) updates.set(name, tensor);
      }
      for (const term of metrics(plan)) {
        const output = term.loss.compute({ ...input, plan: term.plan, parameters: ofTerm(parameters, term.prefix) });
        add(term, output.loss);
        for (const [name, tensor] of output.updates ?? []) updates.set(term.prefix + name, tensor);
      }
      return { loss: losses.reduce((sum, loss) => tf.add(sum, loss)), ...told, parts, updates };
    },
  };
}
