import en from '../resources/report/en.json' with { type: 'json' };
import { reportTexts, type Language, type TextKey } from './reportTexts.ts';

const headings = (Object.keys(en) as TextKey[]).filter((key) => key.startsWith('heading.'));

/** Names of a report's sections. Remarks are stored by them. */
export const reportSections: readonly string[] = headings.map((key) => key.slice('heading.'.length));

/** Headings of reports that older versions wrote, by section. */
const formerHeadings: ReadonlyMap<string, string> = new Map([
  ['Said before training', 'advice'],
  ['What each step bought', 'ladder'],
  ['Health of the training', 'health'],
  ['Замечания до обучения', 'advice'],
  ['Границы применимости', 'limits'],
  ['Машина и повторный запуск', 'rerun'],
]);

/** The name of the section with this heading, in any language; null where there is none. */
export function sectionNamed(heading: string): string | null {
  const wanted = heading.trim();
  const key = headings.find((candidate) =>
    (['en', 'ru'] satisfies Language[]).some((language) => reportTexts(language).say(candidate) === wanted),
  );
  if (key !== undefined) return key.slice('heading.'.length);
  return formerHeadings.get(wanted) ?? null;
}
