import { shallowRef } from 'vue';
import { asFault } from '../client/useCall.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'plain' | 'good' | 'bad';
  readonly title: string;
  readonly text?: string | undefined;
  /** Whether it stays until it is dismissed: for the end of work that takes hours. */
  readonly stays?: boolean | undefined;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
  /** A toast takes the place of an earlier one about the same thing. */
  readonly about?: string | undefined;
}

let nextId = 0;
/** The toasts on the screen, for ToastHost. */
export const toasts = shallowRef<readonly Toast[]>([]);

/** Shows a brief message. At most four stay on the screen, and one about each thing that they name. */
export function showToast(toast: Omit<Toast, 'id'>): void {
  const others = toasts.value.filter(({ about }) => about === undefined || about !== toast.about);
  toasts.value = [...others.slice(-3), { ...toast, id: nextId++ }];
}

/**
 * Shows an error of a call as a toast: `call(…).catch(showFault)`. Errors that belong to one place on a screen are
 * shown there with FaultNote.
 */
export function showFault(error: unknown): void {
  showToast({ tone: 'bad', title: asFault(error).message });
}

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
