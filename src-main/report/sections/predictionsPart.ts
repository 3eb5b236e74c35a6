import type { PredictionDifference } from '../../../src-shared/comparePredictions.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import type { Texts } from '../../../src-shared/reportTexts.ts';
import { pComparison, pValue } from '../../../src-shared/verdictSentence.ts';
import { faceSheet } from '../charts/faceSheet.ts';
import { code, escapeMarkdown, paragraphs, shortFile, table } from '../markdown.ts';
import type { ArmPredictions, ReportContext } from '../reportContext.ts';
import { chartBook, type FaceChoice, type WrittenSection } from '../section.ts';

/** Pairs of arms that are shown with pictures. */
const mostPairs = 3;
/** Pictures of each side of a pair. */
const mostPictures = 5;
/** With more rows than this, the table has no rows for single seeds. */
const mostRows = 12;

const sides = ({ compared }: ArmPredictions) =>
  [compared.onlySecond, compared.onlyFirst].map((rows) => rows.slice(0, mostPictures));
const choiceOf = (
  { image, takenFor: [taken = -1] }: PredictionDifference,
  { test }: ReportContext['model'],
): FaceChoice => ({ file: test.files[image] ?? '', person: test.classes[taken] ?? '' });

/** The pictures whose faces are shown. */
export const shownPredictions = ({ predictions, model }: ReportContext): FaceChoice[] =>
  predictions.slice(0, mostPairs).flatMap((pair) =>
    sides(pair)
      .flat()
      .map((row) => choiceOf(row, model)),
  );

/** The test pictures that one arm gets right and the other does not, with McNemar's exact test. */
export function predictionsPart(context: ReportContext): WrittenSection | null {
  const { predictions, texts } = context;
  const { say } = texts;
  const [first] = predictions;
  if (!first) return null;
  const mostSeeds = Math.max(...predictions.map(({ compared }) => compared.seeds.length));
  const parts = predictions.slice(0, mostPairs).map((pair, place) => pairPart(pair, place, context));
  const images = first.compared.seeds[0];
  return {
    charts: new Map(parts.flatMap(({ charts }) => [...(charts ?? [])])),
    markdown: paragraphs([
      `### ${say('heading.predictions')}`,
      say('predictions.intro', {
        images: images === undefined ? 0 : images.bothRight + images.onlyFirst + images.onlySecond + images.bothWrong,
      }),
      countsTable(predictions, texts),
      mostSeeds > 1 ? say('predictions.clustered') : null,
      ...parts.map(({ markdown }) => markdown),
    ]),
  };
}

/** For each pair of arms, how many test pictures both, one or none of them got right. */
function countsTable(predictions: readonly ArmPredictions[], texts: Texts): string {
  const { say } = texts;
  const several = predictions.length > 1;
  const mostSeeds = Math.max(...predictions.map(({ compared }) => compared.seeds.length));
  const allRows = predictions.reduce((rows, { compared }) => rows + compared.seeds.length + 1, 0);
  const bySeed = allRows <= mostRows || mostSeeds === 1;
  const rows = predictions.flatMap(({ arm, against, compared: { seeds, p } }) => {
    const pair = several ? [`${escapeMarkdown(against)} — ${escapeMarkdown(arm)}`] : [];
    const sum = (count: 'bothRight' | 'onlyFirst' | 'onlySecond' | 'bothWrong') =>
      seeds.reduce((total, seed) => total + seed[count], 0);
    const row = (
      name: string,
      { bothRight, onlyFirst, onlySecond, bothWrong, p: own }: Omit<(typeof seeds)[number], 'seed'>,
    ) => [...pair, name, ...[bothRight, onlyFirst, onlySecond, bothWrong].map(texts.count), pValue(own, texts)];
    return [
      ...(bySeed ? seeds.map((seed) => row(String(seed.seed), seed)) : []),
      ...(seeds.length > 1
        ? [
            row(say('predictions.together', { seeds: seeds.length }), {
              bothRight: sum('bothRight'),
              onlyFirst: sum('onlyFirst'),
              onlySecond: sum('onlySecond'),
              bothWrong: sum('bothWrong'),
              p,
            }),
          ]
        : []),
    ];
  });
  const [first] = predictions;
  return table(
    [
      ...(several ? [say('predictions.pair')] : []),
      say('column.seed'),
      say('predictions.bothRight'),
      ...(several
        ? [say('predictions.onlyFormer'), say('predictions.onlyLatter')]
        : [first?.against, first?.arm].map((arm) => say('predictions.only', { arm: escapeMarkdown(arm ?? '') }))),
      say('predictions.bothWrong'),
      'p',
    ],
    rows,
  );
}

