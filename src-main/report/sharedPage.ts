import MarkdownIt, { type Token } from 'markdown-it';
import { pageStyle } from './pageStyle.ts';

/** A report as the files of its folder by name, with the heading and the language of report.md. */
export interface SharedReport {
  readonly markdown: string;
  readonly files: ReadonlyMap<string, string>;
  readonly title: string;
  readonly language: string;
}

const mediaTypes: Readonly<Record<string, string>> = {
  svg: 'image/svg+xml',
  csv: 'text/csv',
  yaml: 'application/yaml',
};

/**
 * A report as one HTML file that needs nothing else: charts and tables lie in it as data, and it has no script. Its
 * policy lets a browser load nothing from elsewhere. HTML in the Markdown is shown as text. A pure function.
 */
export function sharedPage({ markdown, files, title, language }: SharedReport): string {
  const renderer = new MarkdownIt({ html: false });
  const { escapeHtml } = renderer.utils;
  const { rules } = renderer.renderer;
  const dataOf = (name: string): string | null => {
    const content = files.get(name);
    const type = mediaTypes[name.slice(name.lastIndexOf('.') + 1)];
    if (content === undefined || type === undefined) return null;
    return `data:${type};base64,${Buffer.from(content).toString('base64')}`;
  };
  rules['image'] = (tokens, index, options, env, self) => {
    const token = tokens[index] as Token;
    const text = escapeHtml(self.renderInlineAsText(token.children ?? [], options, env));
    const data = dataOf(String(token.attrGet('src')));
    return data === null ? `<span>${text}</span>` : `<img src="${data}" alt="${text}">`;
  };
  rules['link_open'] = (tokens, index, options, _env, self) => {
    const token = tokens[index] as Token;
    const target = String(token.attrGet('href'));
    const data = dataOf(target);
    if (data !== null) return `<a href="${data}" download="${escapeHtml(target)}">`;
    if (!/^https?:/.test(target)) return '<a>'; // a file that only lies beside the Markdown
    token.attrSet('rel', 'noreferrer');
    return self.renderToken(tokens, index, options);
  };
  rules['table_open'] = () => '<div class="table"><table>';
  rules['table_close'] = () => '</table></div>';
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="ArcBench">
<title>${escapeHtml(title)}</title>
<style>
${pageStyle}</style>
</head>
<body>
<main>
${renderer.render(markdown)}</main>
</body>
</html>
`;
}
