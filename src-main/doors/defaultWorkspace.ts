import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where data, runs and reports are kept unless told otherwise. */
export const defaultWorkspace = join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'arcbench');
