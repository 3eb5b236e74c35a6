import type { Server, Socket } from 'node:net';
import type { ServeLimits } from './serveLimits.ts';

/**
 * Keeps connections of strangers from using up the room of those who have shown the token: of those who have not, at
 * most `strangers` are open, and a further one takes the place of the oldest. Whoever sends half a request and waits is
 * such a stranger. Returns a function that is called when a connection has shown the token; it returns false where
 * there are too many of these already.
 */
export function roomForKnown(
  server: Server,
  { strangers, connections }: Pick<ServeLimits, 'strangers' | 'connections'>,
): (socket: Socket) => boolean {
  const unknown = new Set<Socket>(); // oldest first
  const known = new Set<Socket>();
  server.on('connection', (socket) => {
    unknown.add(socket);
    socket.once('close', () => {
      unknown.delete(socket);
      known.delete(socket);
    });
    const [oldest] = unknown;
    if (unknown.size > strangers) oldest?.destroy();
  });
  return (socket) => {
    if (known.has(socket)) return true;
    if (known.size >= connections) return false;
    unknown.delete(socket);
    known.add(socket);
    return true;
  };
}
