import { useLocalStorage, type RemovableRef } from '@vueuse/core';
import type { Curve } from '../../../src-shared/answers/runAnswers.ts';
import type { CurveSettings } from '../../charts/curveLines.ts';

/** One chart of the live view: which curves it lays over one another. */
export interface RunChart {
  readonly id: string;
  readonly title: string;
  /** Of what the curves are, or in which unit. */
  readonly note?: string;
  /** Curves in it; those of `dashed` are broken lines. */
  readonly names: readonly string[];
  readonly dashed?: readonly string[];
  readonly percent?: boolean;
}

/** The charts of a run, in the order of what one looks at first; `loss/<part>` of a summed loss come behind. */
export function runCharts(curveNames: ReadonlySet<string>): readonly RunChart[] {
  const fixed: readonly RunChart[] = [
    { id: 'loss', title: 'Training loss', names: ['step/loss'] },
    {
      id: 'accuracy',
      title: 'Accuracy',
      note: 'train dashed',
      names: ['val/accuracy', 'train/accuracy'],
      dashed: ['train/accuracy'],
      percent: true,
    },
    ...(curveNames.has('val/identification')
      ? [
          {
            id: 'identification',
            title: 'Val identification rate',
            note: 'people held out for val',
            names: ['val/identification'],
            percent: true,
          },
        ]
      : []),
    { id: 'epochLoss', title: 'Loss', note: 'train dashed', names: ['val/loss', 'train/loss'], dashed: ['train/loss'] },
    { id: 'angle', title: 'Mean target angle', note: 'degrees', names: ['step/targetAngleDegrees'] },
    {
      id: 'margin',
      title: 'Margin satisfied',
      note: 'share of samples',
      names: ['step/marginSatisfied'],
      percent: true,
    },
    { id: 'gradient', title: 'Gradient norm', names: ['step/gradientNorm'] },
    { id: 'clipped', title: 'Clipped steps', note: 'share of an epoch', names: ['clipped'], percent: true },
    { id: 'rate', title: 'Learning rate', names: ['step/learningRate'] },
    { id: 'speed', title: 'Images a second', names: ['step/imagesPerSecond'] },
    { id: 'norm', title: 'Embedding norm', names: ['step/embeddingNorm'] },
    { id: 'beyond', title: 'Beyond π − m', note: 'share of samples', names: ['step/beyondMargin'], percent: true },
  ];
  const parts = [...curveNames]
    .filter((name) => name.startsWith('step/loss/'))
    .sort()
    .map((name): RunChart => ({ id: name, title: `Loss, ${name.slice('step/loss/'.length)}`, names: [name] }));
  return [...fixed, ...parts];
}

/** Steps an epoch of each run whose curves tell them. */
export const stepsPerEpoch = (curves: readonly Curve[]): ReadonlyMap<string, number> =>
  new Map(
    curves.flatMap(({ name, run, steps, epochs }) => {
      const step = steps.at(-1);
      const epoch = epochs.at(-1);
      return name === 'val/accuracy' && step && epoch ? [[run, step / epoch] as const] : [];
    }),
  );

/** From this many runs on, seeds are drawn as their mean until the user chooses otherwise. */
export const manyRuns = 12;

/** How curves are drawn, kept for all views that draw them. */
export const useCurveSettings = (): RemovableRef<CurveSettings> =>
  useLocalStorage<CurveSettings>('arcbench.live', {
    axis: 'step',
    smoothing: 0.6,
    logarithmic: false,
    withoutOutliers: true,
  });
