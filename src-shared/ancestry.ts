import { z } from 'zod';

/** The value of model.from where a run starts from no other run. */
export const noParent = 'none';

/** A run whose weights another run started from. */
export const ancestorSchema = z.object({
  run: z.string(),
  experiment: z.string(),
  arm: z.string(),
  seed: z.int(),
  /** The name of its loss; the names of a sum's terms. */
  loss: z.string(),
  epochs: z.int(),
  bestEpoch: z.int(),
  /** SHA-256 of its weights, in hexadecimal. */
  weights: z.string(),
});
export type Ancestor = z.infer<typeof ancestorSchema>;

/** What a run's ancestors were trained on although this run is judged on it. */
export const leakSchema = z.object({
  kind: z.enum(['people', 'pictures']),
  part: z.enum(['val', 'test', 'query', 'distractors']),
  count: z.int(),
  /** The first of them. */
  names: z.array(z.string()),
});
export type ParentLeak = z.infer<typeof leakSchema>;

/** Where the weights of a run began: its parent first, then the parent's parents. */
export const ancestrySchema = z.object({
  /** from: model.from; extended: more epochs of the parent. */
  kind: z.enum(['from', 'extended']).default('from'),
  /** Of an extended run: whether the optimiser's state is that of the parent's last epoch. */
  optimizer: z.enum(['continued', 'fresh']).optional(),
  ancestors: z.array(ancestorSchema).min(1),
  leaks: z.array(leakSchema),
  /** Whether the class centres are the parent's too; absent before the trainer has said so. */
  classCentres: z.enum(['taken', 'drawn']).optional(),
});
export type Ancestry = z.infer<typeof ancestrySchema>;

const hashPattern = /^[0-9a-f]{64}$/;

/** A start with the hash of the weights that it stood for, such as `1f2e3d4c5b6a@<64 digits>`. */
export const pinnedStart = (reference: string, weights: string): string => `${reference}@${weights}`;

/** The parts of a start; `weights` is null where it names no hash. */
export function startParts(from: string): { readonly reference: string; readonly weights: string | null } {
  const at = from.lastIndexOf('@');
  const weights = from.slice(at + 1);
  return at > 0 && hashPattern.test(weights)
    ? { reference: from.slice(0, at), weights }
    : { reference: from, weights: null };
}

/** A start as people read it: of the hash only the beginning. */
export function shownStart(from: string): string {
  const { reference, weights } = startParts(from);
  return weights === null ? reference : `${reference}@${weights.slice(0, 8)}`;
}

/** Names an ancestor: its run, arm, seed, experiment, loss and epoch. */
export const ancestorInWords = ({ run, arm, seed, experiment, loss, epochs, bestEpoch }: Ancestor): string =>
  `run ${run} (${arm}, seed ${seed}, of ${experiment}; ${loss}, epoch ${bestEpoch} of ${epochs})`;

const takenInWords = {
  taken: 'backbone, embedding layer and class centres',
  drawn: 'backbone and embedding layer; the class centres are drawn',
} as const;

const optimizerInWords = {
  continued: 'from its last epoch, with the state of the optimiser',
  fresh: 'from the weights of its best epoch; the optimiser starts again',
} as const;

/** Says in English where a run started. */
export function startInWords({ kind, optimizer, ancestors, classCentres }: Ancestry): string {
  const chain = ancestors.map(ancestorInWords).join(', which started from ');
  if (kind === 'extended') return `Goes on with ${chain}: ${optimizerInWords[optimizer ?? 'fresh']}.`;
  const taken = classCentres === undefined ? 'backbone and embedding layer' : takenInWords[classCentres];
  return `Starts from ${chain}: ${taken}.`;
}
