import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import { isPlaceholder } from '../../../src-shared/dataSchema.ts';
import { parseExperiment } from '../../../src-shared/parseExperiment.ts';
import { printable, printableLines } from '../../../src-shared/printable.ts';
import { openToOthers } from '../../files/openToOthers.ts';
import { readTextFile } from '../../files/readTextFile.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { EngineName } from '../../../src-shared/runEngine.ts';
import { ownCommand } from '../../engine/ownCommand.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { withContent } from '../../workbench/experiment/gatherGiven.ts';
import { extendFlags, planToExtend } from '../../workbench/experiment/planToExtend.ts';
import { pinStarts } from '../../workbench/experiment/pinStarts.ts';
import type { StageOptions } from '../../workbench/experiment/stage.ts';
import type { TrainOptions } from '../../workbench/experiment/trainingStage.ts';
import { defaultWorkspace } from '../defaultWorkspace.ts';
import { onHangup } from './onHangup.ts';
import { terminalProgress, type TerminalProgress } from './terminalProgress.ts';

const lockPatience = 20_000; // milliseconds

interface GlobalOptions {
  readonly run?: string;
  readonly data?: string;
  readonly workspace?: string;
  readonly resume?: boolean;
  readonly restart?: boolean;
  readonly extend?: readonly number[];
  readonly extendRate?: number;
  readonly eager?: boolean;
  readonly engine: EngineName;
  readonly json?: boolean;
}

/** What one command of the command line works with: its options, its store, and Ctrl-C. */
export function session(program: Command) {
  const globals = () => program.opts<GlobalOptions>();
  const workspace = () => resolve(globals().workspace ?? defaultWorkspace());
  /** Ctrl-C, SIGTERM or a closed terminal; a second Ctrl-C ends at once. */
  const stopSignal = (progress: TerminalProgress): AbortSignal => {
    const stopper = new AbortController();
    process.on('SIGINT', () => {
      if (stopper.signal.aborted) {
        progress.end();
        process.exit(130);
      }
      progress.stage('Stopping after this step; Ctrl-C again ends at once, without saving.');
      stopper.abort();
    });
    process.on('SIGTERM', () => stopper.abort());
    onHangup(() => stopper.abort());
    return stopper.signal;
  };
  let shown: TerminalProgress | null = null;
  const say = (sentence: string | null) => {
    if (sentence === null) return;
    if (shown) shown.notice(sentence);
    else process.stderr.write(`${printable(sentence)}\n`);
  };
  return {
    globals,
    workspace,
    /** Says something on stderr, beside the progress where one is shown. */
    say,
    print(human: string, value: unknown): void {
      shown?.end();
      process.stdout.write(`${globals().json ? JSON.stringify(value, null, 1) : printableLines(human)}\n`);
    },
    /** Shows the progress of a long action on stderr while it runs. Ctrl-C stops it; a second Ctrl-C ends at once. */
    async withProgress<T>(action: (shown: Pick<StageOptions, 'progress' | 'signal'>) => Promise<T>): Promise<T> {
      const progress = (shown = terminalProgress(process.stderr));
      try {
        return await action({ progress, signal: stopSignal(progress) });
      } finally {
        progress.end();
      }
    },
    /** --data as it was given, for commands that do the same again. */
    dataFlag: (): string[] => {
      const { data } = globals();
      return data === undefined ? [] : ['--data', data];
    },
    /** --workspace as it was given, for commands that do the same again. */
    workspaceFlag: (): string[] => {
      const { workspace: given } = globals();
      return given === undefined || resolve(given) === resolve(defaultWorkspace()) ? [] : ['--workspace', given];
    },
    trainOptions: (): Pick<TrainOptions, 'interrupted' | 'compiled' | 'engine'> => {
      const { resume, restart, eager, engine } = globals();
      if (resume && restart)
        throw new ArcBenchError('wrong-input', '--resume and --restart cannot be combined: give one of them.');
      return { interrupted: interruptedOf(globals()), compiled: !eager, engine };
    },
    async withStore<T>(
      options: { readonly readOnly: boolean; readonly existing?: boolean },
      action: (store: Store) => T | Promise<T>,
    ): Promise<T> {
      const store = openStore(workspace(), {
        ...options,
        patience: lockPatience,
        onWait: say,
      });
      try {
        if (!options.readOnly) say(openToOthers(workspace()));
        return await action(store);
      } finally {
        store.close();
      }
    },
    /**
     * Runs stages on an experiment file, or on a folder or CSV of faces with all defaults. Ctrl-C stops them; a second
     * Ctrl-C ends at once.
     */
    async withExperiment<T>(source: string, action: (options: StageOptions) => Promise<T>): Promise<T> {
      const { plan, baseFolder } = readPlan(source, globals().data);
      // A report is made again by the whole run: it finds that the arms are trained.
      const command =
        globals().run === undefined && !['report', 'bundle', 'submit', 'collect'].includes(program.args[0] ?? '')
          ? (program.args[0] ?? '')
          : '--run';
      const rerunCommand =
        `${ownCommand()} ${command} ` +
        [shellWord(source), ...this.dataFlag().map(shellWord), ...this.workspaceFlag().map(shellWord)].join(' ');
      return await this.withStages({ plan, baseFolder, rerunCommand }, (options) =>
        action(extended(options, globals())),
      );
    },
    /** As withExperiment, but --data is a second dataset beside the experiment's own; null where none is given. */
    async withOwnData<T>(
      source: string,
      action: (options: StageOptions, data: string | null) => Promise<T>,
    ): Promise<T> {
      const { plan, baseFolder } = readPlan(source, undefined);
      const { data } = globals();
      const rerunCommand = `${ownCommand()} ${program.args[0] ?? ''} ${[
        shellWord(source),
        ...this.dataFlag().map(shellWord),
        ...this.workspaceFlag().map(shellWord),
      ].join(' ')}`;
      return await this.withStages({ plan, baseFolder, rerunCommand }, (options) =>
        action(options, data === undefined ? null : sourceFrom(baseFolder, data)),
      );
    },
    async withStages<T>(
      of: Pick<StageOptions, 'plan' | 'baseFolder' | 'rerunCommand'>,
      action: (options: StageOptions) => Promise<T>,
    ): Promise<T> {
      return await this.withProgress((shown) =>
        this.withStore({ readOnly: false }, async (store) => {
          const base = { store, baseFolder: of.baseFolder };
          const plan = await withContent(pinStarts(of.plan, base), base);
          return await action({ ...of, ...shown, plan, store });
        }),
      );
    },
  };
}
export type Session = ReturnType<typeof session>;

