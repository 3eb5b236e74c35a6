import { statSync } from 'node:fs';

/**
 * Says that other users of the machine can look into a workspace, and how to close it; null where they cannot. Faces
 * identify people, so a new workspace is closed. One that was opened may be shared on purpose.
 */
export function openToOthers(workspace: string): string | null {
  if (process.platform === 'win32') return null; // its permissions say nothing here
  const mode = (statSync(workspace, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
  if ((mode & 0o077) === 0) return null;
  return (
    `Other users of this machine can open the workspace ${workspace} (mode ${mode.toString(8)}), and it holds faces ` +
    'of people: `chmod 700` closes it.'
  );
}
