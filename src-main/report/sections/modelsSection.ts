import { givenModelOf, trainedArms } from '../../../src-shared/arms.ts';
import { noParent, shownStart } from '../../../src-shared/ancestry.ts';
import { drawnClasses, planOfArm, type Plan } from '../../../src-shared/experiment.ts';
import { describeLoss } from '../../../src-shared/losses.ts';
import { planDifference } from '../../../src-shared/planDifference.ts';
import { armsAsTrained } from '../armsAsTrained.ts';
import { code, escapeMarkdown, narrowTable, paragraphs, table } from '../markdown.ts';
import type { ReportContext } from '../reportContext.ts';
import { startsInWords } from '../startsInWords.ts';
import type { Section } from '../section.ts';
import { conditionsPart } from './conditionsPart.ts';

const optimizers = { sgd: 'SGD', adam: 'Adam', adamw: 'AdamW' } as const;

/**
 * The network and its training in a sentence, the losses with their formulas, and every knob in which the arms differ.
 */
export const modelsSection: Section = (context) => {
  const { say } = context.texts;
  return {
    markdown: paragraphs([
      `## ${say('heading.models')}`,
      networkInWords(context),
      startsInWords(context),
      lossTable(context),
      ...drawnInWords(context),
      ...lowInWords(context),
      `### ${say('heading.difference')}`,
      differenceTable(context),
      conditionsPart(context),
    ]),
  };
};

function networkInWords({ model, texts: { say, short } }: ReportContext): string | null {
  const { model: network, prepare } = model.plan;
  // Arms may set knobs of their own, and tuning chooses some: what stands here is what they trained with.
  const arms = armsAsTrained(model);
  const trained = arms.map((arm) => planOfArm(model.plan, arm).training);
  if (trained.length === 0) return null;
  const each = (valueOf: (training: Plan['training']) => string) => [...new Set(trained.map(valueOf))].join(' / ');
  const parameters = model.runs.find((run) => run.summary !== null && arms.some(({ name }) => name === run.arm))
    ?.summary?.parameters;
  return say('models.network', {
    backbone: code(network.backbone),
    weights: model.plan.extends ? say('models.extended') : weightsInWords(network, say('models.random')),
    size: prepare.inputSize,
    embedding: network.embeddingSize,
    parameters: typeof parameters !== 'number' ? '' : say('models.parameters', { parameters }),
    epochs: Math.max(...trained.map(({ epochs }) => epochs)),
    batch: Math.max(...trained.map(({ batchSize }) => batchSize)),
    sampler: each(({ sampler }) => sampler.name),
    optimizer: each(({ optimizer }) => optimizers[optimizer.name]),
    rate: each(({ learningRate }) => short(learningRate)),
    schedule: each(({ schedule }) => schedule.name),
  });
}

function weightsInWords({ weights, from }: Plan['model'], random: string): string {
  if (from !== noParent) return code(shownStart(from));
  return weights === 'random' ? random : escapeMarkdown(weights);
}

/** The variants of a sweep share a row. */
function lossTable({ model: { plan, runs }, texts: { say } }: ReportContext): string {
  const losses = new Map(
    trainedArms(plan).map((arm) => [JSON.stringify([arm.variantOf ?? arm.name, describeLoss(arm.loss).title]), arm]),
  );
  const given = plan.arms.flatMap((arm) => {
    const own = givenModelOf(arm);
    if (!own) return [];
    const parameters = runs.find((run) => run.arm === arm.name)?.summary?.parameters ?? null;
    const what = [
      say(`given.${own.kind}`, { file: code(own.file) }),
      ...(parameters === null ? [] : [say('given.parameters', { parameters })]),
    ];
    return [[escapeMarkdown(arm.name), what.join(', '), '—', '—']];
  });
  return table(
    [say('column.arm'), say('column.loss'), say('column.formula'), say('column.paper')],
    [
      ...[...losses.values()].map((arm) => {
        const { title, formula, paper } = describeLoss(arm.loss);
        return [arm.variantOf ?? arm.name, title, formula, paper === '-' ? '—' : paper].map(escapeMarkdown);
      }),
      ...given,
    ],
  );
}

/** A sentence for each arm whose steps draw only some of the class centres. */
function drawnInWords({ model: { plan, split }, texts: { say } }: ReportContext): string[] {
  const classes = split.parts.find(({ part }) => part === 'train')?.people ?? 0;
  return trainedArms(plan).flatMap((arm) => {
    const drawn = drawnClasses(planOfArm(plan, arm).training, classes);
    return drawn === null ? [] : [say('models.drawn', { arm: escapeMarkdown(arm.name), drawn, classes })];
  });
}

/** Which arms trained in bfloat16. */
function lowInWords({ model, texts: { say } }: ReportContext): string[] {
  const low = armsAsTrained(model).filter((arm) => planOfArm(model.plan, arm).training.precision === 'bfloat16');
  return low.length === 0
    ? []
    : [say('models.bfloat16', { arm: low.map(({ name }) => escapeMarkdown(name)).join(', ') })];
}

function differenceTable({ model, arms, texts: { say } }: ReportContext): string {
  const { plan } = model;
  const differences = planDifference({ ...plan, arms: armsAsTrained(model) });
  if (differences.length === 0) return say('models.same');
  return narrowTable(
    [say('column.knob'), ...arms.filter((arm) => arm.given === null).map((arm) => escapeMarkdown(arm.name))],
    differences.map((row) => [code(row.knob), ...row.values.map(escapeMarkdown)]),
    say('column.arm'),
  );
}
