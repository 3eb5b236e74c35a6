import type { HalvingPlan } from '../../../src-shared/arms.ts';
import { halvingRounds, type HalvingStop } from '../../../src-shared/halving.ts';
import { knobsOf } from '../../../src-shared/knobs.ts';
import { mean } from '../../../src-shared/maths/statistics.ts';
import { lossKnob } from '../../../src-shared/sweep.ts';
import { heatMap } from '../charts/heatMap.ts';
import { parallelCoordinates, type ParallelAxis } from '../charts/parallelCoordinates.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { valAccuracy, type ReportArm, type ReportContext } from '../reportContext.ts';
import { chartBook, type Section } from '../section.ts';

interface Variant {
  readonly arm: ReportArm;
  readonly val: number;
  /** Where it was stopped before its end. */ readonly halving: HalvingStop | null;
  readonly test: number | null;
  readonly knobs: ReadonlyMap<string, unknown>;
}

/** Every variant of a sweep by val accuracy, a heat map of each arm's first two knobs, and parallel coordinates. */
export const sweepSection: Section = (context) => {
  const {
    model: { plan, runs },
    arms,
    chosen,
    texts: { say },
    texts,
  } = context;
  const { sweep } = plan;
  if (!sweep) return null;
  const origins = [...new Set(arms.flatMap((arm) => arm.variantOf ?? []))].map((name) => ({ name }));
  const variants = arms
    .filter((arm) => arm.variantOf !== undefined)
    .flatMap((arm): Variant[] => {
      const halving = runs.find((run) => run.arm === arm.name && run.halving)?.halving ?? null;
      const val = halving ? halving.accuracy : valAccuracy(arm);
      const own = plan.arms.find((entry) => entry.name === arm.name);
      const tests = arm.runs.flatMap((run) => run.summary.evaluation.accuracy.test?.top1.value ?? []);
      return val === null || !own
        ? []
        : [
            {
              arm,
              val,
              halving,
              test: tests.length === 0 ? null : mean(tests),
              knobs: new Map([
                ...[...knobsOf(own.loss)].map(
                  ([knob, value]) => [`arms.${arm.variantOf}.loss.${knob}`, value] as const,
                ),
                ...Object.entries(own.settings ?? {}),
              ]),
            },
          ];
    });
  if (variants.length === 0) return null;
  const diverged = runs.filter((run) => run.status === 'failed').length;
  const book = chartBook();
  const names = Object.keys(sweep.knobs);
  const charts = origins.flatMap(({ name: origin }) => {
    const own = variants.filter((variant) => variant.arm.variantOf === origin);
    const knobs = names.filter(
      (knob) =>
        (lossKnob(knob, origins)?.arm ?? origin) === origin &&
        new Set(own.map((variant) => variant.knobs.get(knob))).size > 1,
    );
    const place = origins.findIndex(({ name }) => name === origin);
    const suffix = place === 0 ? '' : `-${place + 1}`;
    return [
      heatMapOf(own, knobs, { origin, file: `heatmap${suffix}.svg`, book, context }),
      parallelOf(own, knobs, { origin, file: `parallel${suffix}.svg`, book, context }),
    ];
  });
  return {
    markdown: paragraphs([
      `## ${say('heading.sweep')}`,
      [
        say('sweep.intro', { variants: variants.length, search: say(`sweep.${sweep.search}`), knobs: names.length }),
        ...(sweep.halving ? [halvingInWords(sweep.halving, context)] : []),
        ...(diverged > 0 ? [say('sweep.diverged', { runs: diverged })] : []),
      ].join(' '),
      chosen
        .filter((arm) => arm.variantOf !== undefined && arm.runs.length > 0)
        .map((arm) =>
          say('sweep.chosen', {
            arm: escapeMarkdown(arm.variantOf ?? ''),
            variant: escapeMarkdown(arm.name),
            value: texts.percent(valAccuracy(arm) ?? 0),
            runs: arm.runs.length,
          }),
        )
        .join(' '),
      table(
        [
          say('column.variant'),
          say('column.valTop1'),
          say('column.testTop1'),
          say('column.runs'),
          ...(sweep.halving ? [say('column.trained')] : []),
        ],
        variants
          .toSorted((a, b) => (b.halving?.round ?? Infinity) - (a.halving?.round ?? Infinity) || b.val - a.val)
          .map(({ arm, val, test, halving }) => [
            chosen.includes(arm) ? `**${escapeMarkdown(arm.name)}**` : escapeMarkdown(arm.name),
            texts.percent(val),
            test === null ? '—' : texts.percent(test),
            String(runs.filter((run) => run.arm === arm.name && (run.summary !== null || run.halving !== null)).length),
            ...(sweep.halving
              ? [halving ? say('sweep.stopped', { epochs: halving.epochs, round: halving.round }) : say('sweep.whole')]
              : []),
          ]),
      ),
      ...charts,
    ]),
    charts: book.charts,
  };
};

