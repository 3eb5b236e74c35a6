import { inject, provide, type InjectionKey } from 'vue';

const insideDialog: InjectionKey<true> = Symbol('insideDialog');

/** Marks what is inside as part of a dialog. */
export const provideDialog = (): void => provide(insideDialog, true);

/**
 * Where menus and lists are rendered: within the page's landmark, or, above a dialog, at the end of the body, because a
 * dialog hides the page from screen readers.
 */
export const useFloatingPlace = (): string => (inject(insideDialog, false) ? 'body' : '#floating');
