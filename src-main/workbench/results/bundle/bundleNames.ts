/** The names of files and folders in a bundle. */
export const bundleNames = {
  model: 'model.json',
  report: 'report',
  runs: 'runs',
  splits: 'splits',
  embeddings: 'embeddings.npy',
  labels: 'labels.tsv',
} as const;
