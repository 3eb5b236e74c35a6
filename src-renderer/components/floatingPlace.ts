import { inject, provide, type InjectionKey } from 'vue';

const insideDialog: InjectionKey<true> = Symbol('insideDialog');

/** Says that what is inside stands in a dialog. */
export const provideDialog = (): void => provide(insideDialog, true);

/**
 * Where menus and lists are drawn: within the page's landmark, and above a dialog, which hides the page from those who
 * hear it, at the end of the body.
 */
export const useFloatingPlace = (): string => (inject(insideDialog, false) ? 'body' : '#floating');
