/** Groups of the numbers from 0 that grow by joining (union-find). The lowest number of a group names it. */
export function disjointGroups(count: number): {
  rootOf(item: number): number;
  join(first: number, second: number): void;
} {
  const parents = Int32Array.from({ length: count }, (_, item) => item);
  const rootOf = (item: number): number => {
    let root = item;
    while (parents[root] !== root) root = parents[root]!;
    for (let at = item; at !== root;) {
      const next = parents[at]!;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  return {
    rootOf,
    join(first, second) {
      const [low, high] = [rootOf(first), rootOf(second)].sort((a, b) => a - b) as [number, number];
      parents[high] = low;
    },
  };
}