/** The rounds of successive halving, those of the arm with the most variants. */
function halvingInWords(halving: HalvingPlan, { model: { plan }, texts: { say, list } }: ReportContext): string {
  const candidates = Math.max(
    ...[
      ...Map.groupBy(
        plan.arms.filter((arm) => arm.variantOf !== undefined),
        (arm) => arm.variantOf,
      ).values(),
    ].map((own) => own.length),
  );
  const rounds = halvingRounds(halving, { candidates, epochs: plan.training.epochs }).map((round, place) =>
    say(place === 0 ? 'sweep.firstRound' : 'sweep.round', { candidates: round.candidates, epochs: round.epochs }),
  );
  return say('sweep.halving', { rounds: list(rounds) });
}

interface Drawn {
  readonly origin: string;
  readonly file: string;
  readonly book: ReturnType<typeof chartBook>;
  readonly context: ReportContext;
}
const lastWord = (knob: string) => knob.split('.').at(-1) ?? knob;
const write = (value: unknown, { context: { texts } }: Drawn) =>
  typeof value === 'number' ? texts.short(value) : String(value);
const byValue = (a: unknown, b: unknown) =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1;

/**
 * The first two knobs as a grid, each cell the mean over what else varies; null where draws hardly ever share a value.
 */
function heatMapOf(variants: readonly Variant[], [x, y]: readonly string[], drawn: Drawn): string | null {
  if (x === undefined || y === undefined) return null;
  const { texts } = drawn.context;
  const valuesOf = (knob: string) => [...new Set(variants.map((variant) => variant.knobs.get(knob)))].sort(byValue);
  const xs = valuesOf(x);
  const ys = valuesOf(y).toReversed();
  if (xs.length > 10 || ys.length > 10 || xs.length * ys.length > 3 * variants.length) return null;
  const title = texts.say('chart.heatMap', { arm: drawn.origin, x: lastWord(x), y: lastWord(y) });
  return drawn.book.show(
    drawn.file,
    heatMap({
      title,
      xTitle: lastWord(x),
      yTitle: lastWord(y),
      xs: xs.map((value) => write(value, drawn)),
      ys: ys.map((value) => write(value, drawn)),
      write: texts.percent,
      value: (column, row) => {
        const own = variants
          .filter((variant) => variant.knobs.get(x) === xs[column] && variant.knobs.get(y) === ys[row])
          .map((variant) => variant.val);
        return own.length === 0 ? null : mean(own);
      },
      note: (column, row) => {
        const epochs = variants
          .filter((variant) => variant.knobs.get(x) === xs[column] && variant.knobs.get(y) === ys[row])
          .map((variant) => variant.halving?.epochs ?? 0);
        return epochs.length > 0 && Math.min(...epochs) > 0
          ? texts.say('chart.stopped', { epochs: Math.max(...epochs) })
          : null;
      },
    }),
    title,
  );
}

function parallelOf(variants: readonly Variant[], knobs: readonly string[], drawn: Drawn): string | null {
  if (knobs.length === 0 || variants.length < 2) return null;
  const { texts } = drawn.context;
  const axisOf = (title: string, values: readonly unknown[], words: (value: unknown) => string): ParallelAxis => {
    const distinct = [...new Set(values)].sort(byValue);
    const numbers = distinct.filter((value) => typeof value === 'number');
    // Few values stand evenly apart, so that 16, 32 and 64 can be told apart; many stand where they are.
    const place = (value: unknown) =>
      typeof value === 'number' && distinct.length > 6
        ? (value - (numbers[0] as number)) / ((numbers.at(-1) as number) - (numbers[0] as number) || 1)
        : distinct.indexOf(value) / Math.max(1, distinct.length - 1);
    return {
      title,
      values: values.map(words),
      places: values.map((value) => (value === undefined ? null : place(value))),
    };
  };
  const values = variants.map((variant) => variant.val);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const title = `${drawn.origin}: ${texts.say('chart.parallel')}`;
  return drawn.book.show(
    drawn.file,
    parallelCoordinates({
      title,
      best: values.indexOf(high),
      axes: [
        ...knobs.map((knob) =>
          axisOf(
            lastWord(knob),
            variants.map((variant) => variant.knobs.get(knob)),
            (value) => write(value, drawn),
          ),
        ),
        ...(variants.some(({ halving }) => halving)
          ? [
              axisOf(
                texts.say('axis.trained'),
                variants.map(({ halving }) => halving?.epochs ?? drawn.context.model.plan.training.epochs),
                String,
              ),
            ]
          : []),
        {
          title: texts.say('axis.valAccuracy'),
          values: values.map(texts.percent),
          places: values.map((value) => (value - low) / (high - low || 1)),
        },
      ],
    }),
    title,
  );
}
