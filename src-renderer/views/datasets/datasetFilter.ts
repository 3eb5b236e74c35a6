import type { DatasetSummary } from '../../../src-shared/answers/datasetAnswers.ts';
import { holds, readFilter, type FilterTerm } from '../../../src-shared/filterTerms.ts';

/** The datasets that a filter such as 'faces people > 100 tag = mine' keeps, and what of it could not be understood. */
export function filterDatasets(
  datasets: readonly DatasetSummary[],
  text: string,
): { readonly datasets: readonly DatasetSummary[]; readonly fault: string | null } {
  const tests = readFilter(text).map(testOf);
  const fault = tests.find((test) => typeof test === 'string') ?? null;
  const known = tests.filter((test) => typeof test !== 'string');
  return { datasets: datasets.filter((dataset) => known.every((test) => test(dataset))), fault };
}

/** A test of a word or condition, or a sentence that says what in it is unknown. */
function testOf(term: FilterTerm): ((dataset: DatasetSummary) => boolean) | string {
  if ('word' in term)
    return ({ name, source, tags }) => [name, source, ...tags].join(' ').toLowerCase().includes(term.word);
  const { name, operator, value } = term;
  if (name === 'tag' && (operator === '=' || operator === '!='))
    return ({ tags }) => tags.some((tag) => tag.toLowerCase() === value) === (operator === '=');
  const number = Number(value);
  if ((name === 'images' || name === 'people') && Number.isFinite(number))
    return (dataset) => holds(dataset[name], operator, number);
  return `Datasets have no “${name} ${operator} ${value}”: write words, tag = mine, images > 100 or people > 10.`;
}
