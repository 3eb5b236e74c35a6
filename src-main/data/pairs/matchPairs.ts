import { basename, extname } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { ListedPair, ListedPicture } from './pairsFile.ts';

/** Two pictures to be told apart or together; positions in a list of pictures. */
export interface FacePair {
  readonly first: number;
  readonly second: number;
  readonly same: boolean;
  readonly fold: number;
}

/** A picture that a list of pairs may mean. */
export interface NamedPicture {
  readonly path: string;
  readonly identity: string;
}

const slashed = (path: string) => path.replaceAll('\\', '/').normalize('NFC');

/**
 * The pairs of a list whose two pictures are among some: picture n of a person is Name_000n, or n, and a file is the
 * one whose path ends so. Throws 'wrong-input' where a file of the list may be two pictures.
 */
export function matchPairs(
  listed: readonly ListedPair[],
  pictures: Iterable<readonly [index: number, picture: NamedPicture]>,
  path: string,
): FacePair[] {
  const byNumber = new Map<string, number>();
  const byName = new Map<string, { readonly index: number; readonly path: string }[]>();
  for (const [index, picture] of pictures) {
    const file = slashed(picture.path);
    const name = basename(file);
    const number = /(?<!\d)\d+$/.exec(basename(name, extname(name)))?.[0];
    if (number !== undefined) byNumber.set(`${picture.identity.normalize('NFC')}\n${Number(number)}`, index);
    const ofName = byName.get(name);
    if (ofName) ofName.push({ index, path: file });
    else byName.set(name, [{ index, path: file }]);
  }
  const find = (picture: ListedPicture): number | undefined => {
    if ('person' in picture) return byNumber.get(`${picture.person}\n${picture.number}`);
    const wanted = slashed(picture.file).replace(/^(?:\.\/)+/, '');
    const found = (byName.get(basename(wanted)) ?? []).filter(
      (one) => one.path === wanted || one.path.endsWith(`/${wanted}`),
    );
    if (found.length > 1)
      throw new ArcBenchError(
        'wrong-input',
        `${path} names ${picture.file}, which may be ${found[0]?.path} or ${found[1]?.path}: a path that only one ` +
          "picture ends with was expected; add the person's folder to it.",
      );
    return found[0]?.index;
  };
  return listed.flatMap(({ first, second, same, fold }): FacePair[] => {
    const a = find(first);
    const b = find(second);
    return a === undefined || b === undefined ? [] : [{ first: a, second: b, same, fold }];
  });
}
