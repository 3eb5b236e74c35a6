import { createHash } from 'node:crypto';
import { batchNormMomentum, ownBatchNormMomentum } from '../../../src-shared/batchNormMomentum.ts';
import { noParent, startParts } from '../../../src-shared/ancestry.ts';
import type { GradientClip } from '../../../src-shared/trainingSchema.ts';
import type { Plan } from '../../../src-shared/experiment.ts';

/**
 * Knobs that came after the first plans were stored. A knob that means what a plan without it meant is left out of the
 * hash, so that old plans keep theirs. Paths are keys joined by dots; a loss adds its name in brackets.
 */
const addedLater: Readonly<Record<string, (value: unknown, plan: Plan) => boolean>> = {
  'data.people': (value) => value === 'auto',
  'split.from': (value) => value === 'auto',
  'split.duplicates': (value) => value === 'resolve',
  'split.valPeople': (value) => value === 0,
  'evaluation.select': (value) => value === 'accuracy',
  'evaluation.pairWeights': (value) => value === 'people',
  'evaluation.sets': (value) => Array.isArray(value) && value.length === 0,
  'training.backboneRate': (value) => value === 1,
  'training.freezeBackboneEpochs': (value) => value === 0,
  'training.precision': (value) => value === 'float32',
  'training.tensorboard': (value) => value === false,
  'model.from': (value) => value === noParent,
  'model.batchNormMomentum': (_, { model }) => batchNormMomentum(model) === ownBatchNormMomentum(model.backbone),
  ...Object.fromEntries(
    ['normFace', 'cosFace', 'arcFace', 'combinedMargin', 'subCenterArcFace'].flatMap((name) =>
      [`arms.loss(${name})`, `arms.loss(sum).terms.loss(${name})`].map((loss) => [
        `${loss}.labelSmoothing`,
        (value: unknown) => value === 0,
      ]),
    ),
  ),
};

/**
 * SHA-256, in hexadecimal, of the plan as JSON with sorted keys. The order of keys in the file does not matter. Every
 * value does, except those of the report, which change nothing that is trained, and knobs that were added later.
 */
export function planHash(plan: Plan): string {
  const { report: _report, ...trained } = plan;
  const isAsBefore = (path: string, value: unknown) =>
    Object.hasOwn(addedLater, path) && addedLater[path]!(value, plan);
  return createHash('sha256')
    .update(canonical(trained, '', isAsBefore))
    .digest('hex');
}

function canonical(value: unknown, path: string, isAsBefore: (path: string, value: unknown) => boolean): string {
  if (startPaths.has(path) && typeof value === 'string') return canonicalStart(value);
  if (path === 'training.gradientClip') return canonicalClip(value as GradientClip);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, path, isAsBefore)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const isLoss = path.endsWith('loss') && 'name' in value;
    const place = isLoss ? `${path}(${String(value.name)})` : path;
    const pathOf = (key: string) => (place === '' ? key : `${place}.${key}`);
    const entries = Object.entries(path === 'arms' ? byContent(value) : value)
      .filter(([key, item]) => item !== undefined && !isAsBefore(pathOf(key), item))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const written = entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, pathOf(key), isAsBefore)}`);
    return `{${written.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** What an arm names that is not trained is known by its content, wherever it lies. */
function byContent(arm: object): object {
  if (!('sha256' in arm) || arm.sha256 === undefined) return arm;
  return { ...arm, onnx: 'onnx' in arm && arm.onnx !== undefined, embeddings: undefined };
}

/** Older plans kept the norm alone, which is that of all gradients. */
const canonicalClip = ({ norm, of }: GradientClip): string =>
  of === 'all' ? JSON.stringify(norm) : JSON.stringify({ norm, of });

const startPaths: ReadonlySet<string> = new Set(['model.from', 'arms.settings.model.from']);

/** Weights decide, not the name of the run or the folder that they came from. */
const canonicalStart = (from: string): string => JSON.stringify(startParts(from).weights ?? from);
