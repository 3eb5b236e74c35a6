import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { IdentificationRate } from '../../../src-shared/maths/identificationRate.ts';
import { degreesOf } from '../../../src-shared/maths/histogram.ts';
import { noThresholds, oneIn, samePerson, samePersonInWords, usableRates } from '../../../src-shared/samePerson.ts';
import { startFaceFinder, type EveryFaceFinder } from '../../data/faceFinder.ts';
import { startFaceWorkers } from '../../data/faceWorkers.ts';
import { refuseTaken } from '../../files/newTarget.ts';
import { startEmbedder } from '../../evaluate/embedder/startEmbedder.ts';
import type { Store } from '../../store/store.ts';
import { embedPictures, type EmbeddedFace, type EmbedTools } from '../../workbench/trial/embedPictures.ts';
import { picturesToEmbed } from '../../workbench/trial/picturesToEmbed.ts';
import { trialName, trialRun } from '../../workbench/trial/trialRun.ts';
import { embeddedFiles, writeEmbeddedFaces } from '../../workbench/trial/writeEmbeddedFaces.ts';
import type { StageOptions } from '../../workbench/experiment/stage.ts';
import type { Session } from './session.ts';

interface EmbedChoice {
  readonly to?: string;
  readonly aligned?: boolean;
  readonly largest?: boolean;
}
interface CompareChoice {
  readonly run?: string;
  readonly fpr?: string;
  readonly aligned?: boolean;
}
type Shown = Pick<StageOptions, 'progress' | 'signal'>;

/** The commands that try a finished run on pictures. */
export function addEmbedCommands(program: Command, cli: Session): void {
  program
    .command('embed')
    .argument('<run>', 'a trained run, as `arcbench runs list` names it')
    .argument('<pictures...>', 'pictures, folders of pictures, or CSV lists of them')
    .description('embed the faces of pictures with a trained run, exactly as in its training and evaluation')
    .option('--to <folder>', 'write into this new folder (default: embeddings-<run>)')
    .option('--aligned', 'the pictures are aligned faces already: take each as a whole')
    .option('--largest', 'only the largest face of each picture, as in training (default: every face)')
    .action((id: string, inputs: string[], chosen: EmbedChoice) =>
      cli.withProgress((shown) =>
        cli.withStore({ readOnly: true }, (store) => embedCommand(cli, { store, shown, id, inputs, chosen })),
      ),
    );
  program
    .command('compare')
    .argument('<first>', 'a picture')
    .argument('<second>', 'another picture')
    .description('whether two pictures show one person, by a trained run and its thresholds')
    .option('--run <run>', 'the trained run')
    .option('--fpr <rate>', 'the false positive rate of the answer (default: the smallest that the run supports)')
    .option('--aligned', 'the pictures are aligned faces already: take each as a whole')
    .action((first: string, second: string, chosen: CompareChoice) =>
      cli.withProgress((shown) =>
        cli.withStore({ readOnly: true }, (store) =>
          compareCommand(cli, { store, shown, pictures: [first, second], chosen }),
        ),
      ),
    );
}

async function embedCommand(
  cli: Session,
  {
    store,
    shown: { progress, signal },
    id,
    inputs,
    chosen,
  }: {
    readonly store: Store;
    readonly shown: Shown;
    readonly id: string;
    readonly inputs: readonly string[];
    readonly chosen: EmbedChoice;
  },
): Promise<void> {
  const run = trialRun(store, id);
  const folder = resolve(chosen.to ?? `embeddings-${id}`);
  refuseTaken(folder);
  const found = await picturesToEmbed(inputs, { workspace: store.workspace, signal });
  progress.stage(`Embedding the faces of ${found.images.length} pictures with ${trialName(run)}`);
  const embedded = await withTools(cli, (tools) =>
    embedPictures(run, found.images, {
      aligned: chosen.aligned ?? false,
      largestOnly: chosen.largest ?? false,
      signal,
      onProgress: (done, total) => progress.step({ done, total, note: 'pictures' }),
      tools,
    }),
  );
  const rejected = [...found.rejected, ...embedded.rejected];
  for (const { path, reason } of rejected.slice(0, 5)) progress.notice(`Left out ${path}: ${reason}`);
  if (rejected.length > 5) progress.notice(`… and ${rejected.length - 5} more; skipped.csv lists them.`);
  if (embedded.faces.length === 0)
    throw new ArcBenchError(
      'wrong-input',
      `None of the ${found.images.length} pictures has a face that can be used, the first because: ` +
        `${rejected[0]?.reason ?? 'there are no pictures.'}`,
    );
  await writeEmbeddedFaces(folder, { faces: embedded.faces, rejected });
  const pictures = new Set(embedded.faces.map(({ image }) => image.path)).size;
  const embeddingSize = embedded.faces[0]!.unit.length;
  const result = {
    run: id,
    folder,
    files: embeddedFiles,
    faces: embedded.faces.length,
    pictures,
    embeddingSize,
    skipped: rejected.map(({ path, reason }) => ({ file: path, reason })),
  };
  const skipped = rejected.length === 0 ? '' : `, ${rejected.length} files were left out`;
  cli.print(
    `${embedded.faces.length} faces of ${pictures} pictures, ${embeddingSize} numbers each${skipped}: ${folder}`,
    result,
  );
}

