import { inject, provide, shallowRef, type InjectionKey, type ShallowRef } from 'vue';

/** Where the pointer is on the horizontal axis that charts share, and over which of them. */
export interface Crosshair {
  readonly x: number;
  readonly over: symbol;
}
const key: InjectionKey<ShallowRef<Crosshair | null>> = Symbol('crosshair');

/** Lets the charts inside this component show one crosshair. */
export function provideCrosshair(): void {
  provide(key, shallowRef(null));
}

/** The crosshair of the charts around; where there is none, that of this chart alone. */
export const useCrosshair = (): ShallowRef<Crosshair | null> => inject(key, () => shallowRef(null), true);
