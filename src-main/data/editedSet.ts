import type { Dataset } from './dataset.ts';
import type { PreparedImage, PreparedSet } from './preparedSet.ts';

/**
 * A prepared set as it would be for a dataset whose pictures it holds, and more: without those that were excluded since
 * and with the names that people have now. Pixels are read from the set that is there. Null where a picture is missing,
 * or would be cut otherwise, as after a correction of its landmarks.
 *
 * `alike` has the hash and the description that the set of the dataset would have, and whether landmarks decide its
 * cuts.
 */
export function editedSet(
  whole: PreparedSet,
  { images: wanted, partsGivenBy }: Pick<Dataset, 'images' | 'partsGivenBy'>,
  { byLandmarks, ...alike }: Pick<PreparedSet, 'hash' | 'alignment'> & { readonly byLandmarks: boolean },
): PreparedSet | null {
  const placeOf = new Map(whole.images.map(({ path }, place) => [path, place]));
  const rejectedOf = new Map(whole.rejected.map((rejected) => [rejected.path, rejected]));
  const { detection: _, partsGivenBy: __, ...described } = whole;
  const images: PreparedImage[] = [];
  const places: number[] = [];
  const rejected: PreparedSet['rejected'][number][] = [];
  for (const { path, identity, contentHash, landmarks } of wanted) {
    const place = placeOf.get(path);
    const image = place === undefined ? undefined : whole.images[place];
    const left = rejectedOf.get(path);
    const isSame = image?.contentHash === contentHash && !(byLandmarks && image && isCutOtherwise(image, landmarks));
    if (place !== undefined && image !== undefined && isSame) {
      images.push({ ...image, identity });
      places.push(place);
    } else if (left && !(byLandmarks && landmarks)) rejected.push(left);
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

/** Whether a picture was cut by other landmarks than the given ones. Found ones count where none are given. */
function isCutOtherwise(image: PreparedImage, given: readonly number[] | undefined): boolean {
  if (given === undefined) return image.landmarks !== undefined && image.faces === undefined;
  return given.length !== image.landmarks?.length || given.some((value, at) => value !== image.landmarks?.[at]);
}
