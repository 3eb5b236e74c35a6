import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  adviceBeforeTraining,
  adviceKnobs,
  adviceSentence,
  photographAdvice,
  type Advice,
} from '../../../src-shared/advice.ts';
import type {
  CheckedExperiment,
  ExperimentDetails,
  PlanAdvice,
  Preset,
} from '../../../src-shared/answers/experimentAnswers.ts';
import { seedsOfArm, trainedArms } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { builtPairs, planOfArm, type Plan } from '../../../src-shared/experiment.ts';
import { isPlaceholder } from '../../../src-shared/dataSchema.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { parseExperiment } from '../../../src-shared/parseExperiment.ts';
import { refuseBatch } from '../../../src-shared/refuseBatch.ts';
import { refuseTooLarge } from '../../../src-shared/refuseTooLarge.ts';
import { refuseTraining } from '../../../src-shared/refuseTraining.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { isBelow } from '../../files/isBelow.ts';
import { isPlainName } from '../../files/plainName.ts';
import type { StartEstimate } from '../../../src-shared/startEstimate.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { writeWhole } from '../../files/writeWhole.ts';
import type { RunRow } from '../../store/store.ts';
import { faceCounter, type CountedFaces } from '../experiment/faceCounter.ts';
import { keptSpeed } from '../estimate/machineSpeed.ts';
import { exportedStarts, parentRun, refuseOtherNetwork, type ParentBase } from '../experiment/parentRun.ts';
import { pinStarts } from '../experiment/pinStarts.ts';
import { openedPath } from '../workspace/openedPath.ts';
import { trainingPart } from '../experiment/refuseStart.ts';
import { givenFilesOf, withContent } from '../experiment/gatherGiven.ts';
import { planHash } from '../experiment/planHash.ts';
import { otherPrecisions } from '../experiment/refuseOtherPrecision.ts';
import { ownCommand } from '../../engine/ownCommand.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { startEstimator, trainedParameters } from '../estimate/startEstimate.ts';
import { pathFrom } from '../experiment/stage.ts';
import type { CallContext, CallsOf } from './callContext.ts';
import type { DatasetLibrary } from '../experiment/datasetLibrary.ts';

const presetFolder = fileURLToPath(new URL('../../../resources/experiments/', import.meta.url));
const textName = 'experiment';

type ReadExperiment = Pick<CheckedExperiment, 'plan' | 'planHash' | 'fault' | 'parameters'>;

interface PlanBase extends ParentBase {
  /** The folders that the user opened: only what lies below them may be read. */
  readonly roots: readonly string[];
}

/** Throws 'wrong-input' for a start from a folder that the user did not open, before anything in it is read. */
async function refuseClosedStarts(plan: Plan, base: PlanBase): Promise<void> {
  for (const folder of exportedStarts(plan, base)) await openedPath(folder, base.roots);
}

/** The plan that an experiment's text starts now; as it is written where the run that it starts from is refused. */
async function startedPlan(plan: Plan, base: PlanBase): Promise<Plan> {
  try {
    await refuseClosedStarts(plan, base);
    return pinStarts(plan, base);
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    return plan; // adviceOnStarts says why
  }
}

/** Reads an experiment's text: its plan, completed with what its files hold, or what is wrong with it and where. */
async function read(yaml: string, base: PlanBase): Promise<ReadExperiment> {
  try {
    const plan = await withContent(parseExperiment(yaml, textName), base, (path) => isBelow(path, base.roots));
    const hash = planHash(await startedPlan(plan, base));
    return { plan, planHash: hash, fault: null, parameters: trainedParameters(plan) };
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    const placed = /^experiment, line (\d+): (.*)$/s.exec(error.message);
    return {
      plan: null,
      planHash: null,
      fault: { line: Number(placed?.[1] ?? 1), message: placed?.[2] ?? error.message },
      parameters: null,
    };
  }
}

/** The runs that arms cannot start from. One sentence speaks for all arms that it is true of. */
async function adviceOnStarts(plan: Plan, base: PlanBase): Promise<PlanAdvice[]> {
  try {
    await refuseClosedStarts(plan, base);
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    return [{ knob: 'model.from', arms: [], text: error.message, blocking: true }];
  }
  const refusals = plan.arms.flatMap((arm) => {
    const { model, prepare } = planOfArm(plan, arm);
    try {
      const parent = parentRun(base, model.from);
      if (parent) refuseOtherNetwork(parent, { ...model, inputSize: prepare.inputSize });
      return [];
    } catch (error) {
      if (!(error instanceof ArcBenchError)) throw error;
      return [{ arm: arm.name, text: error.message }];
    }
  });
  return [...groupBy(refusals, ({ text }) => text)].map(([text, refused]) => ({
    knob: 'model.from',
    arms: refused.length === plan.arms.length ? [] : refused.map(({ arm }) => arm),
    text,
    blocking: true,
  }));
}

