import { sectionNamed } from '../../src-shared/reportSections.ts';
import type { Language } from '../../src-shared/reportTexts.ts';

const word = { en: 'Remark', ru: 'Замечание' } as const satisfies Record<Language, string>;

/** Adds the author's remarks to a report's Markdown, each at the end of its section. */
export function withRemarks(markdown: string, remarks: Readonly<Record<string, string>>, language: Language): string {
  return markdown
    .split(/^(?=## )/m)
    .map((section) => {
      const name = sectionNamed(/^## (.+)$/m.exec(section)?.[1] ?? '');
      const remark = name !== null && Object.hasOwn(remarks, name) ? (remarks[name] ?? '') : '';
      if (remark.trim() === '') return section;
      const written = section.trimEnd();
      const space = section.slice(written.length);
      return `${written}\n\n${quoted(`**${word[language]}**\n\n${remark.trim()}`)}${space}`;
    })
    .join('');
}

/** The author's Markdown as a quote without HTML: an open code fence or list ends with the quote. */
const quoted = (text: string): string =>
  text
    .replaceAll('<', '&lt;')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '')
    .split(/\r\n?|\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
