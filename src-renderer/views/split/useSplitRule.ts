import { refDebounced, useLocalStorage } from '@vueuse/core';
import { computed, watch } from 'vue';
import type { DatasetSummary } from '../../../src-shared/answers/datasetAnswers.ts';
import { assignments, type Assignment } from '../../../src-shared/splitSchema.ts';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import { useUndo, type OtherChange } from '../../components/useUndo.ts';

/** The place of a person as a whole. */
export type Place = Assignment;
export const places = assignments;

const standard = experimentSchema.parse({});
type Rule = typeof standard.split;
type Prepare = typeof standard.prepare;
/** How the faces of one dataset are prepared and split. */
interface Settings {
  prepare: Prepare;
  split: Rule;
}
interface Kept extends Settings {
  dataset: string | null;
}
const fresh = (): Settings => ({
  prepare: { ...standard.prepare },
  split: { ...standard.split, allowFindings: [], assign: {} },
});

const withKnown = <Section extends object>(section: Section, stored: object | undefined): Section => ({
  ...section,
  ...Object.fromEntries(Object.entries(stored ?? {}).filter(([key]) => key in section)),
});
/** Stored settings, without keys that this version does not know, and with defaults for missing ones. */
const withKnownKeys = (stored: Partial<Settings> | undefined, standing = fresh()): Settings => ({
  prepare: withKnown(standing.prepare, stored?.prepare),
  split: withKnown(standing.split, stored?.split),
});

/** Datasets whose settings are kept; the ones used longest ago are forgotten. */
const mostKept = 60;
/** Settings belong to what was imported, so that they are still there after the same faces are imported again. */
const keyOf = (dataset: DatasetSummary): string => JSON.stringify(dataset.data);

/** The parts of the settings that can be set back to their defaults, each by itself. */
const sections = {
  faces: () => ({ prepare: Object.keys(standard.prepare) as (keyof Prepare)[], split: [] }),
  people: () => ({ prepare: [], split: ['minImages', 'valPeople', 'query', 'distractors'] as const }),
  images: () => ({ prepare: [], split: ['train', 'val', 'test', 'duplicates', 'seed'] as const }),
} satisfies Record<string, () => { prepare: readonly (keyof Prepare)[]; split: readonly (keyof Rule)[] }>;
export type RuleSection = keyof typeof sections;

/**
 * The settings that the Split view edits, kept in this browser for each dataset, and the input of the split's calls
 * made from them.
 */
export function useSplitRule(
  datasetOf: (hash: string) => DatasetSummary | null,
  /** Whether a person is excluded by hand: a move of the person then waits until the person is there again. */
  isExcluded: (identity: string) => boolean,
) {
  const kept = useLocalStorage<Kept>(
    'arcbench.split',
    { dataset: null, ...fresh() },
    { mergeDefaults: (stored, standing) => ({ dataset: stored.dataset, ...withKnownKeys(stored, standing) }) },
  );
  const others = useLocalStorage<Record<string, Settings>>('arcbench.split.datasets', {});
  const { replace, ...undoing } = useUndo(kept);

  const store = (): void => {
    const present = datasetOf(kept.value.dataset ?? '');
    if (present === null) return;
    const { [keyOf(present)]: _before, ...rest } = others.value;
    const { prepare, split } = kept.value;
    others.value = Object.fromEntries([...Object.entries(rest), [keyOf(present), { prepare, split }]].slice(-mostKept));
  };
  watch(() => [kept.value.prepare, kept.value.split], store, { deep: true });

  const input = computed(() => {
    const chosen = datasetOf(kept.value.dataset ?? '');
    if (chosen === null) return null;
    const { prepare, split } = kept.value;
    const present = Object.entries(split.assign).filter(([identity]) => !isExcluded(identity));
    return { data: chosen.data, prepare, split: { ...split, assign: Object.fromEntries(present) } };
  });
  const differs = (section: RuleSection): boolean => {
    const { prepare, split } = sections[section]();
    return (
      prepare.some((key) => kept.value.prepare[key] !== standard.prepare[key]) ||
      split.some((key) => kept.value.split[key] !== standard.split[key])
    );
  };
  return {
    kept,
    input,
    /** The input, once the sliders are at rest. */
    settled: refDebounced(input, 150),
    /** Chooses a dataset, with the settings that it had when it was last looked at. */
    choose: (hash: string): void => {
      if (kept.value.dataset === hash) return;
      store();
      const next = datasetOf(hash);
      const stored = next === null ? undefined : others.value[keyOf(next)];
      const settings = withKnownKeys(stored);
      // Where a search has found faces, they are used unless the user has chosen otherwise.
      if (stored === undefined && next?.facesFound) settings.prepare.alignment = 'detect';
      kept.value = { dataset: hash, ...settings };
    },
    /** Takes the settings of elsewhere, such as an experiment's. */
    take: (next: Kept): void => {
      store();
      kept.value = structuredClone(next);
    },
    differs,
    /** Sets one section back to its defaults. */
    reset: (section: RuleSection): void => {
      const { prepare, split } = sections[section]();
      for (const key of prepare) Object.assign(kept.value.prepare, { [key]: standard.prepare[key] });
      for (const key of split) Object.assign(kept.value.split, { [key]: standard.split[key] });
    },
    undoing,
    /** Moves what was set for a person to another name; null where nothing was. It is no step of its own. */
    renaming: (from: string, to: string): OtherChange | null => {
      const move = (before: string, after: string): void => {
        const { [before]: place, ...assign } = kept.value.split.assign;
        if (place === undefined) return;
        replace({ ...kept.value, split: { ...kept.value.split, assign: { ...assign, [after]: place } } });
      };
      const { assign } = kept.value.split;
      if (!Object.hasOwn(assign, from) || Object.hasOwn(assign, to)) return null;
      move(from, to);
      return { undo: () => move(to, from), redo: () => move(from, to) };
    },
  };
}
export type SplitRule = ReturnType<typeof useSplitRule>;
