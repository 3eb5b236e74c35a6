import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { dirname, join } from 'node:path';
import type { ResolvedCopies } from '../../../src-shared/answers/splitAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { partNames, type PartName } from '../../../src-shared/splitSchema.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { identificationRatesOf } from '../../../src-shared/evaluation.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { nearestName } from '../../../src-shared/nearestName.ts';
import { pageName } from '../../../src-shared/reportPageName.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../../src-shared/splitNotes.ts';
import type { Dataset, Rejected } from '../../data/dataset.ts';
import type { PreparedSet } from '../../data/preparedSet.ts';
import { resolvedCopies } from '../../split/resolvedCopies.ts';
import type { Split } from '../../split/makeSplit.ts';
import type { SkipReason } from '../../split/splitParts.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import { countPeople } from '../../workbench/experiment/countPeople.ts';
import { importFaces, prepareFaces } from '../../workbench/experiment/gatherFaces.ts';
import { planHash } from '../../workbench/experiment/planHash.ts';
import { rewriteReport } from '../../workbench/experiment/rewriteReport.ts';
import { pathFrom, type StageOptions } from '../../workbench/experiment/stage.ts';
import { gatherSplit, writeExperimentReport } from '../../workbench/experiment/runExperiment.ts';
import { auditFaces, writeAuditedSplit } from '../../workbench/experiment/splitFaces.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { trainArms } from '../../workbench/experiment/trainArms.ts';
import type { TrainOptions } from '../../workbench/experiment/trainingStage.ts';
import { comparisonRuns, tuningRuns } from '../../workbench/experiment/plannedRuns.ts';
import { haltOf } from '../../workbench/experiment/haltOf.ts';
import type { Session } from './session.ts';

const faces = 'an experiment file, or a folder or CSV of faces with all defaults';
const percent = (value: number | undefined) => (value === undefined ? '—' : `${(100 * value).toFixed(1)} %`);

const mostLeftOut = 20;
/** The first files that were left out. */
const leftOut = (rejected: readonly Rejected[]) => [
  ...rejected.slice(0, mostLeftOut).map(({ path, reason }) => `Left out ${path}: ${reason}`),
  ...(rejected.length > mostLeftOut ? [`… and ${rejected.length - mostLeftOut} more: --json lists all.`] : []),
];

/** How many pictures each given part has; null if the source gives no parts. */
function partCounts(images: readonly { readonly part?: PartName }[]): Record<PartName, number> | null {
  if (images.every(({ part }) => part === undefined)) return null;
  const count = (name: PartName) => images.filter(({ part }) => part === name).length;
  return Object.fromEntries(partNames.map((name) => [name, count(name)])) as Record<PartName, number>;
}

const whySkipped = {
  'by hand': () => 'by hand',
  'few images': ({ rule }) => `for fewer than ${rule.minImages} images`,
  'few different pictures': () => 'for too few different pictures',
  'not in train': () => 'for no picture in train',
  'no part': () => 'for no part in the source',
  copies: () => 'because all their pictures also stand under another name',
} as const satisfies Record<SkipReason, (split: Split) => string>;

/** The first people that the split leaves out, by reason. */
function leftOutPeople(split: Split): string[] {
  return [...groupBy(split.skipped, ({ reason }) => reason)].map(([reason, people]) => {
    const named = people
      .slice(0, mostLeftOut)
      .map(({ identity, images }) => `${identity} (${images})`)
      .join(', ');
    const others = people.length > mostLeftOut ? ` and ${people.length - mostLeftOut} more; --json lists all` : '';
    return `Left out ${whySkipped[reason](split)}: ${named}${others}.`;
  });
}

/** How a split came about, in sentences. */
const aboutSplit = ({ givenBy, notes }: Split): string[] => [
  ...(givenBy === null ? [] : [`The parts are given by ${givenBy}.`]),
  ...notes.map((note) => splitNoteSentence(note, reportTexts('en'))),
];

const whatTheyAre = {
  identical: 'identical files',
  'near-identical': 'nearly identical',
  'two-names': 'one picture under two names',
} as const satisfies Record<ResolvedCopies['kind'], string>;

/** The first copies of pictures that the split resolved. */
function aboutCopies(set: PreparedSet, split: Split): string[] {
  const copies = resolvedCopies(set, split);
  const files = (named: readonly { readonly file: string }[]) => named.map(({ file }) => file).join(', ');
  return [
    ...copies.slice(0, mostLeftOut).map(({ kind, people, kept, leftOut }) => {
      const outcome = [
        ...(kept.length > 0 ? [`kept ${files(kept)}`] : []),
        ...(leftOut.length > 0 ? [`left out ${files(leftOut)}`] : []),
      ];
      return `copies  ${people.join(' and ')}, ${whatTheyAre[kind]}: ${outcome.join('; ')}.`;
    }),
    ...(copies.length > mostLeftOut ? [`… and copies of ${copies.length - mostLeftOut} more: --json lists all.`] : []),
  ];
}

