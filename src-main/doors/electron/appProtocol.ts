import type { Protocol } from 'electron';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Workbench } from '../../workbench/workbench.ts';
import { addressSegments } from '../addressSegments.ts';
import { resourcePolicy, securityHeaders } from '../contentSecurity.ts';
import { wireFault, type Log } from '../wireFault.ts';
import { connectPage, connectPolicy } from './connectPage.ts';

export const scheme = 'arcbench';
export const appOrigin = `${scheme}://app`;
export const connectOrigin = `${scheme}://connect`;

const typeOf: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.yaml': 'text/yaml; charset=utf-8',
};

/** Where addresses begin that the workbench answers. */
const ofWorkbench = new Set(['pictures', 'reports', 'runs']);

/**
 * Answers arcbench://app/ with the built screens and the workbench's pictures and reports, and arcbench://connect/ with
 * the page that asks for a remote workbench; nothing else.
 */
export function serveAppProtocol(
  protocol: Protocol,
  {
    renderer,
    workbench,
    log,
  }: { readonly renderer: string; readonly workbench: Pick<Workbench, 'resource'>; readonly log: Log },
): void {
  const answer = (status: number, body: Uint8Array | string, headers: Readonly<Record<string, string>>) =>
    new Response(typeof body === 'string' ? body : new Uint8Array(body), {
      status,
      headers: { ...securityHeaders, ...headers },
    });
  const nothing = () => answer(404, 'There is nothing at this address.', { 'content-type': 'text/plain' });
  protocol.handle(scheme, async ({ url, method }) => {
    const { protocol: asked, host, pathname, search, searchParams } = new URL(url);
    if (method !== 'GET' && method !== 'HEAD')
      return answer(405, 'Addresses of ArcBench are only read.', { 'content-type': 'text/plain' });
    if (`${asked}//${host}` === connectOrigin && pathname === '/')
      return answer(200, connectPage(searchParams.get('fault'), searchParams.get('address')), {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': connectPolicy,
      });
    if (`${asked}//${host}` !== appOrigin) return nothing();
    const segments = pathname === '/' ? ['index.html'] : addressSegments(pathname);
    if (segments === null) return nothing();
    try {
      if (!ofWorkbench.has(segments[0] ?? '')) {
        const bytes = await readFile(join(renderer, ...segments)).catch(() => null);
        return bytes === null
          ? nothing()
          : answer(200, bytes, {
              'content-type':
                typeOf[extname(pathname)] ??
                (pathname === '/' ? 'text/html; charset=utf-8' : 'application/octet-stream'),
            });
      }
      const resource = await workbench.resource(`${pathname.slice(1)}${search}`);
      if (resource === null) return nothing();
      const { type, bytes, fileName } = resource;
      return answer(200, bytes, {
        'content-type': type,
        'content-security-policy': resourcePolicy,
        ...(fileName === undefined
          ? {}
          : { 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}` }),
      });
    } catch (error) {
      return answer(500, wireFault(error, 'The picture or file', log).message, { 'content-type': 'text/plain' });
    }
  });
}
