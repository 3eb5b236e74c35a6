import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOfArm, type Plan } from '../../src-shared/experiment.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { planDifference } from '../../src-shared/planDifference.ts';
import { givenIn, setKnob } from '../../src-renderer/views/experiment/experimentText.ts';
import { knobSections } from '../../src-renderer/views/experiment/knobTree.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';

const parse = (text: string): Plan => parseExperiment(text, 'clip.yaml');
const arms = (settings: string) =>
  `arms:\n  - { name: a, loss: crossEntropy, settings: ${settings} }\n  - { name: b, loss: arcFace }\n`;

test('a number clips all gradients, and its plan keeps the hash it had', () => {
  const short = parse('training: { gradientClip: 3 }');
  assert.deepEqual(short.training.gradientClip, { norm: 3, of: 'all' });
  assert.equal(planHash(short), planHash(parse('training: { gradientClip: { norm: 3 } }')));
  // Stored on 30 November 2026, when the knob was a number.
  assert.equal(planHash(short), '1c88fd38fcab4f0c109c6f4dc76c4d9cc7877a453c2db00f20a3351f4c674316');
  assert.notEqual(planHash(short), planHash(parse('training: { gradientClip: { norm: 3, of: backbone } }')));
});

test('an arm and a sweep set the clip by its short name or by its knobs', () => {
  const clipOf = (plan: Plan) => planOfArm(plan, plan.arms[0]!).training.gradientClip;
  assert.deepEqual(clipOf(parse(arms('{ training.gradientClip: 2 }'))), { norm: 2, of: 'all' });
  assert.deepEqual(clipOf(parse(arms('{ training.gradientClip.of: backbone }'))), { norm: 5, of: 'backbone' });
  const swept = parse('sweep: { knobs: { training.gradientClip: [1, 5] } }');
  assert.deepEqual(
    swept.arms.slice(0, 2).map((arm) => planOfArm(swept, arm).training.gradientClip.norm),
    [1, 5],
  );
  assert.deepEqual(
    planDifference(parse(arms('{ training.gradientClip: 2 }'))).find(({ knob }) => knob.startsWith('training')),
    { knob: 'training.gradientClip.norm', values: ['2', '5'] },
  );
});

test('a clip that does not exist is refused with the choices', () => {
  assert.throws(() => parse('training: { gradientClip: { norm: 5, of: head } }'), /all.*backbone/);
});

test('the form shows a clip that is written as a number, and turns it into a section when it is changed', () => {
  const text = 'training:\n  gradientClip: 3 # as before\n';
  assert.equal(givenIn(text)?.(['training', 'gradientClip', 'norm']), 3);
  const changed = setKnob(text, ['training', 'gradientClip', 'of'], 'backbone');
  assert.deepEqual(parse(changed).training.gradientClip, { norm: 3, of: 'backbone' });
  const section = knobSections(() => undefined).find(({ name }) => name === 'training.gradientClip');
  assert.deepEqual(
    section?.knobs.map((knob) => [knob.name, knob.default]),
    [
      ['training.gradientClip.norm', 5],
      ['training.gradientClip.of', 'all'],
    ],
  );
});