/** What --json says of how a split came about. */
const splitAnswer = (set: PreparedSet, split: Split) => ({
  hash: split.hash,
  givenBy: split.givenBy,
  notes: split.notes.map((note) => splitNoteSentence(note, reportTexts('en'))),
  resolved: resolvedCopies(set, split),
});

const excludedInWords = ({ excluded = [] }: Pick<Dataset, 'excluded'>): string[] =>
  excluded.length === 0 ? [] : [`Excluded by hand in the app: ${excluded.length}, such as ${excluded[0]?.file}.`];

/** The commands that run one stage of an experiment, and the stages before it. */
export function addStageCommands(program: Command, cli: Session): void {
  program
    .command('import')
    .argument('<source>', faces)
    .description('find the faces of a source; nothing is copied or changed')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const dataset = await importFaces(options);
        const people = countPeople(dataset.images);
        cli.print(
          [
            `${dataset.images.length} images of ${people} people in ${dataset.source} (layout ${dataset.layout}).`,
            ...(dataset.understood === undefined ? [] : [dataset.understood]),
            ...excludedInWords(dataset),
            ...leftOut(dataset.rejected),
          ].join('\n'),
          {
            source: dataset.source,
            layout: dataset.layout,
            hash: dataset.hash,
            images: dataset.images.length,
            people,
            understood: dataset.understood ?? null,
            partsGivenBy: dataset.partsGivenBy ?? null,
            parts: partCounts(dataset.images),
            rejected: dataset.rejected,
            excludedByHand: dataset.excluded ?? [],
          },
        );
      }),
    );

  program
    .command('prepare')
    .argument('<source>', faces)
    .description('align, crop and pack the faces for the network')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const set = await prepareFaces(options, await importFaces(options));
        cli.print(
          [
            `${set.count} faces of ${set.inputSize} x ${set.inputSize} pixels, ${set.alignment}: ${set.folder}`,
            ...leftOut(set.rejected),
          ].join('\n'),
          {
            folder: set.folder,
            hash: set.hash,
            images: set.count,
            inputSize: set.inputSize,
            alignment: set.alignment,
            detection: set.detection ?? null,
            rejected: set.rejected,
          },
        );
      }),
    );

  program
    .command('split')
    .argument('<source>', faces)
    .description('make the folders train, val, test, query and distractors with their manifest')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const set = await prepareFaces(options, await importFaces(options));
        const audited = await auditFaces(options, set);
        const { folder, manifestHash } = await writeAuditedSplit(options, set, audited);
        const parts = Object.fromEntries(
          partNames.map((part) => [
            part,
            {
              images: audited.split.parts[part].length,
              people: countPeople(audited.split.parts[part].flatMap((index) => set.images[index] ?? [])),
            },
          ]),
        );
        cli.print(
          [
            ...Object.entries(parts).map(
              ([part, { images, people }]) =>
                `${part.padEnd(12)} ${String(images).padStart(7)} images ${String(people).padStart(6)} people`,
            ),
            ...aboutSplit(audited.split),
            ...leftOutPeople(audited.split),
            ...aboutCopies(set, audited.split),
            `Folders: ${folder}`,
          ].join('\n'),
          { folder, manifestHash, ...splitAnswer(set, audited.split), parts, skipped: audited.split.skipped },
        );
      }),
    );

  program
    .command('audit')
    .argument('<source>', faces)
    .description('look for leaks between the parts; exit code 1 where one would block')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const set = await prepareFaces(options, await importFaces(options));
        const { split, findings } = await auditFaces(options, set);
        const blocking = findings.filter((finding) => finding.blocking).length;
        cli.print(
          [
            ...aboutSplit(split),
            ...aboutCopies(set, split),
            ...(findings.length === 0 ? ['The audit found nothing.'] : []),
            ...findings.map(
              (finding) => `${finding.blocking ? 'blocks' : 'noted '}  ${finding.message}  [${finding.name}]`,
            ),
          ].join('\n'),
          { ...splitAnswer(set, split), blocking, findings },
        );
        if (blocking > 0) process.exitCode = 1;
      }),
    );

  program
    .command('train')
    .argument('<experiment.yaml>')
    .description('train the arms; test, query and distractors are not touched')
    .option('--arm <name>', 'only this arm')
    .option('--seed <number>', 'only this seed')
    .action((source: string, chosen: { arm?: string; seed?: string }) =>
      cli.withExperiment(source, async (options) => {
        const only = chosenRuns(options.plan, chosen);
        const split = await gatherSplit(options);
        const runs = await trainArms(options, split, { ...cli.trainOptions(), evaluate: false, only });
        const rows = runs.map((id) => ({
          ...options.store.run(id),
          summary: options.store.result(id, 'summary') as TrainedSummary | null,
        }));
        cli.print(
          rows
            .map(({ id, arm, seed, status, summary, message }) => {
              const outcome = summary ? trainedText(summary) : message;
              return `${id}  ${arm}, seed ${seed}: ${status}, ${outcome}`;
            })
            .join('\n'),
          rows,
        );
      }),
    );

  program
    .command('evaluate')
    .argument('<experiment.yaml>')
    .description('evaluate trained arms on val, test, query and distractors, once')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const split = await gatherSplit(options);
        const compared = comparisonRuns(options.store, options.plan, split);
        const untrained = (compared.length > 0 ? compared : tuningRuns(options.plan, split)).filter(
          ({ id }) =>
            !['trained', 'done'].includes(options.store.run(id)?.status ?? '') && haltOf(options.store, id) === null,
        );
        if (untrained.length > 0)
          throw new ArcBenchError(
            'wrong-input',
            `${untrained[0]?.arm}, seed ${untrained[0]?.seed}, is not trained yet: train it first with ` +
              `\`${options.rerunCommand.replace(' evaluate ', ' train ')}\`.`,
          );
        const runs = await trainArms(options, split, { ...cli.trainOptions(), evaluate: true });
        const rows = runs
          .filter((id) => haltOf(options.store, id) === null)
          .map((id) => ({
            ...options.store.run(id),
            evaluation: (options.store.result(id, 'summary') as TrainedSummary | null)?.evaluation ?? null,
          }));
        cli.print(
          rows
            .map(({ id, arm, seed, evaluation }) => {
              const identification = evaluation?.identification;
              const rate = (identification ? identificationRatesOf(identification) : []).find(
                (entry) => entry.falsePositiveRate === 0.01 && entry.carried,
              );
              const { val, test } = evaluation?.accuracy ?? {};
              return (
                `${id}  ${arm}, seed ${seed}: val ${percent(val?.top1.value)}, test ${percent(test?.top1.value)}` +
                `${rate ? `, TPR at FPR 0.01 ${percent(rate.truePositiveRate)}` : ''}` +
                (evaluation?.sets ?? []).map(({ name, mean }) => `, ${name} ${percent(mean)}`).join('')
              );
            })
            .join('\n'),
          rows,
        );
      }),
    );

  program
    .command('report')
    .argument('<experiment.yaml>')
    .description('write the report of what is in the store')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const kept = keptRun(options);
        if (kept !== null) {
          const written = await rewriteReport(options, kept);
          return cli.print(`Report: ${written}`, { report: written });
        }
        const split = await gatherSplit(options);
        if (
          !comparisonRuns(options.store, options.plan, split).some(({ id }) => options.store.run(id)?.status === 'done')
        )
          throw new ArcBenchError(
            'wrong-input',
            `No run of ${source} is done yet: run it first with \`${options.rerunCommand}\`.`,
          );
        const report = await writeExperimentReport(options, split);
        const page = join(dirname(report), pageName);
        cli.print(`Report: ${report}\nAs one HTML file, to share: ${page}`, { report, page });
      }),
    );
}

