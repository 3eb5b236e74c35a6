import { escapeMarkdown } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';

/**
 * One section of a report: its Markdown, and the charts that it shows by file name. Null where there is nothing to say.
 */
export interface WrittenSection {
  readonly markdown: string;
  readonly charts?: ReadonlyMap<string, string>;
}
export type Section = (context: ReportContext) => WrittenSection | null;

/** A picture that is shown with its face, and the person it is taken for. */
export interface FaceChoice {
  readonly file: string;
  readonly person: string;
}

/** Charts as they come up, with the Markdown that shows them; one that could not be drawn leaves no trace. */
export function chartBook() {
  const charts = new Map<string, string>();
  return {
    charts,
    show(file: string, chart: string | null, text: string): string | null {
      if (chart === null) return null;
      charts.set(file, chart);
      return `![${escapeMarkdown(text)}](${file})`;
    },
  };
}
