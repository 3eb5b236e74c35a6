import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { SplitFacts } from '../../../src-shared/advice.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { splitSeedOf, type Plan } from '../../../src-shared/experiment.ts';
import { photographsAmong, type Photographs } from '../../../src-shared/photographs.ts';
import type { FacesFrom } from '../../../src-shared/startEstimate.ts';
import type { Dataset } from '../../data/dataset.ts';
import { preparedFolder } from '../../data/prepareDataset.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import { noDuplicates, type Duplicates } from '../../split/findDuplicates.ts';
import { knownDuplicates } from '../../split/knownDuplicates.ts';
import { makeSplit } from '../../split/makeSplit.ts';
import type { Store } from '../../store/store.ts';
import type { SplitSource } from '../../split/splitParts.ts';
import type { DatasetLibrary } from './datasetLibrary.ts';
import { absoluteData } from './gatherFaces.ts';
import { splitFacts } from './splitFacts.ts';

/** How the faces of a plan would be split; a refusal says in one sentence why they cannot be. */
export type CountedFaces =
  | {
      readonly from: FacesFrom;
      readonly images: number;
      readonly facts: SplitFacts;
      /** The hash of their prepared set, also where it is still to be made: runs on other data do not count. */
      readonly prepared?: string;
    }
  | { readonly refusal: string; readonly photographs: Photographs | null };

const mostDemoImages = 200_000; // an estimate of more would keep the workbench busy
const countsKept = 20;

/** What is known of the faces of a plan: where from, a key for what the count depends on, and the faces themselves. */
interface KnownFaces {
  readonly from: FacesFrom;
  readonly prepared?: string;
  readonly key: unknown;
  readonly open: () => CountableFaces;
  readonly dataset?: Dataset;
}
interface CountableFaces {
  readonly set: SplitSource;
  /** What a search found. None has run before the faces are prepared. */
  readonly duplicates: Duplicates | null;
}

/**
 * Counts what a plan's split would hold, from what is known of its faces before a start; null where nothing is known.
 * The last few counts are kept.
 */
export function faceCounter(store: Pick<Store, 'workspace' | 'located'>, library: DatasetLibrary) {
  const kept = new Map<string, CountedFaces>();
  return async (plan: Plan, baseFolder: string): Promise<CountedFaces | null> => {
    const faces = await knownFaces({ store, library }, plan, baseFolder);
    if (faces === null) return null;
    const key = JSON.stringify([faces.from, faces.key, plan.prepare, plan.split]);
    const counted = kept.get(key) ?? count(plan, faces);
    kept.delete(key);
    kept.set(key, counted);
    for (const oldest of [...kept.keys()].slice(0, -countsKept)) kept.delete(oldest);
    return counted;
  };
}

/** The prepared faces of a plan where they are there, else the imported ones, else those that the demo would draw. */
async function knownFaces(
  { store, library }: { readonly store: Pick<Store, 'workspace' | 'located'>; readonly library: DatasetLibrary },
  plan: Plan,
  baseFolder: string,
): Promise<KnownFaces | null> {
  const data = absoluteData({ plan, baseFolder, store });
  const dataset = await library.datasetOf(data).catch(() => null);
  if (dataset) {
    const folder = preparedFolder(store.workspace, dataset, plan.prepare);
    const known = { key: dataset.hash, prepared: basename(folder), dataset };
    if (existsSync(folder)) return { ...known, from: 'prepared', open: () => preparedFaces(folder) };
    return { ...known, from: 'imported', open: () => importedFaces(dataset) };
  }
  const { people, imagesPerPerson } = data.demo;
  if (data.source !== 'demo' || people * imagesPerPerson > mostDemoImages) return null;
  const images = () =>
    Array.from({ length: people * imagesPerPerson }, (_, index) => ({
      identity: String(index % people),
      contentHash: String(index),
    }));
  return { from: 'demo', key: data.demo, open: () => ({ set: { hash: '', images: images() }, duplicates: null }) };
}

function preparedFaces(folder: string): CountableFaces {
  const set = openPreparedSet(folder);
  return { set, duplicates: knownDuplicates(set) };
}

/** Before its files are read, each file counts as a picture of its own. */
function importedFaces({ images, partsGivenBy }: Dataset): CountableFaces {
  const set: SplitSource = {
    hash: '',
    images: images.map(({ identity, path, part }) => ({
      identity,
      contentHash: path,
      ...(part !== undefined && { part }),
    })),
    ...(partsGivenBy !== undefined && { partsGivenBy }),
  };
  return { set, duplicates: null };
}

function count(plan: Plan, { from, prepared, dataset, open }: KnownFaces): CountedFaces {
  const { set, duplicates } = open();
  try {
    const rule = { ...plan.split, seed: splitSeedOf(plan.split, plan.seeds[0] ?? 1) };
    const split = makeSplit(set, rule, duplicates ?? noDuplicates);
    const facts = splitFacts({ set, split, ...(dataset && { dataset }) });
    return { from, images: set.images.length, facts, ...(prepared !== undefined && { prepared }) };
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    return { refusal: error.message, photographs: photographsAmong(dataset?.images ?? []) };
  }
}
