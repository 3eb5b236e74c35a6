import { ArcBenchError } from '../../src-shared/errors.ts';
import type { DroppedFolder } from './droppedFolder.ts';

const atOnce = 4;

/** How much of an upload has arrived. */
export interface UploadProgress {
  readonly files: number;
  readonly totalFiles: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/**
 * Uploads a folder file by file to the workbench's machine and returns its path there. Throws ArcBenchError, with the
 * code 'cancelled' where the signal aborts it.
 */
export async function uploadFolder(
  { name, files }: DroppedFolder,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: UploadProgress) => void },
): Promise<string> {
  const upload = [...crypto.getRandomValues(new Uint32Array(2))].map((part) => part.toString(36)).join('');
  const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
  let sent = 0;
  let bytes = 0;
  let next = 0;
  let folder: string | undefined;
  const worker = async (): Promise<void> => {
    for (let item = files[next++]; item !== undefined; item = files[next++]) {
      folder = await putFile({ upload, path: `${name}/${item.path}`, file: item.file, signal });
      sent += 1;
      bytes += item.file.size;
      onProgress({ files: sent, totalFiles: files.length, bytes, totalBytes });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (folder === undefined)
    throw new ArcBenchError(
      'wrong-input',
      `The folder ${name} has no files. Choose a folder with one sub-folder of pictures per person.`,
    );
  return `${folder}/${name}`;
}

async function putFile({
  upload,
  path,
  file,
  signal,
}: {
  readonly upload: string;
  readonly path: string;
  readonly file: File;
  readonly signal: AbortSignal;
}): Promise<string> {
  const address = `uploads/${upload}/${path.split('/').map(encodeURIComponent).join('/')}`;
  const response = await fetch(address, {
    method: 'PUT',
    body: file,
    signal,
    headers: { 'content-type': 'application/octet-stream' },
  }).catch((error: unknown) => {
    if (signal.aborted) throw new ArcBenchError('cancelled', 'The upload was cancelled.');
    throw new ArcBenchError(
      'failed',
      `${path} could not be sent. Check that the workbench is running and that the file can be read, ` +
        'and try again.',
      { cause: error },
    );
  });
  const answer = (await response.json().catch(() => ({}))) as { readonly folder?: string; readonly message?: string };
  if (!response.ok || answer.folder === undefined)
    throw new ArcBenchError(
      'failed',
      answer.message ??
        `${path} was rejected by the workbench (${response.status}). Remove it from the folder and try again.`,
    );
  return answer.folder;
}
