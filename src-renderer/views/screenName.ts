/** The views, by their addresses. */
export type ScreenName =
  'datasets' | 'split' | 'experiment' | 'live' | 'runs' | 'embedding' | 'try' | 'report' | 'settings';
