import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import type { BackboneName } from '../../src-shared/modelSchema.ts';
import { roughDuration } from '../../src-shared/duration.ts';
import { offBy, trainingTimeSentence } from '../../src-shared/trainingTime.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { networkWork } from '../../src-main/model/networkWork.ts';
import { estimatedRates, trainingRate } from '../../src-main/workbench/estimate/trainingRate.ts';

const plan = (backbone: BackboneName, inputSize = 112) =>
  experimentSchema.parse({ model: { backbone }, prepare: { inputSize } });
const machine = { device: 'cpu', gigaflops: 180, at: 0 } as const;

test(
  'the work of ResNet-18 is the 1.8 G multiply-adds that its paper counts at 224 pixels, and that of ' +
    'MobileNet-like networks far less',
  () => {
    const { multiplyAdds } = networkWork(buildNetwork({ ...plan('resnet18').model, embeddingSize: 64 }, 224));
    assert.ok(Math.abs(multiplyAdds / 1.82e9 - 1) < 0.02, String(multiplyAdds));
    assert.ok(networkWork(buildNetwork(plan('efficientnet-lite0').model, 224)).multiplyAdds < 0.45e9);
  },
);

test('a rate comes from runs of the same network, else from the network most like it, else from the machine', () => {
  const runs = [
    { plan: plan('smallcnn', 32), imagesPerSecond: 1500 },
    { plan: plan('resnet18'), imagesPerSecond: 100 },
    { plan: plan('resnet18'), imagesPerSecond: 90 },
    { plan: plan('resnet18'), imagesPerSecond: 110 },
  ];
  assert.deepEqual(trainingRate(plan('resnet18'), 500, { runs, machine }), {
    imagesPerSecond: 100,
    from: { kind: 'runs', runs: 3 },
  });
  const other = trainingRate(plan('resnet50'), 500, { runs, machine });
  assert.deepEqual(other?.from, { kind: 'otherRuns', runs: 3, backbone: 'resnet18', inputSize: 112 });
  assert.ok(other && other.imagesPerSecond > 15 && other.imagesPerSecond < 45, String(other?.imagesPerSecond));
  assert.equal(trainingRate(plan('resnet18'), 500, { runs: [], machine: null }), null);
});

test('what is estimated from the machine is off by at most the factor that is named', () => {
  const measured = { resnet18: 116, 'efficientnet-lite0': 79, smallcnn: 454 };
  for (const { backbone, imagesPerSecond } of estimatedRates(machine)) {
    const found = (measured as Partial<Record<string, number>>)[backbone];
    if (found !== undefined)
      assert.ok(
        Math.abs(Math.log(imagesPerSecond / found)) < Math.log(offBy.machine.cpu),
        `${backbone}: ${imagesPerSecond} img/s, measured ${found}`,
      );
  }
});

test('a time says what it rests on and how far it may be off', () => {
  const estimate = {
    runs: 2,
    runsDone: 0,
    faces: { from: 'demo', people: 80, trainImages: 1000 },
    imagesLeft: 100_000,
    seconds: 720,
    unmeasured: false,
  } as const;
  assert.equal(
    trainingTimeSentence({
      ...estimate,
      rate: { imagesPerSecond: 139.2, from: { kind: 'otherRuns', runs: 2, backbone: 'resnet18', inputSize: 112 } },
    }),
    'Training time about 12 min (4 min to 36 min: estimated at 140 img/s from the speed of resnet18 at 112 px here).',
  );
  assert.equal(
    trainingTimeSentence({ ...estimate, rate: { imagesPerSecond: 139.2, from: { kind: 'runs', runs: 1 } } }),
    'Training time about 12 min (at 140 img/s, as one earlier run of this network).',
  );
  assert.equal(
    trainingTimeSentence({
      ...estimate,
      rate: { imagesPerSecond: 139.2, from: { kind: 'machine', device: 'cpu', gigaflops: 64.2 } },
    }),
    'Training time about 12 min (4 min to 36 min: estimated at 140 img/s from 64 GFLOP/s of this machine; no ' +
      'network has trained here yet).',
  );
  assert.deepEqual([2, 44, 200, 298, 700, 7800, 86_000, 4e5].map(roughDuration), [
    '5 s',
    '45 s',
    '3 min 20 s',
    '5 min',
    '12 min',
    '2 h 10 min',
    '24 h',
    '5 days',
  ]);
});
