/** A file of a folder, with its path within the folder; segments are joined by '/'. */
export interface FolderFile {
  readonly path: string;
  readonly file: File;
}
/** What was dropped or chosen: one folder, or several items under a folder of that name. */
export interface DroppedFolder {
  readonly name: string;
  readonly files: readonly FolderFile[];
}

/** The name of a single folder is removed from the paths, so that its sub-folders are the people. */
export function asFolder(files: readonly FolderFile[]): DroppedFolder | null {
  const [first] = files;
  if (first === undefined) return null;
  const top = first.path.split('/')[0] ?? '';
  const single = files.every(({ path }) => path.startsWith(`${top}/`));
  return single
    ? { name: top, files: files.map(({ path, file }) => ({ path: path.slice(top.length + 1), file })) }
    : { name: 'faces', files };
}

/** The CSV at the top of a folder that lists its pictures by path and identity, if there is one. */
export async function faceList({ files }: DroppedFolder): Promise<string | null> {
  for (const { path, file } of files.filter((candidate) => /^[^/]+\.csv$/i.test(candidate.path))) {
    const [head = ''] = (await file.slice(0, 2000).text()).split(/\r?\n/);
    const columns = head.split(',').map((column) => column.replaceAll('"', '').trim());
    if (columns.includes('path') && columns.includes('identity')) return path;
  }
  return null;
}
