import type { AliasSuspect } from '../../src-shared/evaluation.ts';
import { largest } from '../../src-shared/maths/largest.ts';
import { normalised } from './classCentres.ts';
import { countsOf } from './pairPasses.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

const mostSuspects = 20;
const mostPeople = 20_000; // each is compared with every other: a few seconds on two cores
const filesOfEach = 2;

export interface AliasOptions {
  readonly size: number;
  readonly parts: readonly {
    readonly part: AliasSuspect['first']['part'];
    readonly images: Pick<EmbeddedImages, 'indexes' | 'labels' | 'units'>;
  }[];
  readonly pictureOf: (index: number) => { readonly file: string; readonly identity: string };
  readonly mostCompared?: number;
}

/**
 * Finds people who may be one person under two names: their mean embeddings are nearly as alike as two means of one
 * person would be, judged by the cosine of a picture with the other pictures of its person. Over all parts, most alike
 * first, at most 20. Of more than 20,000 people, those with the most pictures are compared.
 */
export function findAliases({ size, parts, pictureOf, mostCompared = mostPeople }: AliasOptions): AliasSuspect[] {
  const people = comparedPeople(parts, mostCompared);
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

interface ComparedPerson {
  readonly part: AliasSuspect['first']['part'];
  readonly images: AliasOptions['parts'][number]['images'];
  readonly rows: number[];
}

/** The people of all parts with their rows; where they are too many, those with the most pictures, then the first. */
function comparedPeople(parts: AliasOptions['parts'], mostCompared: number): ComparedPerson[] {
  const counts = parts.map(({ images }) => countsOf(images.labels));
  const falling = Int32Array.from(counts.flatMap((ofPart) => [...ofPart.values()]))
    .sort()
    .reverse();
  const bar = falling[mostCompared] ?? 0; // whoever has more pictures is compared
  let equal = mostCompared - falling.findIndex((count) => count <= bar);
  return parts.flatMap(({ part, images }, place) => {
    const people = new Map<number, ComparedPerson | null>();
    images.labels.forEach((label, row) => {
      const known = people.get(label);
      if (known !== undefined) {
        known?.rows.push(row);
        return;
      }
      const pictures = counts[place]!.get(label)!;
      const isCompared = pictures > bar || (pictures === bar && equal-- > 0);
      people.set(label, isCompared ? { part, images, rows: [row] } : null);
    });
    return [...people.values()].filter((person) => person !== null);
  });
}
