import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { isPrivateName, privateName, sharedNames } from '../privateName.ts';

export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

/** A token that cannot be guessed: 256 random bits. */
export const randomToken = (): string => randomBytes(32).toString('base64url');

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

/**
 * Decides who may use a served workbench: requests with its token, or with the cookie that replaced it, from its own
 * pages and under its own name.
 */
export function accessControl({
  token,
  host,
  allowedHosts,
}: {
  readonly token: string;
  readonly host: string;
  readonly allowedHosts: readonly string[];
}) {
  const own = privateName(token);
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  const names = new Set(lower([own, ...sharedNames, ...(isUnspecified(host) ? ownNames() : [host]), ...allowedHosts]));
  // Of the shared names, only those that the user allowed by name get the cookie.
  const isShared = (name: string) =>
    ((sharedNames as readonly string[]).includes(name) || isOther(name)) && !lower(allowedHosts).includes(name);
  /** Whether a name is that of a workbench with another token, such as this one before it was started again. */
  const isOther = (name: string) => isPrivateName(name) && name !== own;
  const digestKey = randomBytes(32);
  const digest = (text: string) => createHmac('sha256', digestKey).update(text).digest();
  const equal = (given: string, expected: string) => timingSafeEqual(digest(given), digest(expected));
  // A cookie goes to every port of its host, so it is not the token itself, and no shared name gets it. It is named
  // after the token, so that two workbenches do not mix up their cookies.
  const secret = createHmac('sha256', token).update('cookie').digest('base64url');
  const cookieName = `arcbench-${createHash('sha256').update(token).digest('hex').slice(0, 12)}`;

  return {
    cookie: `${cookieName}=${secret}; Path=/; HttpOnly; SameSite=Strict`,
    isToken: (given: string) => equal(given, token),
    /** The address that takes the token in place of one under a shared name; null where the asked one may do so. */
    addressInstead(asked: string | undefined): string | null {
      if (!isShared(hostName(asked) ?? '')) return null;
      const port = /:\d+$/.exec(asked ?? '')?.[0] ?? '';
      return `http://${own}${port}/?token=${encodeURIComponent(token)}`;
    },
    /**
     * Why a request is refused; null where it may pass. A WebSocket is never safe: it is opened without a preflight.
     */
    refusal(headers: IncomingHttpHeaders, safe: boolean): Refusal | null {
      const asked = hostName(headers.host);
      if (asked === null || !(names.has(asked) || isOther(asked)))
        return {
          status: 421,
          message:
            'This workbench does not answer under that name: allow it with `arcbench serve --allow-host <name>`.',
        };
      const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
      const fromOwnPage = headers.origin !== undefined && originHost(headers.origin) === headers.host?.toLowerCase();
      const site = headers['sec-fetch-site'];
      const foreign =
        headers.origin !== undefined
          ? !fromOwnPage
          : site !== undefined && site !== 'same-origin' && site !== 'none' && headers['sec-fetch-mode'] !== 'navigate';
      if (foreign || (!safe && !fromOwnPage && bearer === undefined))
        return { status: 403, message: "Only the workbench's own pages may do this." };
      const shown = isShared(asked) ? null : cookieValue(headers.cookie, cookieName);
      if (bearer !== undefined ? equal(bearer, token) : shown !== null && equal(shown, secret)) return null;
      return {
        status: 401,
        message: 'This workbench asks for its token: open the address that `arcbench serve` printed.',
      };
    },
  };
}

/** Whether a host means every address of the machine. */
export const isUnspecified = (host: string): boolean => host === '0.0.0.0' || host === '::';
const ownNames = () => [
  hostname(),
  ...Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
];

function hostName(header: string | undefined): string | null {
  const found = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d+)?$/i.exec(header ?? '');
  return found ? (found[1] ?? found[2] ?? '').toLowerCase() : null;
}

function originHost(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

function cookieValue(header: string | undefined, name: string): string | null {
  const found = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}
