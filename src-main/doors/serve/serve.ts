import fastifyStatic from '@fastify/static';
import fastifyWebsocket from '@fastify/websocket';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { ArcBenchError, type ErrorCode } from '../../../src-shared/errors.ts';
import type { Workbench } from '../../workbench/workbench.ts';
import { privateName, sharedNames } from '../privateName.ts';
import { addressSegments } from '../addressSegments.ts';
import { resourcePolicy, securityHeaders } from '../contentSecurity.ts';
import { wireFault, type Log } from '../wireFault.ts';
import { accessControl, isUnspecified, randomToken } from './accessControl.ts';
import { serveLimits, type ServeLimits } from './serveLimits.ts';
import { roomForKnown } from './roomForKnown.ts';
import { serveSocket } from './serveSocket.ts';
import { tokenBucket } from './tokenBucket.ts';

export interface ServeOptions {
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  readonly token?: string;
  /** Names of the machine that browsers may use, besides those of the loopback and the host. */
  readonly allowedHosts?: readonly string[];
  /** Folder of the built screens. */
  readonly renderer: string;
  readonly limits?: Partial<ServeLimits>;
  readonly log: Log;
}
export interface Served {
  /** For programs, which send the token with each request. */
  readonly address: string;
  /** For browsers: the token is in it. */
  readonly open: string;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * Serves a workbench over HTTP and WebSocket to everyone who has the token. Closing it leaves the workbench open.
 * Throws 'wrong-input' where it cannot listen at the host and port.
 */
export async function serve(workbench: Workbench, options: ServeOptions): Promise<Served> {
  const { host = '127.0.0.1', port = 0, token = randomToken(), allowedHosts = [], renderer, log } = options;
  const limits: ServeLimits = { ...serveLimits, ...options.limits };
  const access = accessControl({ token, host, allowedHosts });
  const buckets = new WeakMap<Socket, ReturnType<typeof tokenBucket>>();
  const screens = existsSync(join(renderer, 'index.html'));

  const refuse = (reply: FastifyReply, status: number, message: string) => {
    // What is still to come of a refused request is not read.
    if (hasBody(reply.request)) reply.header('connection', 'close');
    return reply
      .headers(securityHeaders)
      .code(status)
      .send({ code: 'wrong-input' satisfies ErrorCode, message });
  };
  /** Under a name of its own, the page gets a cookie in place of the token. */
  const redirected = (request: FastifyRequest, reply: FastifyReply) => {
    const instead = access.addressInstead(request.headers.host);
    return instead === null
      ? reply.header('set-cookie', access.cookie).redirect('/', 303)
      : reply.redirect(instead, 303);
  };
  const app = fastify({
    forceCloseConnections: true,
    requestTimeout: 300_000,
    connectionTimeout: 0,
    http: { headersTimeout: 10_000, maxHeaderSize: 16_384 },
    frameworkErrors: (_error, _request, reply) => {
      void refuse(reply, 400, 'This is not an address of ArcBench.');
    },
  });
  app.server.maxConnections = limits.connections + limits.strangers;
  const known = roomForKnown(app.server, limits);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));
  await app.register(fastifyWebsocket, {
    options: { maxPayload: limits.messageBytes, perMessageDeflate: false },
    errorHandler: (error) => log(`A WebSocket failed: ${error.message}`),
    preClose(done) {
      for (const client of app.websocketServer.clients) client.close(1001, 'The workbench closes.');
      setTimeout(() => {
        for (const client of app.websocketServer.clients) client.terminate();
      }, 1000).unref();
      app.websocketServer.close(() => done());
    },
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const bucket = buckets.get(request.raw.socket) ?? tokenBucket(limits.rate);
    buckets.set(request.raw.socket, bucket);
    if (!bucket.take())
      return refuse(
        reply.header('retry-after', '1'),
        429,
        `The workbench takes ${limits.rate.perSecond} requests a second: send them more slowly.`,
      );
    const given = tokenOf(request);
    if (
      given !== null &&
      access.isToken(given) &&
      access.refusal({ ...request.headers, authorization: `Bearer ${given}` }, true) === null
    )
      return redirected(request, reply);
    const refusal = access.refusal(
      request.headers,
      !request.ws && (request.method === 'GET' || request.method === 'HEAD'),
    );
    if (refusal) return refuse(reply, refusal.status, refusal.message);
    if (!known(request.raw.socket))
      return refuse(reply, 503, `The workbench has ${limits.connections} connections already: close some of them.`);
    if (request.ws && app.websocketServer.clients.size >= limits.sockets)
      return refuse(reply, 503, `The workbench is shown in ${limits.sockets} windows already: close one of them.`);
  });
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    if (!(error instanceof ArcBenchError) && error.statusCode !== undefined && error.statusCode < 500)
      return refuse(reply, error.statusCode, 'The workbench does not take such a request.');
    const fault = wireFault(error, 'The request', log);
    return reply.code(statusOf(fault.code)).send(fault);
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'There is nothing at this address.'));

  app.get('/api', { websocket: true }, (socket) => serveSocket(socket, { workbench, limits, log }));

  const sendResource = async (request: FastifyRequest, reply: FastifyReply) => {
    const address = request.raw.url ?? '';
    const resource = addressSegments(address) === null ? null : await workbench.resource(address.slice(1));
    if (resource === null) return reply.callNotFound();
    if (resource.fileName !== undefined)
      reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(resource.fileName)}`);
    reply.header('content-security-policy', resourcePolicy).type(resource.type);
    // for a contact sheet that is scrolled back
    if (address.startsWith('/pictures/')) reply.header('cache-control', 'private, max-age=300');
    return reply.send(Buffer.from(resource.bytes.buffer, resource.bytes.byteOffset, resource.bytes.byteLength));
  };
  app.get('/pictures/*', sendResource);
  app.get('/reports/*', sendResource);
  app.get('/runs/*', sendResource);

  app.put('/uploads/*', async (request, reply) => {
    const [, upload, ...path] = addressSegments(request.raw.url ?? '') ?? [];
    const tooLarge = () =>
      new ArcBenchError(
        'wrong-input',
        `${path.join('/')} is larger than ${limits.uploadBytes} bytes, the most that one uploaded file may ` +
          'have: import its folder on the machine of the workbench instead.',
      );
    reply.header('connection', 'close'); // so that the rest of a refused file is never read
    if (upload === undefined || path.length === 0)
      throw new ArcBenchError('wrong-input', 'An upload goes to /uploads/<upload>/<path of the file in its folder>.');
    if (Number(request.headers['content-length'] ?? 0) > limits.uploadBytes) throw tooLarge();
    const answer = await workbench.receive(
      { upload, path: path.join('/') },
      atMost(request.raw, limits.uploadBytes, tooLarge),
    );
    return reply.removeHeader('connection').send(answer);
  });

  if (screens) {
    await app.register(fastifyStatic, {
      root: renderer,
      dotfiles: 'deny',
      cacheControl: false,
      // The build names assets after their content, so that they can be cached; the page itself cannot.
      setHeaders: (reply, path) => {
        reply.header(
          'cache-control',
          path.startsWith(join(renderer, 'assets')) ? 'private, max-age=31536000, immutable' : 'no-cache',
        );
      },
    });
  } else
    app.get('/', (_request, reply) =>
      refuse(
        reply,
        503,
        'The screens are not built yet: run `npm run build:renderer` on the machine of the workbench, then ' +
          'load this page again.',
      ),
    );

  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new ArcBenchError(
      'wrong-input',
      `The workbench cannot be served at ${host}, port ${port} ` +
        `(${error instanceof Error && 'code' in error ? String(error.code) : 'no such address'}): choose ` +
        'another with --host and --port.',
      { cause: error },
    );
  }
  const bound = app.server.address();
  const boundPort = typeof bound === 'object' && bound ? bound.port : port;
  return {
    address: `http://${nameInAddress(host)}:${boundPort}/`,
    open: `http://${isSharedName(host) ? privateName(token) : nameInAddress(host)}:${boundPort}/?token=${token}`,
    token,
    close: () => app.close(),
  };
}

