import { call } from '../../client/workbench.ts';
import { showFault, showToast } from '../../components/toasts.ts';
import type { DatasetChange } from '../../../src-shared/answers/datasetAnswers.ts';

/** People of a dataset by name, and pictures by index. */
export interface ChosenFaces {
  readonly people?: readonly string[];
  readonly pictures?: readonly number[];
}

/** Changes of a dataset by hand. Each says what it did, and can be undone. */
export function useDatasetEdits(hash: () => string) {
  async function undo(of = hash()): Promise<void> {
    await call('datasets.undo', { hash: of }).then(
      ({ done }) =>
        showToast({ tone: 'plain', title: done === null ? 'There is nothing to undo.' : `Undone: ${done}` }),
      showFault,
    );
  }
  async function change(changing: Promise<DatasetChange>): Promise<void> {
    const of = hash();
    const { done } = await changing;
    if (done !== null) showToast({ tone: 'plain', title: done, action: { label: 'Undo', run: () => void undo(of) } });
  }
  return {
    undo: () => void undo(),
    exclude: ({ people = [], pictures = [] }: ChosenFaces, excluded: boolean): void => {
      const input = { hash: hash(), people: [...people], pictures: [...pictures], excluded };
      void change(call('datasets.exclude', input)).catch(showFault);
    },
  };
}
