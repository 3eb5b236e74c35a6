import { cpus, totalmem, type, release } from 'node:os';
import { isAbsolute, relative } from 'node:path';
import { ancestrySchema, type Ancestry } from '../../../src-shared/ancestry.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { leakWarning } from '../experiment/ancestryOf.ts';
import { adviceAfterTuning, adviceBeforeTraining } from '../../../src-shared/advice.ts';
import { withClasses } from '../../../src-shared/comparePredictions.ts';
import type { Predictions } from '../../../src-shared/evaluation.ts';
import { partNames } from '../../../src-shared/splitSchema.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { runWarningSchema, warningSentence, type RunWarning } from '../../../src-shared/runWarning.ts';
import type { ReportModel, ReportRun, ValPeople } from '../../report/reportModel.ts';
import type { Store } from '../../store/store.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import type { Draws } from '../experiment/drawsOf.ts';
import { enginesOf } from '../experiment/enginesOf.ts';
import { embeddingPicture } from './embeddingPicture.ts';
import { resultHash } from './resultHash.ts';
import { splitFacts } from '../experiment/splitFacts.ts';
import type { SplitFaces } from '../experiment/splitFaces.ts';
import { splitOfSeed, tuningRuns } from '../experiment/plannedRuns.ts';
import { valPairsOf } from '../experiment/valPairsOf.ts';
import { tuningOutcomes } from '../experiment/tuningOutcomes.ts';
import { haltOf } from '../experiment/haltOf.ts';
import { resolvedCopies } from '../../split/resolvedCopies.ts';
import { faceThumbnails } from '../../data/faceThumbnails.ts';
import type { PreparedImage, PreparedSet } from '../../data/preparedSet.ts';
import { reportContext } from '../../report/reportContext.ts';
import { facesShown } from '../../report/facesShown.ts';
import type { FaceChoice } from '../../report/section.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { readRunFaces } from '../experiment/runFaces.ts';
import { takenForPictures } from './takenForPictures.ts';

export interface ReportSource {
  readonly plan: Plan;
  readonly hash: string;
  readonly runs: readonly { readonly id: string; readonly arm: string; readonly seed: number }[];
  readonly faces: SplitFaces;
  readonly rerunCommand: string;
}

/** The report's model of an experiment, read from the store, with the faces of its failures. */
export async function reportOf(store: Store, source: ReportSource): Promise<ReportModel> {
  const model = withoutFaces(store, source);
  return { ...model, faces: await facesOf(store, model, source.faces) };
}

/** The people of val who are held out, as the report counts them. */
function valPeopleOf({ plan, faces }: ReportSource): ValPeople | null {
  const found = valPairsOf(faces.set, faces.split, plan);
  if (!found) return null;
  const { people, images, measured, pairs } = found;
  return { people, images, measured, falsePositiveRate: pairs?.falsePositiveRate ?? null };
}

function withoutFaces(store: Store, source: ReportSource): ReportModel {
  const { plan } = source;
  const { dataset, set, split, findings } = source.faces;
  const peopleIn = (indexes: readonly number[]) => new Set(indexes.map((index) => set.images[index]?.identity)).size;
  const tuning = tuningOutcomes(store, plan, tuningRuns(plan, source.faces));
  const valPeople = valPeopleOf(source);
  const splits = [...(source.faces.splits?.values() ?? [split])];
  const people = [...new Set(splits.flatMap(({ classes }) => classes))].sort();
  const placeOf = new Map(people.map((person, place) => [person, place]));
  const predictionsOf = (id: string, seed: number): Predictions | null => {
    const own = store.result(id, 'predictions') as Predictions | null;
    return own && withClasses(own, splitOfSeed(source.faces, seed).classes, placeOf);
  };
  const engine = source.runs
    .map(({ id }) => store.result(id, 'engine') as { device: string; tensorflow: string; threads?: number } | null)
    .find((found) => found !== null) ?? { device: 'unknown', tensorflow: 'unknown' };
  return {
    plan,
    planHash: source.hash,
    rerunCommand: source.rerunCommand,
    remarks: store.remarks(source.hash, set.hash),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      operatingSystem: `${type()} ${release()}`,
      node: process.version,
      tensorflow: engine.tensorflow,
      engine: engine.device,
      threads: engine.threads ?? cpus().length,
    },
    dataset: {
      source: dataset.source,
      layout: dataset.layout,
      images: set.count,
      people: peopleIn([...set.images.keys()]),
      rejected: [...dataset.rejected, ...set.rejected],
      ...(dataset.excluded && { excluded: dataset.excluded }),
      alignment: set.alignment,
      inputSize: set.inputSize,
      hash: dataset.hash,
    },
    split: {
      seed: split.seed,
      hash: split.hash,
      parts: partNames.map((part) => ({ part, people: peopleIn(split.parts[part]), images: split.parts[part].length })),
      ...(valPeople && { valPeople }),
      skippedPeople: split.skipped.length,
      splits: new Set(source.runs.map(({ seed }) => splitOfSeed(source.faces, seed).hash)).size,
      givenBy: split.givenBy,
      notes: split.notes,
      copies: copiesOf(source.faces),
      findings: [...findings, ...findingsOfStarts(store, source)],
    },
    advice: [...adviceBeforeTraining(plan, splitFacts(source.faces)), ...adviceAfterTuning(plan, tuning)],
    tuning,
    test: {
      classes: people,
      files: Object.fromEntries(
        splits.flatMap(({ parts }) => parts.test).map((index) => [index, set.images[index]?.path ?? '']),
      ),
    },
    faces: { files: {}, people: {} },
    runs: plan.arms.flatMap((arm) =>
      source.runs
        .filter((run) => run.arm === arm.name)
        .map(({ id, seed }): ReportRun => {
          const run = store.run(id);
          const draws = store.result(id, 'draws') as Draws | null;
          const curves: Record<string, { epoch: number; value: number }[]> = {};
          // What is stored of every step is for the live screens; a report shows epochs.
          for (const { name, epoch, value } of store.points(id))
            if (!name.startsWith('step/')) (curves[name] ??= []).push({ epoch, value });
          return {
            id,
            arm: arm.name,
            seed,
            status: run?.status ?? 'missing',
            message: toldFailure(store, id) ?? run?.message ?? null,
            curves,
            picture: run?.status === 'done' && seed === plan.seeds[0] ? embeddingPicture(store, id) : null,
            warnings: store
              .events(id)
              .filter((event) => event.kind === 'warning')
              .map(({ message, details }) => runWarningSchema.safeParse(details).data ?? message),
            summary: store.result(id, 'summary') as TrainedSummary | null,
            ancestry: ancestryIn(store, id),
            halving: haltOf(store, id),
            engines: enginesOf(store, id),
            resultHash: resultHash(store, id),
            predictions: predictionsOf(id, seed),
            hashes: {
              split: run?.splitHash ?? null,
              initialWeights: run?.initialWeightsHash ?? null,
              batchOrder: draws?.batchOrder ?? null,
              augmentation: draws?.augmentation ?? null,
            },
          };
        }),
    ),
  };
}

