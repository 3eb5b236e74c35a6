import { allowedFinding } from '../../src-shared/allowedFinding.ts';
import { assignments, type Assignment } from '../../src-shared/splitSchema.ts';
import { bounded, code, escapeMarkdown, paragraphs } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';

const mostNamed = 10;

/** What the author chose by hand in the split: people put into a part, and findings that were allowed. */
export function choicesByHand({ model, texts }: ReportContext): string | null {
  const { assign, allowFindings } = model.plan.split;
  const { say, list } = texts;
  const people = (where: Assignment) => Object.keys(assign).filter((name) => assign[name] === where);
  const put = assignments.flatMap((where) => {
    const names = people(where);
    const shown = names.slice(0, mostNamed).map(escapeMarkdown);
    if (names.length === 0) return [];
    if (names.length > mostNamed) shown.push(say('data.more', { more: names.length - mostNamed }));
    return [say('data.byHandIn', { where: say(`assignment.${where}`), names: list(shown) })];
  });
  const allowed = allowFindings.map((entry) => {
    const { name, reason } = allowedFinding(entry);
    return `${code(name)}: ${reason === null ? say('data.noReason') : escapeMarkdown(reason)}`;
  });
  if (put.length === 0 && allowed.length === 0) return null;
  return paragraphs([
    ...(put.length === 0 ? [] : [say('data.byHand', { people: Object.keys(assign).length, parts: put.join('; ') })]),
    ...(allowed.length === 0
      ? []
      : [say('data.allowed'), bounded(allowed, mostNamed, (more) => say('data.more', { more }))]),
  ]);
}
