import type { PartName } from '../../src-shared/splitSchema.ts';

/** A part as a source names it. What becomes of a gallery depends on who is in query: see `partsOfGallery`. */
export type GivenPart = PartName | 'gallery';

const partOf: Readonly<Record<string, GivenPart>> = {
  train: 'train',
  training: 'train',
  trn: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  eval: 'val',
  evaluation: 'val',
  test: 'test',
  testing: 'test',
  tst: 'test',
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

/** Words that stand beside a part in the name of a folder and say nothing more. */
const filler = /^(?:\d+|(?:data)?sets?|data|images?|imgs?|pictures?|pics?|photos?|faces?|splits?|parts?|people|all)$/;

/**
 * The part that a folder's name holds, as in `train_set`, `01_Train` or `vggface2_test`, with the words beside it; null
 * if it holds none, or several.
 */
export function partOfFolder(name: string): { readonly part: GivenPart; readonly beside: string } | null {
  const words = name
    .normalize('NFC')
    .toLowerCase()
    .split(/[\s_.()-]/)
    .filter((word) => word !== '' && !isFiller(word))
    .map((word) => (partOfWord(word.replace(/(?:set|data)$/, '')) === null ? word : word.replace(/(?:set|data)$/, '')));
  const parts = words.flatMap((word) => partOfWord(word) ?? []);
  const [part] = parts;
  if (part === undefined || parts.length > 1) return null;
  return { part, beside: words.filter((word) => partOfWord(word) === null).join(' ') };
}

/** Whether a word of a folder's name says nothing of its pictures, such as `images`. */
export const isFiller = (word: string): boolean => filler.test(word.toLowerCase());

const partOfNumber: Readonly<Record<string, PartName>> = { 0: 'train', 1: 'val', 2: 'test' };

/** The part that a number of CelebA's lists stands for; null if it stands for none. */
export const partOfDigit = (digit: string): PartName | null => partOfNumber[digit.trim().replace(/\.0$/, '')] ?? null;

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
