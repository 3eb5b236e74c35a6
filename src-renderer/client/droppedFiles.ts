import { asFolder, type DroppedFolder, type FolderFile } from './droppedFolder.ts';

const hidden = (name: string): boolean => name.startsWith('.') || name === 'Thumbs.db' || name === '__MACOSX';

/**
 * Reads the dropped files and folders, including sub-folders. Must be called within the drop event. null where nothing
 * dropped was a file.
 */
export async function droppedFolder(transfer: DataTransfer): Promise<DroppedFolder | null> {
  // before any await: the browser empties the list after the event
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files: FolderFile[] = [];
  for (const entry of entries) await gather(entry, '', files);
  return asFolder(files);
}

/** The folder chosen by an <input webkitdirectory>. */
export function chosenFolder(list: FileList): DroppedFolder | null {
  return asFolder(
    [...list]
      .filter((file) => !file.webkitRelativePath.split('/').some(hidden))
      .map((file) => ({ path: file.webkitRelativePath || file.name, file })),
  );
}

async function gather(entry: FileSystemEntry, above: string, into: FolderFile[]): Promise<void> {
  if (hidden(entry.name)) return;
  const path = above === '' ? entry.name : `${above}/${entry.name}`;
  if (entry.isFile) {
    into.push({
      path,
      file: await new Promise<File>((resolve, reject) => {
        (entry as FileSystemFileEntry).file(resolve, reject);
      }),
    });
  } else {
    // Chromium does not expose this class, so instanceof cannot be used
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
        reader.readEntries(resolve, reject);
      }); // at most 100 a time
      if (some.length === 0) return;
      for (const child of some) await gather(child, path, into);
    }
  }
}
