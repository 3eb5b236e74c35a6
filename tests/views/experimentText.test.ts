import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import {
  armsIn,
  editArms,
  givenIn,
  newExperimentText,
  presetOnFaces,
  resetKnob,
  setChoice,
  setKnob,
  type GivenArm,
} from '../../src-renderer/views/experiment/experimentText.ts';

const text = `# Our duel.
name: Duel # of two

# The faces of the lab.
data: { source: demo } # drawn
training:
  learningRate: 0.10 # raised on Monday
  optimizer: adam
  epochs: 3

arms:
  # the base
  - name: cross-entropy
    loss: crossEntropy
  - name: ArcFace
    loss: { name: arcFace, scale: 32 } # s
    against: cross-entropy
`;
const standing: readonly GivenArm[] = [
  { name: 'a', loss: 'crossEntropy', given: null, settings: {}, against: null },
  { name: 'b', loss: { name: 'arcFace' }, given: null, settings: {}, against: null },
];
const plan = (yaml: string) => parseExperiment(yaml, 'test');

test('an arm that is not trained here is added, keeps its file and its place, and survives every edit', () => {
  const model = { kind: 'onnx', file: '/models/w600k_r50.onnx' } as const;
  const added = editArms(text, standing).addGiven(model);
  assert.deepEqual(plan(added).arms.at(-1), { name: 'w600k_r50', onnx: model.file });
  assert.deepEqual(armsIn(added, standing).at(-1)?.given, model);
  const edited = editArms(editArms(added, standing).rename(2, 'buffalo'), standing).move(2, -1);
  const set = setKnob(edited, ['training', 'epochs'], 3);
  assert.deepEqual(plan(set).arms[1], { name: 'buffalo', onnx: model.file });
  const twice = editArms(set, standing).duplicate(1);
  assert.deepEqual(plan(twice).arms[2], { name: 'buffalo 2', onnx: model.file });
  // Another file: its SHA-256 is not that of the one before.
  const hashed = setKnob(set, ['arms', 1, 'sha256'], 'a'.repeat(64));
  const other = editArms(hashed, standing).setGiven(1, { kind: 'onnx', file: 'other.onnx' });
  assert.deepEqual(plan(other).arms[1], { name: 'buffalo', onnx: 'other.onnx' });
  const rows = editArms('', standing).addGiven({ kind: 'embeddings', file: 'C:\\faces\\e.npy' });
  assert.deepEqual(plan(rows).arms.at(-1), { name: 'e', embeddings: 'C:\\faces\\e.npy' });
});

test('a knob that is set leaves every comment, line and quote of the others as it was', () => {
  assert.equal(setKnob(text, ['training', 'learningRate'], 0.05), text.replace('0.10', '0.05'));
  assert.equal(setKnob(text, ['data', 'source'], '/faces'), text.replace('source: demo', 'source: /faces'));
  const added = setKnob(text, ['training', 'augmentation', 'flip'], 0.2);
  assert.equal(added, text.replace('  epochs: 3\n', '  epochs: 3\n  augmentation: { flip: 0.2 }\n'));
  assert.equal(resetKnob(added, ['training', 'augmentation', 'flip']), text);
  assert.equal(setKnob(text, ['seeds'], [1, 2]).trimEnd().endsWith('seeds: [ 1, 2 ]'), true);
});

test('lines that a change does not reach keep the spaces that the user gave them', () => {
  const spaced =
    "name:   'Duel'\nseeds: [1,2,   3]\ntraining: {epochs: 3,   batchSize: 8}\nmodel:\n    dropout:  0.1\n";
  assert.equal(setKnob(spaced, ['model', 'dropout'], 0.2), spaced.replace('dropout:  0.1', 'dropout: 0.2'));
  assert.equal(setKnob(spaced, ['report', 'language'], 'ru'), `${spaced}report: { language: ru }\n`);
  const uneven =
    'model:\n    dropout:  0.1\n    embeddingSize:  8\ntraining:\n  epochs: 3\narms:\n- name: a\n  loss: ' +
    'crossEntropy\n- name: b\n  loss: arcFace\n';
  assert.deepEqual(
    [
      plan(setKnob(uneven, ['model', 'dropout'], 0.2)).model.dropout,
      plan(setKnob(uneven, ['training', 'epochs'], 4)).training.epochs,
    ],
    [0.2, 4],
  );
  const flush = 'training:\n  epochs:  3\narms:\n- name: a\n  loss:   crossEntropy\n- name: b\n  loss: arcFace\n';
  assert.equal(editArms(flush, standing).setLoss(1, 'cosFace'), flush.replace('arcFace', 'cosFace'));
});

