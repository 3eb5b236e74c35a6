import type { Ancestor, Ancestry } from '../../src-shared/ancestry.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import type { Texts } from '../../src-shared/reportTexts.ts';
import { code, escapeMarkdown, paragraphs } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';
import type { ReportRun } from './reportModel.ts';

/** The trained runs of the compared arms, in the order of the arms. */
const trainedRuns = ({ model, chosen }: ReportContext): readonly ReportRun[] =>
  chosen
    .filter((arm) => arm.given === null)
    .flatMap(({ name }) => model.runs.filter((run) => run.arm === name && run.summary !== null));

function ancestorInWords({ run, experiment, arm, seed, loss, bestEpoch, epochs }: Ancestor, { say }: Texts): string {
  const values = { run: code(run), experiment: escapeMarkdown(experiment), arm: escapeMarkdown(arm), loss, seed };
  return say('start.run', { ...values, best: bestEpoch, all: epochs });
}

/** Names an ancestor and those before it. */
const chainInWords = ({ ancestors }: Ancestry, texts: Texts): string =>
  ancestors.map((ancestor) => ancestorInWords(ancestor, texts)).join(texts.say('start.before'));

const takenInWords = ({ classCentres }: Ancestry, { say }: Texts): string =>
  say(classCentres === undefined ? 'start.network' : `start.${classCentres}`);

/** What a run started from, for telling starts apart; it says the same for runs that start equally. */
const startKey = ({ ancestry }: ReportRun): string =>
  ancestry ? `${ancestry.ancestors[0]?.weights} ${ancestry.classCentres ?? ''}` : '';

/** A line for each start of the compared arms, with its ancestors. Null where no run started from another one. */
export function startsInWords(context: ReportContext): string | null {
  const { texts } = context;
  const runs = trainedRuns(context);
  if (!runs.some(({ ancestry }) => ancestry)) return null;
  if (context.model.plan.extends) return extensionInWords(runs, texts);
  const lines = [...groupBy(runs, startKey).values()].flatMap((equal) => {
    const arms = texts.list([...new Set(equal.map(({ arm }) => escapeMarkdown(arm)))]);
    const ancestry = equal[0]?.ancestry;
    return ancestry
      ? [`- ${texts.say('start.of', { arms, chain: chainInWords(ancestry, texts) })} ${takenInWords(ancestry, texts)}`]
      : [`- ${texts.say('start.none', { arms })}`];
  });
  return paragraphs([texts.say('start.intro'), lines.join('\n')]);
}

/** Says which finished runs the runs of an extension go on from, and how. */
function extensionInWords(runs: readonly ReportRun[], texts: Texts): string {
  const { say } = texts;
  const first = runs.find(({ ancestry }) => ancestry)?.ancestry;
  const lines = [...groupBy(runs, ({ arm }) => arm)].map(([arm, own]) => {
    const parents = own.flatMap(({ seed, ancestry }) => {
      const parent = ancestry?.ancestors[0];
      return parent
        ? [say('start.seed', { seed, run: code(parent.run), best: parent.bestEpoch, all: parent.epochs })]
        : [];
    });
    return `- ${escapeMarkdown(arm)}: ${texts.list(parents)}`;
  });
  return paragraphs([
    `${say('start.extended', { experiment: escapeMarkdown(first?.ancestors[0]?.experiment ?? '') })} ` +
      say(`start.optimizer.${first?.optimizer ?? 'fresh'}`),
    lines.join('\n'),
  ]);
}

/** Says that the compared arms did not start equally. Null where they did. */
export function unequalStarts(context: ReportContext): string | null {
  const { texts, model } = context;
  if (model.plan.extends) return null; // each arm goes on with its own
  const runs = trainedRuns(context);
  const ofArm = groupBy(runs, ({ arm }) => arm);
  const keys = new Set([...ofArm.values()].map((own) => own.map(startKey).sort().join('\n')));
  if (keys.size < 2 || !runs.some(({ ancestry }) => ancestry)) return null;
  const starts = [...ofArm].map(([arm, [run]]) => {
    const from = run?.ancestry;
    const what = from
      ? `${code(from.ancestors[0]?.run ?? '')}, ${centresInWords(from, texts)}`
      : texts.say('start.new');
    return `${escapeMarkdown(arm)} (${what})`;
  });
  return texts.say('verdict.unequalStart', { starts: texts.list(starts) });
}

const centresInWords = ({ classCentres }: Ancestry, { say }: Texts): string =>
  say(classCentres === 'taken' ? 'start.withCentres' : 'start.withoutCentres');

/** Says that a start was trained on what the arms are judged on. Null where none was. */
export function leakedStarts(context: ReportContext): string | null {
  const { texts } = context;
  const told = trainedRuns(context).flatMap(({ arm, ancestry }) =>
    (ancestry?.leaks ?? []).map(({ kind, part, count }) => ({
      arm,
      leak: texts.say(kind === 'people' ? 'start.leakedPeople' : 'start.leakedPictures', { count, part }),
    })),
  );
  if (told.length === 0) return null;
  return texts.say('verdict.leakedStart', {
    arms: texts.list([...new Set(told.map(({ arm }) => escapeMarkdown(arm)))]),
    leaks: texts.list([...new Set(told.map(({ leak }) => leak))]),
  });
}
