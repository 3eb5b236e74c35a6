import type { Rejected } from './dataset.ts';

/** What a list of pictures holds: one entry for each picture, and one for each file that was left out. */
interface PictureList {
  readonly images: readonly ListedPicture[];
  readonly rejected: readonly Rejected[];
}
interface ListedPicture {
  readonly path: string;
  readonly identity: string;
}
/** The first line of a list: how many lines follow. Older versions wrote the pictures themselves, all in this line. */
interface ListHead {
  readonly images: number | readonly ListedPicture[];
  readonly rejected: number | readonly Rejected[];
}

/** The lines of a list: what is true of all of it and two counts, then each picture, then each file left out. */
export function* listedLines<List extends PictureList>(
  list: List,
  storedPath: (path: string) => string,
): Generator<string> {
  const { images, rejected } = list;
  yield JSON.stringify({ ...list, images: images.length, rejected: rejected.length });
  for (const entries of [images, rejected])
    for (const entry of entries) yield JSON.stringify({ ...entry, path: storedPath(entry.path) });
}

/** Reads the lines of a list, a few at a time. Pictures of one person share the person's name. */
export function listReader<List extends PictureList>(
  openedPath: (path: string) => string,
): { readonly read: (lines: readonly string[]) => void; readonly whole: () => List } {
  let head: (ListHead & Record<string, unknown>) | null = null;
  let pictures = 0; // which the head promises
  const images: ListedPicture[] = [];
  const rejected: Rejected[] = [];
  const names = new Map<string, string>();
  const opened = <Entry extends Rejected | ListedPicture>(entry: Entry): Entry =>
    Object.assign(entry, { path: openedPath(entry.path) });
  const add = (picture: ListedPicture) => {
    const identity = names.get(picture.identity) ?? picture.identity;
    names.set(identity, identity);
    images.push(Object.assign(opened(picture), { identity }));
  };
  const readHead = (line: string) => {
    head = JSON.parse(line) as ListHead & Record<string, unknown>;
    if (typeof head.images === 'number') pictures = head.images;
    else for (const picture of head.images) add(picture);
    if (typeof head.rejected !== 'number') for (const entry of head.rejected) rejected.push(opened(entry));
  };
  return {
    read(lines) {
      for (const line of lines) {
        if (head === null) readHead(line);
        else if (images.length < pictures) add(JSON.parse(line) as ListedPicture);
        else rejected.push(opened(JSON.parse(line) as Rejected));
      }
    },
    whole() {
      if (head === null || images.length < pictures) throw new Error('the list is not whole');
      return { ...head, images, rejected } as unknown as List;
    },
  };
}
