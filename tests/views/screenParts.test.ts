import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTick, ref } from 'vue';
import { useUndo } from '../../src-renderer/components/useUndo.ts';
import { armRows, lossOf } from '../../src-renderer/views/experiment/armRows.ts';
import { editArms, armsIn } from '../../src-renderer/views/experiment/experimentText.ts';
import { readNumbers, writtenNumbers } from '../../src-renderer/views/experiment/knobTree.ts';
import { tooltipPlace } from '../../src-renderer/views/embedding/tooltipPlace.ts';
import { placesOfArms } from '../../src-renderer/views/live/placesOfArms.ts';
import { useLandmarkSaving, type LandmarkChange } from '../../src-renderer/views/datasets/useLandmarkSaving.ts';

test('what a field of seeds shows is read as the same seeds', () => {
  const whole = { whole: true, counts: true };
  for (const seeds of [[1], [5], [1, 2, 3], [7, 3]]) {
    const read = readNumbers(writtenNumbers(seeds, true), whole);
    assert.deepEqual(typeof read === 'number' ? Array.from({ length: read }, (_, at) => at + 1) : read, seeds);
  }
  assert.equal(readNumbers('5', whole), 5);
  assert.deepEqual(readNumbers('5,', whole), [5]);
  assert.equal(readNumbers('five', whole), null);
  assert.equal(readNumbers('1.5', whole), null);
  assert.deepEqual(readNumbers('0.5, 2', { whole: false }), [0.5, 2]);
});

test('a loss with values that the schema refuses keeps its rows, with what was written', () => {
  const arm = (loss: unknown) => ({ name: 'a', loss, given: null, settings: {}, against: null });
  const rowsOf = (loss: unknown) => armRows([arm(loss)], [], () => undefined);
  const valueOf = (loss: unknown, row: string) => rowsOf(loss).find(({ name }) => name === row)?.cells[0]?.value;
  assert.equal(valueOf({ name: 'arcFace', scale: 5000 }, 'loss.scale'), 5000);
  assert.equal(valueOf({ name: 'arcFace', scale: 'wide' }, 'loss.scale'), 'wide');
  assert.equal(valueOf({ name: 'arcFace', scale: 5000 }, 'loss.marginRadians'), 0.5);
  const sum = {
    name: 'sum',
    terms: [{ loss: { name: 'arcFace', scale: 5000 } }, { weight: -1, loss: 'triplet' }],
  };
  assert.equal(valueOf(sum, 'loss.terms.0.loss.scale'), 5000);
  assert.equal(valueOf(sum, 'loss.terms.1.loss.margin'), 0.3);
  assert.equal(lossOf(arm({ name: 'unheardOf', scale: 3 })), null);
  assert.equal(lossOf(arm(undefined)), null);
});

test('a new arm has its loss as its name, whatever the case of the others', () => {
  const names = (yaml: string) => armsIn(yaml, []).map(({ name }) => name);
  const text = 'arms:\n  - { name: cross-entropy, loss: crossEntropy }\n';
  assert.deepEqual(names(editArms(text, []).add('crossEntropy')), ['cross-entropy', 'Cross-entropy 2']);
  assert.deepEqual(names(editArms(text, []).add('arcFace + 0.1 triplet')), [
    'cross-entropy',
    'ArcFace + 0.1 Triplet loss',
  ]);
});

test('a tooltip lies inside its pane wherever the point is', () => {
  for (const pane of [
    { width: 200, height: 120 },
    { width: 900, height: 700 },
    { width: 100, height: 40 },
  ])
    for (const tip of [
      { width: 180, height: 100 },
      { width: 40, height: 30 },
    ])
      for (let x = 0; x <= pane.width; x += pane.width / 8)
        for (let y = 0; y <= pane.height; y += pane.height / 8) {
          const [left, top] = tooltipPlace([x, y], tip, pane);
          assert.ok(left >= 0 && top >= 0);
          assert.ok(left + tip.width <= Math.max(pane.width, tip.width));
          assert.ok(top + tip.height <= Math.max(pane.height, tip.height));
        }
  assert.deepEqual(tooltipPlace([10, 10], { width: 50, height: 20 }, { width: 400, height: 300 }), [22, 22]);
});

