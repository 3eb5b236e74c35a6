import { randomUUID } from 'node:crypto';
import type { CallName, CallOutputs, CheckedInput } from '../../../src-shared/api.ts';
import type { PairExplanation } from '../../../src-shared/answers/trialAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { occlusionCells, type OcclusionRow } from '../trial/occludedCosines.ts';
import { noSuchRun } from '../experiment/noSuchRun.ts';
import type { TrialRoom } from '../trial/trialRoom.ts';
import type { CallContext, CallsOf } from './callContext.ts';

/** What the thread in which runs are tried answers. */
export type TrialQuestion = Exclude<keyof CallsOf<'try'> | keyof CallsOf<'people'>, 'try.explain' | 'try.explanation'>;

const explanationsKept = 8;

/**
 * The calls of the view Try. `ask` puts a question to the thread in which runs are tried; the map of a pair is a job
 * that asks row by row, so that it can be watched and stopped.
 */
export function trialCalls(
  { store, jobs }: CallContext,
  ask: (name: TrialQuestion | 'trial.occlude', input: unknown) => Promise<unknown>,
): CallsOf<'try'> & CallsOf<'people'> {
  const explanations = new Map<string, PairExplanation>();
  const asked =
    <Name extends TrialQuestion & CallName>(name: Name) =>
    async (input: CheckedInput<Name>): Promise<CallOutputs[Name]> =>
      (await ask(name, input)) as CallOutputs[Name];
  const explain = async (
    { run, first, second }: CheckedInput<'try.explain'>,
    { signal, step }: { readonly signal: AbortSignal; readonly step: (done: number, total: number) => void },
  ): Promise<PairExplanation> => {
    const [cosine = 0] = await asked('try.compare')({ runs: [run], first, second });
    const total = 2 * occlusionCells;
    const falls = async (face: string, other: string, done: number): Promise<number[]> => {
      const cells: number[] = [];
      for (let row = 0; row < occlusionCells; row++) {
        if (signal.aborted) throw new ArcBenchError('cancelled', 'The map of the pair was stopped.');
        step(done + row, total);
        const cosines = await ask('trial.occlude', { run, face, other, row } satisfies OcclusionRow);
        cells.push(...(cosines as readonly number[]).map((covered) => cosine - covered));
      }
      return cells;
    };
    return {
      run,
      cosine,
      cells: occlusionCells,
      first: await falls(first, second, 0),
      second: await falls(second, first, occlusionCells),
    };
  };
  return {
    'try.send': asked('try.send'),
    'try.look': asked('try.look'),
    'try.compare': asked('try.compare'),
    'try.identify': asked('try.identify'),
    'try.scale': asked('try.scale'),
    'people.list': asked('people.list'),
    'people.enrol': asked('people.enrol'),
    'people.delete': asked('people.delete'),
    'try.explain': (request) => {
      const row = store.run(request.run);
      if (!row) throw noSuchRun(request.run);
      return jobs.add({
        kind: 'explanation',
        title: `What ${row.arm}, seed ${row.seed}, looks at in a pair`,
        work: async ({ signal, progress }) => {
          progress.stage('Covering the faces part by part');
          const step = (done: number, total: number) => progress.step({ done, total, note: 'rows of both faces' });
          const explanation = await explain(request, { signal, step });
          const id = randomUUID();
          explanations.set(id, explanation);
          for (const oldest of [...explanations.keys()].slice(0, -explanationsKept)) explanations.delete(oldest);
          return id;
        },
      });
    },
    'try.explanation': ({ id }) => {
      const explanation = explanations.get(id);
      if (!explanation)
        throw new ArcBenchError('wrong-input', 'This map of a pair is no longer in memory: compute it again.');
      return explanation;
    },
  };
}

/** The answers of the thread in which runs are tried. */
export const trialAnswers = (room: () => TrialRoom) => ({
  'try.send': (input: CheckedInput<'try.send'>) => room().send(input),
  'try.look': (input: CheckedInput<'try.look'>) => room().look(input),
  'try.compare': (input: CheckedInput<'try.compare'>) => room().compare(input),
  'try.identify': (input: CheckedInput<'try.identify'>) => room().identify(input),
  'try.scale': (input: CheckedInput<'try.scale'>) => room().scale(input),
  'people.list': () => room().people.list(),
  'people.enrol': (input: CheckedInput<'people.enrol'>) => room().people.enrol(input),
  'people.delete': (input: CheckedInput<'people.delete'>) => room().people.remove(input),
  'trial.occlude': (input: OcclusionRow) => room().occlude(input),
});
