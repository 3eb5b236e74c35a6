import type { WireMessage, WireRequest, WorkbenchEvent } from '../../src-shared/api.ts';
import type { Transport } from './transport.ts';

/** What Electron's preload exposes as window.arcbench. */
export interface ElectronBridge {
  request(message: WireRequest): Promise<WireMessage>;
  onEvent(listener: (event: WorkbenchEvent) => void): () => void;
  /** The path on disk of a dropped file or folder. */
  pathOf?(file: File): string;
}

declare global {
  interface Window {
    readonly arcbench?: ElectronBridge;
  }
}

/** Electron's door: in one process group with the workbench, so it is open as long as the window is. */
export function bridgeTransport(bridge: ElectronBridge): Transport {
  return {
    // As JSON, like the socket's: what is reactive cannot be cloned from process to process.
    request: (message) => bridge.request(JSON.parse(JSON.stringify(message)) as WireRequest),
    onEvent: (listener) => bridge.onEvent(listener),
    onState: (listener) => {
      listener('open');
      return () => {};
    },
    reconnect: () => {},
    close: () => {},
  };
}
