import { pairConditions, sharedParts } from '../../../src-shared/pairing.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { ReportContext } from '../reportContext.ts';

/** For each pair of compared arms, in how many seeds the stored hashes show equal conditions. Null without a pair. */
export function conditionsPart({ chosen: compared, model, texts: { say } }: ReportContext): string | null {
  const chosen = compared.filter((arm) => arm.given === null);
  const trained = (name: string) => model.runs.filter((run) => run.arm === name && run.summary !== null);
  const rows = chosen.slice(1).flatMap((arm) =>
    [...new Set([chosen[0]?.name, chosen.find((other) => other.name === arm.against)?.name])].flatMap((against) => {
      if (against === undefined) return [];
      const { seeds, parts } = pairConditions(trained(against), trained(arm.name));
      const cell = (part: (typeof sharedParts)[number]) => {
        const { equal, differs, unknown } = parts[part];
        return [
          say('training.of', { best: equal, all: seeds }),
          ...(differs > 0 ? [say('conditions.differs', { seeds: differs })] : []),
          ...(unknown > 0 ? [say('conditions.unknown', { seeds: unknown })] : []),
        ].join(', ');
      };
      return seeds === 0
        ? []
        : [[`${escapeMarkdown(against)} — ${escapeMarkdown(arm.name)}`, ...sharedParts.map(cell)]];
    }),
  );
  return rows.length === 0
    ? null
    : paragraphs([
        `### ${say('heading.conditions')}`,
        say('conditions.intro'),
        table([say('predictions.pair'), ...sharedParts.map((part) => say(`part.${part}`))], rows),
      ]);
}
