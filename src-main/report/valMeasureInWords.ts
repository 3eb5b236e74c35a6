import type { ReportContext } from './reportContext.ts';

const isIdentification = ({ model }: ReportContext): boolean => model.plan.evaluation.select === 'identification';

/** The val measure that chooses epochs, values and variants, as it stands in a sentence. */
export const valMeasure = (context: ReportContext): string =>
  context.texts.say(isIdentification(context) ? 'axis.valIdentification' : 'axis.valAccuracy');

/** The title of its column. */
export const valColumn = (context: ReportContext): string =>
  context.texts.say(isIdentification(context) ? 'column.valIdentification' : 'column.valTop1');
