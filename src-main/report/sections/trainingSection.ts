import type { Texts } from '../../../src-shared/reportTexts.ts';
import { warningSentence } from '../../../src-shared/runWarning.ts';
import { lineChart, type ChartSeries, type LineChartOptions } from '../charts/lineChart.ts';
import { seedBand } from '../charts/seedBand.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import { chartBook, type Section } from '../section.ts';

const mostLabelled = 6;
const partPrefix = 'train/loss/';

/** A line for each part of the compared arms' summed losses, before its weight. */
function seriesOfParts({ chosen, model }: ReportContext): ChartSeries[] {
  const parts = chosen.flatMap((arm) => {
    const runs = model.runs.filter((run) => run.arm === arm.name);
    return [...new Set(runs.flatMap((run) => Object.keys(run.curves)))]
      .filter((name) => name.startsWith(partPrefix))
      .sort()
      .map((name) => ({
        name: `${arm.name}: ${name.slice(partPrefix.length)}`,
        points: seedBand(
          runs.map((run) => (run.curves[name] ?? []).map(({ epoch, value }) => [epoch, value] as const)),
        ),
      }));
  });
  return parts.map((part, index) => ({ ...part, colour: index, quiet: index >= mostLabelled }));
}

/** Lines of the compared arms with a band over seeds; the other variants of a sweep are grey lines behind them. */
function seriesOf(
  { arms, chosen, model }: ReportContext,
  options: { readonly name: string; readonly dashed?: boolean; readonly label: (arm: ReportArm) => string },
): ChartSeries[] {
  return arms
    .map((arm) => {
      const colour = chosen.indexOf(arm);
      return {
        name: options.label(arm),
        colour: Math.max(0, colour),
        dashed: options.dashed ?? false,
        quiet: colour < 0 || colour >= mostLabelled,
        points: seedBand(
          model.runs
            .filter((run) => run.arm === arm.name)
            .map((run) => (run.curves[options.name] ?? []).map(({ epoch, value }) => [epoch, value] as const)),
        ),
      };
    })
    .filter((series) => series.points.length > 0);
}

/** Every run with its state, and the curves of accuracy and loss. */
export const trainingSection: Section = (context) => {
  const { say } = context.texts;
  const book = chartBook();
  const shown = curves(context, book);
  return {
    markdown: paragraphs([
      `## ${say('heading.training')}`,
      runTable(context),
      ...failures(context),
      context.arms.some((arm) => arm.given === null && arm.runs.length > 0) ? howChosen(context) : null,
      ...shown,
      shown.some((image) => image !== null) ? legend(context) : null,
    ]),
    charts: book.charts,
  };
};

/** Which epoch of each run was judged. */
function howChosen({ model: { plan, split }, texts }: ReportContext): string {
  const held = split.valPeople;
  if (plan.evaluation.select === 'accuracy' || !held) return texts.say('training.best');
  return texts.say('training.bestIdentification', {
    ...held.measured,
    rate: texts.short(held.falsePositiveRate ?? 0),
  });
}

const states = ['given', 'done', 'trained', 'running', 'queued', 'failed', 'cancelled'] as const;

function stateInWords(status: string, { say }: Texts): string {
  const state = states.find((known) => known === status);
  return say(state === undefined ? 'state.missing' : `state.${state}`);
}

function runTable({ model, arms, texts }: ReportContext): string {
  const { say } = texts;
  const given = new Set(arms.filter((arm) => arm.given !== null).map(({ name }) => name));
  const isDrawnAnew = model.plan.split.seed === 'perSeed';
  return table(
    [
      say('column.arm'),
      say('column.seed'),
      say('column.state'),
      say('column.bestEpoch'),
      say('column.time'),
      say('column.rate'),
      say('column.result'),
    ],
    model.runs.map(({ arm, seed, status, summary, halving, resultHash }) => [
      escapeMarkdown(arm),
      given.has(arm) && !isDrawnAnew ? '—' : String(seed),
      halving
        ? say('state.halved', { round: halving.round })
        : stateInWords(given.has(arm) && status === 'done' ? 'given' : status, texts),
      ...(summary && !given.has(arm)
        ? [
            say('training.of', { best: summary.bestEpoch, all: summary.epochs }),
            say('unit.seconds', { number: texts.count(Math.round(summary.seconds)) }),
            texts.decimal(summary.imagesPerSecond, 0),
          ]
        : ['—', '—', '—']),
      resultHash === null ? '—' : `\`${resultHash.slice(0, 8)}\``,
    ]),
  );
}

/** A sentence for each run that failed. */
const failures = ({ model, texts }: ReportContext): string[] =>
  model.runs
    .filter((run) => run.status === 'failed')
    .map((run) =>
      texts.say('training.failed', {
        arm: escapeMarkdown(run.arm),
        seed: run.seed,
        message: escapeMarkdown(warningSentence(run.message ?? stateInWords('failed', texts), texts)),
      }),
    );

/** The charts of accuracy, of loss, and of the parts of summed losses. Two arms have room for train beside val. */
function curves(context: ReportContext, book: ReturnType<typeof chartBook>): (string | null)[] {
  const { say, short: write } = context.texts;
  const both = context.arms.filter((arm) => arm.given === null).length <= 2;
  const train = {
    name: 'train/accuracy',
    dashed: true,
    label: (arm: ReportArm) => say('series.train', { arm: arm.name }),
  };
  const val = {
    name: 'val/accuracy',
    label: (arm: ReportArm) => (both ? say('series.val', { arm: arm.name }) : arm.name),
  };
  const show = (file: string, options: Pick<LineChartOptions, 'title' | 'yTitle' | 'percent' | 'series'>) =>
    book.show(file, lineChart({ xTitle: say('axis.epoch'), write, ...options }), options.title);
  return [
    show('accuracy.svg', {
      title: say(both ? 'chart.accuracy' : 'chart.valAccuracy'),
      yTitle: say('axis.topOne'),
      percent: true,
      series: [...(both ? seriesOf(context, train) : []), ...seriesOf(context, val)],
    }),
    show('val-identification.svg', {
      title: say('chart.valIdentification'),
      yTitle: say('axis.tpr'),
      percent: true,
      series: seriesOf(context, { name: 'val/identification', label: (arm) => arm.name }),
    }),
    show('loss.svg', {
      title: say('chart.loss'),
      yTitle: say('axis.loss'),
      series: seriesOf(context, { name: 'train/loss', label: (arm) => arm.name }),
    }),
    show('loss-parts.svg', {
      title: say('chart.lossParts'),
      yTitle: say('axis.loss'),
      series: seriesOfParts(context),
    }),
  ];
}

/** What the bands and the grey lines of the charts are. */
function legend({ model, arms, chosen, texts: { say } }: ReportContext): string {
  const seeds = new Set(model.runs.filter((run) => run.summary !== null).map((run) => run.seed)).size;
  const quiet = arms.length - Math.min(chosen.length, mostLabelled);
  return [
    ...(seeds > 1 ? [say('chart.band', { seeds })] : []),
    ...(quiet > 0 ? [say('chart.quiet', { arms: quiet })] : []),
  ].join(' ');
}
