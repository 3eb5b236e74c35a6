/** Limits of a served workbench. They keep a faulty or hostile client from using up memory, disk or time. */
export const serveLimits = {
  /** Bytes of one uploaded file. */
  uploadBytes: 64 * 2 ** 20,
  /** Bytes of one message of a screen. */
  messageBytes: 2 * 2 ** 20,
  /** Open WebSockets, all clients together. */
  sockets: 32,
  /** Open connections of those who have shown the token or its cookie, all clients together. */
  connections: 256,
  /** Open connections of those who have not. A further one takes the place of the oldest. */
  strangers: 64,
  /** Messages or requests that one connection may send: per second on average, and in one burst. */
  rate: { perSecond: 200, burst: 400 },
  /** Calls of one WebSocket that may wait for an answer; further calls are read when these are answered. */
  pendingCalls: 32,
  /** Unsent bytes of one WebSocket from which events are held back, and bytes of held events that disconnect it. */
  bufferedBytes: 2 ** 20,
  heldBytes: 8 * 2 ** 20,
  /** Milliseconds between two heartbeats; a WebSocket that does not answer one is disconnected. */
  heartbeat: 30_000,
} as const;
export type ServeLimits = {
  readonly [Name in keyof typeof serveLimits]: (typeof serveLimits)[Name] extends number
    ? number
    : { readonly perSecond: number; readonly burst: number };
};
