#!/usr/bin/env node
import { Command, Option } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { ArcBenchError, exitCodeOf } from '../../../src-shared/errors.ts';
import { nearestName } from '../../../src-shared/nearestName.ts';
import { printable, printableLines } from '../../../src-shared/printable.ts';
import { offBy } from '../../../src-shared/trainingTime.ts';
import { engineNames } from '../../../src-shared/runEngine.ts';
import { checkWorkspace } from '../../workbench/workspace/checkWorkspace.ts';
import { openWorkbench } from '../../workbench/openWorkbench.ts';
import { keepSpeed } from '../../workbench/estimate/machineSpeed.ts';
import { knownFault } from '../../files/knownFault.ts';
import { outliveReaders } from '../../files/outliveReaders.ts';
import { runExperiment } from '../../workbench/experiment/runExperiment.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { estimatedRates, estimatedSize } from '../../workbench/estimate/trainingRate.ts';
import { refuseBrokenText } from './brokenText.ts';
import { refuseSmallAddressSpace } from './addressSpace.ts';
import { addBundleCommands } from './bundleCommands.ts';
import { addCleanCommand } from './cleanCommand.ts';
import { addBatchCommands } from './batchCommands.ts';
import { addEmbedCommands } from './embedCommands.ts';
import { addKnobsCommand } from './knobsCommand.ts';
import { addRealityCommand } from './realityCommand.ts';
import { addPackCommand } from './packCommand.ts';
import { addRunCommands } from './runCommands.ts';
import { addServeCommand } from './serveCommand.ts';
import { addedEpochs, addedRate } from './extendFlags.ts';
import { session } from './session.ts';
import { addStageCommands } from './stageCommands.ts';

const program = new Command('arcbench')
  .description('What does ArcFace buy over plain cross-entropy, on your machine and your faces?')
  .option('--run <experiment.yaml>', 'run an experiment from faces to report')
  .option('--data <folder>', "the faces to use instead of the experiment's data.source: a folder or a CSV file")
  .option('--workspace <folder>', "where data, runs and reports are kept (default: arcbench in the user's data folder)")
  .option('--resume', 'go on with runs that were stopped')
  .option('--restart', 'start runs that were stopped from the beginning')
  .addOption(
    new Option(
      '--extend <epochs>',
      'train the finished runs of the experiment for more epochs, as runs of their own',
    ).argParser(addedEpochs),
  )
  .addOption(
    new Option(
      '--extend-rate <rate>',
      'the learning rate of these epochs (default: the last one of a schedule that ends above 0, else a tenth of the ' +
        'highest one, falling by a cosine)',
    ).argParser(addedRate),
  )
  .addOption(new Option('--engine <name>', 'what computes').choices(engineNames).default('auto'))
  .option('--eager', 'op by op, without the compiled step (the slow reference)')
  .option('--json', 'results as JSON on stdout')
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong input, 130 cancelled and resumable.')
  .showHelpAfterError('(--help says what there is)')
  .configureHelp({ showGlobalOptions: true })
  .version(packageJson.version, '--version', 'the version of ArcBench')
  .helpCommand('help [command]', 'what a command does')
  .exitOverride();
const cli = session(program);

program.action(async () => {
  const { run } = cli.globals();
  const [stray] = program.args;
  if (stray !== undefined) throw strayWord(stray);
  if (run === undefined) return program.help({ error: true });
  await cli.withExperiment(run, async (options) => {
    const result = await runExperiment(options, cli.trainOptions());
    cli.print(`Report: ${result.report}`, result);
  });
});

