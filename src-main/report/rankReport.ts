import { compareRanks, rankGroups, ranksOf, type RankComparison } from '../../src-shared/maths/friedman.ts';
import { mean } from '../../src-shared/maths/statistics.ts';
import type { Texts } from '../../src-shared/reportTexts.ts';
import { pComparison } from '../../src-shared/verdictSentence.ts';
import { criticalDifferenceChart } from './charts/criticalDifference.ts';
import { code, escapeMarkdown, paragraphs, table } from './markdown.ts';

/** What arms reached on one dataset. */
export interface RankedDataset {
  readonly name: string;
  /** Its own report, relative to the folder of the ranks. */
  readonly report: string;
  /** For each seed the value of each arm, in the order of the arms; null where a run diverged. */
  readonly blocks: readonly { readonly seed: number; readonly values: readonly (number | null)[] }[];
}
export interface RankSource {
  readonly title: string;
  readonly metric: string;
  readonly arms: readonly string[];
  /** How many combinations each arm tried on each dataset, with how many seeds. */
  readonly tuning: {
    readonly combinations: number;
    readonly seeds: number;
    /** How many values val chose, and how many of them were the lowest or the highest tried. */
    readonly choices: number;
    readonly atEdge: number;
  };
  readonly datasets: readonly RankedDataset[];
  readonly rerunCommand: string;
}

export interface RankReport {
  readonly markdown: string;
  readonly chart: string;
  /** For a terminal: arms by mean rank, and who is not told apart. */
  readonly lines: readonly string[];
}

export const rankChartName = 'ranks.svg';

/** Mean ranks of arms over datasets and seeds, with a critical-difference diagram (Demšar 2006). */
export function rankReport(source: RankSource, texts: Texts): RankReport {
  const { say } = texts;
  // A run that diverged is the worst of its block.
  const blocks = source.datasets.flatMap(({ blocks: own }) =>
    own.map(({ values }) => values.map((value) => value ?? -Infinity)),
  );
  const compared = compareRanks(blocks);
  const order = [...source.arms.keys()].sort(
    (a, b) => (compared.meanRanks[a] as number) - (compared.meanRanks[b] as number) || a - b,
  );
  const ranked = order.map((arm) => ({ name: source.arms[arm] ?? '', rank: compared.meanRanks[arm] as number }));
  const groups = rankGroups(
    ranked.map(({ rank }) => rank),
    compared.criticalDifference,
  );
  const rankOf = (rank: number) => texts.decimal(rank, 2);
  const title = say('ranks.chart', { metric: source.metric });
  const difference = say('ranks.criticalDifference', { difference: rankOf(compared.criticalDifference) });
  return {
    chart: criticalDifferenceChart({
      title,
      ranked,
      groups,
      criticalDifference: compared.criticalDifference,
      differenceTitle: difference,
      write: rankOf,
    }),
    lines: [
      ...ranked.map(({ name, rank }) => `${rankOf(rank).padStart(6)}  ${name}`),
      difference,
      pairsApart(compared, texts),
      ...groups.map(({ first, last }) =>
        say('ranks.group', { from: ranked[first]?.name ?? '', to: ranked[last]?.name ?? '', count: last - first + 1 }),
      ),
    ],
    markdown: `${paragraphs([
      `# ${escapeMarkdown(source.title)}`,
      answer(compared, source, texts),
      `![${escapeMarkdown(title)}](${rankChartName})`,
      [say('ranks.reading'), pairsApart(compared, texts)].join(' '),
      rankTable(source, { order, compared, texts }),
      say('ranks.method', {
        combinations: source.tuning.combinations,
        seeds: source.tuning.seeds,
        blocks: compared.blocks,
        datasets: source.datasets.length,
      }),
      source.tuning.atEdge > 0 ? say('ranks.edges', source.tuning) : null,
      say('ranks.limits', { datasets: source.datasets.length }),
      source.datasets
        .map(({ name, report }) => `- [${say('ranks.report', { name: escapeMarkdown(name) })}](${report})`)
        .join('\n'),
      say('ranks.rerun', { command: code(source.rerunCommand) }),
    ])}\n`,
  };
}

/** How many pairs of arms are further apart than the critical difference. */
function pairsApart({ meanRanks, criticalDifference }: RankComparison, { say }: Texts): string {
  const gaps = meanRanks.flatMap((rank, place) => meanRanks.slice(place + 1).map((other) => Math.abs(rank - other)));
  return say('ranks.pairs', { apart: gaps.filter((gap) => gap > criticalDifference).length, pairs: gaps.length });
}

function answer(
  { chiSquared, p }: RankComparison,
  { arms, metric, datasets, tuning }: RankSource,
  texts: Texts,
): string {
  return texts.say(p < 0.05 ? 'ranks.differ' : 'ranks.same', {
    arms: arms.length,
    datasets: datasets.length,
    combinations: tuning.combinations,
    metric,
    chiSquared: texts.decimal(chiSquared, 1),
    degrees: arms.length - 1,
    p: pComparison(p, texts),
  });
}

/** Each arm with its mean rank, and for each dataset its mean value and mean rank. */
function rankTable(
  { arms, datasets, metric }: RankSource,
  {
    order,
    compared,
    texts,
  }: { readonly order: readonly number[]; readonly compared: RankComparison; readonly texts: Texts },
): string {
  const ofDataset = datasets.map(({ blocks }) => {
    const ranks = blocks.map(({ values }) => ranksOf(values.map((value) => value ?? -Infinity)));
    return (arm: number): string[] => {
      const values = blocks.flatMap(({ values: own }) => own[arm] ?? []);
      const diverged = blocks.length - values.length;
      return [
        [
          values.length === 0 ? '—' : texts.percent(mean(values)),
          ...(diverged > 0 ? [texts.say('ranks.diverged', { runs: diverged })] : []),
        ].join(', '),
        texts.decimal(mean(ranks.map((block) => block[arm] as number)), 2),
      ];
    };
  });
  return table(
    [
      texts.say('column.arm'),
      texts.say('ranks.meanRank'),
      ...datasets.flatMap(({ name }) => [`${escapeMarkdown(name)}: ${metric}`, texts.say('ranks.rank')]),
    ],
    order.map((arm) => [
      escapeMarkdown(arms[arm] ?? ''),
      texts.decimal(compared.meanRanks[arm] as number, 2),
      ...ofDataset.flatMap((cells) => cells(arm)),
    ]),
  );
}