/** The stage on the plan that --extend asks for: each step goes on from the one before. */
function extended(options: StageOptions, { extend = [], extendRate }: GlobalOptions): StageOptions {
  if (extendRate !== undefined && extend.length === 0)
    throw new ArcBenchError(
      'wrong-input',
      '--extend-rate is the learning rate of added epochs: give --extend too, such as --extend 20.',
    );
  let { plan, rerunCommand } = options;
  for (const [step, epochs] of extend.entries()) {
    const isLast = step === extend.length - 1;
    const extension = { epochs, learningRate: isLast ? (extendRate ?? null) : null };
    plan = planToExtend(options.store, plan, { extension, rerunCommand });
    rerunCommand += extendFlags(extension);
  }
  return { ...options, plan, rerunCommand };
}

function interruptedOf({ resume, restart }: Pick<GlobalOptions, 'resume' | 'restart'>): TrainOptions['interrupted'] {
  if (resume) return 'resume';
  return restart ? 'restart' : 'refuse';
}

const longestPlanName = 200; // characters, as the schema has it

/** The plan of an experiment file, or of a folder or CSV file of faces; `data` takes the place of the data source. */
function readPlan(source: string, data: string | undefined): { plan: Plan; baseFolder: string } {
  const path = resolve(source);
  if (!existsSync(path))
    throw new ArcBenchError(
      'wrong-input',
      `There is no file or folder ${path}: name an experiment file, such as resources/experiments/demo.yaml.`,
    );
  const baseFolder = dirname(path);
  if (!/\.ya?ml$/i.test(path)) {
    if (data !== undefined)
      throw new ArcBenchError(
        'wrong-input',
        `--data ${shellWord(data)}: ${source} is no experiment file but faces itself. Leave one of the two out.`,
      );
    return {
      plan: experimentSchema.parse({ name: source.slice(0, longestPlanName) || path, data: { source: path } }),
      baseFolder,
    };
  }
  const text = readTextFile(path);
  const plan = parseExperiment(text, source); // refuses a text that is too long, before anything reads it
  refuseEmpty(text, source);
  if (data !== undefined)
    return { plan: { ...plan, data: { ...plan.data, source: sourceFrom(baseFolder, data) } }, baseFolder };
  if (isPlaceholder(plan.data.source))
    throw new ArcBenchError(
      'wrong-input',
      `${source} needs faces of yours: data.source is still ${plan.data.source}. Give a folder or CSV file with ` +
        '--data <folder>, or set data.source to it.',
    );
  return { plan, baseFolder };
}

function refuseEmpty(text: string, source: string): void {
  // An empty text would mean all defaults, but an empty file was probably cut off.
  if (text.split('\n').every((line) => /^(#|$)/.test(line.trim())))
    throw new ArcBenchError(
      'wrong-input',
      `${source} is empty: an experiment was expected; write what differs from the defaults, such as ` +
        '`data: { source: demo }`, or copy resources/experiments/demo.yaml.',
    );
}

/**
 * --data as a data source. A relative path is relative to the current folder on the command line, and to the experiment
 * file in a plan: it is rewritten, so that the plan's hash is that of a file with the same source in it.
 */
function sourceFrom(baseFolder: string, data: string): string {
  if (data === 'demo' || isAbsolute(data)) return data;
  return relative(baseFolder, resolve(data)).replaceAll('\\', '/');
}
