import { identificationRatesOf } from '../../../src-shared/evaluation.ts';
import { usableRates } from '../../../src-shared/samePerson.ts';
import type { Texts } from '../../../src-shared/reportTexts.ts';
import { faceSheet } from '../charts/faceSheet.ts';
import { bounded, code, escapeMarkdown, paragraphs, shortFile, table } from '../markdown.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import type { ReportModel } from '../reportModel.ts';
import type { RunEvaluation } from '../runEvaluation.ts';
import { chartBook, type FaceChoice, type Section } from '../section.ts';
import { predictionsPart } from './predictionsPart.ts';

const mostShown = 9;
/** Hardest pairs and doubtful labels are listed of the first run of each arm. */
const mostArms = 4;
const mostListed = 3;

interface Mistake {
  readonly file: string;
  readonly identity: string;
  readonly takenFor: Set<string>;
  readonly byArm: Map<string, number>;
}

/** Test pictures by the number of runs that took them for another person, most first. */
function worstMistakes(arms: readonly ReportArm[]): Mistake[] {
  const mistakes = new Map<string, Mistake>();
  for (const arm of arms) {
    for (const { file, identity, predicted } of arm.runs.flatMap(
      (run) => run.summary.evaluation.confusions?.mistakes ?? [],
    )) {
      const entry = mistakes.get(file) ?? { file, identity, takenFor: new Set(), byArm: new Map() };
      entry.takenFor.add(predicted);
      entry.byArm.set(arm.name, (entry.byArm.get(arm.name) ?? 0) + 1);
      mistakes.set(file, entry);
    }
  }
  const total = ({ byArm }: Mistake) => [...byArm.values()].reduce((sum, count) => sum + count, 0);
  return [...mistakes.values()].sort((a, b) => total(b) - total(a) || (a.file < b.file ? -1 : 1));
}

/** The mistakes whose faces are shown: a picture, and the person that it was taken for. */
export const shownMistakes = ({ chosen }: Pick<ReportContext, 'chosen'>): FaceChoice[] =>
  worstMistakes(chosen)
    .slice(0, mostShown)
    .map(({ file, takenFor: [person = ''] }) => ({ file, person }));

const hardPairs = ['hardestImpostors', 'hardestGenuine'] as const;
/** The hardest pairs of each arm's first run, whose faces are shown. */
const shownPairs = (judged: readonly JudgedConfusions[], kind: (typeof hardPairs)[number]) =>
  firstOfArms(judged).flatMap(({ arm, confusions }) =>
    confusions[kind].slice(0, mostListed).map((pair) => ({ arm: arm.name, ...pair })),
  );
/** The files of the hardest pairs that are shown. */
export const shownPairFiles = ({ chosen }: Pick<ReportContext, 'chosen'>): string[] =>
  hardPairs.flatMap((kind) =>
    shownPairs(judgedConfusions(chosen), kind).flatMap(({ first, second }) => [first.file, second.file]),
  );

/**
 * What the arms got wrong: test pictures that runs took for another person, look-alikes among people who were not in
 * training, and pictures whose label may be wrong.
 */
export const failuresSection: Section = (context) => {
  const { chosen, model, texts } = context;
  const { say } = texts;
  const judged = judgedConfusions(chosen);
  const [first] = judged;
  if (!first) return null;
  const images = first.confusions.mistaken.total;
  const worst = worstMistakes(chosen);
  const book = chartBook();
  const predictions = predictionsPart(context);
  return {
    markdown: paragraphs([
      `## ${say('heading.failures')}`,
      worst.length === 0 ? say('failures.none', { images }) : say('failures.intro', { pictures: worst.length, images }),
      chosen.some((arm) => arm.given !== null) ? say('failures.given') : null,
      worst.length === 0 ? null : mistakesTable(worst, judged, context),
      book.show('failures.svg', mistakesSheet(worst, model.faces, texts), say('chart.failures')),
      worst.some((mistake) => cosineOf(mistake, model.faces) !== null) ? say('failures.cosine') : null,
      ...thresholds(judged, texts),
      worst.length > mostShown ? say('data.more', { more: worst.length - mostShown }) : null,
      ...lists(judged, texts),
      ...hardPairs.map((kind) =>
        book.show(`${pairFiles[kind]}.svg`, pairSheet(judged, kind, context), say(`chart.${kind}`)),
      ),
      predictions?.markdown ?? null,
    ]),
    charts: new Map([...book.charts, ...(predictions?.charts ?? [])]),
  };
};

type RunConfusions = NonNullable<RunEvaluation['confusions']>;
interface JudgedConfusions {
  readonly arm: ReportArm;
  readonly evaluation: RunEvaluation;
  readonly confusions: RunConfusions;
}
/** The first run of each arm. */
const firstOfArms = (judged: readonly JudgedConfusions[]): readonly JudgedConfusions[] =>
  judged.filter(({ arm }, place) => judged.findIndex((entry) => entry.arm === arm) === place).slice(0, mostArms);

/** The runs whose confusions were judged, with their arms. */
const judgedConfusions = (chosen: readonly ReportArm[]): JudgedConfusions[] =>
  chosen.flatMap((arm) =>
    arm.runs.flatMap(({ summary: { evaluation } }) =>
      evaluation.confusions ? [{ arm, evaluation, confusions: evaluation.confusions }] : [],
    ),
  );

const short = (file: string) => code(shortFile(file));

const pairFiles = { hardestImpostors: 'most-alike', hardestGenuine: 'least-alike' } as const;