/** What speaks against a plan, each point with its knob. */
function adviceOn(plan: Plan, counted: CountedFaces | null): PlanAdvice[] {
  const texts = reportTexts('en');
  return [
    ...(isPlaceholder(plan.data.source)
      ? [
          {
            knob: 'data.source',
            arms: [],
            text:
              `${plan.data.source} is a placeholder for a folder of yours: ` +
              'set data.source to the folder or CSV file of your faces.',
            blocking: true,
          },
        ]
      : []),
    ...(counted && 'refusal' in counted
      ? [{ knob: 'split.minImages', arms: [], text: counted.refusal, blocking: true }]
      : []),
    ...trainedArms(plan).flatMap((arm) =>
      refuseTraining(arm.loss, planOfArm(plan, arm).training).map(({ knob, sentence }) => ({
        knob,
        arms: [arm.name],
        text: `The arm ${arm.name} cannot be trained: ${sentence}.`,
        blocking: true,
      })),
    ),
    ...otherPrecisions(plan, { engine: 'auto' }).map(({ arm, sentence }) => ({
      knob: 'training.precision',
      arms: [arm],
      text: `The arm ${arm} cannot be trained: ${sentence}`,
      blocking: true,
    })),
    ...trainedArms(plan).flatMap((arm) => {
      if (!counted || !('facts' in counted)) return [];
      const refusal = refuseBatch(planOfArm(plan, arm).training, trainingPart(counted.facts));
      if (!refusal) return [];
      const text = `The arm ${arm.name} cannot be trained: ${refusal.sentence}.`;
      return [{ knob: refusal.knob, arms: [arm.name], text, blocking: true }];
    }),
    ...adviceFrom(plan, counted).map((advice) => ({
      knob: adviceKnobs[advice.key],
      arms: Array.isArray(advice.values['arm']) ? advice.values['arm'].map(String) : [],
      text: adviceSentence(advice, texts),
      blocking: false,
    })),
  ];
}

/** Advice from what is known of the faces: their photographs are known where they cannot be split. */
const adviceFrom = (plan: Plan, counted: CountedFaces | null): readonly Advice[] =>
  counted && 'refusal' in counted
    ? [...photographAdvice(plan, counted.photographs), ...adviceBeforeTraining(plan, null)]
    : adviceBeforeTraining(plan, counted?.facts ?? null);

/** What of a start is beyond this machine; it would be refused. */
const tooLarge = (estimate: StartEstimate): PlanAdvice[] =>
  refuseTooLarge(estimate).map(({ knob, sentence }) => ({ knob, arms: [], text: sentence, blocking: true }));

