import { mean } from '../../src-shared/maths/statistics.ts';
import { escapeMarkdown } from './markdown.ts';
import type { ReportArm, ReportContext } from './reportContext.ts';

/** From this share of steps on an arm counts as clipped, and up to the other one as not clipped. */
const mostly = 0.5;
const hardly = 0.1;

/** The share of all training steps of an arm whose gradients were clipped; null where it was not recorded. */
export function clippedShare({ runs }: Pick<ReportArm, 'runs'>): number | null {
  const shares = runs.flatMap((run) => run.curves['clipped'] ?? []).map(({ value }) => value);
  return shares.length === 0 ? null : mean(shares);
}

/**
 * Warns where one compared arm is clipped in most steps and another hardly ever: the clip then lowers the learning rate
 * of one of them only. Null otherwise.
 */
export function clippingInWords({ model, chosen, texts }: ReportContext): string | null {
  const isTuned = model.plan.tune?.knobs['training.learningRate'] !== undefined;
  const shares = chosen.flatMap((arm) => {
    const share = clippedShare(arm);
    return share === null ? [] : [{ name: escapeMarkdown(arm.variantOf ?? arm.name), share }];
  });
  const named = (those: typeof shares) =>
    texts.list(those.map(({ name, share }) => `${name} (${texts.decimal(100 * share, 0)} %)`));
  const clipped = shares.filter(({ share }) => share >= mostly);
  const free = shares.filter(({ share }) => share <= hardly);
  return clipped.length === 0 || free.length === 0
    ? null
    : texts.say(isTuned ? 'clipping.unequalTuned' : 'clipping.unequal', {
        clipped: named(clipped),
        free: named(free),
      });
}
