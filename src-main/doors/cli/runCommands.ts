import type { Command } from 'commander';
import { rmSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { exportRun, noSuchRun } from '../../workbench/exportRun.ts';
import { gatherSplit } from '../../workbench/runExperiment.ts';
import { runFolderOf, trainArms } from '../../workbench/trainArms.ts';
import type { Session } from './session.ts';

/** The commands on runs that are in the workspace. */
export function addRunCommands(program: Command, cli: Session): void {
  const runs = program.command('runs').description('list, show, resume or delete runs');
  runs.command('list').description('every run of the workspace').action(() => cli.withStore({ readOnly: true }, (store) => {
    const rows = store.runs();
    cli.print(rows.length === 0 ? 'No runs yet.' : rows.map((row) => `${row.id}  ${row.status.padEnd(9)}  seed ${row.seed}  ${row.arm}  (${row.experiment})`).join('\n'), rows);
  }));
  runs.command('show').argument('<id>').description('one run with its results').action((id: string) => cli.withStore({ readOnly: true }, (store) => {
    const row = store.run(id);
    if (!row) throw noSuchRun(id);
    const value = { ...row, engine: store.result(id, 'engine'), summary: store.result(id, 'summary'), artefacts: store.artefacts(id), events: store.events(id), points: store.points(id) };
    cli.print([
      `${row.id}  ${row.arm}, seed ${row.seed}  (${row.experiment})`, `status   ${row.status}${row.message ? `: ${row.message}` : ''}`, `created  ${row.createdAt}`,
      ...value.artefacts.map(({ kind, path }) => `${kind}  ${path}`), ...value.events.map(({ at, message }) => `${at}  ${message}`),
    ].join('\n'), value);
  }));
  runs.command('resume').argument('<id>').description('go on with a run that was stopped').action(async (id: string) => {
    const found = await cli.withStore({ readOnly: true }, (store) => {
      const row = store.run(id);
      if (!row) throw noSuchRun(id);
      return { row, plan: store.plan(row.planHash), origin: store.result(id, 'origin') as { baseFolder: string; rerunCommand: string } | null };
    });
    const { row, plan, origin } = found;
    if (row.status === 'done') throw new ArcBenchError('wrong-input', `The run ${id} is done: there is nothing to resume.`);
    if (!plan || !origin) throw new ArcBenchError('damaged', `The plan of run ${id} is not in the store: start the experiment again from its file.`);
    await cli.withStages({ plan, ...origin }, async (options) => {
      await trainArms(options, await gatherSplit(options), { ...cli.trainOptions(), interrupted: 'resume', evaluate: true, only: ({ arm, seed }) => arm === row.arm && seed === row.seed });
      cli.print(`Run ${id} is done; \`${origin.rerunCommand}\` goes on with the experiment and writes the report.`, { id, status: 'done' });
    });
  });
  runs.command('delete').argument('<id>').description('remove a run, its points and its files').action((id: string) => cli.withStore({ readOnly: false }, (store) => {
    if (!store.run(id)) throw noSuchRun(id);
    store.deleteRun(id);
    rmSync(runFolderOf(store, id), { recursive: true, force: true });
    cli.print(`Deleted run ${id}.`, { deleted: id });
  }));
  program.command('export').argument('<run>').argument('<folder>').description('copy the saved model, weights, embeddings and plan of a run into a new folder').action((id: string, folder: string) => cli.withStore({ readOnly: true }, async (store) => {
    const result = await exportRun(store, id, folder);
    cli.print(`Exported ${result.files.join(', ')} to ${result.folder}`, result);
  }));
}
