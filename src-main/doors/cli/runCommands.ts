import type { Command } from 'commander';
import { ancestrySchema, startInWords } from '../../../src-shared/ancestry.ts';
import type { GivenModel } from '../../../src-shared/arms.ts';
import type { RunData } from '../../../src-shared/answers/runAnswers.ts';
import { fileSize } from '../../../src-shared/fileSize.ts';
import { bytesBelow } from '../../files/bytesBelow.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { exportRun } from '../../workbench/results/export/exportRun.ts';
import { valCurveOfRun } from '../../workbench/results/valCurveOfRun.ts';
import { resultHash } from '../../workbench/results/resultHash.ts';
import { trainArms } from '../../workbench/experiment/trainArms.ts';
import { gatherSplit } from '../../workbench/experiment/runExperiment.ts';
import { extendableRun } from '../../workbench/experiment/extendRun.ts';
import { deleteRun } from '../../workbench/experiment/deleteRun.ts';
import { runDataOf } from '../../workbench/experiment/runFaces.ts';
import { givenOfRun } from '../../workbench/experiment/givenOfRun.ts';
import { noSuchRun } from '../../workbench/experiment/noSuchRun.ts';
import { resumableRun, resumeRun } from '../../workbench/experiment/resumeRun.ts';
import { addedEpochs } from './extendFlags.ts';
import type { Session } from './session.ts';

const dataInWords = ({ hash, images, people }: RunData): string =>
  images === null ? hash.slice(0, 12) : `${hash.slice(0, 12)}, ${images} pictures of ${people} people`;

const notTrained = (given: GivenModel | null): string => (given ? `  not trained here: ${given.file}` : '');

const shownMetrics = ['train/loss', 'train/accuracy', 'val/loss', 'val/accuracy', 'val/identification'];