test('undo takes back one change at a time, and what a slider passes is one', async () => {
  const rule = ref({ query: 0.2, train: 0.6, assign: {} as Record<string, string> });
  const { canUndo, undo } = useUndo(rule);
  rule.value.query = 0.3;
  rule.value.query = 0.35;
  rule.value.query = 0.4;
  rule.value.assign = { ann: 'query' };
  rule.value.train = 0.7;
  await nextTick();
  undo();
  assert.deepEqual(rule.value, { query: 0.4, train: 0.6, assign: { ann: 'query' } });
  undo();
  assert.deepEqual(rule.value, { query: 0.4, train: 0.6, assign: {} });
  undo();
  assert.deepEqual(rule.value, { query: 0.2, train: 0.6, assign: {} });
  assert.equal(canUndo.value, false);
  rule.value.train = 0.1;
  assert.equal(canUndo.value, true);
});

test('redo does again what undo took back, in order, until a new change', () => {
  const rule = ref({ query: 0.2, train: 0.6 });
  const { canUndo, canRedo, undo, redo } = useUndo(rule);
  rule.value.query = 0.3;
  rule.value.train = 0.7;
  assert.equal(canRedo.value, false);
  undo();
  undo();
  redo();
  assert.deepEqual(rule.value, { query: 0.3, train: 0.6 });
  redo();
  redo(); // one too many
  assert.deepEqual(rule.value, { query: 0.3, train: 0.7 });
  assert.equal(canRedo.value, false);
  undo();
  rule.value.query = 0.9;
  assert.equal(canRedo.value, false);
  redo();
  assert.deepEqual(rule.value, { query: 0.9, train: 0.6 });
  undo();
  assert.deepEqual(rule.value, { query: 0.3, train: 0.6 });
  undo();
  assert.deepEqual([rule.value, canUndo.value], [{ query: 0.2, train: 0.6 }, false]);
});

test('changes that are kept elsewhere are steps among those of the value, and loading is none', () => {
  const rule = ref('a');
  const { canUndo, undo, redo, replace, add } = useUndo(rule);
  replace('b');
  assert.equal(canUndo.value, false);
  const done: string[] = [];
  rule.value = 'c';
  add({ undo: () => done.push('undone'), redo: () => done.push('redone') });
  rule.value = 'd';
  undo();
  undo();
  assert.deepEqual([rule.value, ...done], ['c', 'undone']);
  undo();
  assert.equal(rule.value, 'b');
  redo();
  redo();
  assert.deepEqual([rule.value, ...done], ['c', 'undone', 'redone']);
  redo();
  assert.equal(rule.value, 'd');
});

test('of landmarks that move while others are saved, the latest of each picture is kept', async () => {
  const saved: LandmarkChange[] = [];
  let finish: (() => void) | null = null;
  const saving = useLandmarkSaving(async (change) => {
    saved.push(change);
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  const rest = async () => {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      finish?.();
    }
  };
  saving.change({ index: 1, landmarks: [1] });
  void saving.flush();
  saving.change({ index: 1, landmarks: [2] });
  saving.change({ index: 1, landmarks: [3] });
  saving.change({ index: 2, landmarks: [4] });
  void saving.flush();
  assert.equal(saving.hasChange(1), true);
  await rest();
  assert.deepEqual(saved, [
    { index: 1, landmarks: [1] },
    { index: 1, landmarks: [3] },
    { index: 2, landmarks: [4] },
  ]);
  assert.equal(saving.hasChange(1), false);
});

test('an arm that waits has the colour that it has once its first run begins', () => {
  const trained = { name: 'ArcFace', loss: 'arcFace' };
  const other = { name: 'CosFace', loss: 'cosFace' };
  const given = { name: 'theirs', onnx: 'theirs.onnx' };
  const plan = { arms: [given, trained, other] as unknown as Parameters<typeof placesOfArms>[0]['arms'] };
  assert.deepEqual(placesOfArms(plan, []), ['ArcFace', 'CosFace', 'theirs']);
  assert.deepEqual(placesOfArms(plan, ['theirs']), ['ArcFace', 'CosFace', 'theirs']);
  // An arm of another seed may have begun first.
  assert.deepEqual(placesOfArms(plan, ['CosFace', 'theirs']), ['CosFace', 'ArcFace', 'theirs']);
});
