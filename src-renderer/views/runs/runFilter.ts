import type { RunSummary } from '../../../src-shared/answers/runAnswers.ts';
import { holds, readFilter, type FilterCondition } from '../../../src-shared/filterTerms.ts';
import { statusWord } from '../live/statusWord.ts';
import { metricKinds, type MetricKind } from './runGroups.ts';

/** The runs that a filter keeps, and what of it could not be understood. */
export function filterRuns(
  runs: readonly RunSummary[],
  text: string,
): { readonly runs: readonly RunSummary[]; readonly fault: string | null } {
  const terms = readFilter(text);
  if (terms.length === 0) return { runs, fault: null };
  const kinds = metricKinds(runs);
  const knobTexts = new Map<string, string>(); // the seeds of an arm have the same knobs
  const tests = terms.map((term) =>
    'word' in term ? wordTest(term.word, knobTexts) : conditionTest(term, runs, kinds),
  );
  const fault = tests.find((test) => typeof test === 'string') ?? null;
  const known = tests.filter((test) => typeof test !== 'string');
  return { runs: runs.filter((run) => known.every((test) => test(run))), fault };
}

type RunTest = (run: RunSummary) => boolean;

/** A word occurs in the run's name, experiment, state, note or settings. */
function wordTest(word: string, knobTexts: Map<string, string>): RunTest {
  return (run) => {
    const state = statusWord(run.status);
    const data = `data ${run.data?.hash ?? 'unknown'}`;
    const starred = run.starred ? 'starred' : '';
    const own = [run.experiment, run.arm, `seed ${run.seed}`, state, run.note, starred, run.id, data];
    return own.join(' ').toLowerCase().includes(word) || knobTextOf(run, knobTexts).includes(word);
  };
}
function knobTextOf({ planHash, arm, knobs }: RunSummary, knobTexts: Map<string, string>): string {
  const key = `${planHash} ${arm}`;
  const known = knobTexts.get(key);
  if (known !== undefined) return known;
  const text = Object.entries(knobs)
    .map(([knob, value]) => `${knob}=${value}`)
    .join(' ')
    .toLowerCase();
  knobTexts.set(key, text);
  return text;
}

/** A test of a condition, or a sentence that says what in it is unknown. */
function conditionTest(
  { name, operator, value }: FilterCondition,
  runs: readonly RunSummary[],
  kinds: readonly MetricKind[],
): RunTest | string {
  const valueOf = readerOf(name, runs, kinds);
  if (valueOf === null) return `No metric or setting of these runs is called “${name}”.`;
  const percent = valueOf.percent;
  const number = numberIn(value, percent);
  return (run) => {
    const own = valueOf.read(run);
    if (own === undefined) return false;
    if (number === null || typeof own === 'string')
      return operator === '=' ? String(own).toLowerCase() === value : operator === '!=' && String(own) !== value;
    return holds(own, operator, number);
  };
}
/** 0.94, 94% and, of a rate, 94 are the same. */
function numberIn(value: string, percent: boolean): number | null {
  const isPercent = value.endsWith('%');
  const number = Number(isPercent ? value.slice(0, -1) : value);
  if (value === '' || !Number.isFinite(number)) return null;
  return isPercent || (percent && number > 1) ? number / 100 : number;
}
interface Reader {
  readonly percent: boolean;
  readonly read: (run: RunSummary) => number | string | undefined;
}
/** What a name in a condition means: epoch, seed, a metric by name or title, or a setting by the end of its name. */
function readerOf(name: string, runs: readonly RunSummary[], kinds: readonly MetricKind[]): Reader | null {
  if (name === 'epoch' || name === 'seed') return { percent: false, read: (run) => run[name] };
  const namesOf = (kind: MetricKind): string[] => [kind.name.toLowerCase(), kind.title.toLowerCase()];
  const kind =
    kinds.find((own) => namesOf(own).includes(name)) ??
    kinds.find((own) => namesOf(own).some((part) => part.includes(name)));
  if (kind) return { percent: kind.percent, read: (run) => run.metrics[kind.name] };
  const knob = [...new Set(runs.flatMap((run) => Object.keys(run.knobs)))].find(
    (own) => own.toLowerCase() === name || own.toLowerCase().endsWith(`.${name}`),
  );
  if (knob === undefined) return null;
  const read = (run: RunSummary): number | string | undefined => {
    const text = run.knobs[knob];
    return text !== undefined && text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return { percent: false, read };
}
