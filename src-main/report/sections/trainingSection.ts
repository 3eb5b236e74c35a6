import { warningSentence } from '../../../src-shared/runWarning.ts';
import { lineChart, type ChartSeries } from '../charts/lineChart.ts';
import { seedBand } from '../charts/seedBand.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import { chartBook, type Section } from '../section.ts';

const mostLabelled = 6;
const partPrefix = 'train/loss/';

/** The parts of the compared arms' sums, each on its own, unweighted. */
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

/** Lines of the compared arms with a band over seeds; a sweep's other variants lie in grey behind them. */
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
  const {
    model,
    arms,
    chosen,
    texts: { say, short },
    texts,
  } = context;
  const book = chartBook();
  const state = (status: string) =>
    say(
      status === 'done' ||
        status === 'trained' ||
        status === 'running' ||
        status === 'queued' ||
        status === 'failed' ||
        status === 'cancelled'
        ? `state.${status}`
        : 'state.missing',
    );
  const both = arms.length <= 2;
  const accuracy = both
    ? [
        ...seriesOf(context, {
          name: 'train/accuracy',
          dashed: true,
          label: (arm) => say('series.train', { arm: arm.name }),
        }),
        ...seriesOf(context, { name: 'val/accuracy', label: (arm) => say('series.val', { arm: arm.name }) }),
      ]
    : seriesOf(context, { name: 'val/accuracy', label: (arm) => arm.name });
  const accuracyTitle = say(both ? 'chart.accuracy' : 'chart.valAccuracy');
  const write = (value: number) => short(value);
  const seeds = new Set(model.runs.filter((run) => run.summary !== null).map((run) => run.seed)).size;
  const quiet = arms.length - Math.min(chosen.length, mostLabelled);
  const shown = [
    book.show(
      'accuracy.svg',
      lineChart({
        title: accuracyTitle,
        xTitle: say('axis.epoch'),
        yTitle: say('axis.topOne'),
        percent: true,
        series: accuracy,
        write,
      }),
      accuracyTitle,
    ),
    book.show(
      'loss.svg',
      lineChart({
        title: say('chart.loss'),
        xTitle: say('axis.epoch'),
        yTitle: say('axis.loss'),
        series: seriesOf(context, { name: 'train/loss', label: (arm) => arm.name }),
        write,
      }),
      say('chart.loss'),
    ),
    book.show(
      'loss-parts.svg',
      lineChart({
        title: say('chart.lossParts'),
        xTitle: say('axis.epoch'),
        yTitle: say('axis.loss'),
        series: seriesOfParts(context),
        write,
      }),
      say('chart.lossParts'),
    ),
  ];
  const failures = model.runs
    .filter((run) => run.status === 'failed')
    .map((run) =>
      say('training.failed', {
        arm: escapeMarkdown(run.arm),
        seed: run.seed,
        message: escapeMarkdown(warningSentence(run.message ?? state('failed'), texts)),
      }),
    );
  return {
    markdown: paragraphs([
      `## ${say('heading.training')}`,
      table(
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
          String(seed),
          halving ? say('state.halved', { round: halving.round }) : state(status),
          ...(summary
            ? [
                say('training.of', { best: summary.bestEpoch, all: summary.epochs }),
                say('unit.seconds', { number: texts.count(Math.round(summary.seconds)) }),
                texts.decimal(summary.imagesPerSecond, 0),
              ]
            : ['—', '—', '—']),
          resultHash === null ? '—' : `\`${resultHash.slice(0, 8)}\``,
        ]),
      ),
      ...failures,
      model.runs.some((run) => run.summary !== null) ? say('training.best') : null,
      ...shown,
      shown.some((image) => image !== null)
        ? [
            ...(seeds > 1 ? [say('chart.band', { seeds })] : []),
            ...(quiet > 0 ? [say('chart.quiet', { arms: quiet })] : []),
          ].join(' ')
        : null,
    ]),
    charts: book.charts,
  };
};
