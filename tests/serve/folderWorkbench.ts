import { createWriteStream } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { callInputs, type CallHandlers, type CallName, type WorkbenchEvent } from '../../src-shared/api.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Workbench } from '../../src-main/workbench/workbench.ts';

/** What the workbench of a folder must never tell: it is in the path and the trace of its own faults. */
export const secret = 'innermost-secret-path';

/**
 * A small workbench that answers three calls from a folder; every other call of the contract fails in it as a fault of
 * a program does.
 */
export function folderWorkbench(folder: string) {
  const listeners = new Set<(event: WorkbenchEvent) => void>();
  const addresses: string[] = [];
  const handlers: Partial<CallHandlers> = {
    'files.list': async ({ path }) => ({
      path,
      parent: null,
      entries: (await readdir(folder)).map((name) => ({ name, path: name, kind: 'file' })),
    }),
    'experiments.save': ({ id, yaml }) => ({
      id: id ?? 'new',
      yaml,
      updatedAt: '',
      plan: null,
      planHash: null,
      fault: null,
      advice: [],
      parameters: null,
      estimate: null,
    }),
    'runs.show': ({ id }) => {
      throw new ArcBenchError('wrong-input', `There is no run ${id}.`);
    },
  };
  const workbench: Workbench = {
    async call(name, input) {
      if (!Object.hasOwn(callInputs, name)) throw new ArcBenchError('wrong-input', 'There is no such call.');
      const checked = callInputs[name as CallName].safeParse(input);
      if (!checked.success)
        throw new ArcBenchError('wrong-input', `The input of ${name} is not what the contract says.`);
      const handler = handlers[name as CallName] as ((value: unknown) => unknown) | undefined;
      if (!handler) await readFile(join(folder, secret)); // ENOENT with the path, as faults of a program have
      return await handler?.(checked.data);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async resource(address) {
      addresses.push(address);
      if (address === 'pictures/face/broken/0') throw new TypeError(`${folder}/${secret} is broken`);
      // follows '..': the door must not ask for it
      const path = join(folder, decodeURIComponent(address.split('?', 1)[0] ?? ''));
      return await readFile(path).then(
        (bytes) => ({ type: 'image/svg+xml', bytes }),
        () => null,
      );
    },
    async receive({ upload, path }, content) {
      const target = join(folder, 'uploads', upload, path);
      await mkdir(dirname(target), { recursive: true });
      try {
        await pipeline(content, createWriteStream(`${target}.part`));
      } catch (error) {
        await rm(`${target}.part`, { force: true });
        throw error;
      }
      await rename(`${target}.part`, target);
      return { folder: join(folder, 'uploads', upload) };
    },
    open: () => undefined,
    busy: () => false,
    close: async () => {},
  };
  return {
    ...workbench,
    listeners,
    addresses,
    emit: (event: WorkbenchEvent) => listeners.forEach((listener) => listener(event)),
  };
}
