import { escapeMarkdown } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';

/** A section of a report: its Markdown, and its charts by file name. */
export interface WrittenSection {
  readonly markdown: string;
  readonly charts?: ReadonlyMap<string, string>;
}
/** Writes a section; null where there is nothing to say. */
export type Section = (context: ReportContext) => WrittenSection | null;

/** A picture whose face is shown, and the person that it was mistaken for. */
export interface FaceChoice {
  readonly file: string;
  readonly person: string;
}

/** Collects charts and gives the Markdown that shows them. A chart without data (null) is left out. */
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
