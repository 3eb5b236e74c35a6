import type { Dataset } from './dataset.ts';
import type { PreparedImage, PreparedSet } from './preparedSet.ts';

/**
 * A prepared set as it would be for a dataset whose pictures it holds, and more: without those that were excluded since
 * and with the names that people have now. Pixels are read from the set that is there. Null where a picture is missing.
 *
 * `alike` has the hash and the description that the set of the dataset would have.
 */
export function editedSet(
  whole: PreparedSet,
  { images: wanted, partsGivenBy }: Pick<Dataset, 'images' | 'partsGivenBy'>,
  alike: Pick<PreparedSet, 'hash' | 'alignment'>,
): PreparedSet | null {
  const placeOf = new Map(whole.images.map(({ path }, place) => [path, place]));
  const rejectedOf = new Map(whole.rejected.map((rejected) => [rejected.path, rejected]));
  const { detection: _, partsGivenBy: __, ...described } = whole;
  const images: PreparedImage[] = [];
  const places: number[] = [];
  const rejected: PreparedSet['rejected'][number][] = [];
  for (const { path, identity, contentHash } of wanted) {
    const place = placeOf.get(path);
    const image = place === undefined ? undefined : whole.images[place];
    const left = rejectedOf.get(path);
    if (place !== undefined && image !== undefined && image.contentHash === contentHash) {
      images.push({ ...image, identity });
      places.push(place);
    } else if (left) rejected.push(left);
    else return null;
  }
  return {
    ...described,
    ...alike,
    ...(partsGivenBy !== undefined && { partsGivenBy }),
    count: images.length,
    images,
    rejected,
    places,
  };
}
