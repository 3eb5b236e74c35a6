import en from '../resources/report/en.json' with { type: 'json' };
import { reportTexts, type Language, type TextKey } from './reportTexts.ts';

const headings = (Object.keys(en) as TextKey[]).filter((key) => key.startsWith('heading.'));

/** Names of a report's sections, by which remarks are kept. */
export const reportSections: readonly string[] = headings.map((key) => key.slice('heading.'.length));

/** The name of the section whose heading reads so in any language; null where none does. */
export function sectionNamed(heading: string): string | null {
  const key = headings.find((candidate) =>
    (['en', 'ru'] satisfies Language[]).some((language) => reportTexts(language).say(candidate) === heading.trim()),
  );
  return key === undefined ? null : key.slice('heading.'.length);
}
