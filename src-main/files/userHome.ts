import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';

/** The user's home folder: HOME where it is an absolute path, else what the system knows. Throws 'wrong-input'. */
export function userHome(): string {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const found = find();
      if (isAbsolute(found)) return found;
    } catch {
      // neither HOME nor an entry of the user
    }
  }
  throw new ArcBenchError(
    'wrong-input',
    'The user has no home folder: set HOME to an absolute path, or name a folder with --workspace.',
  );
}