async function compareCommand(
  cli: Session,
  {
    store,
    shown: { progress, signal },
    pictures,
    chosen,
  }: {
    readonly store: Store;
    readonly shown: Shown;
    readonly pictures: readonly [string, string];
    readonly chosen: CompareChoice;
  },
): Promise<void> {
  const id = chosen.run ?? cli.globals().run;
  if (id === undefined)
    throw new ArcBenchError(
      'wrong-input',
      'compare needs a trained run: add --run <run>; `arcbench runs list` names them.',
    );
  const run = trialRun(store, id);
  const rates = usableRates(run.rates);
  const wanted = chosen.fpr === undefined ? (rates[0] ?? null) : rateOf(rates, chosen.fpr);
  const images = pictures.map((picture) => ({ path: resolve(picture), identity: '' }));
  for (const { path } of images)
    if (!existsSync(path))
      throw new ArcBenchError('wrong-input', `${path} cannot be compared: there is no such file; name a picture.`);
  progress.stage(`Comparing two pictures with ${trialName(run)}`);
  const { faces, rejected } = await withTools(cli, (tools) =>
    embedPictures(run, images, {
      aligned: chosen.aligned ?? false,
      largestOnly: true,
      signal,
      onProgress: () => undefined,
      tools,
    }),
  );
  const [first, second] = images.map(({ path }) => faces.find(({ image }) => image.path === path));
  if (!first || !second)
    throw new ArcBenchError(
      'wrong-input',
      `${rejected[0]?.path ?? pictures[0]} cannot be compared: ${rejected[0]?.reason ?? 'it has no face.'}`,
    );
  for (const { image, faces: count } of [first, second])
    if (count > 1) progress.notice(`${image.path} shows ${count} faces: the largest was taken.`);
  const cosine = first.unit.reduce((sum, value, column) => sum + value * second.unit[column]!, 0);
  const answer = wanted && samePerson(cosine, wanted);
  const sentence = answer ? samePersonInWords(cosine, answer) : noThresholds;
  cli.print(
    [
      `cosine     ${cosine.toFixed(4)}, ${degreesOf(cosine).toFixed(1)} degrees, by ${trialName(run)}`,
      ...rates.map((rate) => thresholdLine(cosine, rate)),
      sentence,
    ].join('\n'),
    {
      run: id,
      cosine,
      degrees: degreesOf(cosine),
      first: describedFace(first),
      second: describedFace(second),
      thresholds: rates.map((rate) => ({
        falsePositiveRate: rate.falsePositiveRate,
        threshold: rate.threshold,
        truePositiveRate: rate.truePositiveRate,
        same: cosine > rate.threshold,
      })),
      falsePositiveRate: wanted?.falsePositiveRate ?? null,
      same: answer?.same ?? null,
      answer: sentence,
    },
  );
}

const thresholdLine = (cosine: number, { threshold, falsePositiveRate }: IdentificationRate): string =>
  `threshold  ${threshold.toFixed(4)} at a false positive rate of ${falsePositiveRate} ` +
  `(${oneIn(falsePositiveRate)}): ${cosine > threshold ? 'one person' : 'two people'}`;

const describedFace = ({ image, faces, box, landmarks }: EmbeddedFace) => ({ file: image.path, faces, box, landmarks });

/** The threshold of a rate that the user names. Throws 'wrong-input' where the run has none for it. */
function rateOf(rates: readonly IdentificationRate[], text: string): IdentificationRate {
  const rate = rates.find(({ falsePositiveRate }) => falsePositiveRate === Number(text));
  if (rate) return rate;
  const known = rates.map(({ falsePositiveRate }) => falsePositiveRate).join(', ');
  throw new ArcBenchError(
    'wrong-input',
    `The run has no threshold at --fpr ${text}: ` + (known === '' ? noThresholds : `one of ${known} was expected.`),
  );
}

/** Gives what finds, cuts and embeds faces, and ends it afterwards. The detector starts with the first search. */
async function withTools<T>(cli: Session, action: (tools: EmbedTools) => Promise<T>): Promise<T> {
  let finder: EveryFaceFinder | null = null;
  const workers = startFaceWorkers();
  const embedder = startEmbedder({ engine: cli.globals().engine });
  try {
    return await action({
      finder: { findEvery: (picture) => (finder ??= startFaceFinder()).findEvery(picture) },
      workers,
      embedder,
    });
  } finally {
    // Assigned inside a function, which the compiler does not see.
    (finder as EveryFaceFinder | null)?.close();
    embedder.close();
    await workers.close();
  }
}
