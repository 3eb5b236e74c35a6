import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { makeFolders } from '../../files/makeFolders.ts';
import { writeWholeSync } from '../../files/writeWholeSync.ts';

/** A small JSON file of the user's settings: what is missing or damaged reads as the default. */
export function keptFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  missing: z.output<Schema>,
): { read(): z.output<Schema>; write(value: z.output<Schema>): void } {
  return {
    read() {
      try {
        return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        return missing;
      }
    },
    write(value) {
      makeFolders(dirname(path));
      writeWholeSync(path, JSON.stringify(value));
    },
  };
}
