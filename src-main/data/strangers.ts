import { parse, relative } from 'node:path';

/**
 * Names the strangers of a folder of distractors, each of whom is on one picture: by its file's name, or where another
 * file has that name already, by its path below the folder.
 */
export function nameStrangers(folder: string): (path: string) => string {
  const taken = new Set<string>();
  return (path) => {
    const short = `distractor ${parse(path).name.normalize('NFC')}`;
    const name = taken.has(short) ? `distractor ${relative(folder, path).normalize('NFC')}` : short;
    taken.add(name);
    return name;
  };
}
