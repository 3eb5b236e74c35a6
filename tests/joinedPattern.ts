/** One pattern of several, one after the other: a long sentence is tested in lines of a usual length. */
export const joinedPattern = (...parts: readonly RegExp[]): RegExp =>
  new RegExp(parts.map(({ source }) => source).join(''));
