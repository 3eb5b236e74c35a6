import { sectionNamed } from '../../src-shared/reportSections.ts';
import type { Language } from '../../src-shared/reportTexts.ts';

const word = { en: 'Remark', ru: 'Замечание' } as const satisfies Record<Language, string>;

/** A report's Markdown with the author's own remarks, each at the end of its section. */
export function withRemarks(markdown: string, remarks: Readonly<Record<string, string>>, language: Language): string {
  return markdown
    .split(/^(?=## )/m)
    .map((section) => {
      const name = sectionNamed(/^## (.+)$/m.exec(section)?.[1] ?? '');
      const remark = name !== null && Object.hasOwn(remarks, name) ? (remarks[name] ?? '') : '';
      return remark.trim() === ''
        ? section
        : `${section.trimEnd()}\n\n${quoted(`**${word[language]}**\n\n${remark.trim()}`)}${/\s*$/.exec(section)?.[0] ?? ''}`;
    })
    .join('');
}

/** Markdown of the author in a quote, where a fence or a list that was not closed ends with it, and no HTML. */
const quoted = (text: string): string =>
  text
    .replaceAll('<', '&lt;')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '')
    .split(/\r\n?|\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
