import type { TextKey, Texts } from './reportTexts.ts';

export type SplitNoteKey = Extract<TextKey, `split.${string}`>;

/** Something that a split did and its rule does not say: the key of a text, its numbers, and the people it is about. */
export interface SplitNote {
  readonly key: SplitNoteKey;
  readonly values: Readonly<Record<string, string | number>>;
  readonly people?: readonly string[];
}

const mostNamed = 5;

/** A note as a sentence. The first people are named. */
export function splitNoteSentence({ key, values, people = [] }: SplitNote, texts: Texts): string {
  const named = people.slice(0, mostNamed);
  const others = people.length - named.length;
  const names = others === 0 ? texts.list(named) : texts.say('namesAndMore', { names: named.join(', '), others });
  return texts.say(key, { ...values, people: people.length, names });
}
