import { computed, type ComputedRef } from 'vue';
import { useTheme } from '../stores/theme.ts';

/** The colours of the screens, resolved for a canvas. */
export interface ChartColours {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly strong: string;
  readonly panel: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  readonly warn: string;
  /** One per arm, by the arm's place in its experiment. */
  readonly arms: readonly string[];
}

const variable = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The number of distinct arm colours. */
export const armColours = 24;
/** An arm's colour as CSS. It depends on the arm's place in its experiment only. */
export const armColour = (index: number): string => `var(--arm-${(index % armColours) + 1})`;

/** The colours of the present theme. */
export function useChartColours(): ComputedRef<ChartColours> {
  const theme = useTheme();
  return computed(() => {
    void theme.dark;
    return {
      ink: variable('ink'),
      muted: variable('ink-3'),
      line: variable('line'),
      strong: variable('line-strong'),
      panel: variable('raised'),
      accent: variable('accent'),
      good: variable('good'),
      bad: variable('bad'),
      warn: variable('warn'),
      arms: Array.from({ length: armColours }, (_, arm) => variable(`arm-${arm + 1}`)),
    };
  });
}

/** An ECharts theme with these colours. */
export function chartTheme(colours: ChartColours): object {
  const axis = {
    axisLine: { lineStyle: { color: colours.strong } },
    axisTick: { show: false },
    axisLabel: { color: colours.muted, fontSize: 11 },
    splitLine: { lineStyle: { color: colours.line } },
    nameTextStyle: { color: colours.muted, fontSize: 11 },
  };
  return {
    color: colours.arms,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: variable('font') },
    categoryAxis: { ...axis, splitLine: { show: false } },
    valueAxis: axis,
    logAxis: axis,
    timeAxis: axis,
    legend: {
      top: 0,
      bottom: 'auto',
      left: 'left',
      textStyle: { color: colours.ink },
      inactiveColor: colours.strong,
      icon: 'roundRect',
      itemWidth: 12,
      itemHeight: 4,
    },
    tooltip: {
      backgroundColor: colours.panel,
      borderColor: colours.line,
      borderWidth: 1,
      padding: [6, 10],
      textStyle: { color: colours.ink, fontSize: 12 },
      axisPointer: { lineStyle: { color: colours.strong }, crossStyle: { color: colours.strong } },
    },
    line: { symbol: 'none', lineStyle: { width: 1.5 } },
    bar: { itemStyle: { borderRadius: [2, 2, 0, 0] } },
  };
}