const isSharedName = (host: string): boolean => (sharedNames as readonly string[]).includes(host);

/** A host as it stands in an address. */
function nameInAddress(host: string): string {
  if (isUnspecified(host)) return hostname();
  return host.includes(':') ? `[${host}]` : host;
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The token in the address of the first page. */
function tokenOf({ method, raw: { url = '' } }: FastifyRequest): string | null {
  return method === 'GET' && url.startsWith('/?') ? new URLSearchParams(url.slice(2)).get('token') : null;
}

/** Passes on what is read; fails with the given error after `limit` bytes, and where the sender breaks off. */
function atMost(source: Readable, limit: number, error: () => Error): Readable {
  let size = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > limit) done(error());
      else done(null, chunk);
    },
  });
  counted.on('error', () => {}); // it may fail before the workbench reads it; the workbench sees the failure then
  source.once('close', () => {
    if (!source.readableEnded) counted.destroy(new ArcBenchError('cancelled', 'The upload was broken off.'));
  });
  return source.pipe(counted);
}

function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'wrong-input':
      return 400;
    case 'busy':
      return 503;
    case 'no-space':
      return 507;
    case 'missing-tool':
    case 'damaged':
    case 'diverged':
    case 'cancelled':
    case 'failed':
      return 500;
  }
}