export function experimentCalls(context: CallContext, library: DatasetLibrary): CallsOf<'experiments'> {
  const { store, jobs, roots, tell, workInThread } = context;
  const countFaces = faceCounter(store, library);
  const { area, experiment: pathOf } = workspaceFolders(store.workspace);
  const folder = area('experiments');
  const base: PlanBase = { store, baseFolder: folder, roots };
  const changed = () => tell({ event: 'experiments.changed', payload: null });
  const estimate = startEstimator(store, () => keptSpeed('auto'));
  const check = async (yaml: string): Promise<CheckedExperiment> => {
    const found = await read(yaml, base);
    const counted = found.plan && (await countFaces(found.plan, folder));
    const estimated = found.plan && estimate(found.plan, counted);
    return {
      ...found,
      advice:
        found.plan && estimated
          ? [...(await adviceOnStarts(found.plan, base)), ...adviceOn(found.plan, counted), ...tooLarge(estimated)]
          : [],
      estimate: estimated,
    };
  };
  const kept = async (id: string) => {
    const [yaml, found] = await Promise.all([readFile(pathOf(id), 'utf8'), stat(pathOf(id))]).catch(
      (cause: unknown) => {
        throw new ArcBenchError('wrong-input', `There is no experiment ${id}: look at the list of experiments.`, {
          cause,
        });
      },
    );
    return { id, yaml, updatedAt: found.mtime.toISOString() };
  };
  const show = async (id: string): Promise<ExperimentDetails> => {
    const text = await kept(id);
    return { ...text, ...(await check(text.yaml)) };
  };
  /** A short name in the letters that file names take, with a number where it is taken. */
  const freshId = (yaml: string): string => {
    const base =
      nameIn(yaml)
        .normalize('NFKD')
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .filter((word) => word !== '')
        .join('-')
        .slice(0, 48) || 'experiment';
    for (let number = 1; ; number++) {
      const id = number === 1 ? base : `${base}-${number}`;
      if (isPlainName(`${id}.yaml`) && !existsSync(pathOf(id))) return id;
    }
  };
  /** Refuses a plan that reads files which the user did not open: faces, weights, pairs, sets. */
  const refuseClosedFiles = async (plan: Plan): Promise<void> => {
    const weights = plan.arms
      .map((arm) => planOfArm(plan, arm).model.weights)
      .filter((file) => file !== 'random' && file !== 'imagenet');
    const pairs = plan.evaluation.pairs === builtPairs ? [] : [plan.evaluation.pairs];
    const given = plan.arms.flatMap((arm) => givenFilesOf(arm, base)?.path ?? []);
    const source = plan.data.source === 'demo' ? 'demo' : pathFrom(base, plan.data.source);
    if (source !== 'demo' && !store.datasets().some((dataset) => dataset.source === source))
      await openedPath(source, roots); // what was imported was chosen before
    for (const file of new Set([...weights, ...pairs, ...plan.evaluation.sets]))
      await openedPath(pathFrom(base, file), roots);
    for (const file of given) await openedPath(file, roots);
    await refuseClosedStarts(plan, base);
  };
  return {
    'experiments.list': async () => {
      const ids = (await readdir(folder))
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => name.slice(0, -'.yaml'.length));
      const texts = await Promise.all(ids.map(kept));
      const all = await Promise.all(texts.map(async (text) => ({ ...text, ...(await read(text.yaml, base)) })));
      return all
        .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt))
        .map(({ id, yaml, plan, updatedAt, planHash: hash }) => ({
          id,
          name: plan?.name ?? nameIn(yaml),
          updatedAt,
          planHash: hash,
          arms: plan?.arms.length ?? 0,
          seeds: plan?.seeds.length ?? 0,
          runs: plan?.arms.reduce((sum, arm) => sum + seedsOfArm(plan, arm).length, 0) ?? 0,
          halving: plan?.sweep?.halving !== undefined,
          runsDone: hash === null ? 0 : countDone(store.runs(hash)),
        }));
    },
    'experiments.presets': async () => {
      const names = (await readdir(presetFolder)).filter((name) => name.endsWith('.yaml')).sort();
      const read = await Promise.all(
        names.map(async (name) => ({
          name: name.slice(0, -'.yaml'.length),
          yaml: await readFile(join(presetFolder, name), 'utf8'),
        })),
      );
      // The demo needs nothing, so it comes first.
      return read
        .map(({ name, yaml }): Preset => ({
          name,
          yaml,
          title: nameIn(yaml),
          description: firstComment(yaml),
        }))
        .sort((a, b) => Number(b.name === 'demo') - Number(a.name === 'demo'));
    },
    'experiments.show': ({ id }) => show(id),
    'experiments.check': ({ yaml }) => check(yaml),
    'experiments.save': async ({ id, yaml }) => {
      const target = id ?? freshId(yaml);
      if (id !== null) await kept(id);
      await mkdir(folder, { recursive: true });
      await writeWhole(pathOf(target), yaml);
      changed();
      return await show(target);
    },
    'experiments.delete': async ({ id }) => {
      await kept(id);
      if (jobs.jobs().some((job) => job.experiment === id && job.endedAt === null))
        throw new ArcBenchError('wrong-input', `The experiment ${id} is running or queued: cancel it first.`);
      await rm(pathOf(id));
      changed();
      return null;
    },
    'experiments.start': async ({ id, interrupted }) => {
      const { plan, fault } = await read((await kept(id)).yaml, base);
      if (!plan)
        throw new ArcBenchError(
          'wrong-input',
          `The experiment ${id} cannot be started: line ${fault?.line}: ${fault?.message}`,
        );
      if (jobs.jobs().some((job) => job.experiment === id && job.endedAt === null))
        throw new ArcBenchError('wrong-input', `The experiment ${id} is running or queued already.`);
      if (isPlaceholder(plan.data.source))
        throw new ArcBenchError(
          'wrong-input',
          `The experiment ${id} cannot be started: data.source is still ${plan.data.source}. Set it to the folder or ` +
            'CSV file of your faces.',
        );
      await refuseClosedFiles(plan);
      return jobs.add({
        kind: 'experiment',
        title: plan.name,
        experiment: id,
        work: async (job) => {
          const report = await workInThread(
            {
              kind: 'experiment',
              plan: pinStarts(plan, base),
              interrupted,
              baseFolder: folder,
              rerunCommand: rerunCommandOf(pathOf(id), store.workspace),
            },
            job,
          );
          tell({ event: 'reports.changed', payload: { id: basename(dirname(report)) } });
          return report;
        },
      });
    },
  };
}

/** How many runs of a plan are done; one that is done on several data counts once. */
const countDone = (runs: readonly RunRow[]): number =>
  new Set(runs.filter(({ status }) => status === 'done').map(({ arm, seed }) => `${seed} ${arm}`)).size;

const rerunCommandOf = (file: string, workspace: string) =>
  `${ownCommand()} --run ${shellWord(file)} --workspace ${shellWord(workspace)}`;

/** The name of an experiment whose text may be no YAML yet. */
function nameIn(yaml: string): string {
  const line = yaml.split('\n').find((entry) => entry.startsWith('name:')) ?? '';
  const name = line.slice('name:'.length).trim().replace(/^['"]/, '').replace(/['"]$/, '').trim();
  return name === '' ? 'Untitled' : name;
}

const firstComment = (yaml: string): string =>
  yaml
    .split('\n')
    .find((line) => line.startsWith('#'))
    ?.slice(1)
    .trim() ?? '';
