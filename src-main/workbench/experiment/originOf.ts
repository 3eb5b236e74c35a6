import { storedPaths } from '../../files/storedPaths.ts';
import type { Store } from '../../store/store.ts';
import type { StageOptions } from './stage.ts';

/** From where a run was started: what its plan's paths are relative to, and the command that does the same again. */
export type Origin = Pick<StageOptions, 'baseFolder' | 'rerunCommand'>;

/** Keeps from where a run was started; a folder of the workspace is kept relative to it. */
export function saveOrigin(store: Store, run: string, { baseFolder, rerunCommand }: Origin): void {
  store.saveResult(run, 'origin', { baseFolder: storedPaths(store.workspace).stored(baseFolder), rerunCommand });
}

/** From where a run was started; null where that is unknown. */
export function originOf(store: Store, run: string): Origin | null {
  const origin = store.result(run, 'origin') as Origin | null;
  return origin && { ...origin, baseFolder: store.located(storedPaths(store.workspace).opened(origin.baseFolder)) };
}
