import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pairedDifference } from '../../src-shared/maths/pairedDifference.ts';
import { lineChart, type ChartSeries } from './lineChart.ts';
import type { ReportModel, ReportRun } from './reportModel.ts';

/** Text that Markdown and HTML take as it is, in a table cell too. */
export const escapeMarkdown = (text: string) => text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]|<>~]/g, (character) => (character === '<' ? '&lt;' : character === '>' ? '&gt;' : `\\${character}`));

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [`| ${head.join(' | ')} |`, `|${head.map(() => ' --- |').join('')}`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

type Summary = NonNullable<ReportRun['summary']>;
type DoneRun = ReportRun & { readonly summary: Summary & { readonly evaluation: NonNullable<Summary['evaluation']> } };
const done = (runs: readonly ReportRun[]) => runs.filter((run): run is DoneRun => run.status === 'done' && run.summary?.evaluation !== null && run.summary !== null);

interface Metric { readonly name: string; readonly of: (run: DoneRun) => number | null; readonly write: (value: number) => string }

function metrics(model: ReportModel): Metric[] {
  const first = done(model.arms[0]?.runs ?? [])[0];
  const carried = first?.summary.evaluation.identification?.rates.filter((rate) => rate.carried) ?? [];
  const smallest = carried.find((rate) => rate.falsePositiveRate === 0.01) ?? carried.at(-1);
  const points = (value: number) => `${(100 * value).toFixed(1)} percentage points`;
  return [
    { name: 'test accuracy', of: (run) => run.summary.evaluation.accuracy.test?.top1.value ?? null, write: points },
    ...(smallest ? [{ name: `identification rate (TPR) at FPR ${smallest.falsePositiveRate}`, of: (run: DoneRun) => run.summary.evaluation.identification?.rates.find((rate) => rate.falsePositiveRate === smallest.falsePositiveRate)?.truePositiveRate ?? null, write: points }] : []),
  ];
}

/** The answer in plain words: each arm against the first. */
function verdict(model: ReportModel): string {
  const [base, ...others] = model.arms;
  if (!base || others.length === 0) return 'The experiment has one arm, so there is nothing to compare it with.';
  const sentences: string[] = [];
  let most = 0;
  for (const arm of others) {
    for (const metric of metrics(model)) {
      const pairs = done(arm.runs).flatMap((run) => {
        const other = done(base.runs).find((entry) => entry.seed === run.seed);
        const [a, b] = [other ? metric.of(other) : null, metric.of(run)];
        return a === null || b === null ? [] : [[a, b] as const];
      });
      if (pairs.length === 0) continue;
      most = Math.max(most, pairs.length);
      const { mean, interval } = pairedDifference(pairs.map(([a]) => a), pairs.map(([, b]) => b), 1);
      const direction = mean > 0 ? 'higher' : mean < 0 ? 'lower' : 'equal';
      const size = mean === 0 ? '' : ` by ${metric.write(Math.abs(mean))}`;
      const range = interval ? ` (95 % bootstrap interval of the difference ${metric.write(interval.low)} to ${metric.write(interval.high)}, ${count(pairs.length, 'pair', 'pairs')}${interval.low <= 0 && interval.high >= 0 ? '; not distinguishable from no difference' : ''})` : '';
      sentences.push(`- **${escapeMarkdown(arm.name)}** against **${escapeMarkdown(base.name)}**: ${metric.name} ${direction === 'equal' ? 'is equal' : `is ${direction}${size}`}${range}.`);
    }
  }
  const caution = most <= 1 ? '\nThere is one run of each arm: **a single pair cannot separate the loss from chance.** Add seeds to the experiment (`seeds: [1, 2, 3, 4, 5]`) for an interval.' : '';
  return `${sentences.join('\n')}\n${caution}`;
}

function curveChart(model: ReportModel, options: { readonly title: string; readonly yTitle: string; readonly names: readonly string[]; readonly percent: boolean }): string | null {
  const series = model.arms.flatMap((arm, colour) => arm.runs.flatMap((run) => options.names.map((name): ChartSeries => ({
    name: `${arm.name}${arm.runs.length > 1 ? ` s${run.seed}` : ''}, ${name.split('/')[0]}`, colour, dashed: name.startsWith('train'), points: (run.curves[name] ?? []).map(({ epoch, value }) => [epoch, value] as const),
  })))).filter((entry) => entry.points.length > 0);
  return series.length === 0 ? null : lineChart({ ...options, xTitle: 'epoch', series });
}

function identificationChart(model: ReportModel): string | null {
  const series = model.arms.flatMap((arm, colour) => done(arm.runs).map((run): ChartSeries => ({
    name: `${arm.name}${arm.runs.length > 1 ? ` s${run.seed}` : ''}`, colour, dashed: false,
    points: (run.summary.evaluation.identification?.rates ?? []).filter((rate) => rate.carried).map((rate) => [rate.falsePositiveRate, rate.truePositiveRate] as const).sort(([a], [b]) => a - b),
  }))).filter((entry) => entry.points.length > 1);
  return series.length === 0 ? null : lineChart({ title: 'Identification rate of people never seen in training', xTitle: 'false positive rate (log)', yTitle: 'true positive rate', logarithmic: true, percent: true, series });
}

function markdown(model: ReportModel, charts: ReadonlyMap<string, string>): string {
  const runs = model.arms.flatMap((arm) => arm.runs.map((run) => ({ arm, run })));
  const finished = model.arms.flatMap((arm) => done(arm.runs).map((run) => ({ arm, run })));
  const image = (file: string, text: string) => (charts.has(file) ? `\n![${text}](${file})\n` : '');
  const rate = (value: { correct: number; total: number; value: number; low: number; high: number } | undefined) => (value ? `${percent(value.value)} (${value.correct} of ${value.total}; ${percent(value.low)} to ${percent(value.high)})` : '—');
  const seeds = [...new Set(runs.map(({ run }) => run.seed))];
  const sameStart = seeds.every((seed) => new Set(runs.filter(({ run }) => run.seed === seed).map(({ run }) => run.initialWeightsHash)).size === 1);
  const identified = finished.filter(({ run }) => run.summary.evaluation.identification);
  const rates = identified[0]?.run.summary.evaluation.identification?.rates ?? [];
  const { dataset, split, machine } = model;
  const sections = [
    `# ${escapeMarkdown(model.title)}`,
    `## What it bought\n\n${verdict(model)}`,
    `## Data and split\n\n${count(dataset.images, 'image', 'images')} of ${count(dataset.people, 'person', 'people')} from \`${dataset.source.replace(/`/g, "'")}\` (layout: ${dataset.layout}), ${escapeMarkdown(dataset.alignment)}, ${dataset.inputSize} x ${dataset.inputSize} pixels.${split.skippedPeople > 0 ? ` ${count(split.skippedPeople, 'person was', 'people were')} left out for too few images.` : ''}\n\n${table(['part', 'people', 'images'], split.parts.filter((part) => part.images > 0).map((part) => [part.part, String(part.people), String(part.images)]))}\n\nSeed ${split.seed}, split hash \`${split.hash.slice(0, 16)}\`. ${split.findings.length === 0 ? 'The leakage audit found nothing.' : `The leakage audit found ${count(split.findings.length, 'thing that does not block', 'things that do not block')}:\n\n${split.findings.slice(0, 10).map((finding) => `- ${escapeMarkdown(finding.message)}`).join('\n')}${split.findings.length > 10 ? `\n- … and ${split.findings.length - 10} more.` : ''}`}`,
    ...(dataset.rejected.length > 0 ? [`### Files left out\n\n${dataset.rejected.slice(0, 20).map((entry) => `- ${escapeMarkdown(entry.path)}: ${escapeMarkdown(entry.reason)}`).join('\n')}${dataset.rejected.length > 20 ? `\n- … and ${dataset.rejected.length - 20} more.` : ''}`] : []),
    `## What differs between the arms\n\n${model.planDifference.length === 0 ? 'Nothing.' : table(['knob', ...model.arms.map((arm) => escapeMarkdown(arm.name))], model.planDifference.map((row) => [`\`${row.knob}\``, ...row.values.map(escapeMarkdown)]))}\n\nAll else is shared: split, order of batches and augmentation draws by seed; the initial backbone weights ${sameStart ? 'are the same, by their hash' : 'differ, by their hash'}. Losses: ${model.arms.map((arm) => `${arm.lossTitle}: ${escapeMarkdown(arm.formula)}`).join('; ')}.`,
    `## Training\n\n${table(['arm', 'seed', 'state', 'best epoch', 'time', 'images a second'], runs.map(({ arm, run }) => [escapeMarkdown(arm.name), String(run.seed), run.status, run.summary ? `${run.summary.bestEpoch} of ${run.summary.epochs}` : '—', run.summary ? `${run.summary.seconds.toFixed(0)} s` : '—', run.summary ? run.summary.imagesPerSecond.toFixed(0) : '—']))}\n\nThe epoch with the best val accuracy is the one that is judged.\n${image('accuracy.svg', 'Accuracy by epoch')}${image('loss.svg', 'Loss by epoch')}`,
    ...(finished.length > 0 ? [`## Closed-set accuracy\n\n${table(['arm', 'seed', 'val top-1', 'test top-1', 'test top-5'], finished.map(({ arm, run }) => [escapeMarkdown(arm.name), String(run.seed), rate(run.summary.evaluation.accuracy.val?.top1), rate(run.summary.evaluation.accuracy.test?.top1), rate(run.summary.evaluation.accuracy.test?.top5)]))}\n\nIn brackets: correct of all, and Wilson's 95 % interval. Test was judged once, at the end.`] : []),
    ...(identified.length > 0 ? [`## Identification rate\n\nPeople never seen in training: pairs of one person within query are positives (${identified[0]?.run.summary.evaluation.identification?.positives}), pairs of two persons within query and every query x distractor pair negatives (${identified[0]?.run.summary.evaluation.identification?.negatives}).\n\n${table(['FPR', 'false positives allowed', ...identified.map(({ arm, run }) => `${escapeMarkdown(arm.name)}, seed ${run.seed}`)], rates.map((entry, index) => [String(entry.falsePositiveRate), String(entry.allowedFalsePositives), ...identified.map(({ run }) => {
      const own = run.summary.evaluation.identification?.rates[index];
      return own?.carried ? `${own.truePositiveRate.toFixed(3)} (${own.interval.low.toFixed(3)} to ${own.interval.high.toFixed(3)})` : '—';
    })]))}\n\nIn brackets: Wilson's 95 % interval, which takes pairs for independent; —: too few negatives to carry the rate.\n${image('identification.svg', 'TPR by FPR')}`] : []),
    `## Limits\n\nThe numbers hold for these people, this split and this budget of training. ${seeds.length === 1 ? 'One seed shows no spread.' : `The spread is that of ${seeds.length} seeds.`} Hyperparameters were not tuned for each arm.`,
    `## Machine and rerun\n\n${machine.cpu}, ${count(machine.cores, 'core', 'cores')}, ${machine.memoryGiB} GiB; ${machine.operatingSystem}; Node ${machine.node}; TensorFlow ${machine.tensorflow} on ${machine.engine}. Plan \`${model.planHash.slice(0, 16)}\`.\n\n\`\`\`sh\n${model.rerunCommand}\n\`\`\`\n\nThe whole plan is in [experiment.yaml](experiment.yaml), every point of the curves in [curves.csv](curves.csv).`,
  ];
  return `${sections.join('\n\n').replace(/\n{3,}/g, '\n\n').trimEnd()}\n`;
}

