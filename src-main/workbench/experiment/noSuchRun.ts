import { ArcBenchError } from '../../../src-shared/errors.ts';

/** The refusal of a run that the workspace does not hold. */
export const noSuchRun = (id: string): ArcBenchError =>
  new ArcBenchError('wrong-input', `There is no run ${id}: \`arcbench runs list\` names them.`);
