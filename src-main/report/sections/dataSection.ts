import { bounded, code, escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { Section } from '../section.ts';

/** The faces, the parts of the split with their counts, the audit, and the files that were left out. */
export const dataSection: Section = ({ model: { dataset, split }, texts: { say, count } }) => {
  const more = (left: number) => say('data.more', { more: left });
  return {
    markdown: paragraphs([
      `## ${say('heading.data')}`,
      [
        say('data.images', {
          images: dataset.images,
          people: dataset.people,
          source: code(dataset.source),
          layout: dataset.layout,
          alignment: escapeMarkdown(dataset.alignment),
          size: dataset.inputSize,
        }),
        ...(split.skippedPeople > 0 ? [say('data.skipped', { people: split.skippedPeople })] : []),
      ].join(' '),
      table(
        [say('column.part'), say('column.people'), say('column.images')],
        split.parts
          .filter((part) => part.images > 0)
          .map((part) => [part.part, count(part.people), count(part.images)]),
      ),
      [
        split.splits > 1
          ? say('data.splits', { splits: split.splits, seed: split.seed, hash: split.hash.slice(0, 16) })
          : say('data.split', { seed: split.seed, hash: split.hash.slice(0, 16) }),
        split.findings.length === 0
          ? say('data.noFindings')
          : say('data.findings', { findings: split.findings.length }),
      ].join(' '),
      bounded(
        split.findings.map((finding) => escapeMarkdown(finding.message)),
        10,
        more,
      ),
      ...(dataset.rejected.length === 0
        ? []
        : [
            `### ${say('heading.rejected')}`,
            bounded(
              dataset.rejected.map(({ path, reason }) => `${escapeMarkdown(path)}: ${escapeMarkdown(reason)}`),
              20,
              more,
            ),
          ]),
    ]),
  };
};
