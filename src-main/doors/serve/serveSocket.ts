import type { WireMessage, WorkbenchEvent } from '../../../src-shared/api.ts';
import type { Workbench } from '../../workbench/workbench.ts';
import { answerRequest, requestId } from '../answerRequest.ts';
import type { Log } from '../wireFault.ts';
import type { ServeLimits } from './serveLimits.ts';
import { tokenBucket } from './tokenBucket.ts';

/** The part of a WebSocket of the package ws that is used here. */
export interface ClientSocket {
  readonly bufferedAmount: number;
  send(text: string, sent?: () => void): void;
  send(text: Uint8Array, options: { readonly binary: false }, sent?: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
  pause(): void;
  resume(): void;
  on(event: 'message', listener: (data: Buffer, binary: boolean) => void): unknown;
  on(event: 'pong' | 'close', listener: () => void): unknown;
}

/**
 * Answers the calls of one client and sends it every event. A client that reads slowly gets only the newest state; one
 * that does not read is disconnected, and asks for everything again when it comes back.
 */
export function serveSocket(
  socket: ClientSocket,
  { workbench, limits, log }: { readonly workbench: Workbench; readonly limits: ServeLimits; readonly log: Log },
): void {
  const bucket = tokenBucket(limits.rate);
  const held = new Map<string, string>();
  let heldBytes = 0;
  let refused = 0;
  let pending = 0;
  let counter = 0;
  let alive = true;
  let buffered = 0;

  const congested = () => socket.bufferedAmount > limits.bufferedBytes;
  const readOn = () => (pending >= limits.pendingCalls || congested() ? socket.pause() : socket.resume());
  const sent = () => {
    for (const [key, text] of held) {
      if (congested()) break;
      release(key);
      socket.send(text, sent);
    }
    readOn();
  };
  const release = (key: string) => {
    heldBytes -= held.get(key)?.length ?? 0;
    held.delete(key);
  };
  const send = (message: WireMessage) => {
    if ('result' in message && message.result instanceof Uint8Array)
      socket.send(
        Buffer.concat([Buffer.from(`{"id":${message.id},"result":`), message.result, Buffer.from('}')]),
        { binary: false },
        sent,
      );
    else socket.send(JSON.stringify(message), sent);
  };

  const unsubscribe = workbench.subscribe((event) => {
    const text = JSON.stringify(event satisfies WireMessage);
    if (held.size === 0 && !congested()) return socket.send(text, sent);
    const key = stateOf(event) ?? `event ${counter++}`;
    release(key);
    held.set(key, text);
    heldBytes += text.length;
    if (heldBytes > limits.heldBytes) socket.terminate();
  });

  socket.on('message', (data, binary) => {
    if (binary) return socket.close(1003, 'Messages are JSON text.');
    const message = parsed(data);
    if (!bucket.take()) {
      refused += 1;
      if (refused > limits.rate.burst) return socket.close(1008, 'Too many messages.');
      return send({
        id: requestId(message),
        fault: {
          code: 'busy',
          message: `The workbench takes ${limits.rate.perSecond} messages a second: send them more slowly.`,
        },
      });
    }
    refused = 0;
    pending += 1;
    readOn();
    void answerRequest({ call: (name, input) => workbench.call(name, input, true) }, message, log)
      .then(send)
      .catch((error: unknown) => {
        log(`An answer could not be sent: ${String(error)}`);
        socket.close(1011, 'An answer could not be sent.');
      })
      .finally(() => {
        pending -= 1;
        readOn();
      });
  });

  const heartbeat = setInterval(() => {
    if (!alive && socket.bufferedAmount >= buffered) return socket.terminate();
    alive = false;
    buffered = socket.bufferedAmount;
    socket.ping();
  }, limits.heartbeat);
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('close', () => {
    unsubscribe();
    clearInterval(heartbeat);
    held.clear();
  });
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}

/**
 * What an event describes, where a newer event replaces an older one on the same thing; null where every event counts.
 */
function stateOf({ event, payload }: WorkbenchEvent): string | null {
  switch (event) {
    case 'job':
    case 'run':
      return `${event} ${payload.id}`;
    case 'reports.changed':
      return `${event} ${payload.id}`;
    case 'machine':
    case 'datasets.changed':
    case 'experiments.changed':
      return event;
    case 'points':
    case 'log':
    case 'job.dismissed':
    case 'run.deleted':
      return null;
  }
}
