import { createWriteStream, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readNpy } from '../../files/npyFile.ts';

/**
 * Writes a folder's embeddings.npy once more as text, with the configuration by which TensorBoard's projector shows the
 * folder: it reads no .npy. Returns the names of the files; none without embeddings.
 */
export async function writeProjectorFiles(folder: string, title: string): Promise<readonly string[]> {
  if (!existsSync(join(folder, 'embeddings.npy'))) return [];
  const { values, size } = readNpy(join(folder, 'embeddings.npy'));
  function* lines(): Generator<string> {
    for (let start = 0; start < values.length; start += size)
      yield `${Array.from(values.subarray(start, start + size), (value) => Number(value.toPrecision(7))).join('\t')}\n`;
  }
  await pipeline(lines, createWriteStream(join(folder, 'embeddings.tsv')));
  // JSON's escapes of quotes and control characters are the text format's too.
  await writeFile(
    join(folder, 'projector_config.pbtxt'),
    `embeddings {\n  tensor_name: ${JSON.stringify(title)}\n  tensor_path: "embeddings.tsv"\n  ` +
      'metadata_path: "labels.tsv"\n}\n',
  );
  return ['embeddings.tsv', 'projector_config.pbtxt'];
}
