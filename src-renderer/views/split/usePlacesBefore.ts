import { computed, watch, type Ref } from 'vue';
import type { SplitPreview } from '../../../src-shared/answers/splitAnswers.ts';
import { sessionRef } from '../../components/sessionRef.ts';
import type { Place } from './useSplitRule.ts';

interface KnownPlaces {
  /** The rule under which they were drawn. */
  readonly rule: string;
  /** How many people were excluded. */
  readonly excluded: number;
  readonly places: ReadonlyMap<string, Place>;
}

/** Of so many rules the places are remembered, so that they are still known when a change of the rule is undone. */
const mostKnown = 8;

/**
 * Who has another place because people were excluded. A draw shuffles everybody who takes part, so without one person
 * the others are drawn again. Plans of earlier versions rely on that order, so it stays as it is.
 */
export function usePlacesBefore(preview: Readonly<Ref<SplitPreview | null>>, rule: () => string) {
  const known = sessionRef<readonly KnownPlaces[]>('split.places', []);
  const knownOf = (wanted: string): KnownPlaces | null => known.value.find((entry) => entry.rule === wanted) ?? null;
  watch(
    preview,
    (now) => {
      if (now === null) return;
      const before = knownOf(rule());
      if (before !== null && before.excluded !== now.excluded.people) return;
      const places = new Map(now.persons.map(({ identity, part }) => [identity, part]));
      const others = known.value.filter((entry) => entry !== before);
      known.value = [...others, { rule: rule(), excluded: now.excluded.people, places }].slice(-mostKnown);
    },
    { immediate: true },
  );
  /** Of each person who has another place now, the place before. */
  const moved = computed((): ReadonlyMap<string, Place> => {
    const before = knownOf(rule());
    if (preview.value === null || before === null) return new Map();
    return new Map(
      preview.value.persons.flatMap(({ identity, part }) => {
        const place = before.places.get(identity);
        return place === undefined || place === part ? [] : [[identity, place] as const];
      }),
    );
  });
  return moved;
}
