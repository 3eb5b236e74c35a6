import { resolve } from 'node:path';

/** What a command line asks to open. Chromium reorders arguments, so that only `--workspace=folder` is safe. */
export function openedWith(args: readonly string[], folder: string): { readonly workspace: string | null; readonly experiment: string | null } {
  const workspace = args.find((argument) => argument.startsWith('--workspace='))?.slice('--workspace='.length);
  const experiment = args.find((argument) => !argument.startsWith('-') && /\.arcbench\.ya?ml$/i.test(argument));
  return { workspace: workspace ? resolve(folder, workspace) : null, experiment: experiment === undefined ? null : resolve(folder, experiment) };
}
