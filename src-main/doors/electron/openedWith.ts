import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether an argument of a command line names an experiment to open. */
export const isExperiment = (argument: string) => !argument.startsWith('-') && /\.arcbench\.ya?ml$/i.test(argument);
const isWorkspace = (argument: string) => argument.startsWith('--workspace=');

export interface Opened {
  readonly workspace: string | null;
  readonly experiment: string | null;
}

/** What a command line asks to open. */
export function openedWith(args: readonly string[], folder: string): Opened {
  const workspace =
    args.find(isWorkspace)?.slice('--workspace='.length) ?? args[args.indexOf('--workspace') + 1 || args.length];
  const experiment = args.find(isExperiment);
  return {
    workspace: workspace ? resolve(folder, workspace) : null,
    experiment: experiment === undefined ? null : pathIn(experiment, folder),
  };
}

/** A double click on Linux gives a file's address, not its path. */
function pathIn(argument: string, folder: string): string {
  try {
    return argument.startsWith('file:') ? fileURLToPath(argument) : resolve(folder, argument);
  } catch {
    return resolve(folder, argument);
  }
}

/**
 * How the app restarts itself, in another workspace or the same one. It leaves out the experiment of its own command
 * line, which it has already opened.
 */
export function relaunchOptions({
  args,
  env,
  workspace,
  experiment,
}: Opened & { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv }): {
  readonly args: string[];
  readonly execPath?: string;
} {
  const isOther = (argument: string, index: number) =>
    isWorkspace(argument) || argument === '--workspace' || args[index - 1] === '--workspace';
  const kept = args.filter(
    (argument, index) => !isExperiment(argument) && !(workspace !== null && isOther(argument, index)),
  );
  const { APPIMAGE: image } = env; // the program lies in a mount that ends with this process
  return {
    args: [
      ...kept,
      ...(workspace === null ? [] : [`--workspace=${workspace}`]),
      ...(experiment === null ? [] : [experiment]),
    ],
    ...(image ? { execPath: image } : {}),
  };
}
