import type { ReportContext } from './reportContext.ts';
import { shownMistakes, shownPairFiles } from './sections/failuresSection.ts';
import { shownPredictions } from './sections/predictionsPart.ts';
import type { FaceChoice } from './section.ts';

/** The faces that a report shows: pictures by file, people by name. */
export function facesShown(context: ReportContext): {
  /** Those whose nearest face of the other person is shown. */
  readonly mistakes: readonly FaceChoice[];
  readonly files: readonly string[];
  readonly people: readonly string[];
} {
  const mistakes = shownMistakes(context);
  const shown = [...mistakes, ...shownPredictions(context)];
  return {
    mistakes,
    files: [...new Set([...shown.map(({ file }) => file), ...shownPairFiles(context)])],
    people: [...new Set(shown.map(({ person }) => person))],
  };
}