/** A mistake's nearest face of the person that it was taken for. */
const nearestOf = ({ file, takenFor: [person] }: Mistake, { nearest = [] }: ReportModel['faces']) =>
  nearest.find((face) => face.file === file && face.person === person);
const cosineOf = (mistake: Mistake, faces: ReportModel['faces']) => nearestOf(mistake, faces)?.cosine ?? null;

/** The cosine above which each arm's first run takes two faces for one person: cosines differ from loss to loss. */
const thresholds = (judged: readonly JudgedConfusions[], { say, decimal, short: number }: Texts): string[] =>
  firstOfArms(judged).flatMap(({ arm, evaluation: { identification } }) => {
    const [rate] = identification ? usableRates(identificationRatesOf(identification)) : [];
    if (rate === undefined) return [];
    return say('failures.threshold', {
      arm: escapeMarkdown(arm.name),
      threshold: decimal(rate.threshold, 2),
      rate: number(rate.falsePositiveRate),
    });
  });

function mistakesTable(
  worst: readonly Mistake[],
  judged: readonly JudgedConfusions[],
  { model: { faces }, texts }: Pick<ReportContext, 'model' | 'texts'>,
): string {
  const { say, decimal } = texts;
  const shown = worst.slice(0, mostShown);
  const hasCosines = shown.some((mistake) => cosineOf(mistake, faces) !== null);
  const cosineCell = (mistake: Mistake): string => {
    const cosine = cosineOf(mistake, faces);
    return cosine === null ? '—' : decimal(cosine, 2);
  };
  const arms = [...new Set(judged.map(({ arm }) => arm))];
  const runsOf = (arm: ReportArm) => judged.filter((entry) => entry.arm === arm).length;
  return table(
    [
      say('failures.picture'),
      say('failures.person'),
      say('failures.takenFor'),
      ...(hasCosines ? ['cos θ'] : []),
      ...arms.map((arm) => escapeMarkdown(arm.name)),
    ],
    shown.map((mistake) => [
      short(mistake.file),
      escapeMarkdown(mistake.identity),
      escapeMarkdown(texts.list([...mistake.takenFor].slice(0, 3))),
      ...(hasCosines ? [cosineCell(mistake)] : []),
      ...arms.map((arm) => say('training.of', { best: mistake.byArm.get(arm.name) ?? 0, all: runsOf(arm) })),
    ]),
  );
}

// A person may be called 'constructor'.
const faceOf = (of: Readonly<Record<string, string>>, name: string) => (Object.hasOwn(of, name) ? of[name] : undefined);

/** The mistakes as faces: the picture beside the person that it was taken for. */
function mistakesSheet(worst: readonly Mistake[], faces: ReportModel['faces'], { say, decimal }: Texts): string | null {
  const pairings = worst.slice(0, mostShown).flatMap((mistake) => {
    const [taken = ''] = mistake.takenFor;
    const leftFace = faceOf(faces.files, mistake.file);
    const rightFace = nearestOf(mistake, faces)?.face ?? faceOf(faces.people, taken);
    const number = cosineOf(mistake, faces);
    const cosine = number === null ? undefined : decimal(number, 2);
    return leftFace && rightFace
      ? [{ left: mistake.identity, right: taken, leftFace, rightFace, note: shortFile(mistake.file), cosine }]
      : [];
  });
  return faceSheet(say('chart.failures'), pairings);
}

/** The hardest pairs as faces, with their cosines. */
function pairSheet(
  judged: readonly JudgedConfusions[],
  kind: (typeof hardPairs)[number],
  { model: { faces }, texts }: Pick<ReportContext, 'model' | 'texts'>,
): string | null {
  const pairings = shownPairs(judged, kind).flatMap(({ arm, first, second, cosine }) => {
    const leftFace = faceOf(faces.files, first.file);
    const rightFace = faceOf(faces.files, second.file);
    if (!leftFace || !rightFace) return [];
    const names = { left: first.identity, right: second.identity };
    return [{ ...names, leftFace, rightFace, note: arm, cosine: texts.decimal(cosine, 2) }];
  });
  return faceSheet(texts.say(`chart.${kind}`), pairings);
}

/** The hardest pairs and the doubtful labels of each arm's first run. */
function lists(judged: readonly JudgedConfusions[], texts: Texts): string[] {
  const { say } = texts;
  return ([...hardPairs, 'labelSuspects'] as const).flatMap((kind) =>
    firstOfArms(judged).flatMap(({ arm, confusions }) => {
      const items = itemsOf(kind, confusions, texts).slice(0, mostListed);
      if (items.length === 0) return [];
      const more = (left: number) => say('data.more', { more: left });
      return [say(`failures.${kind}`, { arm: escapeMarkdown(arm.name) }), bounded(items, mostListed, more)];
    }),
  );
}

function itemsOf(
  kind: 'hardestImpostors' | 'hardestGenuine' | 'labelSuspects',
  confusions: RunConfusions,
  { say, decimal }: Texts,
): string[] {
  if (kind !== 'labelSuspects')
    return confusions[kind].map(
      ({ first, second, cosine }) => `${short(first.file)} — ${short(second.file)} (cos θ ${decimal(cosine, 2)})`,
    );
  return confusions.labelSuspects.map((suspect) =>
    say('failures.suspect', {
      picture: short(suspect.file),
      own: decimal(suspect.ownDegrees, 1),
      nearest: escapeMarkdown(suspect.nearest),
      other: decimal(suspect.nearestDegrees, 1),
    }),
  );
}