test('a bare name becomes a section when one of its settings is set, and another choice starts from its own', () => {
  assert.deepEqual(plan(setKnob(text, ['training', 'optimizer', 'beta1'], 0.8)).training.optimizer, {
    name: 'adam',
    beta1: 0.8,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
  });
  assert.equal(plan(setChoice(text, ['training', 'optimizer'], { name: 'sgd' })).training.optimizer.name, 'sgd');
});

test('arms are added, copied, renamed, moved, given losses and removed, and arms compared with them follow', () => {
  const arms = editArms(text, standing);
  const names = (yaml: string) => plan(yaml).arms.map(({ name }) => name);
  assert.deepEqual(names(arms.add('cosFace')), ['cross-entropy', 'ArcFace', 'CosFace']);
  const copied = arms.duplicate(1);
  assert.deepEqual(names(copied), ['cross-entropy', 'ArcFace', 'ArcFace 2']);
  assert.ok(copied.includes('# the base') && copied.includes('# s'));
  assert.equal(plan(arms.rename(0, 'CE')).arms[1]?.against, 'CE');
  assert.equal(plan(arms.remove(0)).arms[0]?.against, undefined);
  assert.deepEqual(names(arms.move(1, -1)), ['ArcFace', 'cross-entropy']);
  const pk = setChoice(text, ['training', 'sampler'], { name: 'pk', identities: 8, images: 4 });
  assert.equal(plan(editArms(pk, standing).setLoss(0, 'arcFace + 0.1 triplet')).arms[0]?.loss?.name, 'sum');
  assert.deepEqual(plan(arms.set(1, ['loss', 'marginRadians'], 0.2)).arms[1]?.loss, {
    name: 'arcFace',
    marginRadians: 0.2,
    scale: 32,
    labelSmoothing: 0,
  });
  const summed = editArms(pk, standing).setLoss(1, {
    name: 'sum',
    terms: [
      { weight: 1, loss: { name: 'cosFace', margin: 0.35, scale: 64, labelSmoothing: 0 } },
      { weight: 0.5, loss: { name: 'triplet', mining: 'all', margin: 0.3, distance: 'squared', average: 'all' } },
    ],
  });
  const loss = plan(editArms(summed, standing).set(1, ['loss', 'terms', 1, 'loss', 'margin'], 0.2)).arms[1]?.loss;
  assert.deepEqual(loss?.name === 'sum' && loss.terms[1]?.loss, {
    name: 'triplet',
    mining: 'all',
    margin: 0.2,
    distance: 'squared',
    average: 'all',
  });
  const varied = arms.set(0, ['settings', 'training.learningRate'], 0.3);
  assert.deepEqual(plan(varied).arms[0]?.settings, { 'training.learningRate': 0.3 });
  assert.equal(editArms(varied, standing).reset(0, ['settings', 'training.learningRate']), text);
});

test('arms that only stand for missing ones are written out at the first change', () => {
  const bare = 'name: x # y\n';
  assert.deepEqual(
    armsIn(bare, standing).map(({ name }) => name),
    ['a', 'b'],
  );
  const changed = editArms(bare, standing).set(1, ['loss', 'scale'], 16);
  assert.ok(changed.startsWith('name: x # y\n'));
  assert.deepEqual(
    plan(changed).arms.map(({ name, loss }) => [name, loss && 'scale' in loss ? loss.scale : null]),
    [
      ['a', null],
      ['b', 16],
    ],
  );
});

test("a preset on a dataset's faces keeps its settings and comments, and takes the faces", () => {
  const yaml = '# why\nname: Course\ndata:\n  source: /path/to/faces\n  layout: course\ntraining: { epochs: 7 }\n';
  const made = presetOnFaces(yaml, { source: '/faces', layout: 'course' });
  assert.ok(made.startsWith('# why\n'));
  const { name, data, training } = plan(made);
  assert.deepEqual([name, data.source, data.layout, training.epochs], ['Course', '/faces', 'course', 7]);
});

test('a text that is no YAML is left alone, an empty one takes its first knob, and a new one is a plan', () => {
  assert.equal(givenIn('a: [1'), null);
  assert.equal(setKnob('a: [1', ['name'], 'x'), 'a: [1');
  assert.equal(setKnob('', ['name'], 'x'), 'name: x\n');
  const made = plan(newExperimentText({ name: "O'Neil: faces", data: { source: "/data/O'Neil: faces" } }));
  assert.deepEqual(
    [made.name, made.data.source, made.seeds.length],
    ["ArcFace against cross-entropy on O'Neil: faces", "/data/O'Neil: faces", 3],
  );
});
