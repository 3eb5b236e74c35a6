import type { PartName } from '../../src-shared/experiment.ts';

/** A part as a source names it. What becomes of a gallery depends on who is in query: see `partsOfGallery`. */
export type GivenPart = PartName | 'gallery';

const partOf: Readonly<Record<string, GivenPart>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  test: 'test',
  testing: 'test',
  query: 'query',
  queries: 'query',
  probe: 'query',
  probes: 'query',
  gallery: 'gallery',
  distractor: 'distractors',
  distractors: 'distractors',
};

/** The part that a folder or a cell names, in any case; null if it names none. */
export function partOfWord(word: string): GivenPart | null {
  const plain = word.trim().toLowerCase();
  return Object.hasOwn(partOf, plain) ? (partOf[plain] ?? null) : null;
}

const partOfNumber: Readonly<Record<string, PartName>> = { 0: 'train', 1: 'val', 2: 'test' };

/** The part that a number of CelebA's lists stands for; null if it stands for none. */
export const partOfDigit = (digit: string): PartName | null => partOfNumber[digit.trim()] ?? null;

/**
 * Gives the pictures of a gallery their parts. Identification compares the pictures of query with each other, so those
 * of people who stand in query go there. All others are distractors.
 */
export function partsOfGallery<T extends { readonly identity: string; readonly part?: GivenPart | undefined }>(
  images: readonly T[],
): readonly (Omit<T, 'part'> & { readonly part?: PartName })[] {
  const inQuery = new Set(images.filter(({ part }) => part === 'query').map(({ identity }) => identity));
  return images.map(({ part, ...image }) => {
    if (part === undefined) return image;
    if (part !== 'gallery') return { ...image, part };
    return { ...image, part: inQuery.has(image.identity) ? ('query' as const) : ('distractors' as const) };
  });
}
