import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ancestrySchema, noParent, startParts, type Ancestor } from '../../../src-shared/ancestry.ts';
import { trainedArms } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { planOfArm, type Plan } from '../../../src-shared/experiment.ts';
import { describeLoss, lossSchema } from '../../../src-shared/losses.ts';
import { fileState } from '../../data/fileState.ts';
import { readTextFile } from '../../files/readTextFile.ts';
import { runFiles, workspaceFolders } from '../../files/workspaceFolders.ts';
import type { Network } from '../../model/network.ts';
import type { ParentFiles } from '../../model/weights/parentWeights.ts';
import { safetensorsMetadata } from '../../model/weights/safetensorsMetadata.ts';
import type { RunRow } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import { givenOfRun } from './givenOfRun.ts';
import { pathFrom, type PathBase } from './stage.ts';

/** Where a start is looked for. */
export interface ParentBase extends PathBase {
  readonly store: Pick<Store, 'located' | 'workspace' | 'runs' | 'run' | 'result' | 'plan'>;
}

/** A trained run that others may start from, of this workspace or exported. */
export interface ParentRun extends ParentFiles {
  readonly ancestor: Ancestor;
  /** Whether it is a run of this workspace, and no exported one. */
  readonly isKept: boolean;
  /** Its own ancestors, its parent first. */
  readonly before: readonly Ancestor[];
  /** Everyone that its ancestors were trained on. */
  readonly peopleBefore: readonly string[];
  readonly network: Readonly<Record<'backbone' | 'inputSize' | 'embeddingSize', string>>;
  /** The manifest of its split; null where it is gone. */
  readonly manifest: string | null;
}

/** What is known of a parent beside its files. */
interface Kept {
  readonly isKept: boolean;
  readonly title: string;
  readonly row: Pick<RunRow, 'id' | 'experiment' | 'arm' | 'seed'>;
  readonly folder: string;
  readonly epochs: { readonly epochs: number; readonly bestEpoch: number };
  readonly ancestry: unknown;
  readonly people: unknown;
  readonly manifest: string;
}

const shortestId = 4; // characters of the beginning of an id
const isBeginning = (text: string): boolean => /^[0-9a-f]{4,12}$/.test(text);
const epochsSchema = z.object({ epochs: z.int(), bestEpoch: z.int() });
const peopleSchema = z.array(z.string()).catch([]);
const exportSchema = z.object({
  id: z.string(),
  experiment: z.string(),
  arm: z.string(),
  seed: z.int(),
  summary: epochsSchema,
  ancestry: z.unknown().optional(),
  ancestorPeople: z.unknown().optional(),
});

/** The folders of exported runs that a plan's arms start from. Nothing in them is read. */
export function exportedStarts(plan: Plan, base: ParentBase): readonly string[] {
  const starts = trainedArms(plan).map((arm) => planOfArm(plan, arm).model.from);
  return [...new Set(starts)].flatMap((from) => {
    const { reference } = startParts(from);
    return from === noParent || runsWith(base, reference).length > 0 ? [] : [pathFrom(base, reference)];
  });
}

/** The runs of the workspace whose ids begin with a reference. */
const runsWith = ({ store }: ParentBase, reference: string): readonly RunRow[] =>
  isBeginning(reference) ? store.runs().filter(({ id }) => id.startsWith(reference)) : [];

/**
 * The run that `model.from` names; null where it names none. Throws 'wrong-input' where the run is unknown, unfinished
 * or ambiguous, or where its weights are not those that the plan was made with.
 */
export function parentRun(base: ParentBase, from: string): ParentRun | null {
  if (from === noParent) return null;
  const { reference, weights } = startParts(from);
  const parent = openParent(keptRun(base, reference) ?? keptExport(base, reference));
  if (weights !== null && weights !== parent.sha256)
    throw new ArcBenchError(
      'wrong-input',
      `model.from names ${parent.title} with other weights (${weights.slice(0, 8)}) than it has now ` +
        `(${parent.sha256.slice(0, 8)}): leave out what follows @ to start from the weights as they are.`,
    );
  return parent;
}

/** A finished run of the workspace by its id or the beginning of it; null where there is none. */
function keptRun(base: ParentBase, reference: string): Kept | null {
  const { store } = base;
  const found = runsWith(base, reference);
  const [row, other] = found;
  if (!row) return null;
  if (other)
    throw new ArcBenchError(
      'wrong-input',
      `model.from is ${reference}, with which ${found.length} runs begin (${row.id}, ${other.id}): write more of ` +
        'the id.',
    );
  const { id, status } = row;
  if (status !== 'done' && status !== 'trained')
    throw new ArcBenchError(
      'wrong-input',
      `model.from names the run ${id}, which is ${status}: a finished run was expected; finish it with ` +
        `\`arcbench runs resume ${id}\`, or name another one.`,
    );
  const given = givenOfRun(store, row);
  if (given)
    throw new ArcBenchError(
      'wrong-input',
      `model.from names run ${id} (${row.arm}), which was not trained here: it evaluates ${given.file}, and has no ` +
        'weights in the workspace; name a trained run.',
    );
  return keptOf(store, row);
}

