import { shallowRef } from 'vue';

export interface TextQuestion {
  readonly title: string;
  /** The label of the field. */
  readonly label: string;
  readonly help?: string;
  /** What the field holds at first. */
  readonly value: string;
  /** The label of the button, such as 'Rename'. */
  readonly action: string;
  /** A sentence that says what is wrong with a text; null where nothing is. */
  readonly faultOf?: (text: string) => string | null;
}

/** The question on the screen, for AskHost. */
export const asked = shallowRef<(TextQuestion & { readonly answer: (text: string | null) => void }) | null>(null);

/** Asks for a line of text: `const name = await ask({ title, label, value, action })`. null is a no. */
export function ask(question: TextQuestion): Promise<string | null> {
  asked.value?.answer(null);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (text) => {
        asked.value = null;
        resolve(text);
      },
    };
  });
}
