import type { ScreenName } from '../screenName.ts';

/** An action of a view, as the palette offers it while another view is open. */
export interface ActionElsewhere {
  /** The id of the view's own command. */
  readonly id: string;
  readonly title: string;
  readonly screen: ScreenName;
}

/** What the views can do. Choosing one opens its view and does it there. */
export const actionsElsewhere: readonly ActionElsewhere[] = [
  { id: 'datasets.import', title: 'Import faces…', screen: 'datasets' },
  { id: 'split.prepare', title: 'Prepare the faces', screen: 'split' },
  { id: 'split.create', title: 'Create the folders of the split', screen: 'split' },
  { id: 'experiment.new', title: 'New experiment…', screen: 'experiment' },
  { id: 'experiment.start', title: 'Start or queue the experiment', screen: 'experiment' },
  { id: 'experiment.find', title: 'Find a setting of the experiment', screen: 'experiment' },
  { id: 'experiment.split', title: "Open the experiment's split", screen: 'experiment' },
  { id: 'experiment.tab', title: 'The experiment as a form, or as YAML', screen: 'experiment' },
  { id: 'experiment.duplicate', title: 'Duplicate the experiment', screen: 'experiment' },
  { id: 'experiment.delete', title: 'Delete the experiment…', screen: 'experiment' },
  { id: 'live.resume', title: 'Resume stopped runs', screen: 'live' },
  { id: 'live.smooth', title: 'Smooth curves, or not', screen: 'live' },
  { id: 'live.log', title: 'Logarithmic y axis, or not', screen: 'live' },
  { id: 'runs.group', title: 'Group seeds, or not', screen: 'runs' },
  { id: 'runs.export', title: 'Export the marked run: ONNX, weights, model card (ZIP)', screen: 'runs' },
  { id: 'runs.extend', title: 'Train more epochs of the marked runs and of their experiment', screen: 'runs' },
  { id: 'runs.delete', title: 'Delete the marked runs', screen: 'runs' },
  { id: 'embedding.compute', title: 'Compute the projection of the embeddings', screen: 'embedding' },
  { id: 'embedding.pca', title: 'Project the embeddings with PCA', screen: 'embedding' },
  { id: 'embedding.tsne', title: 'Project the embeddings with t-SNE', screen: 'embedding' },
  { id: 'embedding.umap', title: 'Project the embeddings with UMAP', screen: 'embedding' },
  { id: 'embedding.faces', title: 'Show points as faces, or as dots', screen: 'embedding' },
  { id: 'embedding.density', title: 'Show points as a density, or as dots', screen: 'embedding' },
  { id: 'embedding.camera', title: 'Reset the view of the embeddings', screen: 'embedding' },
  { id: 'embedding.link', title: 'Copy a link to the embeddings', screen: 'embedding' },
  { id: 'embedding.lasso', title: 'Select with the lasso', screen: 'embedding' },
  { id: 'embedding.save', title: 'Save the picture of the embedding as PNG', screen: 'embedding' },
  { id: 'report.export', title: 'Export the report as Markdown (ZIP)', screen: 'report' },
  { id: 'report.page', title: 'Export the report as one HTML file', screen: 'report' },
  { id: 'report.print', title: 'Print the report', screen: 'report' },
  { id: 'report.copy', title: 'Copy the report as Markdown', screen: 'report' },
  { id: 'report.write', title: 'Rewrite the report', screen: 'report' },
];
