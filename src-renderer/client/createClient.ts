import type { CallInput, CallName, CallOutputs, EventName, WorkbenchEvents } from '../../src-shared/api.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { ConnectionState, Transport } from './transport.ts';

export interface Client {
  /** Calls the workbench; rejects with ArcBenchError, whose message is a sentence for the user. */
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]>;
  /** Listens to an event until the returned function is called. */
  on<Name extends EventName>(name: Name, listener: (payload: WorkbenchEvents[Name]) => void): () => void;
  /** Runs after a lost connection is restored: events were missed, so data must be fetched again. */
  onResync(listener: () => void): () => void;
  onState(listener: (state: ConnectionState) => void): () => void;
  reconnect(): void;
}

/** A typed client over a transport. */
export function createClient(transport: Transport): Client {
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  const resyncListeners = new Set<() => void>();
  let nextId = 0;
  let lost = false;
  transport.onEvent(({ event, payload }) => {
    for (const listener of listeners.get(event) ?? []) listener(payload as never);
  });
  transport.onState((state) => {
    if (state === 'open' && lost) for (const listener of resyncListeners) listener();
    lost = state === 'lost';
  });
  return {
    call: async <Name extends CallName>(name: Name, input: CallInput<Name>) => {
      const answer = await transport.request({ id: nextId++, call: name, input });
      if ('fault' in answer) throw new ArcBenchError(answer.fault.code, answer.fault.message);
      if ('event' in answer)
        throw new ArcBenchError(
          'failed',
          `The workbench answered ${name} with an event: the page and the workbench have different ` +
            'versions, reload the page.',
        );
      return answer.result as CallOutputs[Name];
    },
    on: (name, listener) => {
      const of = listeners.get(name) ?? new Set();
      listeners.set(name, of.add(listener));
      return () => of.delete(listener);
    },
    onResync: (listener) => {
      resyncListeners.add(listener);
      return () => resyncListeners.delete(listener);
    },
    onState: (listener) => transport.onState(listener),
    reconnect: () => transport.reconnect(),
  };
}
