import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const { XDG_DATA_HOME: shared = '' } = process.env; // what is empty or relative counts as not set
/** Where data, runs and reports are kept unless --workspace names another folder. */
export const defaultWorkspace = join(isAbsolute(shared) ? shared : join(homedir(), '.local', 'share'), 'arcbench');
