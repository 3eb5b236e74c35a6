import type { WireMessage, WireRequest, WorkbenchEvent } from '../../src-shared/api.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { ConnectionState, Transport } from './transport.ts';

const shortestWaitMilliseconds = 250;
const longestWaitMilliseconds = 10_000;
/** How long a call waits for a lost socket to come back. */
const patienceMilliseconds = 15_000;

interface PendingRequest {
  readonly message: WireRequest;
  readonly resolve: (answer: WireMessage) => void;
  readonly reject: (error: ArcBenchError) => void;
}

/** Milliseconds until the next attempt: doubled each time up to 10 s, minus a random part of up to a quarter. */
export function backOff(attempt: number, draw: number): number {
  return Math.min(longestWaitMilliseconds, shortestWaitMilliseconds * 2 ** attempt) * (1 - draw / 4);
}

/**
 * The WebSocket transport. A lost socket is reopened with back-off. Calls that were open are rejected, since nobody
 * knows whether they were done; new calls wait up to 15 s for the socket.
 */
export function socketTransport(address: string): Transport {
  const eventListeners = new Set<(event: WorkbenchEvent) => void>();
  const stateListeners = new Set<(state: ConnectionState) => void>();
  const sent = new Map<number, PendingRequest>();
  const waiting = new Map<number, PendingRequest>();
  let state: ConnectionState = 'opening';
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | undefined;
  let closed = false;

  const become = (next: ConnectionState): void => {
    if (next === state) return;
    state = next;
    for (const listener of stateListeners) listener(state);
  };

  const send = (pending: PendingRequest): void => {
    sent.set(pending.message.id, pending);
    socket?.send(JSON.stringify(pending.message));
  };

  const receive = (message: WireMessage): void => {
    if ('event' in message) {
      for (const listener of eventListeners) listener(message);
      return;
    }
    sent.get(message.id)?.resolve(message);
    sent.delete(message.id);
  };

  const lose = (): void => {
    socket = undefined;
    for (const { reject } of sent.values())
      reject(
        new ArcBenchError(
          'failed',
          'The connection to the workbench was lost before it answered: look whether it was done, and try again.',
        ),
      );
    sent.clear();
    if (closed) return;
    become('lost');
    timer = setTimeout(open, backOff(attempt++, Math.random()));
  };

  function open(): void {
    clearTimeout(timer);
    const opening = new WebSocket(address);
    socket = opening;
    opening.addEventListener('open', () => {
      attempt = 0;
      become('open');
      for (const pending of waiting.values()) send(pending);
      waiting.clear();
    });
    opening.addEventListener('message', ({ data }) => receive(JSON.parse(String(data)) as WireMessage));
    opening.addEventListener('close', () => socket === opening && lose());
  }
  open();

  return {
    request: (message) =>
      new Promise((resolve, reject) => {
        if (state === 'open') return send({ message, resolve, reject });
        waiting.set(message.id, { message, resolve, reject });
        setTimeout(
          () =>
            waiting.delete(message.id) &&
            reject(
              new ArcBenchError(
                'failed',
                'The workbench does not answer: look whether it still runs; the screens go on by themselves ' +
                  'when it is back.',
              ),
            ),
          patienceMilliseconds,
        );
      }),
    onEvent: (listener) => {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    onState: (listener) => {
      stateListeners.add(listener);
      listener(state);
      return () => stateListeners.delete(listener);
    },
    reconnect: () => {
      if (state !== 'lost' || socket !== undefined) return;
      attempt = 0;
      open();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}