/** Where the source of a plan is gone, the newest run of the plan: its report needs only what the workspace keeps. */
function keptRun(options: StageOptions): string | null {
  const { store, plan, progress } = options;
  if (plan.data.source === 'demo' || existsSync(pathFrom(options, plan.data.source))) return null;
  const newest = store.runs(planHash(plan)).at(-1);
  if (!newest) return null;
  progress.notice(
    `The data source ${plan.data.source} is not there: the report is on the data that the newest runs saw.`,
  );
  return newest.id;
}

const trainedText = ({ bestEpoch, epochs, imagesPerSecond }: TrainedSummary): string =>
  `best epoch ${bestEpoch} of ${epochs}, ${imagesPerSecond.toFixed(0)} img/s`;

/**
 * Picks the runs that --arm and --seed name; all of them without. Throws 'wrong-input' where the plan has no such arm
 * or seed.
 */
function chosenRuns(
  { arms, seeds }: Plan,
  { arm, seed }: { readonly arm?: string; readonly seed?: string },
): TrainOptions['only'] {
  if (arm === undefined && seed === undefined) return undefined;
  const names = arms.map(({ name }) => name);
  if (arm !== undefined && !names.includes(arm)) {
    const nearest = nearestName(arm, names);
    throw new ArcBenchError(
      'wrong-input',
      `--arm ${shellWord(arm)}: the experiment has no such arm; ` +
        `${nearest === null ? `it has ${names.join(', ')}` : `the nearest is ${nearest}`}.`,
    );
  }
  if (seed !== undefined && !seeds.map(String).includes(seed))
    throw new ArcBenchError(
      'wrong-input',
      `--seed ${shellWord(seed)}: the experiment has no such seed; it has ${seeds.join(', ')}.`,
    );
  return (run) => (arm === undefined || run.arm === arm) && (seed === undefined || String(run.seed) === seed);
}
