import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { pathFrom, type StageOptions } from './stage.ts';

/**
 * The source of a plan's faces. Throws 'wrong-input' if it is gone and lies where it lay beside a workspace that was
 * moved; a source that is simply not there is left to the import.
 */
export function presentSource(options: Pick<StageOptions, 'store' | 'plan' | 'baseFolder'>): string {
  const { store, plan } = options;
  const source = pathFrom(options, plan.data.source);
  const moved = existsSync(source) ? undefined : movedAlong(store, source);
  if (moved === undefined) return source;
  throw new ArcBenchError(
    'wrong-input',
    `The data source ${source} is gone. The workspace was moved, and ${moved} lies beside it as the source did ` +
      'before: set data.source to it, or import it in Datasets. The same pictures there are the same dataset.',
  );
}

/** What lies to the workspace as a path lay to one of its former places. */
const movedAlong = (
  { workspace, formerPlaces }: Pick<StageOptions['store'], 'workspace' | 'formerPlaces'>,
  path: string,
): string | undefined =>
  formerPlaces()
    .map((place) => resolve(workspace, relative(place, path)))
    .find((found) => found !== path && existsSync(found));
