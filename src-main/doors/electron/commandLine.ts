import { spawn } from 'node:child_process';
import type { App } from 'electron';
import { heapArguments } from '../../files/heapArguments.mjs';

const isFlag = (argument: string) => /^(--run(=.*)?|--help|-h|--version|-V)$/.test(argument);
/** Whether an argument is a command: a window opens files and addresses, so that a bare word can only be that. */
const isCommand = (argument: string, index: number, args: readonly string[]) =>
  /^[a-z]+$/.test(argument) && args[index - 1] !== '--workspace';

/** The arguments for the command line, such as `--run mine.yaml` or `doctor`; null where a window is asked for. */
export function commandLineIn(args: readonly string[]): readonly string[] | null {
  return args.some(isFlag) || args.some(isCommand) ? args.filter((argument) => argument !== '--no-sandbox') : null;
}

/** Runs the command line on the Node that the app carries, and ends with its exit code. */
export function runCommandLine(
  app: Pick<App, 'on' | 'exit' | 'whenReady'>,
  { node, program, args }: { readonly node: string; readonly program: string; readonly args: readonly string[] },
): void {
  const child = spawn(node, [...heapArguments(), program, ...args], { stdio: 'inherit' });
  app.on('before-quit', (event) => {
    event.preventDefault(); // the child saves a checkpoint first
    child.kill('SIGTERM');
  });
  const end = (code: number) => void app.whenReady().then(() => app.exit(code)); // an exit before it is ready can hang
  child.on('error', (error) => {
    process.stderr.write(`ArcBench's own Node could not be started: ${error.message}\n`);
    end(1);
  });
  child.on('exit', (code) => end(code ?? 1));
}
