import { stringify } from 'yaml';
import { comparisonCsv, curvesCsv, metricsCsv, picturesCsv } from './comparisonTables.ts';
import { escapeMarkdown, paragraphs } from './markdown.ts';
import { reportContext } from './reportContext.ts';
import type { ReportModel } from './reportModel.ts';
import type { Section } from './section.ts';
import { adviceSection } from './sections/adviceSection.ts';
import { dataSection } from './sections/dataSection.ts';
import { embeddingsSection } from './sections/embeddingsSection.ts';
import { failuresSection } from './sections/failuresSection.ts';
import { healthSection } from './sections/healthSection.ts';
import { ladderSection } from './sections/ladderSection.ts';
import { limitsSection } from './sections/limitsSection.ts';
import { modelsSection } from './sections/modelsSection.ts';
import { rerunSection } from './sections/rerunSection.ts';
import { resultsSection } from './sections/resultsSection.ts';
import { sweepSection } from './sections/sweepSection.ts';
import { tuneSection } from './sections/tuneSection.ts';
import { trainingSection } from './sections/trainingSection.ts';
import { verdictSection } from './sections/verdictSection.ts';
import { pageName } from '../../src-shared/reportPageName.ts';
import { sharedPage } from './sharedPage.ts';
import { withRemarks } from './withRemarks.ts';

/** In reading order: the answer comes first. */
const sections: readonly Section[] = [
  verdictSection,
  tuneSection,
  ladderSection,
  sweepSection,
  adviceSection,
  dataSection,
  modelsSection,
  trainingSection,
  resultsSection,
  embeddingsSection,
  failuresSection,
  healthSection,
  limitsSection,
  rerunSection,
];

/**
 * The files of a report by name: report.md, its charts, metrics.csv, comparison.csv, curves.csv, pictures.csv,
 * experiment.yaml, and report.html, which holds all of it. A pure function: the same model gives the same bytes,
 * however ArcBench was started.
 */
export function renderReport(model: ReportModel): Map<string, string> {
  const context = reportContext(model);
  const { texts, chosen } = context;
  const trained = chosen.filter((arm) => arm.given === null); // only these share what the question names
  const [base, ...others] = trained.map((arm) => escapeMarkdown(arm.variantOf ?? arm.name));
  const written = sections.flatMap((section) => section(context) ?? []);
  const markdown = paragraphs([
    `# ${escapeMarkdown(model.plan.name)}`,
    others.length === 0
      ? null
      : texts.say('question', { count: others.length, others: texts.list([...new Set(others)]), base: base ?? '' }),
    ...written.map((section) => section.markdown),
  ]);
  const { language } = model.plan.report;
  const text = withRemarks(`${markdown}\n`, model.remarks ?? {}, language);
  const files = new Map([
    ['report.md', text],
    ...written.flatMap((section) => [...(section.charts ?? [])]),
    ['metrics.csv', metricsCsv(context)],
    ['comparison.csv', comparisonCsv(context)],
    ['curves.csv', curvesCsv(context)],
    ['pictures.csv', picturesCsv(context)],
    ['experiment.yaml', stringify(model.plan)],
  ]);
  return files.set(pageName, sharedPage({ markdown: text, files, title: model.plan.name, language }));
}
