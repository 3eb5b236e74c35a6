import type { ArmDifferences } from '../../../src-shared/answers/runAnswers.ts';
import { compareArms } from '../../../src-shared/comparison.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { stoppingRuleOf } from '../../../src-shared/sequentialDuel.ts';
import { otherDataSentence } from './otherDataSentence.ts';
import { reportMetrics } from '../../report/reportMetrics.ts';
import type { RunEvaluation } from '../../report/runEvaluation.ts';
import type { RunRow, Store } from '../../store/store.ts';
import { givenOfRun, isFixedRun } from '../experiment/givenOfRun.ts';
import { readRunFaces } from '../experiment/runFaces.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';

/**
 * Compares the arms of the given runs with one of them as a report does: the same metrics, pairs of one seed, intervals
 * and tests.
 */
export function armDifferences(store: Store, rows: readonly RunRow[], against: string): ArmDifferences {
  const judged = rows.flatMap((row) => {
    const evaluation =
      row.status === 'done'
        ? ((store.result(row.id, 'summary') as TrainedSummary | null)?.evaluation as RunEvaluation | null | undefined)
        : null;
    return evaluation ? [{ row, evaluation }] : [];
  });
  const base = judged.find(({ row }) => row.id === against);
  if (!base)
    throw new ArcBenchError(
      'wrong-input',
      `The run ${against} is not among the evaluated runs that are compared: name one that is done.`,
    );
  const metrics = reportMetrics(
    judged.map(({ evaluation }) => evaluation),
    reportTexts('en'),
    { hasGiven: judged.some(({ row }) => givenOfRun(store, row) !== null) },
  );
  const isBaseFixed = isFixedRun(store, base.row);
  // A pair was judged on the same pictures: both runs of a seed have one split.
  const splitOf = new Map(
    judged
      .filter(({ row }) => row.planHash === base.row.planHash && row.arm === base.row.arm)
      .toSorted(
        (a, b) => Number(a.row.splitHash === base.row.splitHash) - Number(b.row.splitHash === base.row.splitHash),
      )
      .map(({ row }) => [row.seed, row.splitHash]),
  );
  const arms = [
    ...groupBy(
      judged,
      ({ row }) => `${row.planHash} ${readRunFaces(store, row.id)?.prepared ?? ''} ${row.arm}`,
    ).values(),
  ].map((own) => {
    const isFixed = isFixedRun(store, own[0]!.row);
    const isPaired = ({ seed, splitHash }: RunRow): boolean =>
      isFixed || isBaseFixed
        ? [...splitOf.values()].every((split) => split === splitHash)
        : splitHash === splitOf.get(seed);
    return {
      name: own[0]!.row.id,
      isBase: own.includes(base),
      isFixed,
      runs: own
        .filter(({ row }) => isPaired(row))
        .map(({ row, evaluation }) => ({
          id: row.id,
          seed: row.seed,
          values: Object.fromEntries(metrics.map((metric) => [metric.key, metric.read(evaluation)])),
        })),
    };
  });
  const ordered = [...arms.filter((arm) => arm.isBase), ...arms.filter((arm) => !arm.isBase)];
  const { pairs } = compareArms(
    metrics.map(({ key, title, unit, better, primary }) => ({ key, title, unit, better, primary })),
    ordered,
    stoppingRuleOf(store.plan(base.row.planHash) ?? { seeds: [] }),
  );
  const paired = new Set(pairs.map(({ arm }) => arm));
  return {
    differences: pairs.map(({ arm, against: _base, ...difference }) => ({ ...difference, run: arm })),
    unpaired: ordered
      .slice(1)
      .map(({ name }) => name)
      .filter((name) => !paired.has(name)),
    otherData: otherDataSentence(
      store,
      judged.map(({ row }) => row.id),
    ),
  };
}
