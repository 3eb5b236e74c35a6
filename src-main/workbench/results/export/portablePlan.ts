import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { builtPairs, splitSeedOf, type ArmPlan, type Plan } from '../../../../src-shared/experiment.ts';
import type { ParentBase } from '../../experiment/parentRun.ts';
import { parentCopier } from './exportParent.ts';
import { labelsBeside, ownLabels } from '../../../evaluate/given/givenEmbeddings.ts';
import { pathFrom, type PathBase } from '../../experiment/stage.ts';

/** The folder beside an exported plan that holds the files that it names. */
const filesFolder = 'files';
/** The folder beside an exported plan that holds the pictures of its split. */
export const facesFolder = 'faces';

export interface PortableOptions {
  readonly base: ParentBase;
  /** The seed of the run, by which its split may have been drawn. */
  readonly seed: number;
  /** The folders of the split, if the pictures are copied too. */
  readonly splitFolder: string | null;
}

/**
 * Copies the files that a plan names (weights, pairs, verification sets, runs that arms start from) into a folder, with
 * the pictures of the split if asked to, and gives the plan with paths that are relative to this folder. Without the
 * pictures, their source is named by its full path.
 */
export async function portablePlan(
  folder: string,
  plan: Plan,
  { base, seed, splitFolder }: PortableOptions,
): Promise<Plan> {
  const copied = fileCopier(folder, base);
  const weights = async (file: string) => (file === 'random' || file === 'imagenet' ? file : await copied(file));
  const { pairs, sets } = plan.evaluation;
  if (splitFolder !== null) await cp(splitFolder, join(folder, facesFolder), { recursive: true });
  const ownSets: string[] = [];
  for (const file of sets) ownSets.push(await copied(file));
  const parents = parentCopier(folder, base);
  const arms: Plan['arms'] = [];
  for (const arm of plan.arms) {
    const settings = { ...arm.settings };
    const { 'model.weights': ownWeights, 'model.from': ownFrom } = settings;
    if (typeof ownWeights === 'string') settings['model.weights'] = await weights(ownWeights);
    if (typeof ownFrom === 'string') settings['model.from'] = await parents(ownFrom);
    const given = await givenCopied(arm, copied, { folder, base });
    arms.push({ ...arm, ...given, ...(arm.settings && { settings }) });
  }
  return {
    ...plan,
    ...facesOf(plan, { base, seed, splitFolder }),
    model: {
      ...plan.model,
      weights: await weights(plan.model.weights),
      from: await parents(plan.model.from),
    },
    evaluation: { ...plan.evaluation, pairs: pairs === builtPairs ? pairs : await copied(pairs), sets: ownSets },
    arms,
  };
}

/** The file of an arm that is not trained here, copied; embeddings with the labels beside them. */
async function givenCopied(
  { onnx, embeddings }: ArmPlan,
  copied: (file: string) => Promise<string>,
  { folder, base }: { readonly folder: string; readonly base: PathBase },
): Promise<Pick<ArmPlan, 'onnx' | 'embeddings'>> {
  if (onnx !== undefined) return { onnx: await copied(onnx) };
  if (embeddings === undefined) return {};
  const labels = labelsBeside(pathFrom(base, embeddings));
  const copy = await copied(embeddings);
  if (!isAbsolute(copy) && existsSync(labels)) await cp(labels, ownLabels(join(folder, copy)));
  return { embeddings: copy };
}

/** The sections that say where the faces are, and who goes where. */
function facesOf(plan: Plan, { base, seed, splitFolder }: PortableOptions): Pick<Plan, 'data' | 'split'> {
  const { data, split } = plan;
  if (splitFolder !== null)
    return {
      data: { ...data, source: facesFolder, layout: 'folders', people: 'auto' },
      split: { ...split, from: 'given', seed: splitSeedOf(split, seed), assign: {} },
    };
  return { data: { ...data, source: data.source === 'demo' ? 'demo' : pathFrom(base, data.source) }, split };
}

/** Copies each file once and gives its new path; one that is gone keeps its full path. */
function fileCopier(folder: string, base: PathBase): (file: string) => Promise<string> {
  const names = new Map<string, string>();
  return async (file) => {
    const source = pathFrom(base, file);
    const known = names.get(source);
    if (known !== undefined) return known;
    if (!existsSync(source)) return source;
    const isTaken = [...names.values()].some((name) => basename(name) === basename(source));
    const name = `${filesFolder}/${isTaken ? `${names.size}-` : ''}${basename(source)}`;
    await mkdir(join(folder, filesFolder), { recursive: true });
    await cp(source, join(folder, name));
    names.set(source, name);
    return name;
  };
}
