import { tunedValues } from '../../../src-shared/tune.ts';
import type { TuningTrial } from '../../../src-shared/tuningOutcome.ts';
import { code, escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { ReportContext } from '../reportContext.ts';
import { valColumn, valMeasure } from '../valMeasureInWords.ts';
import type { Section } from '../section.ts';

/** What each arm tried before the comparison, and what val chose. */
export const tuneSection: Section = (context) => {
  const { model, texts } = context;
  const { tune } = model.plan;
  const [first] = model.tuning;
  if (!tune || !first) return null;
  return {
    markdown: paragraphs([
      `## ${texts.say('heading.tune')}`,
      texts.say('tune.intro', {
        combinations: first.trials.length,
        seeds: tune.seeds,
        measure: valMeasure(context),
        list: texts.list((first.trials[0]?.seeds ?? []).map(String)),
      }),
      trialTable(context),
    ]),
  };
};

function trialTable(context: ReportContext): string {
  const { model, texts } = context;
  const { say } = texts;
  const knobs = Object.keys(model.plan.tune?.knobs ?? {});
  const number = (value: number | null, write: (value: number) => string) => (value === null ? '—' : write(value));
  const valueOf = (trial: TuningTrial, knob: string) => {
    const value = tunedValues(model.plan, trial.arm)[knob];
    return typeof value === 'number' ? texts.short(value) : String(value ?? '—');
  };
  return table(
    [
      say('column.arm'),
      ...knobs.map(code),
      valColumn(context),
      say('column.valLoss'),
      say('column.diverged'),
      say('column.chosen'),
    ],
    model.tuning.flatMap(({ origin, trials, chosen }) =>
      trials.map((trial) => [
        escapeMarkdown(origin),
        ...knobs.map((knob) => valueOf(trial, knob)),
        number(trial.score, texts.percent),
        number(trial.loss, texts.short),
        trial.divergedSeeds.length === 0
          ? '—'
          : say('tune.diverged', { seeds: texts.list(trial.divergedSeeds.map(String)) }),
        trial.arm === chosen ? say('tune.chosen') : '',
      ]),
    ),
  );
}
