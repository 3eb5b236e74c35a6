import { startFaceFinder, type EveryFaceFinder } from '../../data/faceFinder.ts';

const idleAfter = 300_000; // milliseconds

/** A face finder whose process starts with the first search, and ends when nothing was searched for a while. */
export function restingFinder(): Pick<EveryFaceFinder, 'findEvery'> {
  let finder: EveryFaceFinder | null = null;
  let searching = 0;
  let idle: NodeJS.Timeout | undefined;
  const rest = () => {
    finder?.close();
    finder = null;
  };
  return {
    async findEvery(picture) {
      clearTimeout(idle);
      searching++;
      try {
        return await (finder ??= startFaceFinder()).findEvery(picture);
      } catch (error) {
        rest(); // one that cannot work is not asked again
        throw error;
      } finally {
        searching--;
        if (searching === 0) {
          idle = setTimeout(rest, idleAfter);
          idle.unref();
        }
      }
    },
  };
}
