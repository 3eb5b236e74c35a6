import { inject, provide, useId, type InjectionKey } from 'vue';

/** What a Field provides to the control in its slot. */
export interface FieldContext {
  readonly id: string;
  readonly describedBy: () => string | undefined;
  readonly invalid: () => boolean;
}

const key: InjectionKey<FieldContext> = Symbol('field');
export const provideField = (context: FieldContext): void => provide(key, context);
/** The Field around a control. Without one, its values are empty and the control needs an aria-label. */
export const useField = (): FieldContext =>
  inject(key, undefined) ?? { id: useId(), describedBy: () => undefined, invalid: () => false };
