import { onScopeDispose, readonly, ref } from 'vue';
import type { EventName, WorkbenchEvents } from '../../src-shared/api.ts';
import { bridgeTransport } from './bridgeTransport.ts';
import { createClient } from './createClient.ts';
import { socketTransport } from './socketTransport.ts';
import type { ConnectionState } from './transport.ts';

const client = createClient(
  window.arcbench === undefined
    ? socketTransport(new URL('api', document.baseURI).href.replace(/^http/, 'ws'))
    : bridgeTransport(window.arcbench),
);

/**
 * Calls the workbench: `await call('datasets.show', { hash })`. Rejects with ArcBenchError; show it with FaultNote or
 * showFault.
 */
export const call = client.call;
/** Listens to an event of the workbench for as long as the program runs, as stores do. */
export const on = client.on;
/** Runs after a lost connection is restored. */
export const onResync = client.onResync;
/** Retries a lost connection now. */
export const reconnect = client.reconnect;

const state = ref<ConnectionState>('opening');
client.onState((next) => {
  state.value = next;
});
/** The state of the connection. */
export const connection = readonly(state);

/** Listens to an event for as long as the component or effect scope lives. */
export function useEvent<Name extends EventName>(name: Name, listener: (payload: WorkbenchEvents[Name]) => void): void {
  onScopeDispose(on(name, listener));
}
