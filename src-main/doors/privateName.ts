import { createHmac } from 'node:crypto';

/**
 * The name under which a served workbench gives its cookie: `<20 characters>.localhost`, which browsers take for this
 * machine. A browser sends a cookie to every port of a host, so that under 127.0.0.1 each program of this machine could
 * get it. Nobody can guess this name without the token, and it stays the same where the token does.
 */
export const privateName = (token: string): string =>
  `${createHmac('sha256', token).update('name').digest('hex').slice(0, 20)}.localhost`;

export const isPrivateName = (name: string): boolean => /^[0-9a-f]{20}\.localhost$/.test(name);

/** Names that every program of this machine answers to. */
export const sharedNames = ['localhost', '127.0.0.1', '::1'] as const;
