import { countsForEverySeed } from '../../src-shared/arms.ts';
import { code, escapeMarkdown } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';

/** Which arms were not trained here, and what a comparison with them can say; null where all were. */
export function givenInWords({ chosen, model: { plan }, texts: { say, list } }: ReportContext): string | null {
  const given = chosen.flatMap((arm) => (arm.given ? [{ name: escapeMarkdown(arm.name), file: arm.given.file }] : []));
  if (given.length === 0) return null;
  const values = {
    count: given.length,
    arms: list(given.map(({ name }) => name)),
    files: list(given.map(({ file }) => code(file))),
  };
  const isFixed = plan.arms.some((arm) => countsForEverySeed(plan, arm));
  const hasTrained = chosen.some((arm) => arm.given === null);
  return [
    say('given.which', values),
    ...(hasTrained ? [say(isFixed ? 'given.fixed' : 'given.splits', values)] : []),
    say('given.head'),
  ].join(' ');
}
