import type { Command } from 'commander';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { partNames, type Plan } from '../../../src-shared/experiment.ts';
import { nearestName } from '../../../src-shared/nearestName.ts';
import type { Rejected } from '../../data/dataset.ts';
import type { Split } from '../../split/makeSplit.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import { importFaces, peopleOf, prepareFaces } from '../../workbench/experiment/gatherFaces.ts';
import { gatherSplit, writeExperimentReport } from '../../workbench/experiment/runExperiment.ts';
import { auditFaces, writeAuditedSplit } from '../../workbench/experiment/splitFaces.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { comparisonRuns, tuningRuns } from '../../workbench/experiment/plannedRuns.ts';
import { trainArms, type TrainOptions } from '../../workbench/experiment/trainArms.ts';
import { haltOf } from '../../workbench/experiment/trainInRounds.ts';
import type { Session } from './session.ts';

const faces = 'an experiment file, or a folder or CSV of faces with all defaults';
const percent = (value: number | undefined) => (value === undefined ? '—' : `${(100 * value).toFixed(1)} %`);

const mostLeftOut = 20;
/** The files that were left out, as many as one reads. */
const leftOut = (rejected: readonly Rejected[]) => [
  ...rejected.slice(0, mostLeftOut).map(({ path, reason }) => `Left out ${path}: ${reason}`),
  ...(rejected.length > mostLeftOut ? [`… and ${rejected.length - mostLeftOut} more: --json lists all.`] : []),
];

/** The people whom the split leaves out, as many as one reads. */
function leftOutPeople({ skipped, rule }: Split): string[] {
  const named = skipped
    .slice(0, mostLeftOut)
    .map(({ identity, images }) => `${identity} (${images})`)
    .join(', ');
  return skipped.length === 0
    ? []
    : [
        `Left out, by hand or for fewer than ${rule.minImages} images: ` +
          `${named}${skipped.length > mostLeftOut ? ` and ${skipped.length - mostLeftOut} more, whom --json lists` : ''}.`,
      ];
}

/** The commands that do one stage of an experiment and what it needs before it. */
export function addStageCommands(program: Command, cli: Session): void {
  program
    .command('import')
    .argument('<source>', faces)
    .description('find the faces of a source; nothing is copied or changed')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const dataset = await importFaces(options);
        const people = peopleOf(dataset.images);
        cli.print(
          [
            `${dataset.images.length} images of ${people} people in ${dataset.source} (layout ${dataset.layout}).`,
            ...leftOut(dataset.rejected),
          ].join('\n'),
          {
            source: dataset.source,
            layout: dataset.layout,
            hash: dataset.hash,
            images: dataset.images.length,
            people,
            rejected: dataset.rejected,
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
        const audited = auditFaces(options, set);
        const { folder, manifestHash } = await writeAuditedSplit(options, set, audited);
        const parts = Object.fromEntries(
          partNames.map((part) => [
            part,
            {
              images: audited.split.parts[part].length,
              people: peopleOf(audited.split.parts[part].flatMap((index) => set.images[index] ?? [])),
            },
          ]),
        );
        cli.print(
          [
            ...Object.entries(parts).map(
              ([part, { images, people }]) =>
                `${part.padEnd(12)} ${String(images).padStart(7)} images ${String(people).padStart(6)} people`,
            ),
            ...leftOutPeople(audited.split),
            `Folders: ${folder}`,
          ].join('\n'),
          { folder, manifestHash, hash: audited.split.hash, parts, skipped: audited.split.skipped },
        );
      }),
    );

  program
    .command('audit')
    .argument('<source>', faces)
    .description('look for leakage between the parts; ends with 1 where it would block')
    .action((source: string) =>
      cli.withExperiment(source, async (options) => {
        const { split, findings } = auditFaces(options, await prepareFaces(options, await importFaces(options)));
        const blocking = findings.filter((finding) => finding.blocking).length;
        cli.print(
          findings.length === 0
            ? 'The audit found nothing.'
            : findings
                .map((finding) => `${finding.blocking ? 'blocks' : 'noted '}  ${finding.message}  [${finding.name}]`)
                .join('\n'),
          { hash: split.hash, blocking, findings },
        );
        if (blocking > 0) process.exitCode = 1;
      }),
    );

  program
    .command('train')
    .argument('<experiment.yaml>')
    .description('train the arms; test, query and distractors stay untouched')
    .option('--arm <name>', 'this arm alone')
    .option('--seed <number>', 'this seed alone')
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
            .map(
              (row) =>
                `${row.id}  ${row.arm}, seed ${row.seed}: ${row.status}, ` +
                `${row.summary ? `best epoch ${row.summary.bestEpoch} of ${row.summary.epochs}, ${row.summary.imagesPerSecond.toFixed(0)} img/s` : row.message}`,
            )
            .join('\n'),
          rows,
        );
      }),
    );

  program
    .command('evaluate')
    .argument('<experiment.yaml>')
    .description('judge trained arms on val, test, query and distractors, once')
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
              const rate = evaluation?.identification?.rates.find(
                (entry) => entry.falsePositiveRate === 0.01 && entry.carried,
              );
              return (
                `${id}  ${arm}, seed ${seed}: val ${percent(evaluation?.accuracy.val?.top1.value)}, test ` +
                `${percent(evaluation?.accuracy.test?.top1.value)}${rate ? `, TPR at FPR 0.01 ${percent(rate.truePositiveRate)}` : ''}`
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
        const split = await gatherSplit(options);
        if (
          !comparisonRuns(options.store, options.plan, split).some(({ id }) => options.store.run(id)?.status === 'done')
        )
          throw new ArcBenchError(
            'wrong-input',
            `No run of ${source} is done yet: run it first with \`${options.rerunCommand}\`.`,
          );
        const report = await writeExperimentReport(options, split);
        cli.print(`Report: ${report}`, { report });
      }),
    );
}

/** The runs that --arm and --seed name; all without. Throws 'wrong-input' where the plan has no such arm or seed. */
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