/** A finished run of the workspace as a parent. Throws 'wrong-input' where its weights are gone. */
export const finishedParent = (store: ParentBase['store'], row: RunRow): ParentRun => openParent(keptOf(store, row));

function keptOf(store: ParentBase['store'], row: RunRow): Kept {
  const { id, arm, seed } = row;
  const folders = workspaceFolders(store.workspace);
  return {
    isKept: true,
    title: `run ${id} (${arm}, seed ${seed})`,
    row,
    folder: folders.run(id),
    epochs: epochsSchema.catch({ epochs: 0, bestEpoch: 0 }).parse(store.result(id, 'summary')),
    ancestry: store.result(id, 'ancestry'),
    people: store.result(id, 'ancestorPeople'),
    manifest: join(folders.split(row.splitHash), 'manifest.json'),
  };
}

function keptExport(base: ParentBase, reference: string): Kept {
  const folder = pathFrom(base, reference);
  const file = join(folder, 'run.json');
  if (!existsSync(file))
    throw new ArcBenchError(
      'wrong-input',
      `model.from is ${reference}, but this workspace has no such run, and ${folder} is no exported run: write ` +
        `an id that \`arcbench runs list\` shows, or at least ${shortestId} characters of its beginning, or the ` +
        'folder that `arcbench export` made.',
    );
  const read = exportSchema.safeParse(parsed(readTextFile(file)));
  if (!read.success)
    throw new ArcBenchError(
      'wrong-input',
      `model.from names ${folder}, whose run.json is not that of a trained run: export the run once more.`,
      { cause: read.error },
    );
  const { summary, ancestry, ancestorPeople, ...row } = read.data;
  return {
    isKept: false,
    title: `the exported run ${row.id} (${row.arm}, seed ${row.seed})`,
    row,
    folder,
    epochs: summary,
    ancestry,
    people: ancestorPeople,
    manifest: join(folder, 'split.json'),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function openParent({ isKept, title, row, folder, epochs, ancestry, people, manifest }: Kept): ParentRun {
  const { weights, head } = runFiles(folder);
  for (const file of [weights, head])
    if (!existsSync(file))
      throw new ArcBenchError(
        'wrong-input',
        `A start is ${title}, but its file ${file} is gone: name another run, or train it again.`,
      );
  const { backbone = '', inputSize = '', embeddingSize = '' } = safetensorsMetadata(weights);
  const loss = lossSchema.safeParse(parsed(safetensorsMetadata(head)['loss'] ?? ''));
  const sha256 = hashOf(weights);
  return {
    title,
    isKept,
    weights,
    head,
    sha256,
    network: { backbone, inputSize, embeddingSize },
    ancestor: {
      run: row.id,
      experiment: row.experiment,
      arm: row.arm,
      seed: row.seed,
      loss: loss.success ? describeLoss(loss.data).title : 'unknown',
      ...epochs,
      weights: sha256,
    },
    before: ancestrySchema.safeParse(ancestry).data?.ancestors ?? [],
    peopleBefore: peopleSchema.parse(people),
    manifest: existsSync(manifest) ? manifest : null,
  };
}

/** The people that a run was trained on, in the order of its classes. */
export const classesOfParent = ({ head }: ParentFiles): readonly string[] =>
  peopleSchema.parse(parsed(safetensorsMetadata(head)['classes'] ?? ''));

const hashes = new Map<string, string>(); // by path and state: lists of experiments ask often
const hashesKept = 100;

function hashOf(file: string): string {
  const key = JSON.stringify([file, fileState(statSync(file))]);
  const hash = hashes.get(key) ?? createHash('sha256').update(readFileSync(file)).digest('hex');
  hashes.set(key, hash);
  for (const oldest of [...hashes.keys()].slice(0, -hashesKept)) hashes.delete(oldest);
  return hash;
}

/** Throws 'wrong-input' where the network of a parent is not that of an arm. */
export function refuseOtherNetwork(
  { title, network: own }: ParentRun,
  network: Pick<Network, 'backbone' | 'inputSize' | 'embeddingSize'>,
): void {
  const wanted: typeof own = {
    backbone: network.backbone,
    inputSize: String(network.inputSize),
    embeddingSize: String(network.embeddingSize),
  };
  const inWords = ({ backbone, inputSize, embeddingSize }: typeof wanted) =>
    `${backbone}, ${inputSize} pixels and embeddings of ${embeddingSize} numbers`;
  if (inWords(own) === inWords(wanted)) return;
  throw new ArcBenchError(
    'wrong-input',
    `model.from names ${title}, which has ${inWords(own)}, but this experiment has ${inWords(wanted)}: a start needs ` +
      'the same network; change model.backbone, prepare.inputSize or model.embeddingSize, or name another run.',
  );
}
