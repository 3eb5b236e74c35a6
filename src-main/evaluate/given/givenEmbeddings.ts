import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { textOfCell } from '../../../src-shared/textCell.ts';
import type { PreparedImage } from '../../data/preparedSet.ts';
import { openNpyRows, type NpyRowsFile } from '../../files/npyRows.ts';
import { pictureFinder } from '../../files/pictureFinder.ts';
import { readTextFile } from '../../files/readTextFile.ts';
import type { LabelledImages } from '../../train/inferenceBatches.ts';
import type { EmbeddedImages } from '../embedImages.ts';
import { withoutHead } from './withoutHead.ts';

/** Embeddings that are there already, with the pictures that they are of. */
export interface GivenEmbeddings {
  readonly path: string;
  readonly labels: string;
  readonly rows: NpyRowsFile;
  /** The row of each picture, by its place in the prepared set. */
  readonly rowOf: ReadonlyMap<number, number>;
}

/** The list of one file of embeddings, where several lie in a folder. */
export const ownLabels = (path: string): string => `${path.replace(/\.npy$/i, '')}.labels.tsv`;

/** The list beside embeddings that says what each row shows: `<name>.labels.tsv`, else labels.tsv. */
export function labelsBeside(path: string): string {
  const own = ownLabels(path);
  return existsSync(own) ? own : join(dirname(path), 'labels.tsv');
}

const wrong = (sentence: string) => new ArcBenchError('wrong-input', sentence);

interface Labelled {
  readonly file: string;
  readonly identity: string | null;
  /** The place of the face among those of its picture; null where the list does not say. */
  readonly face: number | null;
}

/**
 * Reads embeddings and finds the picture of each row by its file. Rows of other pictures are left out, and of a picture
 * with several faces the largest counts, as in training. Throws 'wrong-input' with one sentence.
 */
export function readGivenEmbeddings(path: string, images: readonly PreparedImage[]): GivenEmbeddings {
  const rows = openNpyRows(path);
  const labels = labelsBeside(path);
  const listed = readLabels(labels, path);
  if (listed.length !== rows.rows)
    throw wrong(
      `${path} has ${rows.rows} rows, and ${labels} names ${listed.length} pictures: one line for each row was ` +
        'expected.',
    );
  const placeOf = pictureFinder(images.map((image) => image.path));
  const rowOf = new Map<number, number>();
  for (const [row, { file, identity, face }] of listed.entries()) {
    if (face !== null && face !== 1) continue;
    const place = placeOf(file);
    if (place === undefined) continue;
    if (rowOf.has(place)) throw wrong(`${labels} names the picture ${file} twice: one row for each was expected.`);
    const person = images[place]!.identity;
    if (identity !== null && identity !== '' && identity !== person)
      throw wrong(
        `${labels} says that ${file} shows ${identity}, and in the data it is ${person}: correct one of them.`,
      );
    rowOf.set(place, row);
  }
  if (rowOf.size === 0)
    throw wrong(
      `None of the ${listed.length} pictures of ${labels} is in the data, the first ${listed[0]?.file ?? ''}: ` +
        'embeddings of the pictures of data.source were expected.',
    );
  refuseNoNumbers(rows, {
    used: Int32Array.from(rowOf.values()).sort(),
    nameOf: (row) => `${path} (row ${row + 1}, ${listed[row]?.file})`,
  });
  return { path, labels, rows, rowOf };
}

function readLabels(labels: string, path: string): Labelled[] {
  if (!existsSync(labels))
    throw wrong(
      `There is no ${labels}, which says what each row of ${path} shows: put the labels.tsv there that ` +
        '`arcbench embed` wrote, with a column file.',
    );
  const lines = readTextFile(labels)
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
  const columns = (lines[0] ?? '').split('\t');
  const at = (name: string) => columns.indexOf(name);
  if (at('file') < 0)
    throw wrong(
      `${labels} has the columns ${columns.join(', ').slice(0, 100)}: a first line with a column file was expected.`,
    );
  return lines.slice(1).map((line) => {
    const cells = line.split('\t').map(textOfCell);
    const cell = (name: string) => (at(name) < 0 ? null : (cells[at(name)] ?? ''));
    const face = cell('face');
    return { file: cell('file') ?? '', identity: cell('identity'), face: face === null ? null : Number(face) };
  });
}

const rowsOfCheck = 4096; // read at a time

/** Looks through the rows that are used, in the order of the file. */
function refuseNoNumbers(
  rows: NpyRowsFile,
  { used, nameOf }: { readonly used: Int32Array; readonly nameOf: (row: number) => string },
): void {
  const { size } = rows;
  const values = new Float32Array(Math.min(used.length, rowsOfCheck) * size);
  for (let first = 0; first < used.length; first += rowsOfCheck) {
    const some = used.subarray(first, first + rowsOfCheck);
    rows.readInto(some, values);
    some.forEach((row, place) => refuseNoNumber(values.subarray(place * size, (place + 1) * size), () => nameOf(row)));
  }
}

function refuseNoNumber(own: Float32Array, nameOf: () => string): void {
  const at = own.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw wrong(`${nameOf()} holds ${own[at]} in column ${at + 1}: numbers were expected.`);
  if (own.every((value) => value === 0))
    throw wrong(`${nameOf()} holds only zeros, which point nowhere: a face was expected.`);
}

/**
 * Refuses embeddings that lack a picture that is judged, or one that a person's centre is made of. `indexes` are places
 * in the prepared set.
 */
export function refuseMissing(
  { path, rowOf }: GivenEmbeddings,
  set: { readonly images: readonly PreparedImage[] },
  parts: Readonly<Record<string, readonly number[]>>,
): void {
  for (const [part, indexes] of Object.entries(parts)) {
    const missing = indexes.filter((index) => !rowOf.has(index));
    const [first] = missing;
    if (first === undefined) continue;
    throw wrong(
      `${path} has no row for ${missing.length} of the ${indexes.length} pictures of ${part}, the first ` +
        `${set.images[first]?.path}: embed all pictures of the data, as \`arcbench embed <run> <data>\` does.`,
    );
  }
}

/** The embeddings of labelled pictures. The length of a row stands for that of its embedding. */
export function rowsOfGiven(
  { rows, rowOf, path }: GivenEmbeddings,
  { indexes, labels }: LabelledImages,
): EmbeddedImages {
  const { size } = rows;
  const wanted = Int32Array.from(indexes, (index) => {
    const row = rowOf.get(index);
    if (row === undefined) throw wrong(`${path} has no row for picture ${index}.`);
    return row;
  });
  const chosen = new Float32Array(indexes.length * size);
  rows.readInto(wanted, chosen);
  const norms = Float32Array.from(indexes, (_, place) => {
    const own = chosen.subarray(place * size, (place + 1) * size);
    return Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
  });
  return withoutHead({ indexes, labels, rows: chosen, norms, size });
}
