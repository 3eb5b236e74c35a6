import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pointStream, type RunPoint } from '../../src-main/train/pointStream.ts';

test('points wait for their batch, and stay with the sender until they are confirmed', () => {
  const sent: { batch: number; points: readonly RunPoint[] }[] = [];
  const stream = pointStream((batch, points) => sent.push({ batch, points }));
  stream.add({ 'step/loss': 2, 'step/gradientNorm': Number.NaN }, { step: 1, epoch: 1 });
  stream.add({ 'step/loss': 1 }, { step: 2, epoch: 1 });
  assert.equal(sent.length, 0);
  assert.deepEqual(
    stream.unconfirmed().map(({ name, step, value }) => [name, step, value]),
    [
      ['step/loss', 1, 2],
      ['step/loss', 2, 1],
    ],
  );
  stream.flush();
  stream.flush();
  assert.equal(sent.length, 1);
  stream.add({ 'step/loss': 0.5 }, { step: 3, epoch: 1 });
  assert.deepEqual(
    stream.unconfirmed().map(({ step }) => step),
    [1, 2, 3],
  );
  stream.confirm(sent[0]?.batch as number);
  assert.deepEqual(
    stream.unconfirmed().map(({ step }) => step),
    [3],
  );

  const resumed = pointStream((batch, points) => sent.push({ batch, points }));
  resumed.restore(stream.unconfirmed());
  resumed.flush();
  assert.deepEqual(
    sent.at(-1)?.points.map(({ step, value }) => [step, value]),
    [[3, 0.5]],
  );
});
