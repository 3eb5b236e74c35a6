import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';

/** Hashes of plans as they were stored on 30 November 2026: a run is found again by its plan's hash. */
const stored: Readonly<Record<string, string>> = {
  '': 'da45bb170609ee767479a8105f9d6cfbea4685b1d62ef8b40cd788c3698e1f2a',
  'split: { minImages: 3 }\ntraining: { epochs: 5, optimizer: adamw }\nseeds: 3':
    '357fa5256b4c9ef55561f69cf6b1cd6b60768d8278de24b90b1fc5890d60c041',
  'arms:\n  - { name: CosFace, loss: { name: cosFace, margin: 0.2 } }\nevaluation: { flip: false }':
    'cb40cb69494f0d67c6eaf4d23b88a72d8c092849e2a01f4bd0e4a88ecf8fd9c8',
};

test('plans that were stored before a knob came keep their hash', () => {
  for (const [text, hash] of Object.entries(stored))
    assert.equal(planHash(parseExperiment(text, 'stored.yaml')), hash, `the hash of this plan changed:\n${text}`);
});
