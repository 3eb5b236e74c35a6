import type { WireMessage, WireRequest, WorkbenchEvent } from '../../src-shared/api.ts';

/** 'opening' before the first connection, 'lost' while a broken connection is being restored. */
export type ConnectionState = 'opening' | 'open' | 'lost';

/** One way to the workbench: the socket of `arcbench serve`, or Electron's bridge. */
export interface Transport {
  /** Sends a request and resolves with its answer. Rejects with ArcBenchError where no answer can come. */
  request(message: WireRequest): Promise<WireMessage>;
  onEvent(listener: (event: WorkbenchEvent) => void): () => void;
  /** Reports the present state of the connection and each change of it. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Tries again now instead of waiting for the back-off. */
  reconnect(): void;
  close(): void;
}
