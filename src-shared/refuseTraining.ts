import { isClassificationLoss, lossTerms, type LossPlan, type SingleLossName } from './losses.ts';

/**
 * One sentence that says why a loss cannot draw class centres, or null: only a softmax over classes can be estimated
 * from some of them.
 */
export function refuseClassSampling(
  plan: LossPlan,
  { classSampleRate }: { readonly classSampleRate: number },
): string | null {
  if (classSampleRate === 1) return null;
  const names = lossTerms(plan).map(({ loss }) => loss.name);
  const reason = names.includes('adaCos')
    ? 'the adaCos loss reads its scale from the sum over all classes'
    : names.includes('proxyAnchor')
      ? 'the proxyAnchor loss is a mean over all class centres, not a softmax'
      : lossTerms(plan).some(({ loss }) => isClassificationLoss(loss))
        ? null
        : `the ${names.join(' + ')} loss trains no class centres`;
  return reason === null
    ? null
    : `${reason}, so that a step cannot draw some of them: set training.classSampleRate to 1, or choose a ` +
        'softmax loss such as arcFace';
}

/** Losses that compare pictures of one person within a batch. */
const pairLosses: readonly SingleLossName[] = ['circle', 'triplet', 'contrastive', 'multiSimilarity', 'supCon'];

/**
 * One sentence that says why a sampler cannot feed a loss, or null: pair losses need several pictures of one person in
 * each batch.
 */
export function refuseSampler(
  plan: LossPlan,
  training: { readonly batchSize: number; readonly sampler: { readonly name: string } },
): string | null {
  const needing = lossTerms(plan)
    .map(({ loss }) => loss.name)
    .find((name) => pairLosses.includes(name));
  if (needing === undefined || training.sampler.name === 'pk') return null;
  const images = [4, 3, 2].find((count) => training.batchSize % count === 0 && training.batchSize / count >= 2);
  const advice =
    images === undefined
      ? 'set training.batchSize to a multiple of 4 and training.sampler to {name: pk, identities: batchSize / ' +
        '4, images: 4}'
      : `set training.sampler to {name: pk, identities: ${training.batchSize / images}, images: ${images}}`;
  return (
    `the ${needing} loss compares pictures of one person within a batch, which the ${training.sampler.name} ` +
    `sampler does not provide: ${advice}`
  );
}

/** Why a loss cannot be trained as planned, each with the knob to turn; empty where it can. */
export function refuseTraining(
  plan: LossPlan,
  training: Parameters<typeof refuseSampler>[1] & Parameters<typeof refuseClassSampling>[1],
): { readonly knob: string; readonly sentence: string }[] {
  const sampler = refuseSampler(plan, training);
  const classes = refuseClassSampling(plan, training);
  return [
    ...(sampler === null ? [] : [{ knob: 'training.sampler', sentence: sampler }]),
    ...(classes === null ? [] : [{ knob: 'training.classSampleRate', sentence: classes }]),
  ];
}