function copiesOf({ dataset, set, split }: SplitFaces): ReportModel['split']['copies'] {
  const files = (named: readonly { readonly file: string }[]) =>
    named.map(({ file }) => (isAbsolute(file) ? relative(dataset.source, file) : file));
  return resolvedCopies(set, split).map(({ kind, people, kept, leftOut }) => ({
    kind,
    people,
    kept: files(kept),
    leftOut: files(leftOut),
  }));
}

const ancestryIn = (store: Store, id: string): Ancestry | null =>
  ancestrySchema.nullable().catch(null).parse(store.result(id, 'ancestry'));

/** What the runs that others started from had seen of the parts that these are judged on. It blocks nothing. */
function findingsOfStarts(store: Store, { runs }: ReportSource): ReportModel['split']['findings'] {
  const found = runs.flatMap(({ id, arm }) => (ancestryIn(store, id)?.leaks ?? []).map((leak) => ({ arm, leak })));
  const messages = new Set(
    found.map(({ arm, leak }) => `${arm}: ${warningSentence(leakWarning(leak), reportTexts('en'))}`),
  );
  return [...messages].map((message) => ({ name: 'start-was-trained-on', message, blocking: false }));
}

/** How a run failed, for any language; null where it did not, or where there is only an English sentence. */
const toldFailure = (store: Store, id: string): RunWarning | null =>
  runWarningSchema.safeParse(
    store.run(id)?.status === 'failed' ? store.events(id).findLast((event) => event.kind === 'failure')?.details : null,
  ).data ?? null;

/** Failed pictures by their file, and a training picture of each person they were taken for. */
async function facesOf(
  store: Store,
  model: ReportModel,
  { set, split, splits }: SplitFaces,
): Promise<ReportModel['faces']> {
  const { mistakes, files, people } = facesShown(reportContext(model));
  const nearest = nearestOf(store, model, { mistakes, set });
  const find = (indexes: Iterable<number>, matches: (image: PreparedImage) => boolean) =>
    [...indexes].find((index) => matches(set.images[index] as PreparedImage));
  const ofFiles = files.flatMap((file) => find(set.images.keys(), (image) => image.path === file) ?? []);
  const trained = [...new Set([...(splits?.values() ?? [split])].flatMap(({ parts }) => parts.train))];
  const ofPeople = people.flatMap((person) => find(trained, (image) => image.identity === person) ?? []);
  const thumbnails = await faceThumbnails(set, [...ofFiles, ...ofPeople, ...nearest.map(({ picture }) => picture)]);
  const named = (indexes: readonly number[], name: (image: PreparedImage) => string) =>
    Object.fromEntries(indexes.map((index) => [name(set.images[index] as PreparedImage), thumbnails.get(index) ?? '']));
  return {
    files: named(ofFiles, (image) => image.path),
    people: named(ofPeople, (image) => image.identity),
    ...(nearest.length > 0 && {
      nearest: nearest.map(({ picture, ...found }) => ({ ...found, face: thumbnails.get(picture) ?? '' })),
    }),
  };
}

/** Of each mistake the most similar picture of the person that it was taken for, by the first run that made it. */
function nearestOf(
  store: Store,
  { runs }: Pick<ReportModel, 'runs'>,
  { mistakes, set }: { readonly mistakes: readonly FaceChoice[]; readonly set: PreparedSet },
): { readonly file: string; readonly person: string; readonly picture: number; readonly cosine: number | null }[] {
  const placeOf = new Map(set.images.map(({ path }, place) => [path, place]));
  const byRun = groupBy(mistakes, ({ file, person }) =>
    runs.find(({ summary }) =>
      summary?.evaluation?.confusions?.mistakes.some((own) => own.file === file && own.predicted === person),
    ),
  );
  return [...byRun].flatMap(([run, own]) => {
    const found = own.flatMap(({ file, person }) => {
      const picture = placeOf.get(file);
      return picture === undefined ? [] : [{ file, person, picture }];
    });
    const pairs = found.map(({ picture, person }) => ({ picture, person }));
    const taken =
      run === undefined || readRunFaces(store, run.id) === null ? [] : takenForPictures(store, run.id, pairs);
    return taken.flatMap(({ nearest }, place) => {
      const { file = '', person = '' } = found[place] ?? {};
      return nearest === null ? [] : [{ file, person, ...nearest }];
    });
  });
}
