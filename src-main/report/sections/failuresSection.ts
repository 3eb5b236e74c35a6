import { faceSheet } from '../charts/faceSheet.ts';
import { bounded, code, escapeMarkdown, paragraphs, shortFile, table } from '../markdown.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import { chartBook, type FaceChoice, type Section } from '../section.ts';
import { predictionsPart } from './predictionsPart.ts';

const mostShown = 9;

interface Mistake {
  readonly file: string;
  readonly identity: string;
  readonly takenFor: Set<string>;
  readonly byArm: Map<string, number>;
}

/** Test pictures by the number of runs that take them for another person, most first. */
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

/** The mistakes that are shown with faces: a picture, and the person it is taken for. */
export const shownMistakes = ({ chosen }: Pick<ReportContext, 'chosen'>): FaceChoice[] =>
  worstMistakes(chosen)
    .slice(0, mostShown)
    .map(({ file, takenFor: [person = ''] }) => ({ file, person }));

/**
 * What the arms got wrong: test pictures that most runs take for another person, look-alikes among people never seen,
 * and pictures whose label may be wrong.
 */
export const failuresSection: Section = (context) => {
  const {
    chosen,
    model: { faces },
    texts: { say, decimal },
    texts,
  } = context;
  const runs = chosen.flatMap((arm) =>
    arm.runs.flatMap((run) =>
      run.summary.evaluation.confusions ? [{ arm, confusions: run.summary.evaluation.confusions }] : [],
    ),
  );
  if (runs.length === 0) return null;
  const more = (left: number) => say('data.more', { more: left });
  const worst = worstMistakes(chosen);
  const arms = chosen.filter((arm) => runs.some((run) => run.arm === arm));
  const runsOf = (name: string) => runs.filter((run) => run.arm.name === name).length;
  const short = (file: string) => code(shortFile(file));
  const [first] = runs;
  const pair = ({
    first: a,
    second: b,
    cosine,
  }: {
    readonly first: { readonly file: string };
    readonly second: { readonly file: string };
    readonly cosine: number;
  }) => `${short(a.file)} — ${short(b.file)} (cos θ ${decimal(cosine, 2)})`;
  const lists = (['hardestImpostors', 'hardestGenuine', 'labelSuspects'] as const).flatMap((kind) =>
    arms.slice(0, 4).flatMap((arm) => {
      const confusions = runs.find((run) => run.arm === arm)?.confusions;
      const items =
        kind === 'labelSuspects'
          ? (confusions?.labelSuspects ?? []).map((suspect) =>
              say('failures.suspect', {
                picture: short(suspect.file),
                own: decimal(suspect.ownDegrees, 1),
                nearest: escapeMarkdown(suspect.nearest),
                other: decimal(suspect.nearestDegrees, 1),
              }),
            )
          : (confusions?.[kind] ?? []).map(pair);
      return items.length === 0
        ? []
        : [say(`failures.${kind}`, { arm: escapeMarkdown(arm.name) }), bounded(items.slice(0, 3), 3, more)];
    }),
  );
  const book = chartBook();
  const sheet = faceSheet(
    say('chart.failures'),
    worst.slice(0, mostShown).flatMap((entry) => {
      const [taken = ''] = entry.takenFor;
      const faceOf = (of: Readonly<Record<string, string>>, name: string) =>
        Object.hasOwn(of, name) ? of[name] : undefined; // a person may be called constructor
      const leftFace = faceOf(faces.files, entry.file);
      const rightFace = faceOf(faces.people, taken);
      return leftFace && rightFace
        ? [{ left: entry.identity, right: taken, leftFace, rightFace, note: shortFile(entry.file) }]
        : [];
    }),
  );
  const predictions = predictionsPart(context);
  return {
    markdown: paragraphs([
      `## ${say('heading.failures')}`,
      worst.length === 0
        ? say('failures.none', { images: first?.confusions.mistaken.total ?? 0 })
        : say('failures.intro', { pictures: worst.length, images: first?.confusions.mistaken.total ?? 0 }),
      worst.length === 0
        ? null
        : table(
            [
              say('failures.picture'),
              say('failures.person'),
              say('failures.takenFor'),
              ...arms.map((arm) => escapeMarkdown(arm.name)),
            ],
            worst
              .slice(0, mostShown)
              .map((entry) => [
                short(entry.file),
                escapeMarkdown(entry.identity),
                escapeMarkdown(texts.list([...entry.takenFor].slice(0, 3))),
                ...arms.map((arm) =>
                  say('training.of', { best: entry.byArm.get(arm.name) ?? 0, all: runsOf(arm.name) }),
                ),
              ]),
          ),
      book.show('failures.svg', sheet, say('chart.failures')),
      worst.length > mostShown ? more(worst.length - mostShown) : null,
      ...lists,
      predictions?.markdown ?? null,
    ]),
    charts: new Map([...book.charts, ...(predictions?.charts ?? [])]),
  };
};
