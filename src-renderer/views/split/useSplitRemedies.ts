import { allowedFinding } from '../../../src-shared/allowedFinding.ts';
import { formatPlural } from '../../components/format.ts';
import { showToast } from '../../components/toasts.ts';
import type { SplitRule } from './useSplitRule.ts';

/** What settles findings of the audit. Each remedy changes the rule of the split, and can be undone. */
export function useSplitRemedies({ kept, undoing: { undo } }: Pick<SplitRule, 'kept' | 'undoing'>) {
  const said = (title: string): void => showToast({ tone: 'plain', title, action: { label: 'Undo', run: undo } });
  return {
    allow(names: readonly string[], reason: string): void {
      const others = kept.value.split.allowFindings.filter((entry) => !names.includes(allowedFinding(entry).name));
      kept.value.split.allowFindings = [...others, ...names.map((name) => `${name}: ${reason}`)];
      said(`${formatPlural(names.length, ['finding is', 'findings are'])} allowed`);
    },
    forbid(name: string): void {
      kept.value.split.allowFindings = kept.value.split.allowFindings.filter(
        (entry) => allowedFinding(entry).name !== name,
      );
    },
    leaveOut(people: readonly string[]): void {
      const out = Object.fromEntries(people.map((person) => [person, 'left out' as const]));
      kept.value.split.assign = { ...kept.value.split.assign, ...out };
      said(
        people.length === 1
          ? `${people[0]} is left out`
          : `${formatPlural(people.length, ['person is', 'people are'])} left out`,
      );
    },
    resolve(): void {
      kept.value.split.duplicates = 'resolve';
      said('Copies of pictures are resolved');
    },
  };
}
