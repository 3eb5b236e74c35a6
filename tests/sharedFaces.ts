import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Pictures of real people cannot be part of the repository: a checkout may have them in a folder beside it. */
const places = {
  att_faces: 'data/att_faces',
  course_faces: 'data/course_faces',
  'small_lfw.bin': 'golden/formats/small_lfw.bin',
  'sample.rec': 'golden/formats/sample.rec',
} as const;

export interface SharedFaces {
  readonly path: string;
  /** False where the faces are there, else the reason why a test on them is skipped. */
  readonly skip: string | false;
}

/**
 * Real faces beside the checkout. Each test on them gives `skip` to Node's runner and has a twin on drawn faces, so
 * that a clone without them tests the same code.
 */
export function sharedFaces(name: keyof typeof places): SharedFaces {
  const path = fileURLToPath(new URL(`../../shared/${places[name]}`, import.meta.url));
  return { path, skip: existsSync(path) ? false : `real faces are needed: ../shared/${places[name]} is not there` };
}
