import { ArcBenchError } from '../../../src-shared/errors.ts';
import { findRemovable } from '../workspace/clean/findRemovable.ts';
import { removeFolders } from '../workspace/clean/removeFolders.ts';
import type { CallContext, CallsOf } from './callContext.ts';

export function workspaceCalls({ store, jobs }: CallContext): CallsOf<'workspace'> {
  return {
    'workspace.removable': async () => (await findRemovable(store)).map(({ path: _path, ...removable }) => removable),
    'workspace.clean': async ({ ids }) => {
      if (jobs.busy())
        throw new ArcBenchError(
          'busy',
          'A job is under way, and may use these files: wait for its end or cancel it, then remove them.',
        );
      return await removeFolders(store, ids);
    },
  };
}
