/** A point of a run's curve as the store keeps it; `at` in milliseconds since 1970. */
export interface MetricPoint {
  readonly run: string;
  readonly name: string;
  readonly step: number;
  readonly epoch: number;
  readonly value: number;
  readonly at: number;
}

/** What a write changed, for screens that show it. */
export type StoreChange =
  | { readonly kind: 'run' | 'run-deleted'; readonly id: string }
  | { readonly kind: 'points'; readonly points: readonly MetricPoint[] }
  | { readonly kind: 'datasets' };
