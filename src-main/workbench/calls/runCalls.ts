import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Curve, RunDetails, RunSummary } from '../../../src-shared/api.ts';
import type { Confusions } from '../../../src-shared/evaluation.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { lttb } from '../../../src-shared/maths/lttb.ts';
import { planOfArm } from '../../../src-shared/experiment.ts';
import { knobsOf as flatKnobs } from '../../../src-shared/knobs.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import type { LatestPoint, RunRow } from '../../store/runs.ts';
import { listSnapshots } from '../../train/snapshots.ts';
import type { TrainedSummary } from '../../train/trainerMessages.ts';
import { noSuchRun } from '../exportRun.ts';
import { deleteRun, resumableRun } from '../resumeRun.ts';
import { snapshotFolderOf } from '../trainArms.ts';
import type { CallContext, CallsOf } from './callContext.ts';

/** Summaries of runs as screens list them. */
export function runSummaries({ store }: Pick<CallContext, 'store'>) {
  const knobsOfPlan = new Map<string, Record<string, Record<string, string>>>(); // plans never change
  const knobsOf = ({ planHash, arm }: RunRow): Record<string, string> => {
    let known = knobsOfPlan.get(planHash);
    if (!known) {
      const plan = store.plan(planHash);
      known = plan === null ? {} : Object.fromEntries(plan.arms.map((armPlan) => {
        const { arms: _arms, name: _name, seeds: _seeds, report: _report, ...shared } = planOfArm(plan, armPlan);
        return [armPlan.name, Object.fromEntries([...flatKnobs({ ...shared, loss: armPlan.loss })].map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]))];
      }));
      knobsOfPlan.set(planHash, known);
    }
    return known[arm] ?? {};
  };
  const judgedOfRun = new Map<string, Record<string, number>>(); // a run is judged once
  const judged = ({ id, status, finishedAt }: RunRow): Record<string, number> => {
    if (status !== 'done') return {};
    const key = `${id} ${finishedAt}`; // one that is begun anew has the same id
    const known = judgedOfRun.get(key) ?? judgedMetrics(store.result(id, 'summary') as TrainedSummary | null);
    judgedOfRun.set(key, known);
    return known;
  };
  const summaryOf = (row: RunRow, latest: readonly LatestPoint[]): RunSummary => {
    const { splitHash: _split, initialWeightsHash: _weights, ...shown } = row;
    const knobs = knobsOf(row);
    const curves = latest.filter((point): point is LatestPoint & { value: number } => point.value !== null).map(({ name, value }) => [name, value] as const);
    return {
      ...shown, ...store.annotation(row.id), knobs, epochs: Number(knobs['training.epochs'] ?? 0),
      epoch: latest.find((point) => point.name === 'val/accuracy')?.epoch ?? 0,
      metrics: { ...Object.fromEntries(curves), ...judged(row) },
    };
  };
  return {
    all(): RunSummary[] {
      const latest = groupBy(store.latestPoints(), (point) => point.run);
      return store.runs().map((row) => summaryOf(row, latest.get(row.id) ?? []));
    },
    one(id: string): RunSummary | null {
      const row = store.run(id);
      return row && summaryOf(row, store.latestPoints(id));
    },
  };
}
export type RunSummaries = ReturnType<typeof runSummaries>;

function filesIn({ mistakes, confusedPeople, hardestGenuine, hardestImpostors, labelSuspects }: Confusions): Set<string> {
  return new Set([...mistakes.map(({ file }) => file), ...confusedPeople.flatMap(({ files }) => files), ...[...hardestGenuine, ...hardestImpostors].flatMap(({ first, second }) => [first.file, second.file]), ...labelSuspects.map(({ file }) => file)]);
}

function placesOf(files: ReadonlySet<string>, images: readonly { readonly path: string }[]): Record<string, number> {
  return Object.fromEntries(images.flatMap(({ path }, index) => (files.has(path) ? [[path, index] as const] : [])));
}

