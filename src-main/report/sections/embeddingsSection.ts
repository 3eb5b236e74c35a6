import { scatterPanels } from '../charts/scatterPanels.ts';
import { escapeMarkdown, paragraphs } from '../markdown.ts';
import { chartBook, type Section } from '../section.ts';

const mostPanels = 4;
const mostNamed = 6;

/** The embeddings of people who were not in training: the compared arms side by side, each with its first seed. */
export const embeddingsSection: Section = ({ chosen, model: { plan }, texts, texts: { say } }) => {
  const drawn = chosen
    .flatMap((arm) =>
      arm.runs.flatMap((run) => (run.picture && run.seed === plan.seeds[0] ? [{ arm, picture: run.picture }] : [])),
    )
    .slice(0, mostPanels);
  const [first] = drawn;
  if (!first) return null;
  const people = [...new Set(first.picture.points.map(({ person }) => person))];
  const title = say('chart.embeddings');
  const book = chartBook();
  const image = book.show(
    'embeddings.svg',
    scatterPanels({
      title,
      groups: people.slice(0, mostNamed),
      panels: drawn.map(({ arm, picture }) => ({
        title: arm.name,
        points: picture.points.map(({ person, x, y }) => ({ group: person, x, y })),
      })),
    }),
    title,
  );
  return {
    markdown: paragraphs([
      `## ${say('heading.embeddings')}`,
      say('embeddings.intro', {
        images: first.picture.points.length,
        people: people.length,
        seed: plan.seeds[0] ?? 0,
        shares: texts.list(
          drawn.map(({ arm, picture }) =>
            say('embeddings.share', { arm: escapeMarkdown(arm.name), share: texts.percent(picture.explained) }),
          ),
        ),
      }),
      people.length > mostNamed ? say('embeddings.named', { named: mostNamed }) : null,
      image,
    ]),
    charts: book.charts,
  };
};
