import { z } from 'zod';
import type { WireFault, WireMessage } from '../../../src-shared/api.ts';
import type { Workbench } from '../../workbench/workbench.ts';
import { outliveReaders } from '../../files/outliveReaders.ts';
import { answerRequest } from '../answerRequest.ts';
import { wireFault } from '../wireFault.ts';

/** What the window's process asks of the workbench's process, in addition to the contract's calls. */
export const hostRequestSchema = z.union([
  z.strictObject({ id: z.int(), resource: z.string() }),
  z.strictObject({ id: z.int(), busy: z.literal(true) }),
  z.strictObject({ open: z.string() }),
  z.strictObject({ close: z.literal(true) }),
]);
export interface HostedResource {
  readonly type: string;
  readonly base64: string;
  readonly fileName?: string | undefined;
}
export type HostMessage = WireMessage | { readonly opened: true } | { readonly notOpened: WireFault };

const log = (line: string) => {
  process.stderr.write(`${line}\n`);
};

/**
 * Gives a workbench to the process that started this one, over Node's channel between parent and child. SQLite,
 * pictures and jobs then never block a window, and a window survives their end. Ends when asked to or when the parent
 * is gone; training saves a checkpoint first.
 */
export async function hostWorkbench(open: () => Promise<Workbench>): Promise<void> {
  outliveReaders();
  const tell = (message: HostMessage) => {
    if (process.connected) process.send?.(message);
  };
  let workbench: Workbench;
  try {
    workbench = await open();
  } catch (error) {
    tell({ notOpened: wireFault(error, 'Opening the workspace', log) });
    process.disconnect();
    return;
  }
  const resource = async (id: number, address: string): Promise<HostMessage> => {
    try {
      const found = await workbench.resource(address);
      return {
        id,
        result:
          found &&
          ({
            type: found.type,
            base64: Buffer.from(found.bytes).toString('base64'),
            fileName: found.fileName,
          } satisfies HostedResource),
      };
    } catch (error) {
      return { id, fault: wireFault(error, 'The picture or file', log) };
    }
  };
  let closing: Promise<void> | null = null;
  const close = () =>
    (closing ??= workbench
      .close()
      .catch((error: unknown) => log(`The workbench did not close: ${String(error)}`))
      .finally(() => process.exit()));
  workbench.subscribe(tell);
  process.on('message', (message) => {
    const request = hostRequestSchema.safeParse(message);
    if (!request.success) void answerRequest(workbench, message, log).then(tell);
    else if ('close' in request.data) void close();
    else if ('open' in request.data) workbench.open(request.data.open);
    else if ('busy' in request.data) tell({ id: request.data.id, result: workbench.busy() });
    else void resource(request.data.id, request.data.resource).then(tell);
  });
  process.on('disconnect', () => void close());
  // A terminal sends these to every process; the window's process decides.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  process.on('SIGTERM', () => void close());
  tell({ opened: true });
}