/** The commands on runs of the workspace. */
export function addRunCommands(program: Command, cli: Session): void {
  const runs = program.command('runs').description('list, show, resume, extend or delete runs');
  runs
    .command('list')
    .description('every run of the workspace, with its size on the disk')
    .action(() =>
      cli.withStore({ readOnly: true }, async (store) => {
        const { run: folderOf } = workspaceFolders(store.workspace);
        const rows = await Promise.all(
          store.runs().map(async (row) => ({
            ...row,
            data: runDataOf(store, row.id),
            given: givenOfRun(store, row),
            bytes: await bytesBelow(folderOf(row.id)),
          })),
        );
        cli.print(
          rows.length === 0
            ? 'No runs yet.'
            : rows
                .map(
                  (row) =>
                    `${row.id}  ${row.status.padEnd(9)}  ${row.createdAt.slice(0, 16).replace('T', ' ')} UTC  ` +
                    `${fileSize(row.bytes).padStart(8)}  data ${row.data?.hash.slice(0, 8) ?? 'unknown '}  ` +
                    `seed ${row.seed}  ${row.arm}  (${row.experiment})${notTrained(row.given)}`,
                )
                .join('\n'),
          rows,
        );
      }),
    );
  runs
    .command('show')
    .argument('<id>')
    .description('one run with its results')
    .action((id: string) =>
      cli.withStore({ readOnly: true }, (store) => {
        const row = store.run(id);
        if (!row) throw noSuchRun(id);
        const value = {
          ...row,
          data: runDataOf(store, id),
          given: givenOfRun(store, row),
          ancestry: ancestrySchema.nullable().catch(null).parse(store.result(id, 'ancestry')),
          engine: store.result(id, 'engine'),
          resultHash: resultHash(store, id),
          summary: store.result(id, 'summary'),
          artefacts: store.artefacts(id),
          events: store.events(id),
          points: store.points(id),
        };
        cli.print(
          [
            `${row.id}  ${row.arm}, seed ${row.seed}  (${row.experiment})${notTrained(value.given)}`,
            `status   ${row.status}${row.message ? `: ${row.message}` : ''}`,
            `created  ${row.createdAt}`,
            ...(value.data === null ? [] : [`data     ${dataInWords(value.data)}`]),
            ...(value.ancestry === null ? [] : [`start    ${startInWords(value.ancestry)}`]),
            ...(value.resultHash === null ? [] : [`result   ${value.resultHash}`]),
            ...store
              .judgedPoints(id, valCurveOfRun(store, row))
              .filter((point) => point.value !== null && shownMetrics.includes(point.name))
              .map(({ name, epoch, value: own }) => `${name}  ${own?.toFixed(4)} in epoch ${epoch}, the best on val`),
            ...Object.entries((store.result(id, 'judged') ?? {}) as Record<string, number>).map(
              ([name, judged]) => `${name}  ${judged.toFixed(4)}`,
            ),
            ...value.artefacts.map(({ kind, path }) => `${kind}  ${path}`),
            ...value.events.map(({ at, message }) => `${at}  ${message}`),
          ].join('\n'),
          value,
        );
      }),
    );
  runs
    .command('resume')
    .argument('<id>')
    .description('go on with a run that was stopped')
    .action(async (id: string) => {
      const run = await cli.withStore({ readOnly: true }, (store) => resumableRun(store, id));
      await cli.withStages({ plan: run.plan, ...run.origin }, async (options) => {
        await resumeRun(run, options, cli.trainOptions());
        cli.print(
          `Run ${id} is done; \`${run.origin.rerunCommand}\` goes on with the experiment and writes the report.`,
          { id, status: 'done' },
        );
      });
    });
  runs
    .command('extend')
    .argument('<id>')
    .argument('<epochs>')
    .description('train one finished run for more epochs, as a run of its own; --run with --extend trains all runs')
    .action(async (id: string, epochs: string) => {
      const { extendRate = null } = cli.globals();
      const extension = { epochs: addedEpochs(epochs)[0] ?? 1, learningRate: extendRate };
      const row = await cli.withStore({ readOnly: true }, (store) => store.run(id));
      const { plan, origin } = await cli.withStore({ readOnly: true }, (store) => extendableRun(store, id, extension));
      await cli.withStages({ plan, ...origin }, async (options) => {
        const [extended] = await trainArms(options, await gatherSplit(options), {
          ...cli.trainOptions(),
          evaluate: true,
          only: ({ arm, seed }) => arm === row?.arm && seed === row.seed,
        });
        cli.print(
          `Run ${extended} is done; \`${origin.rerunCommand}\` trains the other runs too and writes the report.`,
          { id: extended, parent: id, status: 'done' },
        );
      });
    });
  runs
    .command('delete')
    .argument('<ids...>')
    .description('remove runs, their points and their files')
    .action((ids: readonly string[]) =>
      cli.withStore({ readOnly: false, existing: true }, (store) => {
        const named = [...new Set(ids)];
        for (const id of named) if (!store.run(id)) throw noSuchRun(id); // before any is removed
        for (const id of named) deleteRun(store, id);
        cli.print(`Deleted ${named.length === 1 ? 'run' : 'runs'} ${named.join(', ')}.`, { deleted: named });
      }),
    );
  program
    .command('export')
    .argument('<run>')
    .argument('<folder>')
    .description(
      'copy the saved model, weights, embeddings and plan of a run into a new folder, with model.onnx, a model ' +
        'card, and files that TensorBoard opens with --logdir',
    )
    .option('--pictures', 'copy the pictures of the split too, so that the plan runs anywhere')
    .action((id: string, folder: string, { pictures = false }: { readonly pictures?: boolean }) =>
      cli.withStore({ readOnly: true }, async (store) => {
        const result = await exportRun(store, id, { target: folder, pictures });
        const note =
          pictures || result.source === 'demo'
            ? 'It can be run anywhere.'
            : `The pictures are not in it: the plan names ${result.source}; --pictures copies those of the split.`;
        cli.print(`Exported ${result.files.join(', ')} to ${result.folder}\n${note}`, result);
      }),
    );
}
