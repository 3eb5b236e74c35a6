/** The tags that all of some things have. */
export const commonTags = (things: readonly { readonly tags: readonly string[] }[]): readonly string[] =>
  (things[0]?.tags ?? []).filter((tag) => things.every(({ tags }) => tags.includes(tag)));
