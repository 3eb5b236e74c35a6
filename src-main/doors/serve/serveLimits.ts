/**
 * What one served workbench bears; each keeps a client, faulty or hostile, from taking memory, disk or time without
 * end.
 */
export const serveLimits = {
  /** Bytes of one uploaded file. */
  uploadBytes: 64 * 2 ** 20,
  /** Bytes of one message of a screen. */
  messageBytes: 2 * 2 ** 20,
  /** Open WebSockets, all clients together. */
  sockets: 32,
  /** Open connections, all clients together. */
  connections: 256,
  /** Messages or requests a second on one connection, in the long run and at once. */
  rate: { perSecond: 200, burst: 400 },
  /** Calls of one WebSocket that wait for their answer; more are read when these are answered. */
  pendingCalls: 32,
  /** Bytes that wait in one WebSocket until events are held back, and bytes of held events until it is cut. */
  bufferedBytes: 2 ** 20,
  heldBytes: 8 * 2 ** 20,
  /** Milliseconds between two heartbeats; a WebSocket that let one pass without a sign of life is cut. */
  heartbeat: 30_000,
} as const;
export type ServeLimits = {
  readonly [Name in keyof typeof serveLimits]: (typeof serveLimits)[Name] extends number
    ? number
    : { readonly perSecond: number; readonly burst: number };
};
