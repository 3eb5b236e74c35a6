import type { ReportContext } from './reportContext.ts';
import { shownMistakes } from './sections/failuresSection.ts';
import { shownPredictions } from './sections/predictionsPart.ts';

/** The faces that a report shows: pictures by file, people by name. */
export function facesShown(context: ReportContext): {
  readonly files: readonly string[];
  readonly people: readonly string[];
} {
  const shown = [...shownMistakes(context), ...shownPredictions(context)];
  return {
    files: [...new Set(shown.map(({ file }) => file))],
    people: [...new Set(shown.map(({ person }) => person))],
  };
}
