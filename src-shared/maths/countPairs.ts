/** Pairs of pictures above each of a falling row of similarities, counted by the people in them. */
export interface PairsByPerson {
  /** People in each group. They are numbered through all groups. Only people of one group stand in for each other. */
  readonly groups: readonly number[];
  readonly levels: number;
  /** Pairs of one person: [people], and those above each level, [levels x people]. */
  readonly genuine: Float64Array;
  readonly genuineAbove: Float64Array;
  /** Pairs of two people. Each counts for both of them. Shapes as above. */
  readonly impostors: Float64Array;
  readonly impostorsAbove: Float64Array;
}

export interface PairCounter {
  /** Counts a pair of one person that is above the levels from `level` on; a weight counts it as more or less. */
  genuine(person: number, level: number, weight?: number): void;
  /** Counts a pair of two people for one of them: call it for both. Takes no tuple, as pairs are many billions. */
  impostor(person: number, level: number, weight?: number): void;
  result(): PairsByPerson;
}

/** Counts pairs one by one. A pair at level `levels` is above none. */
export function countPairs(groups: readonly number[], levels: number): PairCounter {
  const people = groups.reduce((sum, group) => sum + group, 0);
  const counts: PairsByPerson = {
    groups,
    levels,
    genuine: new Float64Array(people),
    genuineAbove: new Float64Array(levels * people),
    impostors: new Float64Array(people),
    impostorsAbove: new Float64Array(levels * people),
  };
  const { genuine, genuineAbove, impostors, impostorsAbove } = counts;
  return {
    genuine(person, level, weight = 1) {
      genuine[person]! += weight;
      if (level < levels) genuineAbove[level * people + person]! += weight;
    },
    impostor(person, level, weight = 1) {
      impostors[person]! += weight;
      if (level < levels) impostorsAbove[level * people + person]! += weight;
    },
    result() {
      // A pair above a level is above all lower ones too.
      for (let place = people; place < levels * people; place++) {
        genuineAbove[place]! += genuineAbove[place - people]!;
        impostorsAbove[place]! += impostorsAbove[place - people]!;
      }
      return counts;
    },
  };
}

/** The first level of a falling row that a similarity is above; the row's length where it is above none. */
export function levelOf(falling: Float32Array | Float64Array, similarity: number): number {
  let low = 0;
  let high = falling.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (similarity > falling[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
