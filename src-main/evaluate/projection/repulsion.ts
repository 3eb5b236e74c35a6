const openingAngle = 0.5;
const bitsOf = { 2: 16, 3: 10 } as const; // of each axis in a cell's number

/**
 * The repulsive part of t-SNE's gradient by Barnes and Hut (van der Maaten, JMLR 15, 2014, section 4.2): fills `forces`
 * [points][dimensions] with Σ_j q_ij² (y_i - y_j) and returns Z = Σ_i≠j q_ij, where q_ij = 1 / (1 + |y_i - y_j|²). A
 * cell that is seen under less than half a radian counts as one point.
 */
export function repulsion(places: Float64Array, dimensions: 2 | 3, forces: Float64Array): number {
  const points = places.length / dimensions;
  const bits = bitsOf[dimensions];
  const low = [Infinity, Infinity, Infinity],
    high = [-Infinity, -Infinity, -Infinity];
  places.forEach((value, at) => {
    const axis = at % dimensions;
    if (value < low[axis]!) low[axis] = value;
    if (value > high[axis]!) high[axis] = value;
  });
  const span = Math.max(...high.slice(0, dimensions).map((value, axis) => value - low[axis]!), 1e-12) * 1.000001;

  // Cells are runs of points in the order of their interleaved bits (Morton); number and point share one float, so that
  // the sort is native.
  const keys = new Float64Array(points);
  for (let point = 0; point < points; point++) {
    let key = 0;
    const cell = [0, 0, 0];
    for (let axis = 0; axis < dimensions; axis++)
      cell[axis] = ((places[point * dimensions + axis]! - low[axis]!) / span) * 2 ** bits;
    for (let bit = bits - 1; bit >= 0; bit--)
      for (let axis = 0; axis < dimensions; axis++) key = key * 2 + ((cell[axis]! >> bit) & 1);
    keys[point] = key * 2 ** 20 + point;
  }
  keys.sort();
  const order = Uint32Array.from(keys, (key) => key % 2 ** 20);
  const codes = Float64Array.from(keys, (key) => Math.floor(key / 2 ** 20));

  // The tree, depth first: the next node is the first child, `behind` is the one after all children.
  const centres = new Float64Array(2 * points * dimensions);
  const masses = new Float64Array(2 * points);
  const widths = new Float64Array(2 * points);
  const behind = new Uint32Array(2 * points);
  let nodes = 0;
  const add = (from: number, to: number, level: number): number => {
    const children = 2 ** (dimensions * (bits - 1 - level)); // codes in one child
    if (to - from > 1 && level < bits && Math.floor(codes[from]! / children) === Math.floor(codes[to - 1]! / children))
      return add(from, to, level + 1); // an only child
    const node = nodes++;
    masses[node] = to - from;
    if (to - from === 1 || level >= bits) {
      for (let at = from; at < to; at++)
        for (let axis = 0; axis < dimensions; axis++)
          centres[node * dimensions + axis]! += places[order[at]! * dimensions + axis]! / (to - from);
    } else {
      widths[node] = span / 2 ** level;
      for (let at = from; at < to;) {
        const child = Math.floor(codes[at]! / children);
        let end = at + 1;
        let beyond = to;
        while (end < beyond) {
          const middle = (end + beyond) >> 1;
          if (Math.floor(codes[middle]! / children) === child) end = middle + 1;
          else beyond = middle;
        }
        const added = add(at, end, level + 1);
        for (let axis = 0; axis < dimensions; axis++)
          centres[node * dimensions + axis]! += centres[added * dimensions + axis]! * (masses[added]! / masses[node]!);
        at = end;
      }
    }
    behind[node] = nodes;
    return node;
  };
  add(0, points, 0);

  let total = -points; // each point sees itself with q = 1
  const limit = openingAngle ** 2;
  for (let point = 0; point < points; point++) {
    const x = places[point * dimensions]!,
      y = places[point * dimensions + 1]!,
      z = dimensions === 3 ? places[point * 3 + 2]! : 0;
    let fx = 0,
      fy = 0,
      fz = 0;
    for (let node = 0; node < nodes;) {
      const at = node * dimensions;
      const dx = x - centres[at]!,
        dy = y - centres[at + 1]!,
        dz = dimensions === 3 ? z - centres[at + 2]! : 0;
      const squared = dx * dx + dy * dy + dz * dz;
      const width = widths[node]!;
      if (width * width >= limit * squared && width > 0) {
        node++;
        continue;
      }
      const q = 1 / (1 + squared);
      const weight = masses[node]! * q;
      total += weight;
      fx += weight * q * dx;
      fy += weight * q * dy;
      fz += weight * q * dz;
      node = behind[node]!;
    }
    forces[point * dimensions] = fx;
    forces[point * dimensions + 1] = fy;
    if (dimensions === 3) forces[point * 3 + 2] = fz;
  }
  return total;
}
