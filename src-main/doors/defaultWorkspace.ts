import { isAbsolute, join } from 'node:path';
import { userHome } from '../files/userHome.ts';

/**
 * Where data, runs and reports are kept unless --workspace names another folder. Throws 'wrong-input' where the user
 * has no home folder.
 */
export function defaultWorkspace(): string {
  const { XDG_DATA_HOME: shared = '' } = process.env; // what is empty or relative counts as not set
  return join(isAbsolute(shared) ? shared : join(userHome(), '.local', 'share'), 'arcbench');
}
