import { existsSync, readFileSync } from 'node:fs';
import type { EmbeddingRow } from '../../../src-shared/answers/embeddingAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Predictions } from '../../../src-shared/evaluation.ts';
import { partNames, type PartName } from '../../../src-shared/splitSchema.ts';
import { degreesOf } from '../../../src-shared/maths/histogram.ts';
import { textOfCell, tsvCell } from '../../../src-shared/textCell.ts';
import { readNpy } from '../../files/npyFile.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { openPreparedSet, type PreparedSet } from '../../data/preparedSet.ts';
import type { Store } from '../../store/store.ts';
import { listSnapshots } from '../../train/snapshots.ts';
import { pictureFinder } from '../../files/pictureFinder.ts';
import { noSuchRun } from '../experiment/noSuchRun.ts';

/** A run's embeddings with what each row shows; rows are the same in each frame, and of unit length. */
export interface EmbeddingSpace {
  readonly rows: readonly EmbeddingRow[];
  readonly frames: readonly { readonly snapshot: number | null; readonly path: string }[];
}

/**
 * Reads what a run's embeddings show: those judged at its end, or val's after each epoch that was kept. Throws
 * 'wrong-input' where there are none.
 */
export function embeddingSpace(store: Store, run: string, of: 'end' | 'epochs'): EmbeddingSpace {
  const row = store.run(run);
  if (!row) throw noSuchRun(run);
  const faces = store.result(run, 'faces') as { prepared: string } | null;
  const folders = workspaceFolders(store.workspace);
  const { embeddings, labels, snapshots } = folders.filesOfRun(run);
  const folder = faces && folders.preparedSet(faces.prepared);
  const set = folder && existsSync(folder) ? openPreparedSet(folder) : null;
  const name = `${row.arm}, seed ${row.seed} (run ${run})`;
  if (of === 'end') {
    if (!existsSync(embeddings))
      throw new ArcBenchError(
        'wrong-input',
        `${name} has no embeddings: they are kept when a run has been evaluated; run its experiment to the end.`,
      );
    return {
      rows: judgedRows(labels, set, store.result(run, 'predictions') as Predictions | null),
      frames: [{ snapshot: null, path: embeddings }],
    };
  }
  const { images, epochs } = listSnapshots(snapshots);
  if (epochs.length === 0)
    throw new ArcBenchError(
      'wrong-input',
      `${name} kept no embeddings of its epochs: train it again, with pictures in val.`,
    );
  if (!set)
    throw new ArcBenchError(
      'wrong-input',
      `The prepared faces of ${name} are gone, and with them who its epochs show: prepare them again.`,
    );
  return {
    rows: images.map((picture) => ({
      picture,
      identity: set.images[picture]?.identity ?? '',
      part: 'val',
      file: set.images[picture]?.path ?? '',
      correct: null,
    })),
    frames: epochs.map(({ epoch, path }) => ({ snapshot: epoch, path })),
  };
}

/** Rows of labels.tsv, whose cells were written by `tsvCell`. */
function judgedRows(path: string, set: PreparedSet | null, predictions: Predictions | null): EmbeddingRow[] {
  const placeOf = pictureFinder(set?.images.map((image) => textOfCell(tsvCell(image.path))) ?? []);
  const isCorrect = new Map(
    predictions?.images.map((image, at) => [image, predictions.labels[at] === predictions.predicted[at]]),
  );
  return readFileSync(path, 'utf8')
    .replace(/\n$/, '')
    .split('\n')
    .slice(1)
    .map((line) => {
      const [identity = '', part = '', file = ''] = line.split('\t').map(textOfCell);
      if (!isPart(part))
        throw new ArcBenchError(
          'damaged',
          `${path} names a part '${part.slice(0, 40)}' where one of ${partNames.join(', ')} was expected: ` +
            'run the experiment again.',
        );
      const picture = placeOf(file) ?? null;
      return {
        picture,
        identity,
        part,
        file,
        correct: part === 'test' && picture !== null ? (isCorrect.get(picture) ?? null) : null,
      };
    });
}

const isPart = (text: string): text is PartName => (partNames as readonly string[]).includes(text);

/** Unit embeddings [rows, size] of a frame, which must have a row for each name. Throws 'damaged'. */
export function readUnits(path: string, rows: number): ReturnType<typeof readNpy> {
  const read = readNpy(path);
  if (read.values.length !== rows * read.size)
    throw new ArcBenchError(
      'damaged',
      `${path} has ${read.values.length / read.size} rows where its labels name ${rows}: run the experiment again.`,
    );
  return read;
}

/** Degrees from each unit row [rows, size] to the mean of its person's rows; null where a person has one row. */
export function anglesToMeans(units: Float32Array, size: number, identities: readonly string[]): (number | null)[] {
  const means = new Map<string, { readonly sum: Float64Array; rows: number }>();
  identities.forEach((identity, row) => {
    let mean = means.get(identity);
    if (!mean) means.set(identity, (mean = { sum: new Float64Array(size), rows: 0 }));
    mean.rows++;
    for (let column = 0; column < size; column++) mean.sum[column]! += units[row * size + column]!;
  });
  const lengths = new Map([...means].map(([identity, { sum }]) => [identity, Math.hypot(...sum)]));
  return identities.map((identity, row) => {
    const mean = means.get(identity);
    const length = lengths.get(identity) ?? 0;
    if (!mean || mean.rows < 2 || length === 0) return null;
    let dot = 0;
    for (let column = 0; column < size; column++) dot += units[row * size + column]! * mean.sum[column]!;
    return degreesOf(dot / length);
  });
}
