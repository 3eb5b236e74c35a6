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

/** Electron's bridge to the workbench; it is open as long as the window is. */
export function bridgeTransport(bridge: ElectronBridge): Transport {
  return {
    // As JSON, like the socket's messages: reactive objects cannot be cloned between processes.
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
