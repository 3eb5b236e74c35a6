import { ArcBenchError } from '../../../src-shared/errors.ts';
import { tuningSeeds } from '../../../src-shared/tune.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { PreparedSet } from '../../data/preparedSet.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { auditSplit, type Finding } from '../../split/auditSplit.ts';
import type { Duplicates } from '../../split/findDuplicates.ts';
import { duplicatesOf, knownDuplicates } from '../../split/knownDuplicates.ts';
import { makeSplit, type Split } from '../../split/makeSplit.ts';
import { writeSplitFolders } from '../../split/splitFolders.ts';
import { rememberLinked } from './rememberLinked.ts';
import { checkStop, type StageOptions } from './stage.ts';

export interface AuditedSplit {
  readonly split: Split;
  readonly findings: readonly Finding[];
  /** The split of each seed, where each draws its own; `split` is then that of the first. */
  readonly splits?: ReadonlyMap<number, Split> | undefined;
}
export interface SplitFaces extends AuditedSplit {
  readonly dataset: Dataset;
  readonly set: PreparedSet;
  readonly folder: string;
  readonly manifestHash: string;
}

/** Splits a prepared set by the plan's rule and audits it; nothing is written but the list of its duplicates. */
export async function auditFaces(options: StageOptions, set: PreparedSet): Promise<AuditedSplit> {
  const { plan, progress } = options;
  const duplicates = await lookForDuplicates(options, set);
  progress.stage('Splitting and auditing');
  if (plan.split.seed === 'perSeed') return auditEachSeed(plan, set, duplicates);
  const split = makeSplit(set, plan.split, duplicates);
  return { split, findings: auditSplit(set, split, duplicates).findings };
}

/** The duplicates of a prepared set, as they are known or by a search. */
export async function lookForDuplicates(options: StageOptions, set: PreparedSet): Promise<Duplicates> {
  const { progress, signal } = options;
  const known = knownDuplicates(set);
  if (known) return known;
  progress.stage(`Looking for duplicates among ${set.count} images`);
  return await duplicatesOf(set, {
    signal,
    onProgress: (done, total) => progress.step({ done, total, note: 'duplicates' }),
  }).catch((error: unknown) => {
    checkStop(options);
    throw error;
  });
}

/** Splits for each seed of the comparison and of tuning. A finding that several splits share is there once. */
function auditEachSeed(plan: StageOptions['plan'], set: PreparedSet, duplicates: Duplicates): AuditedSplit {
  const seeds = [...new Set([...plan.seeds, ...tuningSeeds(plan)])];
  const splits = new Map(seeds.map((seed) => [seed, makeSplit(set, { ...plan.split, seed }, duplicates)]));
  const [first] = splits.values();
  const different = new Set([...splits.values()].map(({ parts }) => JSON.stringify(parts))).size;
  if (!first || different < Math.min(2, seeds.length))
    throw new ArcBenchError(
      'wrong-input',
      'split.seed is perSeed, but every seed gives the same split, since nothing is left to draw: set split.seed to ' +
        'a number, or let the split be drawn.',
    );
  const findings = [...splits.values()].flatMap((split) => auditSplit(set, split, duplicates).findings);
  return { split: first, splits, findings: [...new Map(findings.map((found) => [found.name, found])).values()] };
}

/** Makes the folders of an audited split. Throws 'wrong-input' where the audit blocks. */
export async function writeAuditedSplit(
  options: StageOptions,
  set: PreparedSet,
  { split, splits, findings }: AuditedSplit,
): Promise<{ readonly folder: string; readonly manifestHash: string }> {
  const { store } = options;
  const blocking = findings.filter((finding) => finding.blocking);
  if (blocking.length > 0) {
    throw new ArcBenchError(
      'wrong-input',
      `The audit found ${blocking.length === 1 ? 'a leak' : `${blocking.length} leaks`} between the parts, ` +
        `the first: ${blocking[0]?.message} Mend the data, or allow it by name with split.allowFindings: ` +
        `["${blocking[0]?.name}"].`,
    );
  }
  const write = async (own: Split) => {
    const folders = await writeSplitFolders(set, own, workspaceFolders(store.workspace).split(own.hash));
    store.saveSplit({
      hash: own.hash,
      seed: own.seed,
      rule: own.rule,
      folder: folders.folder,
      manifestHash: folders.manifestHash,
      audit: findings,
    });
    await rememberLinked(store, folders.linked);
    checkStop(options);
    return folders;
  };
  for (const own of splits?.values() ?? []) if (own !== split) await write(own);
  return await write(split);
}
