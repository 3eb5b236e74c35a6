import type { AliasSuspect } from '../../src-shared/evaluation.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { largest } from '../../src-shared/maths/largest.ts';
import { normalised } from './classCentres.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

const mostSuspects = 20;
const filesOfEach = 2;

export interface AliasOptions {
  readonly size: number;
  readonly parts: readonly {
    readonly part: AliasSuspect['first']['part'];
    readonly images: Pick<EmbeddedImages, 'indexes' | 'labels' | 'units'>;
  }[];
  readonly pictureOf: (index: number) => { readonly file: string; readonly identity: string };
}

/**
 * Finds people who may be one person under two names: their mean embeddings are nearly as alike as two means of one
 * person would be, judged by the cosine of a picture with the other pictures of its person. Over all parts, most alike
 * first, at most 20.
 */
export function findAliases({ size, parts, pictureOf }: AliasOptions): AliasSuspect[] {
  const people = parts.flatMap(({ part, images }) => {
    const byLabel = groupBy(images.labels.keys(), (row) => images.labels[row]!);
    return [...byLabel.values()].map((rows) => ({ part, images, rows }));
  });
  const sums = new Float32Array(people.length * size);
  people.forEach(({ images, rows }, at) =>
    rows.forEach((row) => {
      for (let place = 0; place < size; place++) sums[at * size + place]! += images.units[row * size + place]!;
    }),
  );

  let alike = 0;
  let counted = 0;
  people.forEach(({ images, rows }, at) => {
    if (rows.length < 2) return;
    for (const row of rows) {
      let product = 0;
      let square = 0;
      for (let place = 0; place < size; place++) {
        const own = images.units[row * size + place]!;
        const others = sums[at * size + place]! - images.units[row * size + place]!;
        product += own * others;
        square += others * others;
      }
      alike += product / (Math.sqrt(square) || 1);
      counted++;
    }
  });
  if (counted === 0) return [];
  const ofPicture = alike / counted;
  // Model: a picture is its person's mean plus noise of this variance. The mean of n pictures has 1 / n of it.
  const variance = Math.max(0, 1 / ofPicture ** 2 - 1);
  const barOf = (a: number, b: number) => {
    const expected = 1 / Math.sqrt((1 + variance / people[a]!.rows.length) * (1 + variance / people[b]!.rows.length));
    return Math.max(ofPicture, (ofPicture + expected) / 2);
  };
  const found = largest<readonly [number, number]>(mostSuspects);
  const means = normalised(sums, size);
  for (const { row, similarities } of similarityRows(means, means, size)) {
    for (let other = row + 1; other < similarities.length; other++)
      if (similarities[other]! > found.bar() && similarities[other]! > barOf(row, other))
        found.add(similarities[other]!, [row, other]);
  }
  const show = (at: number): AliasSuspect['first'] => {
    const { part, images, rows } = people[at]!;
    const pictures = rows.slice(0, filesOfEach).map((row) => pictureOf(images.indexes[row]!));
    return { identity: pictures[0]?.identity ?? '', part, files: pictures.map(({ file }) => file) };
  };
  return found
    .items()
    .map(({ value, item: [a, b] }) => ({ first: show(a), second: show(b), cosine: value, bar: barOf(a, b) }));
}