/** A pair of arms: its counts in words, the people in the pictures, and the clearest pictures with faces. */
function pairPart(pair: ArmPredictions, place: number, { model, texts }: ReportContext): WrittenSection {
  const { say, list } = texts;
  const { arm, against, compared } = pair;
  const { onlyFirst, onlySecond, seeds } = compared;
  const named = { arm: escapeMarkdown(arm), against: escapeMarkdown(against) };
  const classes = model.test.classes;
  const runs = seeds.length;
  if (onlyFirst.length + onlySecond.length === 0)
    return { markdown: say('predictions.none', { ...named, seeds: runs }) };
  const people = [...groupBy([...onlyFirst, ...onlySecond], ({ label }) => label)]
    .map(([label, own]) => ({ name: escapeMarkdown(classes[label] ?? ''), count: own.length }))
    .sort((a, b) => b.count - a.count);
  const several = people.filter(({ count }) => count > 1).slice(0, 4);
  const shown = sides(pair).flat();
  const right = (count: number) => say('training.of', { best: count, all: runs });
  const title = say('chart.predictions', { arm, against });
  const book = chartBook();
  const sheet = facesOf(pair, title, { model, texts });
  const left = onlyFirst.length + onlySecond.length - shown.length;
  return {
    charts: book.charts,
    markdown: paragraphs([
      [
        say('predictions.sum', {
          ...named,
          ahead: onlySecond.length,
          behind: onlyFirst.length,
          seeds: runs,
          p: pComparison(compared.p, texts),
        }),
        say('predictions.people', { people: people.length }),
        ...(several.length > 0
          ? [say('predictions.most', { names: list(several.map(({ name, count }) => `${name} (${count})`)) })]
          : []),
      ].join(' '),
      table(
        [
          say('failures.picture'),
          say('failures.person'),
          say('predictions.right', { arm: named.against }),
          say('predictions.right', { arm: named.arm }),
          say('failures.takenFor'),
        ],
        shown.map((row) => [
          code(shortFile(model.test.files[row.image] ?? '')),
          escapeMarkdown(classes[row.label] ?? ''),
          right(row.firstRight),
          right(row.secondRight),
          escapeMarkdown(list(row.takenFor.slice(0, 3).map((label) => classes[label] ?? ''))),
        ]),
      ),
      book.show(`only-one-right${place === 0 ? '' : `-${place + 1}`}.svg`, sheet, title),
      left > 0 ? say('predictions.more', { more: left }) : null,
    ]),
  };
}

/** The pictures of a pair beside the person that the wrong arm saw in them. */
function facesOf(pair: ArmPredictions, title: string, { model, texts }: Pick<ReportContext, 'model' | 'texts'>) {
  const { arm, against, compared } = pair;
  const pairings = sides(pair)
    .flat()
    .flatMap((row) => {
      const { file, person } = choiceOf(row, model);
      const leftFace = model.faces.files[file];
      const rightFace = model.faces.people[person];
      if (!leftFace || !rightFace) return [];
      const right = { best: Math.max(row.firstRight, row.secondRight), all: compared.seeds.length };
      const note = texts.say('predictions.note', {
        better: row.secondRight > row.firstRight ? arm : against,
        right: texts.say('training.of', right),
      });
      return [{ left: model.test.classes[row.label] ?? '', right: person, leftFace, rightFace, note }];
    });
  return faceSheet(title, pairings);
}
