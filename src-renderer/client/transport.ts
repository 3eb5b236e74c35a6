import type { WireMessage, WireRequest, WorkbenchEvent } from '../../src-shared/api.ts';

/** 'opening' before the first connection, 'lost' while a broken one is tried again. */
export type ConnectionState = 'opening' | 'open' | 'lost';

/** One way to the workbench: the socket of `arcbench serve`, or Electron's bridge. */
export interface Transport {
  /** Sends a request and resolves with its answer; rejects with ArcBenchError where no answer can come. */
  request(message: WireRequest): Promise<WireMessage>;
  onEvent(listener: (event: WorkbenchEvent) => void): () => void;
  /** Tells each change of the connection, beginning with the present state. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Tries again now instead of when the back-off is over. */
  reconnect(): void;
  close(): void;
}