/** The numbers that runs are compared by, by the name of their column. */
function judgedMetrics(summary: TrainedSummary | null): Record<string, number> {
  const evaluation = summary?.evaluation;
  if (!evaluation) return {};
  const { accuracy, identification, verification, ranks, marginFree } = evaluation;
  const named: readonly (readonly [string, number | null | undefined])[] = [
    ['test/top1', accuracy.test?.top1.value], ['test/top5', accuracy.test?.top5.value],
    ...(identification?.rates ?? []).filter((rate) => rate.carried).map((rate) => [`TPR@FPR ${rate.falsePositiveRate}`, rate.truePositiveRate] as const),
    ['verification/accuracy', verification?.accuracy.mean], ['verification/AUC', verification?.areaUnderCurve], ['verification/EER', verification?.equalErrorRate],
    ['rank-1', ranks?.byDistractors.at(-1)?.rank1.value], ['nearest centre', marginFree?.nearestCentre.value], ['MAP@R', marginFree?.retrieval?.meanAveragePrecisionAtR], ['silhouette', marginFree?.silhouette],
  ];
  return Object.fromEntries(named.filter((entry): entry is readonly [string, number] => typeof entry[1] === 'number'));
}

export function runCalls({ store, jobs, workApart }: CallContext, summaries: RunSummaries): CallsOf<'runs'> {
  const existing = (id: string): RunSummary => {
    const summary = summaries.one(id);
    if (!summary) throw noSuchRun(id);
    return summary;
  };
  return {
    'runs.list': () => summaries.all(),
    'runs.show': ({ id }): RunDetails => {
      const faces = store.result(id, 'faces') as { prepared: string } | null;
      const folder = faces && join(store.workspace, 'prepared', faces.prepared);
      const evaluation = (store.result(id, 'summary') as TrainedSummary | null)?.evaluation ?? null;
      return {
        ...existing(id), curveNames: store.latestPoints(id).map((point) => point.name),
        events: store.events(id).map(({ at, kind, message }) => ({ at, kind, message })), engine: store.result(id, 'engine') as RunDetails['engine'], artefacts: store.artefacts(id),
        evaluation, snapshots: listSnapshots(snapshotFolderOf(store, id)).epochs.map(({ epoch }) => epoch), prepared: folder && existsSync(folder) ? basename(folder) : null,
        pictures: evaluation?.confusions && folder && existsSync(folder) ? placesOf(filesIn(evaluation.confusions), openPreparedSet(folder).images) : {},
      };
    },
    'runs.curves': ({ ids, names, points }) => ids.flatMap((run) => names.flatMap((name): Curve[] => {
      const all = store.curve(run, name);
      if (all.length === 0) return [];
      const kept = lttb(all.map((point) => point.step), all.map((point) => point.value ?? Number.NaN), points).map((index) => all[index]!);
      return [{ run, name, total: all.length, steps: kept.map((point) => point.step), epochs: kept.map((point) => point.epoch), times: kept.map((point) => point.at), values: kept.map((point) => point.value) }];
    })),
    'runs.annotate': ({ id, note, starred }) => {
      existing(id);
      store.annotate(id, { note, starred });
      return existing(id);
    },
    'runs.delete': ({ ids }) => {
      for (const id of ids) {
        existing(id);
        if (jobs.jobs().some((job) => job.run === id && job.state === 'running')) throw new ArcBenchError('wrong-input', `The run ${id} is in training: stop it before you delete it.`);
      }
      for (const id of ids) deleteRun(store, id);
      return null;
    },
    'runs.resume': ({ id }) => {
      const run = resumableRun(store, id);
      return jobs.add({
        kind: 'resume', title: `Go on with ${run.row.arm}, seed ${run.row.seed}`,
        work: (job) => workApart({ kind: 'resume', run: id, plan: run.plan, ...run.origin }, job),
      });
    },
  };
}
