import { statSync } from 'node:fs';
import { givenModelOf, type ArmPlan } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { splitSeedOf, type Plan } from '../../../src-shared/experiment.ts';
import { fileState, isSameState, type FileState } from '../../data/fileState.ts';
import type { PreparedSet } from '../../data/preparedSet.ts';
import { picturesOfCentres } from '../../evaluate/classCentres.ts';
import { contentHash } from '../../evaluate/given/contentHash.ts';
import { labelsBeside, readGivenEmbeddings, refuseMissing } from '../../evaluate/given/givenEmbeddings.ts';
import { openNpyRows } from '../../files/npyRows.ts';
import { readGivenNetwork } from '../../model/onnx/givenNetwork.ts';
import type { GivenFiles } from '../../trainer/trainerMessages.ts';
import { splitOfSeed, type SplitsOfSeeds } from './plannedRun.ts';
import { pathFrom, type PathBase, type StageOptions } from './stage.ts';

const known = new Map<string, { readonly states: readonly FileState[]; readonly sha256: string }>();
const mostKnown = 100;

/** As contentHash; files that have not changed are read once. */
async function knownHash(kind: GivenFiles['kind'], path: string): Promise<string | null> {
  const files = kind === 'onnx' ? [path] : [path, labelsBeside(path)];
  const states = files.flatMap((file) => {
    const state = statSync(file, { throwIfNoEntry: false });
    return state ? [fileState(state)] : [];
  });
  if (states.length < files.length) return null;
  const before = known.get(path);
  if (
    before &&
    before.states.length === states.length &&
    states.every((own, at) => isSameState(own, before.states[at]!))
  )
    return before.sha256;
  const sha256 = await contentHash(kind, path);
  if (sha256 !== null) known.set(path, { states, sha256 });
  for (const oldest of [...known.keys()].slice(0, -mostKnown)) known.delete(oldest);
  return sha256;
}

/**
 * The plan with the SHA-256 of what its arms name that are not trained, so that their content decides its hash. A file
 * that is not there is left for checkGiven to refuse. `isOpen` says whether a path may be read.
 */
export async function withContent(
  plan: Plan,
  base: PathBase,
  isOpen: (path: string) => Promise<boolean> = () => Promise.resolve(true),
): Promise<Plan> {
  if (plan.arms.every((arm) => givenModelOf(arm) === null)) return plan;
  const arms: ArmPlan[] = [];
  for (const arm of plan.arms) {
    const given = arm.sha256 === undefined ? givenModelOf(arm) : null;
    const path = given && pathFrom(base, given.file);
    const sha256 = given && path !== null && (await isOpen(path)) ? await knownHash(given.kind, path) : null;
    arms.push(sha256 === null ? arm : { ...arm, sha256 });
  }
  return { ...plan, arms };
}

/** What an arm judges in place of training; null for one that is trained. */
export function givenFilesOf(arm: ArmPlan, base: PathBase): GivenFiles | null {
  const given = givenModelOf(arm);
  return given && { kind: given.kind, path: pathFrom(base, given.file), sha256: arm.sha256 ?? '' };
}

/**
 * Looks, before any work is done, whether the models and embeddings of a plan are there, are what was planned, and fit
 * the size of its pictures. Returns how the faces were aligned that each model was trained on, by arm, as far as its
 * file says. Throws 'wrong-input' with one sentence.
 */
export async function checkGiven(options: StageOptions): Promise<ReadonlyMap<string, string>> {
  const { plan, progress } = options;
  const alignments = new Map<string, string>();
  for (const arm of plan.arms) {
    const files = givenFilesOf(arm, options);
    if (!files) continue;
    progress.stage(`Looking at ${arm.name}, which is not trained here`);
    await named(arm, async () => {
      const { alignment } =
        files.kind === 'onnx' ? readGivenNetwork(files.path, plan.prepare.inputSize) : embeddingsFile(files.path);
      const sha256 = await knownHash(files.kind, files.path);
      if (files.sha256 !== '' && sha256 !== files.sha256)
        throw new ArcBenchError(
          'wrong-input',
          `${files.path} is not what the plan names: its SHA-256 is ${sha256}, and ${files.sha256} was expected; ` +
            'put the right file there, or take sha256 out of the arm.',
        );
      if (alignment !== null) alignments.set(arm.name, alignment);
    });
  }
  return alignments;
}

function embeddingsFile(path: string): { readonly alignment: null } {
  openNpyRows(path); // throws for what is no such file
  return { alignment: null };
}

/** Puts the arm's name before the sentence of what was wrong with its file. */
async function named(arm: ArmPlan, action: () => void | Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    throw new ArcBenchError(error.code, `The arm ${arm.name} cannot be evaluated: ${error.message}`, { cause: error });
  }
}

/**
 * Looks, once the faces are split, whether embeddings are there for every picture that is judged. Throws 'wrong-input'
 * with one sentence.
 */
export async function checkGivenFaces(
  options: StageOptions,
  faces: SplitsOfSeeds & { readonly set: PreparedSet },
): Promise<void> {
  const { plan } = options;
  const { set } = faces;
  for (const arm of plan.arms) {
    const files = givenFilesOf(arm, options);
    if (files?.kind !== 'embeddings') continue;
    await named(arm, () => {
      const given = readGivenEmbeddings(files.path, set.images);
      for (const seed of plan.split.seed === 'perSeed' ? plan.seeds : plan.seeds.slice(0, 1)) {
        const { parts, classes } = splitOfSeed(faces, seed);
        const { test, query, distractors } = parts;
        const classOf = new Map(classes.map((identity, label) => [identity, label]));
        const labels = Int32Array.from(parts.train, (index) => classOf.get(set.images[index]!.identity) ?? 0);
        const train = picturesOfCentres({
          train: { indexes: parts.train, labels },
          seed: splitSeedOf(plan.split, seed),
        }).indexes;
        refuseMissing(given, set, { test, query, distractors, train });
      }
    });
  }
}

/** Says which models were trained on faces that were aligned in another way. */
export function sayAlignments(
  { progress }: Pick<StageOptions, 'progress'>,
  alignments: ReadonlyMap<string, string>,
  { alignment }: PreparedSet,
): void {
  for (const [arm, trainedOn] of alignments)
    if (trainedOn !== alignment)
      progress.notice(
        `${arm} was trained on faces aligned by ${trainedOn}, and these are aligned by ${alignment}: it may do worse ` +
          'than it could.',
      );
}