/** Writes report.md with its charts, curves.csv and experiment.yaml into a folder, whole or not at all. */
export async function writeReport(model: ReportModel, folder: string): Promise<void> {
  const charts = new Map<string, string>();
  const add = (name: string, chart: string | null) => { if (chart) charts.set(name, chart); };
  add('accuracy.svg', curveChart(model, { title: 'Accuracy (dashed: train, whole: val)', yTitle: 'top-1', names: ['train/accuracy', 'val/accuracy'], percent: true }));
  add('loss.svg', curveChart(model, { title: 'Training loss (each arm has its own scale of loss)', yTitle: 'loss', names: ['train/loss'], percent: false }));
  add('identification.svg', identificationChart(model));
  const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const rows = model.arms.flatMap((arm) => arm.runs.flatMap((run) => Object.entries(run.curves).flatMap(([name, points]) => points.map(({ epoch, value }) => [quoted(arm.name), run.seed, name, epoch, value].join(',')))));
  const files = new Map([...charts, ['report.md', markdown(model, charts)], ['experiment.yaml', model.planYaml], ['curves.csv', ['arm,seed,metric,epoch,value', ...rows, ''].join('\n')]]);
  await mkdir(dirname(folder), { recursive: true });
  const temporary = `${folder}.writing-${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  for (const [name, content] of files) {
    const file = await open(join(temporary, name), 'wx');
    await file.writeFile(content);
    await file.sync();
    await file.close();
  }
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
}
