import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ancestrySchema } from '../../../src-shared/ancestry.ts';
import type { ComparedPredictions, Curve, RunDetails, RunSummary } from '../../../src-shared/answers/runAnswers.ts';
import { comparePredictions, type PredictionDifference } from '../../../src-shared/comparePredictions.ts';
import type { Confusions, Predictions } from '../../../src-shared/evaluation.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { lttb } from '../../../src-shared/maths/lttb.ts';
import { averageReach, movingAverage } from '../../../src-shared/maths/movingAverage.ts';
import type { GivenModel } from '../../../src-shared/arms.ts';
import { planOfArm } from '../../../src-shared/experiment.ts';
import { knobsOf as flatKnobs } from '../../../src-shared/knobs.ts';
import { tuningTrials } from '../../../src-shared/tune.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import type { LatestPoint, RunRow } from '../../store/runs.ts';
import { bytesBelow } from '../../files/bytesBelow.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { listSnapshots } from '../../train/snapshots.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import type { ValCurve } from '../../../src-shared/valCurve.ts';
import { valCurveOfRun } from '../results/valCurveOfRun.ts';
import { armDifferences } from '../results/armDifferences.ts';
import { lastCurveOfEpoch } from '../experiment/epochsDone.ts';
import { givenOfRun } from '../experiment/givenOfRun.ts';
import { noSuchRun } from '../experiment/noSuchRun.ts';
import { pictureFinder } from '../../files/pictureFinder.ts';
import { judgedMetrics } from '../results/judgedMetrics.ts';
import { extendableRun } from '../experiment/extendRun.ts';
import { takenForPictures } from '../results/takenForPictures.ts';
import { deleteRun } from '../experiment/deleteRun.ts';
import { resumableRun } from '../experiment/resumeRun.ts';
import { readRunFaces, runDataOf } from '../experiment/runFaces.ts';
import { otherDataSentence } from '../results/otherDataSentence.ts';
import type { CallContext, CallsOf } from './callContext.ts';

const inWords = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const mostPictures = 200;
const plansKept = 50; // runs of one plan stand together in a list

/** Summaries of runs as screens list them. */
export function runSummaries({ store }: Pick<CallContext, 'store'>) {
  const knobsOfPlan = new Map<string, Record<string, Record<string, string>>>(); // plans never change
  const knobsOf = ({ id, planHash, arm }: RunRow): Record<string, string> => {
    const tuned = store.result(id, 'tuned') as Record<string, unknown> | null;
    const known = knobsInPlan(planHash, arm);
    return tuned
      ? { ...known, ...Object.fromEntries(Object.entries(tuned).map(([knob, value]) => [knob, inWords(value)])) }
      : known;
  };
  const knobsInPlan = (planHash: string, arm: string): Record<string, string> => {
    let known = knobsOfPlan.get(planHash);
    if (!known) {
      const plan = store.plan(planHash);
      known =
        plan === null
          ? {}
          : Object.fromEntries(
              [...plan.arms, ...tuningTrials(plan)].map((armPlan) => {
                const {
                  arms: _arms,
                  name: _name,
                  seeds: _seeds,
                  report: _report,
                  ...shared
                } = planOfArm(plan, armPlan);
                return [
                  armPlan.name,
                  Object.fromEntries(
                    [...flatKnobs({ ...shared, loss: armPlan.loss })].map(([name, value]) => [name, inWords(value)]),
                  ),
                ];
              }),
            );
      knobsOfPlan.set(planHash, known);
      for (const oldest of [...knobsOfPlan.keys()].slice(0, -plansKept)) knobsOfPlan.delete(oldest);
    }
    return known[arm] ?? {};
  };
  const givenInPlans = new Map<string, GivenModel | null>();
  const givenOf = (row: RunRow): GivenModel | null => {
    const key = `${row.planHash} ${row.arm}`;
    const known = givenInPlans.has(key) ? givenInPlans.get(key)! : givenOfRun(store, row);
    givenInPlans.set(key, known);
    return known;
  };
  const curveOfPlan = new Map<string, ValCurve>();
  const selectedBy = (planHash: string): ValCurve => {
    const known = curveOfPlan.get(planHash) ?? valCurveOfRun(store, { planHash });
    curveOfPlan.set(planHash, known);
    return known;
  };
  // Runs of an older version have only their evaluation.
  const judged = ({ id, status }: RunRow): Record<string, number> =>
    status === 'done'
      ? ((store.result(id, 'judged') as Record<string, number> | null) ??
        judgedMetrics(store.result(id, 'summary') as TrainedSummary | null))
      : {};
  const summaryOf = (row: RunRow, latest: readonly LatestPoint[]): RunSummary => {
    const { splitHash: _split, initialWeightsHash: _weights, ...shown } = row;
    const knobs = knobsOf(row);
    const judgedPoints = store.judgedPoints(row.id, selectedBy(row.planHash));
    // The epoch that is judged speaks for the run, not its last one.
    const curves = [...latest, ...judgedPoints]
      .filter((point): point is LatestPoint & { value: number } => point.value !== null)
      .map(({ name, value }) => [name, value] as const);
    return {
      ...shown,
      given: givenOf(row),
      data: runDataOf(store, row.id),
      ...store.annotation(row.id),
      knobs,
      epochs: givenOf(row) ? 0 : Number(knobs['training.epochs'] ?? 0),
      judgedEpoch: judgedPoints[0]?.epoch ?? null,
      epoch: latest.find((point) => point.name === lastCurveOfEpoch)?.epoch ?? 0,
      metrics: { ...Object.fromEntries(curves), ...judged(row) },
    };
  };
  return {
    all(): RunSummary[] {
      const latest = groupBy(store.latestPoints(), (point) => point.run);
      return store.runs().map((row) => summaryOf(row, latest.get(row.id) ?? []));
    },
    page: (limit: number, before?: Pick<RunRow, 'createdAt' | 'id'>): RunSummary[] =>
      store.runPage(limit, before).map((row) => summaryOf(row, store.latestPoints(row.id))),
    one(id: string): RunSummary | null {
      const row = store.run(id);
      return row && summaryOf(row, store.latestPoints(id));
    },
  };
}
export type RunSummaries = ReturnType<typeof runSummaries>;

