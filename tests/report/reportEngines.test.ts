import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportRun } from '../../src-main/report/reportModel.ts';
import { joinedPattern } from '../joinedPattern.ts';
import { constructedModel } from './constructedModel.ts';
import { apart, checkWhole, duel, sectionOf } from './wholeReport.ts';

test(
  'runs of one report that different engines computed are said to differ, by the engine of each; one engine is ' +
    'not spoken of',
  async () => {
    const model = constructedModel(`seeds: [1, 2]\n${duel}`, apart);
    const [engine, other] = [
      { device: 'cpu', tensorflow: '2.21.0', threads: 2, processor: 'A', steps: 'compiled' },
      { device: 'cuda', tensorflow: '2.21.0', threads: 2, processor: 'A', steps: 'compiled' },
    ] as const;
    const computed = (of: (run: ReportRun) => ReportRun['engines']) =>
      checkWhole({ ...model, runs: model.runs.map((run) => ({ ...run, engines: of(run) ?? [] })) });
    assert.doesNotMatch(await computed(() => [engine]), /computed with different engines/);
    assert.doesNotMatch(await computed(() => []), /computed with different engines/);
    const apartEngines = await computed(({ arm }) => [arm === 'CE' ? engine : other]);
    assert.match(
      sectionOf(apartEngines, 'Machine and rerun'),
      joinedPattern(
        /computed with different engines.*: TensorFlow 2\.21\.0 on cpu, 2 threads, A \(CE /,
        /1, CE 2\); TensorFlow 2\.21\.0 on cuda, 2 threads, A \(ArcFace 1, ArcFace 2\)\./,
      ),
    );
    for (const changed of [{ threads: 1 }, { steps: 'eager' }, { processor: 'B' }, { tensorflow: '2.22.0' }] as const)
      assert.match(
        await computed(({ seed }) => (seed === 1 ? [engine] : [engine, { ...engine, ...changed }])),
        /computed with different engines/,
        JSON.stringify(changed),
      );
  },
);

test('a report names the arms that were trained in bfloat16, and not as another engine', async () => {
  const low = 'settings: { training.precision: bfloat16 }';
  const model = constructedModel(
    `seeds: [1, 2]\narms: [{ name: CE, loss: crossEntropy }, { name: Low, loss: crossEntropy, ${low} }]\n`,
    apart,
  );
  const engine = { device: 'cpu', tensorflow: '2.21.0', threads: 2, processor: 'A', steps: 'compiled' } as const;
  const report = await checkWhole({
    ...model,
    runs: model.runs.map((run) => ({
      ...run,
      engines: [{ ...engine, ...(run.arm === 'Low' ? { precision: 'bfloat16' as const } : {}) }],
    })),
  });
  assert.match(report, /Convolutions, batch normalisation and rectifiers of Low were trained in bfloat16/);
  assert.match(report, /`training\.precision` \| float32 \| bfloat16/);
  assert.doesNotMatch(report, /computed with different engines/);
});