program
  .command('doctor')
  .description('engine, device, versions, files and a measured GFLOP/s')
  .action(async () => {
    const { diagnose } = await import('../../engine/diagnose.ts');
    const { isPackaged } = await import('../../engine/isPackaged.ts');
    const { engine } = cli.globals();
    const found = await diagnose(engine);
    const training = estimatedRates(await keepSpeed(engine, found));
    const rates = training.map(
      ({ backbone, imagesPerSecond }) => `${backbone} ${Number(imagesPerSecond.toPrecision(2))}`,
    );
    cli.print(
      [
        `engine      ${found.device}, ${found.deviceName}, ${found.threads} threads`,
        `TensorFlow  ${found.tensorflow}`,
        `Node        ${found.node}`,
        `files       ${found.folder ?? 'not from ArcBench'} (${checkOfFiles(found.checked, isPackaged())})`,
        `speed       ${found.gigaflops.toFixed(0)} GFLOP/s (1024 x 1024 matrix product)`,
        `training    ${rates.join(', ')} img/s at ${estimatedSize} px, estimated from that: ` +
          'may be off by a factor of ' +
          `${offBy.machine[found.device]}; \`--run\` says what an experiment takes`,
      ].join('\n'),
      { ...found, training },
    );
  });
program
  .command('check')
  .description('verify every file of the workspace; exit code 1 where something is not whole')
  .option('--repair', 'remove leftovers and what the next run can make again')
  .action(({ repair = false }: { repair?: boolean }) =>
    cli.withStore({ readOnly: false, existing: true }, async (store) => {
      const faults = await checkWorkspace(store, {
        repair,
        onProgress: (what) => {
          if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2KChecking ${what}`);
        },
      });
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
      cli.print(
        faults.length === 0
          ? `The workspace ${store.workspace} is whole.`
          : faults.map(({ path, message }) => `${path}\n  ${message}`).join('\n'),
        { workspace: store.workspace, faults },
      );
      if (faults.some((fault) => !fault.mended)) process.exitCode = 1;
    }),
  );
addKnobsCommand(program, cli);
addStageCommands(program, cli);
addPackCommand(program, cli);
addRunCommands(program, cli);
addEmbedCommands(program, cli);
addCleanCommand(program, cli);
addBundleCommands(program, cli);
addRealityCommand(program, cli);
addBatchCommands(program, cli);
addServeCommand(program, cli, openWorkbench);
// After the commands, which inherit from the program. An unknown command is refused below, with the nearest name.
program.allowExcessArguments();
program.hook('preAction', (_, command) => {
  if (command !== program && command.name() !== 'compare' && cli.globals().run !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `--run and the command ${command.name()} were given: one of them was expected, leave the other out.`,
    );
});

/** How the files of the engine were checked. */
function checkOfFiles(checked: boolean, packaged: boolean): string {
  if (checked) return 'whole by SHA-256';
  return packaged
    ? "not checked: the system checks the app's signature"
    : 'not checked: they have no manifest; `npm run setup` writes one';
}

/** The refusal of a word that is no command. */
function strayWord(word: string): ArcBenchError {
  if (/\.ya?ml$/i.test(word))
    return new ArcBenchError(
      'wrong-input',
      `${word} stands without a command: a command or --run was expected before it, as in \`arcbench --run ` +
        `${shellWord(word)}\`.`,
    );
  const nearest = nearestName(
    word,
    program.commands.map((command) => command.name()),
  );
  return new ArcBenchError(
    'wrong-input',
    `There is no command '${word}'${nearest === null ? '' : `; the nearest is '${nearest}'`}: \`arcbench ` +
      '--help` lists them.',
  );
}

outliveReaders();
try {
  refuseSmallAddressSpace();
  refuseBrokenText(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  const known = knownFault(error);
  if (known) {
    process.stderr.write(`${known.message}\n`);
    process.exitCode = exitCodeOf(known.code);
  } else if (error instanceof Error && 'exitCode' in error) {
    process.exitCode = error.exitCode === 0 ? 0 : 2; // commander has said why
  } else {
    process.stderr.write(
      `ArcBench failed: ${printable(error instanceof Error ? error.message : String(error))}. This is a ` +
        'fault of the program; set ARCBENCH_DEBUG=1 for its trace.\n',
    );
    process.exitCode = 1;
  }
  if (process.env['ARCBENCH_DEBUG'] && error instanceof Error)
    process.stderr.write(`${printableLines(error.stack ?? '')}\n`);
}
