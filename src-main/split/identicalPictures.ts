/** Of a string, as many bits as leave room for a picture's number in a whole number of 53 bits. */
const keyBits = 26;
const placeBits = 27; // 134 million pictures
const placesOfKey = 2 ** placeBits;

/**
 * The groups of two or more pictures with the same content, each in the order of the pictures, and the groups in the
 * order of their first pictures. Takes eight bytes a picture where nearly all differ: a map of their hashes would take
 * twenty times as much, and ends at 16 million.
 */
export function identicalPictures(
  images: readonly { readonly contentHash: string }[],
  pictures: Iterable<number> & { readonly length: number },
): number[][] {
  const keyed = new Float64Array(pictures.length);
  let count = 0;
  for (const picture of pictures) keyed[count++] = keyOf(images[picture]?.contentHash ?? '') * placesOfKey + picture;
  keyed.sort();
  const groups: number[][] = [];
  for (let first = 0; first < count;) {
    const key = Math.floor((keyed[first] as number) / placesOfKey);
    let end = first + 1;
    while (end < count && Math.floor((keyed[end] as number) / placesOfKey) === key) end++;
    if (end > first + 1) groups.push(...groupsAmong(images, keyed.subarray(first, end)));
    first = end;
  }
  return groups.sort(([a = 0], [b = 0]) => a - b);
}

/** The groups among a few pictures whose hashes have one key. */
function groupsAmong(images: readonly { readonly contentHash: string }[], keyed: Float64Array): number[][] {
  const byContent = new Map<string, number[]>();
  for (const entry of keyed) {
    const picture = entry % placesOfKey;
    const content = images[picture]?.contentHash ?? '';
    const group = byContent.get(content);
    if (group) group.push(picture);
    else byContent.set(content, [picture]);
  }
  return [...byContent.values()].filter((group) => group.length > 1);
}

/** FNV-1a, cut to the bits of a key. */
function keyOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0) >>> (32 - keyBits);
}
