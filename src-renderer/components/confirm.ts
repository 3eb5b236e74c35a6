import { shallowRef } from 'vue';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** The label of the button, such as 'Delete 3 runs'. */
  readonly action: string;
  readonly danger?: boolean;
}

/** The question on the screen, for ConfirmHost. */
export const question = shallowRef<(Question & { readonly answer: (yes: boolean) => void }) | null>(null);

/** Asks before something that cannot be undone: `if (await confirm({ title, text, action: 'Delete' })) …`. */
export function confirm(asked: Question): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer: (yes) => {
        question.value = null;
        resolve(yes);
      },
    };
  });
}
