import type { Texts } from '../../../src-shared/reportTexts.ts';
import { faceSheet } from '../charts/faceSheet.ts';
import { bounded, code, escapeMarkdown, paragraphs, shortFile, table } from '../markdown.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import type { ReportModel } from '../reportModel.ts';
import type { RunEvaluation } from '../runEvaluation.ts';
import { chartBook, type FaceChoice, type Section } from '../section.ts';
import { predictionsPart } from './predictionsPart.ts';

const mostShown = 9;

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
      worst.length === 0 ? null : mistakesTable(worst, judged, texts),
      book.show('failures.svg', mistakesSheet(worst, model.faces, say('chart.failures')), say('chart.failures')),
      worst.length > mostShown ? say('data.more', { more: worst.length - mostShown }) : null,
      ...lists(judged, texts),
      predictions?.markdown ?? null,
    ]),
    charts: new Map([...book.charts, ...(predictions?.charts ?? [])]),
  };
};

type RunConfusions = NonNullable<RunEvaluation['confusions']>;
interface JudgedConfusions {
  readonly arm: ReportArm;
  readonly confusions: RunConfusions;
}

/** The runs whose confusions were judged, with their arms. */
const judgedConfusions = (chosen: readonly ReportArm[]): JudgedConfusions[] =>
  chosen.flatMap((arm) =>
    arm.runs.flatMap(({ summary: { evaluation } }) =>
      evaluation.confusions ? [{ arm, confusions: evaluation.confusions }] : [],
    ),
  );

const short = (file: string) => code(shortFile(file));

function mistakesTable(worst: readonly Mistake[], judged: readonly JudgedConfusions[], texts: Texts): string {
  const { say } = texts;
  const arms = [...new Set(judged.map(({ arm }) => arm))];
  const runsOf = (arm: ReportArm) => judged.filter((entry) => entry.arm === arm).length;
  return table(
    [
      say('failures.picture'),
      say('failures.person'),
      say('failures.takenFor'),
      ...arms.map((arm) => escapeMarkdown(arm.name)),
    ],
    worst
      .slice(0, mostShown)
      .map((mistake) => [
        short(mistake.file),
        escapeMarkdown(mistake.identity),
        escapeMarkdown(texts.list([...mistake.takenFor].slice(0, 3))),
        ...arms.map((arm) => say('training.of', { best: mistake.byArm.get(arm.name) ?? 0, all: runsOf(arm) })),
      ]),
  );
}

/** The mistakes as faces: the picture beside the person that it was taken for. */
function mistakesSheet(worst: readonly Mistake[], faces: ReportModel['faces'], title: string): string | null {
  // A person may be called 'constructor'.
  const faceOf = (of: Readonly<Record<string, string>>, name: string) =>
    Object.hasOwn(of, name) ? of[name] : undefined;
  const pairings = worst.slice(0, mostShown).flatMap((mistake) => {
    const [taken = ''] = mistake.takenFor;
    const leftFace = faceOf(faces.files, mistake.file);
    const rightFace = faceOf(faces.people, taken);
    return leftFace && rightFace
      ? [{ left: mistake.identity, right: taken, leftFace, rightFace, note: shortFile(mistake.file) }]
      : [];
  });
  return faceSheet(title, pairings);
}

const mostArms = 4;
const mostListed = 3;

/** The hardest pairs and the doubtful labels of each arm's first run. */
function lists(judged: readonly JudgedConfusions[], texts: Texts): string[] {
  const { say } = texts;
  const arms = [...new Set(judged.map(({ arm }) => arm))].slice(0, mostArms);
  return (['hardestImpostors', 'hardestGenuine', 'labelSuspects'] as const).flatMap((kind) =>
    arms.flatMap((arm) => {
      const confusions = judged.find((entry) => entry.arm === arm)?.confusions;
      const items = confusions ? itemsOf(kind, confusions, texts).slice(0, mostListed) : [];
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
