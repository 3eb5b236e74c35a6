import type { Screen } from '../screens.ts';

/** An action of a view, as the palette offers it while another view is open. */
export interface ActionElsewhere {
  /** The id of the view's own command. */
  readonly id: string;
  readonly title: string;
  readonly screen: Screen['name'];
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
  { id: 'live.resume', title: 'Resume stopped runs', screen: 'live' },
  { id: 'live.smooth', title: 'Smooth curves, or not', screen: 'live' },
  { id: 'live.log', title: 'Logarithmic y axis, or not', screen: 'live' },
  { id: 'runs.group', title: 'Group runs by arm, or not', screen: 'runs' },
  { id: 'embedding.faces', title: 'Show points as faces, or as dots', screen: 'embedding' },
  { id: 'embedding.lasso', title: 'Select with the lasso', screen: 'embedding' },
  { id: 'embedding.save', title: 'Save the picture of the embedding as PNG', screen: 'embedding' },
  { id: 'report.export', title: 'Export the report as Markdown (ZIP)', screen: 'report' },
  { id: 'report.copy', title: 'Copy the report as Markdown', screen: 'report' },
  { id: 'report.write', title: 'Rewrite the report', screen: 'report' },
];
