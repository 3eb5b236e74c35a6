import { callNames, requestSchema, type WireMessage } from '../../src-shared/api.ts';
import type { Workbench } from '../workbench/workbench.ts';
import { wireFault, type Log } from './wireFault.ts';

/** Answers one message of a screen with its result or its fault; never throws. */
export async function answerRequest(
  workbench: Pick<Workbench, 'call'>,
  message: unknown,
  log: Log,
): Promise<WireMessage> {
  const request = requestSchema.safeParse(message);
  if (!request.success)
    return {
      id: requestId(message),
      fault: {
        code: 'wrong-input',
        message: 'This is not a message of ArcBench: one is {"id": number, "call": name, "input": {…}}.',
      },
    };
  const { id, call, input } = request.data;
  try {
    return { id, result: await workbench.call(call, input) };
  } catch (error) {
    return { id, fault: wireFault(error, (callNames as readonly string[]).includes(call) ? call : 'A call', log) };
  }
}

/** The id under which a message is answered: its own, or -1 where it has none. */
export function requestId(message: unknown): number {
  const id = typeof message === 'object' && message !== null && 'id' in message ? message.id : null;
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : -1;
}
