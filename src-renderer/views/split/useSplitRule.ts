import { refDebounced, useLocalStorage } from '@vueuse/core';
import { computed } from 'vue';
import type { DatasetSummary } from '../../../src-shared/api.ts';
import { assignments, experimentSchema, type Assignment } from '../../../src-shared/experiment.ts';

/** The place of a person as a whole. */
export type Place = Assignment;
export const places = assignments;

const standard = experimentSchema.parse({});
type Rule = typeof standard.split;

interface Kept {
  dataset: string | null;
  prepare: typeof standard.prepare;
  split: Rule;
}
const fresh = (): Kept => ({
  dataset: null,
  prepare: { ...standard.prepare },
  split: { ...standard.split, allowFindings: [], assign: {} },
});

/** The stored rule, without keys that this version does not know, and with defaults for missing ones. */
function withKnownKeys(kept: Kept, standing: Kept): Kept {
  const known = <Section extends object>(section: Section, stored: object | undefined): Section => ({
    ...section,
    ...Object.fromEntries(Object.entries(stored ?? {}).filter(([key]) => key in section)),
  });
  return {
    dataset: kept.dataset,
    prepare: known(standing.prepare, kept.prepare),
    split: known(standing.split, kept.split),
  };
}

/** The rule that the Split view edits, kept in this browser, and the input of the split's calls made from it. */
export function useSplitRule(datasetOf: (hash: string) => DatasetSummary | null) {
  const kept = useLocalStorage<Kept>('arcbench.split', fresh(), { mergeDefaults: withKnownKeys });
  const input = computed(() => {
    const chosen = datasetOf(kept.value.dataset ?? '');
    if (chosen === null) return null;
    return { data: chosen.data, prepare: kept.value.prepare, split: kept.value.split };
  });
  return {
    kept,
    input,
    /** The input, once the sliders are at rest. */
    settled: refDebounced(input, 150),
    /** Chooses a dataset. People assigned by hand and allowed findings belong to the old one and are cleared. */
    choose: (hash: string): void => {
      if (kept.value.dataset === hash) return;
      kept.value.dataset = hash;
      const usesFound = datasetOf(hash)?.facesFound ?? false;
      const { prepare } = kept.value;
      if (usesFound && prepare.alignment === 'auto') prepare.alignment = 'detect';
      else if (!usesFound && prepare.alignment === 'detect') prepare.alignment = 'auto';
      Object.assign(kept.value.split, { from: 'auto', assign: {}, allowFindings: [] } satisfies Partial<Rule>);
    },
    reset: (): void => {
      kept.value = { ...fresh(), dataset: kept.value.dataset };
    },
  };
}
export type SplitRule = ReturnType<typeof useSplitRule>;
