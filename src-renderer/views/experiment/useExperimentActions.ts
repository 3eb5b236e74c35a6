import { useRouter } from 'vue-router';
import { call } from '../../client/workbench.ts';
import { confirm } from '../../components/confirm.ts';
import { showFault } from '../../components/toasts.ts';
import { wayOn } from '../../components/wayOn.ts';
import { setKnob } from './experimentText.ts';

const longestName = 200; // characters

/** What can be done with an experiment, in its editor and from the list. */
export function useExperimentActions() {
  const router = useRouter();
  return {
    /** Makes a copy of an experiment's text, and opens it. */
    duplicate: ({ name, yaml }: { readonly name: string; readonly yaml: string }): Promise<void> => {
      const goOn = wayOn(router);
      const copy = setKnob(yaml, ['name'], `${name}, copy`.slice(0, longestName));
      return call('experiments.save', { id: null, yaml: copy }).then(
        ({ id }) => goOn({ name: 'experiment', params: { id } }),
        showFault,
      );
    },
    /** Asks whether the text of an experiment is to be deleted. */
    isDeletionMeant: (name: string): Promise<boolean> =>
      confirm({
        title: `Delete ${name}?`,
        text: 'Its text is deleted. Its runs and reports are kept.',
        action: 'Delete',
        danger: true,
      }),
    openReport: (planHash: string) => void router.push({ name: 'report', params: { id: planHash.slice(0, 12) } }),
  };
}