function filesIn({
  mistakes,
  confusedPeople,
  hardestGenuine,
  hardestImpostors,
  labelSuspects,
}: Confusions): Set<string> {
  return new Set([
    ...mistakes.map(({ file }) => file),
    ...confusedPeople.flatMap(({ files }) => files),
    ...[...hardestGenuine, ...hardestImpostors].flatMap(({ first, second }) => [first.file, second.file]),
    ...labelSuspects.map(({ file }) => file),
  ]);
}

function placesOf(files: ReadonlySet<string>, images: readonly { readonly path: string }[]): Record<string, number> {
  const find = pictureFinder(images.map(({ path }) => path));
  return Object.fromEntries(
    [...files].flatMap((file) => {
      const place = find(file);
      return place === undefined ? [] : [[file, place] as const];
    }),
  );
}

export function runCalls({ store, jobs, tell, workInThread }: CallContext, summaries: RunSummaries): CallsOf<'runs'> {
  const folders = workspaceFolders(store.workspace);
  const existing = (id: string): RunSummary => {
    const summary = summaries.one(id);
    if (!summary) throw noSuchRun(id);
    return summary;
  };
  return {
    'runs.list': ({ limit, before }) => (limit === undefined ? summaries.all() : summaries.page(limit, before)),
    'runs.show': ({ id }): RunDetails => {
      const faces = readRunFaces(store, id);
      const folder = faces && folders.preparedSet(faces.prepared);
      const evaluation = (store.result(id, 'summary') as TrainedSummary | null)?.evaluation ?? null;
      return {
        ...existing(id),
        curveNames: store.latestPoints(id).map((point) => point.name),
        events: store.events(id).map(({ at, kind, message }) => ({ at, kind, message })),
        engine: store.result(id, 'engine') as RunDetails['engine'],
        ancestry: ancestrySchema.nullable().catch(null).parse(store.result(id, 'ancestry')),
        artefacts: store.artefacts(id),
        evaluation,
        snapshots: listSnapshots(folders.filesOfRun(id).snapshots).epochs.map(({ epoch }) => epoch),
        prepared: folder && existsSync(folder) ? basename(folder) : null,
        pictures:
          evaluation?.confusions && folder && existsSync(folder)
            ? placesOf(filesIn(evaluation.confusions), openPreparedSet(folder).images)
            : {},
      };
    },
    'runs.sizes': async ({ ids }) => {
      const sizes = ids.map(async (id) => [id, await bytesBelow(folders.run(id))] as const);
      return Object.fromEntries(await Promise.all(sizes));
    },
    'runs.curves': ({ ids, names, points, range, smoothing = 0 }) =>
      ids.flatMap((run) =>
        names.flatMap((name): Curve[] => {
          const all = range === undefined ? store.curve(run, name) : store.curveWithin(run, name, range);
          if (all.length === 0) return [];
          const values = all.map(([, , value]) => value);
          const places = lttb(
            all.map(([step]) => step),
            values.map((value) => value ?? Number.NaN),
            points,
          );
          const kept = places.map((index) => all[index]!);
          const averages =
            smoothing > 0
              ? movingAverage(
                  values,
                  smoothing,
                  range === undefined
                    ? []
                    : store.valuesBefore(run, name, { step: all[0]![0], count: averageReach(smoothing) }),
                )
              : null;
          return [
            {
              run,
              name,
              total: all.length,
              steps: kept.map(([step]) => step),
              epochs: kept.map(([, epoch]) => epoch),
              times: kept.map(([, , , at]) => at),
              values: kept.map(([, , value]) => value),
              ...(averages && { smoothed: places.map((index) => averages[index] ?? null) }),
            },
          ];
        }),
      ),
    'runs.predictions': ({ first, second }): ComparedPredictions => {
      const judgedOf = (ids: readonly string[]) =>
        ids.map((id) => ({
          ...existing(id),
          predictions: store.result(id, 'predictions') as Predictions | null,
          prepared: readRunFaces(store, id)?.prepared ?? '',
        }));
      const own = judgedOf(first);
      const others = judgedOf(second);
      const pairs = own
        .flatMap(({ id, seed, prepared, predictions }) => {
          const other = others.find((run) => run.seed === seed && run.prepared === prepared);
          return predictions && other?.predictions
            ? [{ seed, runs: [id, other.id] as const, first: predictions, second: other.predictions }]
            : [];
        })
        .sort((a, b) => a.seed - b.seed);
      const prepared = own[0]?.prepared ?? '';
      const folder = folders.preparedSet(prepared);
      if (pairs.length === 0 || !existsSync(folder))
        throw new ArcBenchError(
          'wrong-input',
          otherDataSentence(store, [...first, ...second]) ??
            'No two of these runs were tested with one seed on one set of faces: mark runs of two arms that ' +
              'are done with the same seed.',
        );
      const { images } = openPreparedSet(folder);
      const { seeds, p, onlyFirst, onlySecond } = comparePredictions(pairs);
      const classNames = new Map(
        pairs[0]?.first.images.map((index, at) => [pairs[0]?.first.labels[at], images[index]?.identity ?? '']),
      );
      const shown = (rows: readonly PredictionDifference[]) => ({
        total: rows.length,
        people: new Set(rows.map(({ label }) => label)).size,
        pictures: rows.slice(0, mostPictures).map(({ image, label, firstRight, secondRight, takenFor }) => ({
          index: image,
          file: images[image]?.path ?? '',
          identity: classNames.get(label) ?? '',
          firstRight,
          secondRight,
          takenFor: takenFor.map((taken) => classNames.get(taken) ?? `class ${taken}`),
        })),
      });
      return { prepared, seeds, p, onlyFirst: shown(onlyFirst), onlySecond: shown(onlySecond) };
    },
    'runs.takenFor': ({ id, pairs }) => takenForPictures(store, existing(id).id, pairs),
    'runs.differences': ({ ids, against }) =>
      armDifferences(
        store,
        ids.flatMap((run) => store.run(run) ?? []),
        against,
      ),
    'runs.annotate': ({ id, note, starred }) => {
      existing(id);
      store.annotate(id, { note, starred });
      return existing(id);
    },
    'runs.delete': ({ ids }) => {
      for (const id of ids) {
        existing(id);
        if (jobs.jobs().some((job) => job.run === id && job.state === 'running'))
          throw new ArcBenchError('wrong-input', `The run ${id} is in training: stop it before you delete it.`);
      }
      for (const id of ids) deleteRun(store, id);
      return null;
    },
    'runs.resume': ({ id }) => {
      const run = resumableRun(store, id);
      return jobs.add({
        kind: 'resume',
        title: `Go on with ${run.row.arm}, seed ${run.row.seed}`,
        work: (job) => workInThread({ kind: 'resume', run: id, plan: run.plan, ...run.origin }, job),
      });
    },
    'runs.extend': ({ id, ...extension }) => {
      const { plan, origin } = extendableRun(store, id, extension);
      return jobs.add({
        kind: 'experiment',
        title: plan.name,
        work: async (job) => {
          const report = await workInThread({ kind: 'experiment', plan, interrupted: 'resume', ...origin }, job);
          tell({ event: 'reports.changed', payload: { id: basename(dirname(report)) } });
          return report;
        },
      });
    },
  };
}
