import { sep } from 'node:path';

/**
 * Finds the place of a picture in a prepared set by the path that a run kept of it. The pictures may lie elsewhere by
 * now; then the names of the file and its folder decide, if only one picture has them.
 */
export function pictureFinder(paths: readonly string[]): (path: string) => number | undefined {
  const places = new Map(paths.map((path, place) => [path, place]));
  let byEnding: ReadonlyMap<string, number | null> | null = null;
  return (path) => {
    const place = places.get(path);
    if (place !== undefined) return place;
    byEnding ??= uniqueEndings(paths);
    return byEnding.get(endingOf(path)) ?? undefined;
  };
}

const endingOf = (path: string): string => path.split(sep).slice(-2).join(sep);

/** The place of each ending; null if several paths have it. */
function uniqueEndings(paths: readonly string[]): ReadonlyMap<string, number | null> {
  const places = new Map<string, number | null>();
  for (const [place, path] of paths.entries()) {
    const ending = endingOf(path);
    places.set(ending, places.has(ending) ? null : place);
  }
  return places;
}
