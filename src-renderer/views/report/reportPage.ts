import MarkdownIt, { type Token } from 'markdown-it';
import { sectionNamed } from '../../../src-shared/reportSections.ts';

/** The part of a report below one second-level heading. The part before the first heading has an empty one. */
export interface PagePart {
  readonly heading: string;
  /** The section's name, under which remarks are kept; null where it takes no remarks. */
  readonly name: string | null;
  readonly html: string;
}
export interface ReportPage {
  readonly title: string;
  readonly parts: readonly PagePart[];
}

/** The button that opens a chart large; `file` names the chart. Both texts are escaped. */
const enlargeButton = (file: string, text: string): string =>
  `<button type="button" class="enlarge" data-figure="${file}" aria-label="Enlarge: ${text}" title="Enlarge"></button>`;

/** What a report calls the chart of a file: the text of its picture; the file's name where there is none. */
export function figureTitle(markdown: string, file: string): string {
  const tokens = new MarkdownIt({ html: false }).parse(markdown, {});
  const image = tokens
    .flatMap(({ children }) => children ?? [])
    .find((token) => token.type === 'image' && token.attrGet('src') === file);
  return image?.content || file;
}

/**
 * Renders a report's Markdown; HTML in it is shown as text. Headings move one level down, because the view has the
 * first. Only pictures of the report's own folder are shown.
 */
export function reportPage(markdown: string, pictureAddress: (file: string) => string | null): ReportPage {
  const renderer = new MarkdownIt({ html: false });
  const { rules } = renderer.renderer;
  rules['image'] = (tokens, index, options, env, self) => {
    const token = tokens[index] as Token;
    const address = pictureAddress(String(token.attrGet('src') ?? ''));
    const text = renderer.utils.escapeHtml(self.renderInlineAsText(token.children ?? [], options, env));
    if (address === null) return `<span>${text}</span>`;
    const file = renderer.utils.escapeHtml(String(token.attrGet('src')));
    const image = `<img src="${renderer.utils.escapeHtml(address)}" alt="${text}">`;
    return `<span class="figure">${image}${enlargeButton(file, text)}</span>`;
  };
  // A number keeps its interval together: "0.958 (0.935–0.973)" may break before the bracket, not within.
  rules['text'] = (tokens, index) =>
    renderer.utils
      .escapeHtml((tokens[index] as Token).content)
      .replace(/\([\d.,;/%°±+−–\s-]+\)/g, '<span class="whole">$&</span>');
  let tables = 0;
  rules['table_open'] = () => `<div class="table" tabindex="0" role="region" aria-label="Table ${++tables}"><table>`;
  rules['fence'] = (tokens, index) =>
    // It scrolls, so the keyboard must reach it.
    `<pre tabindex="0"><code>${renderer.utils.escapeHtml((tokens[index] as Token).content)}</code></pre>`;
  rules['table_close'] = () => '</table></div>';
  rules['link_open'] = (tokens, index, options, _env, self) => {
    (tokens[index] as Token).attrSet('target', '_blank');
    (tokens[index] as Token).attrSet('rel', 'noreferrer');
    return self.renderToken(tokens, index, options);
  };
  const tokens = renderer.parse(markdown, {});
  const parts: { heading: string; tokens: Token[] }[] = [{ heading: '', tokens: [] }];
  let title = '';
  tokens.forEach((token, index) => {
    const level = /^h(\d)$/.exec(token.tag)?.[1];
    const text = level === undefined ? '' : (tokens[index + 1]?.children?.map(({ content }) => content).join('') ?? '');
    if (level === '1' && token.nesting === 1 && token.level === 0) title = text;
    if (level === '2' && token.nesting === 1 && token.level === 0) parts.push({ heading: text, tokens: [] });
    if (level !== undefined) token.tag = `h${Math.min(6, Number(level) + 1)}`;
    parts.at(-1)?.tokens.push(token);
  });
  return {
    title,
    parts: parts
      .filter((part) => part.tokens.length > 0)
      .map((part) => ({
        heading: part.heading,
        name: sectionNamed(part.heading),
        html: renderer.renderer.render(part.tokens, renderer.options, {}),
      })),
  };
}
