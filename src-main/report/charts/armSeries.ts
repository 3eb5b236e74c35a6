import type { ReportArm } from '../reportContext.ts';
import type { ChartSeries } from './lineChart.ts';
import { seedBand } from './seedBand.ts';

const mostArms = 6;
type Curve = readonly (readonly [x: number, y: number])[];

/** A line for each of the first arms, with a band over its runs. An arm has the colour of its place in the report. */
export const armSeries = (
  arms: readonly ReportArm[],
  chosen: readonly ReportArm[],
  curvesOf: (arm: ReportArm) => readonly Curve[],
): ChartSeries[] =>
  arms.slice(0, mostArms).map((arm) => ({
    name: arm.name,
    colour: chosen.indexOf(arm),
    points: seedBand(curvesOf(arm)),
  }));
