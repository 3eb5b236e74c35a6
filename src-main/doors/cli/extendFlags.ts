import { ArcBenchError } from '../../../src-shared/errors.ts';
import { trainingSchema } from '../../../src-shared/trainingSchema.ts';

const { epochs, learningRate } = trainingSchema.shape;

/** The epochs of --extend; given again, they are a further step. Throws 'wrong-input'. */
export function addedEpochs(text: string, before: readonly number[] = []): readonly number[] {
  const read = epochs.safeParse(numberIn(text));
  if (read.success) return [...before, read.data];
  throw new ArcBenchError(
    'wrong-input',
    `--extend ${text}: a whole number of epochs from 1 to 10000 was expected, such as --extend 20.`,
  );
}

/** The learning rate of --extend-rate. Throws 'wrong-input'. */
export function addedRate(text: string): number {
  const read = learningRate.safeParse(numberIn(text));
  if (read.success) return read.data;
  throw new ArcBenchError(
    'wrong-input',
    `--extend-rate ${text}: a learning rate above 0 and at most 10 was expected, such as --extend-rate 0.01.`,
  );
}

const numberIn = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));
