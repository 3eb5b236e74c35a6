import type { MetricPoint } from './metricPoint.ts';

/** What a write changed, for those who show it. */
export type StoreChange =
  | { readonly kind: 'run' | 'run-deleted'; readonly id: string }
  | { readonly kind: 'points'; readonly points: readonly MetricPoint[] }
  | { readonly kind: 'datasets' };
