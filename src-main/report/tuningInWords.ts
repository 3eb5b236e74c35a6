import { adviceAfterTuning } from '../../src-shared/advice.ts';
import { trainedArms, type TrainedArm } from '../../src-shared/arms.ts';
import { escapeMarkdown } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';

const rateKnob = 'training.learningRate';

/**
 * How the arms came to their hyperparameters, as the beginning of a verdict's first sentence: an untuned comparison
 * measures the learning rate too (Musgrave et al. 2020, arXiv 2003.08505).
 */
export function tuningInWords(context: ReportContext): string {
  const { model, texts } = context;
  const { say } = texts;
  const { tune, sweep, training } = model.plan;
  if (tune) {
    const count = Math.max(...model.tuning.map(({ trials }) => trials.length), 0);
    const knobs = Object.keys(tune.knobs);
    const atEdge = armsAtEdge(context);
    const edge = atEdge.length === 0 ? '' : say('tuned.edge', { arms: texts.list(atEdge.map(escapeMarkdown)) });
    return knobs.length === 1 && knobs[0] === rateKnob
      ? say('tuned.rates', { count }) + edge
      : say('tuned.combinations', { count, knobs: texts.list(knobs.map((knob) => `\`${knob}\``)) }) + edge;
  }
  if (sweep) return say('tuned.swept', { knobs: texts.list(Object.keys(sweep.knobs).map((knob) => `\`${knob}\``)) });
  const rates = armsShown(context).map((arm) => ({
    arm,
    rate: Number(arm.settings?.[rateKnob] ?? training.learningRate),
  }));
  if (new Set(rates.map(({ rate }) => rate)).size === 1)
    return say('tuned.shared', { rate: texts.short(rates[0]?.rate ?? training.learningRate) });
  return say('tuned.byHand', {
    rates: texts.list(rates.map(({ arm, rate }) => `${escapeMarkdown(arm.name)} ${texts.short(rate)}`)),
  });
}

/** The arms for which val chose the lowest or the highest learning rate that was tried: their best may lie beyond. */
const armsAtEdge = ({ model, chosen }: ReportContext): string[] =>
  adviceAfterTuning(model.plan, model.tuning)
    .filter(({ key }) => key === 'advice.rateEdge')
    .flatMap(({ values }) => values['arm'] ?? [])
    .map(String)
    .filter((name) => chosen.some((arm) => arm.name === name));

const armsShown = ({ model, chosen }: ReportContext): readonly TrainedArm[] =>
  trainedArms(model.plan).filter(({ name }) => chosen.some((arm) => arm.name === name));
