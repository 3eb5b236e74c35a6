import { distance } from 'fastest-levenshtein';

/** The known name that a mistyped word most likely meant, letter case aside; null where none is near. */
export function nearestName(word: string, known: readonly string[]): string | null {
  const lower = word.toLowerCase();
  let nearest: string | null = null;
  let least = Infinity;
  for (const name of known) {
    const edits = distance(lower, name.toLowerCase());
    if (edits < least) {
      least = edits;
      nearest = name;
    }
  }
  if (nearest === null) return null;
  // Beyond half of its letters a word is another word: a wrong hint costs more than none.
  return least <= Math.max(1, Math.floor(Math.max(word.length, nearest.length) / 2)) ? nearest : null;
}
