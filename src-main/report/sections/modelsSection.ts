import { drawnClasses, planOfArm } from '../../../src-shared/experiment.ts';
import { describeLoss } from '../../../src-shared/losses.ts';
import { planDifference } from '../../../src-shared/planDifference.ts';
import { code, escapeMarkdown, narrowTable, paragraphs, table } from '../markdown.ts';
import type { Section } from '../section.ts';
import { conditionsPart } from './conditionsPart.ts';

const optimizers = { sgd: 'SGD', adam: 'Adam', adamw: 'AdamW' } as const;

/**
 * The network and its training in a sentence, the losses with their formulas, and every knob in which the arms differ.
 */
export const modelsSection: Section = (context) => {
  const {
    model,
    arms,
    texts: { say, short },
  } = context;
  const { plan } = model;
  const { model: network, training } = plan;
  const parameters = model.runs.find((run) => run.summary !== null)?.summary?.parameters;
  const losses = new Map(
    plan.arms.map((arm) => [JSON.stringify([arm.variantOf ?? arm.name, describeLoss(arm.loss).title]), arm]),
  );
  const differences = planDifference(plan);
  const classes = model.split.parts.find(({ part }) => part === 'train')?.people ?? 0;
  const sampled = plan.arms.flatMap((arm) => {
    const drawn = drawnClasses(planOfArm(plan, arm).training, classes);
    return drawn === null ? [] : [say('models.drawn', { arm: escapeMarkdown(arm.name), drawn, classes })];
  });
  return {
    markdown: paragraphs([
      `## ${say('heading.models')}`,
      say('models.network', {
        backbone: code(network.backbone),
        weights: network.weights === 'random' ? say('models.random') : escapeMarkdown(network.weights),
        size: plan.prepare.inputSize,
        embedding: network.embeddingSize,
        parameters: parameters === undefined ? '' : say('models.parameters', { parameters }),
        epochs: training.epochs,
        batch: training.batchSize,
        sampler: training.sampler.name,
        optimizer: optimizers[training.optimizer.name],
        rate: short(training.learningRate),
        schedule: training.schedule.name,
      }),
      table(
        [say('column.arm'), say('column.loss'), say('column.formula'), say('column.paper')],
        [...losses.values()].map((arm) => {
          const { title, formula, paper } = describeLoss(arm.loss);
          return [arm.variantOf ?? arm.name, title, formula, paper === '-' ? '—' : paper].map(escapeMarkdown);
        }),
      ),
      ...sampled,
      `### ${say('heading.difference')}`,
      differences.length === 0
        ? say('models.same')
        : narrowTable(
            [say('column.knob'), ...arms.map((arm) => escapeMarkdown(arm.name))],
            differences.map((row) => [code(row.knob), ...row.values.map(escapeMarkdown)]),
            say('column.arm'),
          ),
      conditionsPart(context),
    ]),
  };
};
