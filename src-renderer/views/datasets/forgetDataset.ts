import type { DatasetSummary } from '../../../src-shared/answers/datasetAnswers.ts';
import { call } from '../../client/workbench.ts';
import { confirm } from '../../components/confirm.ts';
import { showFault } from '../../components/toasts.ts';

/** Asks, and then takes a dataset off the list. Whether it did. */
export async function forgetDataset({ hash, name, uploaded }: DatasetSummary): Promise<boolean> {
  const isMeant = await confirm({
    title: `Remove ${name} from the list?`,
    text: uploaded
      ? 'Its uploaded pictures are deleted, with their prepared faces and split folders. Runs and reports are kept.'
      : 'Its pictures, prepared faces and runs are kept. What you excluded, renamed and tagged is forgotten.',
    action: 'Remove',
    danger: true,
  });
  if (!isMeant) return false;
  return await call('datasets.forget', { hash }).then(
    () => true,
    (error: unknown) => {
      showFault(error);
      return false;
    },
  );
}
