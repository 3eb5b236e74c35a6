import { existsSync } from 'node:fs';
import type { FacesFrom } from '../../../src-shared/startEstimate.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { preparedFolder } from '../../data/prepareDataset.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import { makeSplit, type SplitSource } from '../../split/makeSplit.ts';
import type { DatasetLibrary } from '../calls/datasetCalls.ts';
import type { CountedFaces } from './countedFaces.ts';
import { absoluteData } from './gatherFaces.ts';
import { splitFacts } from './splitFacts.ts';

const mostDemoImages = 200_000; // more would keep the workbench busy for the sake of an estimate

/**
 * Counts what a plan's split would hold, from what is known of its faces before a start; null where nothing is. The
 * last few counts are kept.
 */
export function faceCounter(workspace: string, library: DatasetLibrary) {
  const known = new Map<string, CountedFaces>();
  return async (plan: Plan, baseFolder: string): Promise<CountedFaces | null> => {
    const data = absoluteData({ plan, baseFolder });
    const dataset = await library.datasetOf(data).catch(() => null);
    const folder = dataset && preparedFolder(workspace, dataset, plan.prepare);
    const from: FacesFrom | null =
      folder !== null && existsSync(folder)
        ? 'prepared'
        : dataset
          ? 'imported'
          : data.source === 'demo' && data.demo.people * data.demo.imagesPerPerson <= mostDemoImages
            ? 'demo'
            : null;
    if (from === null) return null;
    const key = JSON.stringify([from, dataset?.hash ?? data.demo, plan.prepare, plan.split]);
    const counted =
      known.get(key) ??
      count(
        from,
        plan,
        {
          prepared: () => openPreparedSet(folder ?? ''),
          imported: () => ({
            hash: '',
            images: (dataset?.images ?? []).map(({ identity, path }) => ({ identity, contentHash: path })),
          }),
          demo: () => ({
            hash: '',
            images: Array.from({ length: data.demo.people * data.demo.imagesPerPerson }, (_, index) => ({
              identity: String(index % data.demo.people),
              contentHash: String(index),
            })),
          }),
        }[from],
      );
    known.delete(key);
    known.set(key, counted);
    for (const oldest of [...known.keys()].slice(0, -20)) known.delete(oldest);
    return counted;
  };
}
export type FaceCounter = ReturnType<typeof faceCounter>;

function count(from: FacesFrom, plan: Plan, sourceOf: () => SplitSource): CountedFaces {
  const set = sourceOf();
  try {
    return { from, facts: splitFacts({ set, split: makeSplit(set, plan.split, plan.seeds[0]) }) };
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    return { refusal: error.message };
  }
}
