import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Runs an action while the system refuses to open a file for reading, as a failing disk, another account's file or a
 * lack of open files does. Files below a folder are refused too.
 */
export async function whileUnreadable<Result>(
  path: string,
  code: string,
  action: () => Result | Promise<Result>,
): Promise<Result> {
  const refuse = (target: unknown) => {
    const name = String(target);
    if (name !== path && !name.startsWith(`${path}/`)) return;
    throw Object.assign(new Error(`${code}: open '${name}'`), { code, syscall: 'open', path: name });
  };
  const { readFileSync, openSync, createReadStream, readdirSync } = fs;
  const { readFile, open, readdir, opendir } = fs.promises;
  const refusing =
    <Inputs extends readonly unknown[], Output>(own: (...inputs: Inputs) => Output) =>
    (...inputs: Inputs): Output => {
      refuse(inputs[0]);
      return own(...inputs);
    };
  const refusingLater =
    <Inputs extends readonly unknown[], Output>(own: (...inputs: Inputs) => Promise<Output>) =>
    async (...inputs: Inputs): Promise<Output> => {
      refuse(inputs[0]);
      return await own(...inputs);
    };
  Object.assign(fs, {
    readFileSync: refusing(readFileSync),
    openSync: refusing(openSync),
    createReadStream: refusing(createReadStream),
    readdirSync: refusing(readdirSync as (...inputs: readonly unknown[]) => unknown),
  });
  Object.assign(fs.promises, {
    readFile: refusingLater(readFile),
    open: refusingLater(open),
    opendir: refusingLater(opendir),
    readdir: refusingLater(readdir as (...inputs: readonly unknown[]) => Promise<unknown>),
  });
  syncBuiltinESMExports();
  try {
    return await action();
  } finally {
    Object.assign(fs, { readFileSync, openSync, createReadStream, readdirSync });
    Object.assign(fs.promises, { readFile, open, readdir, opendir });
    syncBuiltinESMExports();
  }
}
