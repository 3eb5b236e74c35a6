import { isClassificationLoss, lossTerms, type LossPlan, type SingleLossName } from './losses.ts';

/** Why a loss cannot draw class centres, or null: only a softmax over classes can be estimated from some of them. */
export function refuseClassSampling(
  plan: LossPlan,
  { classSampleRate }: { readonly classSampleRate: number },
): string | null {
  if (classSampleRate === 1) return null;
  const reason = needsAllClasses(plan);
  return reason === null
    ? null
    : `${reason}, so a step cannot draw only some of them: set training.classSampleRate to 1, or choose a softmax ` +
        'loss such as arcFace';
}

function needsAllClasses(plan: LossPlan): string | null {
  const terms = lossTerms(plan);
  const names = terms.map(({ loss }) => loss.name);
  if (names.includes('adaCos')) return 'the adaCos loss computes its scale from all classes';
  if (names.includes('proxyAnchor')) return 'the proxyAnchor loss is a mean over all class centres, not a softmax';
  if (terms.some(({ loss }) => isClassificationLoss(loss))) return null;
  return `the ${names.join(' + ')} loss trains no class centres`;
}

/** Losses that need several pictures of one person in a batch. */
const pairLosses: readonly SingleLossName[] = ['circle', 'triplet', 'contrastive', 'multiSimilarity', 'supCon'];

/** Why a sampler does not suit a loss, or null: pair losses need several pictures of one person in each batch. */
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

/** The reasons why a loss cannot be trained as planned, each with the knob to change. */
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
