#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ArcBenchError, exitCodeOf } from '../../../src-shared/errors.ts';
import { parseExperiment } from '../../../src-shared/parseExperiment.ts';
import { openStore } from '../../store/store.ts';
import { runExperiment } from '../../workbench/runExperiment.ts';
import { terminalProgress } from './terminalProgress.ts';

const defaultWorkspace = join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'arcbench');
const program = new Command('arcbench')
  .description('What does ArcFace buy over plain cross-entropy, on your machine and your faces?')
  .option('--run <experiment.yaml>', 'run an experiment from faces to report')
  .option('--workspace <folder>', 'where data, runs and reports are kept', defaultWorkspace)
  .option('--resume', 'go on with runs that were stopped')
  .option('--eager', 'op by op, without the compiled step (the slow reference)')
  .option('--json', 'results as JSON on stdout')
  .showHelpAfterError();

interface GlobalOptions { readonly run?: string; readonly workspace: string; readonly resume?: boolean; readonly eager?: boolean; readonly json?: boolean }
const globals = () => program.opts<GlobalOptions>();
const print = (human: string, value: unknown) => process.stdout.write(`${globals().json ? JSON.stringify(value, null, 1) : human}\n`);

async function run(file: string): Promise<void> {
  const { workspace, resume = false, eager = false } = globals();
  const path = resolve(file);
  if (!existsSync(path)) throw new ArcBenchError('wrong-input', `There is no experiment file ${path}: name a YAML file, such as resources/experiments/demo.yaml.`);
  const plan = parseExperiment(readFileSync(path, 'utf8'), file);
  const store = openStore(resolve(workspace));
  let stop = () => undefined as void;
  let asked = false;
  process.on('SIGINT', () => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write('\nStopping after this step; once more ends at once, without saving.\n');
    stop();
  });
  process.on('SIGTERM', () => stop());
  try {
    const quote = (text: string) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
    const rerunCommand = `npm run arcbench -- --run ${quote(file)}${workspace === defaultWorkspace ? '' : ` --workspace ${quote(workspace)}`}`;
    const result = await runExperiment(store, { plan, baseFolder: dirname(path), rerunCommand, resume, compiled: !eager, progress: terminalProgress(process.stderr), onStopper: (stopper) => { stop = stopper; } });
    print(`Report: ${result.report}`, result);
  } finally {
    store.close();
  }
}

program.action(async () => {
  const { run: file } = globals();
  if (file) await run(file);
  else program.help({ error: true });
});

program.command('doctor').description('engine, device, versions and a measured GFLOP/s').action(async () => {
  const { diagnose } = await import('../../engine/diagnose.ts');
  const found = diagnose();
  print(`engine      ${found.device}\nTensorFlow  ${found.tensorflow}\nNode        ${found.node}\nspeed       ${found.gigaflops.toFixed(0)} GFLOP/s (1024 x 1024 matrix product)`, found);
});

const runs = program.command('runs').description('list, show or delete runs');
runs.command('list').description('every run of the workspace').action(() => {
  const store = openStore(resolve(globals().workspace), { readOnly: true });
  const rows = store.runs();
  store.close();
  print(rows.length === 0 ? 'No runs yet.' : rows.map((row) => `${row.id}  ${row.status.padEnd(9)}  seed ${row.seed}  ${row.arm}  (${row.experiment})`).join('\n'), rows);
});
runs.command('show <id>').description('one run with its results').action((id: string) => {
  const store = openStore(resolve(globals().workspace), { readOnly: true });
  const row = store.run(id);
  if (!row) throw new ArcBenchError('wrong-input', `There is no run ${id}: \`arcbench runs list\` names them.`);
  const value = { ...row, summary: store.result(id, 'summary'), artefacts: store.artefacts(id), events: store.events(id) };
  store.close();
  print(JSON.stringify(value, null, 1), value);
});
runs.command('delete <id>').description('remove a run, its points and its files').action((id: string) => {
  const store = openStore(resolve(globals().workspace));
  const row = store.run(id);
  if (row) {
    store.deleteRun(id);
    rmSync(join(store.workspace, 'runs', id), { recursive: true, force: true });
  }
  store.close();
  if (!row) throw new ArcBenchError('wrong-input', `There is no run ${id}: \`arcbench runs list\` names them.`);
  print(`Deleted run ${id}.`, { deleted: id });
});

program.exitOverride();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof ArcBenchError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = exitCodeOf(error.code);
  } else if (error instanceof InvalidArgumentError || (error instanceof Error && 'exitCode' in error)) {
    process.exitCode = (error as Error & { exitCode: number }).exitCode === 0 ? 0 : 2; // commander has said why
  } else {
    process.stderr.write(`ArcBench failed: ${error instanceof Error ? error.message : String(error)}. This is a fault of the program; set ARCBENCH_DEBUG=1 for its trace.\n`);
    if (process.env['ARCBENCH_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}
