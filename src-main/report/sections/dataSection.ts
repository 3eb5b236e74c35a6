import type { Texts } from '../../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../../src-shared/splitNotes.ts';
import { bounded, code, escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { choicesByHand } from '../choicesByHand.ts';
import type { ReportModel } from '../reportModel.ts';
import type { Section } from '../section.ts';

/** The faces, the parts of the split with their counts, the audit, and the files that were left out. */
export const dataSection: Section = (context) => {
  const { texts } = context;
  const { dataset, split } = context.model;
  const { say, count } = texts;
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
          .flatMap(({ part, people, images }) => {
            const held = part === 'val' ? split.valPeople : undefined;
            return [
              [part, count(people - (held?.people ?? 0)), count(images - (held?.images ?? 0))],
              ...(held ? [[say('data.valPeople'), count(held.people), count(held.images)]] : []),
            ];
          }),
      ),
      [
        dataSplitInWords(split, texts),
        ...split.notes.map((note) => escapeMarkdown(splitNoteSentence(note, texts))),
        split.findings.length === 0
          ? say('data.noFindings')
          : say('data.findings', { findings: split.findings.length }),
      ].join(' '),
      bounded(
        split.findings.map((finding) => escapeMarkdown(finding.message)),
        10,
        more,
      ),
      choicesByHand(context),
      ...copiesTable(split.copies, texts),
      ...excludedList(dataset.excluded ?? [], texts),
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

/** Where the split comes from. */
function dataSplitInWords(split: ReportModel['split'], { say }: Texts): string {
  const { seed, splits, givenBy } = split;
  const hash = split.hash.slice(0, 16);
  if (givenBy !== null) return say('data.givenSplit', { by: escapeMarkdown(givenBy), hash });
  return splits > 1 ? say('data.splits', { splits, seed, hash }) : say('data.split', { seed, hash });
}

const mostExcluded = 40; // people

/** The pictures that were excluded by hand, one line for each person. */
function excludedList(excluded: NonNullable<ReportModel['dataset']['excluded']>, { say }: Texts): string[] {
  if (excluded.length === 0) return [];
  const files = new Map<string, string[]>();
  for (const { identity, file } of excluded) files.set(identity, [...(files.get(identity) ?? []), file]);
  return [
    `### ${say('heading.excluded')}`,
    say('data.excluded', { images: excluded.length, people: files.size }),
    bounded(
      [...files].map(([person, own]) =>
        say('data.excludedOf', { person: escapeMarkdown(person), files: own.map(escapeMarkdown).join(', ') }),
      ),
      mostExcluded,
      (more) => say('data.more', { more }),
    ),
  ];
}

const mostCopies = 20;
const mostFiles = 4;

/** What was done with copies of pictures, one row for each picture that has copies. */
function copiesTable(copies: ReportModel['split']['copies'], { say }: Texts): string[] {
  if (copies.length === 0) return [];
  const leftOut = copies.reduce((sum, row) => sum + row.leftOut.length, 0);
  const cell = (items: readonly string[]) => {
    const more = items.length - mostFiles;
    const shown = items.slice(0, mostFiles).map(escapeMarkdown).join(', ');
    return more > 0 ? say('namesAndMore', { names: shown, others: more }) : shown || '—';
  };
  // Rows that took pictures away come first.
  const ordered = copies.toSorted((a, b) => Math.sign(b.leftOut.length) - Math.sign(a.leftOut.length));
  return [
    `### ${say('heading.copies')}`,
    say('copies.intro', { copies: copies.length, leftOut }),
    table(
      [say('column.people'), say('column.copies'), say('column.kept'), say('column.leftOut')],
      ordered
        .slice(0, mostCopies)
        .map((row) => [cell(row.people), say(`copies.${row.kind}`), cell(row.kept), cell(row.leftOut)]),
    ),
    ...(copies.length > mostCopies ? [say('copies.more', { more: copies.length - mostCopies })] : []),
  ];
}
