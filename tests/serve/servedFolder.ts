import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, type ServeOptions } from '../../src-main/doors/serve/serve.ts';
import { folderWorkbench } from './folderWorkbench.ts';

/** Serves a folder with one report, one picture and built screens of one page, until the action is over. */
export async function withServedFolder(
  action: (served: ServedFolder) => Promise<void>,
  options: Partial<ServeOptions> = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-serve-'));
  const renderer = join(folder, 'renderer');
  const data = join(folder, 'data');
  for (const path of ['renderer/assets', 'data/pictures/face/abc', 'data/reports/abc'])
    mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(
    join(renderer, 'index.html'),
    '<!doctype html><title>ArcBench</title><script type="module" src="./assets/main.js"></script>',
  );
  writeFileSync(join(renderer, 'assets/main.js'), 'document.title = "runs";');
  writeFileSync(join(data, 'pictures/face/abc/0'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(data, 'reports/abc/curve one.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'outside.txt'), 'outside');
  const workbench = folderWorkbench(data);
  const log: string[] = [];
  const served = await serve(workbench, { renderer, log: (line) => log.push(line), ...options });
  const { hostname, port, host } = new URL(served.address);
  const ask = (
    path: string,
    {
      method = 'GET',
      headers = {},
      body,
    }: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
  ) =>
    new Promise<Answer>((resolve, reject) => {
      const asked = request(
        { hostname, port, path, method, headers: { host, ...headers }, agent: false },
        (response) => {
          let text = '';
          response
            .setEncoding('utf8')
            .on('data', (chunk: string) => {
              text += chunk;
            })
            .on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
            .on('error', reject);
        },
      );
      asked.on('error', reject).end(body);
    });
  const ownHost = new URL(served.open).host;
  const bearer = { authorization: `Bearer ${served.token}` };
  const socketAddress = `ws://${host}/api`;
  try {
    await action({
      ...served,
      folder,
      data,
      workbench,
      log,
      host,
      ownHost,
      ask,
      bearer,
      socketAddress,
      raw: () => connect(Number(port), hostname),
      async rawSocket(headers = { host, ...bearer }) {
        const socket = connect(Number(port), hostname);
        const lines = Object.entries({ ...headers, ...upgrade }).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.write(`GET /api HTTP/1.1\r\n${lines.join('')}\r\n`);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        if (!answer.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error('refused');
        return socket.pause();
      },
      openSocket: (headers: Record<string, string> = bearer) => openSocket(socketAddress, headers),
    });
  } finally {
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}
type Served = Awaited<ReturnType<typeof serve>>;
export interface ServedFolder extends Served {
  readonly folder: string;
  readonly data: string;
  readonly workbench: ReturnType<typeof folderWorkbench>;
  readonly log: string[];
  readonly host: string;
  /** The host under which browsers get the cookie. */
  readonly ownHost: string;
  readonly bearer: Record<string, string>;
  readonly socketAddress: string;
  ask(
    path: string,
    request?: { method?: string; headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<Answer>;
  raw(): Socket;
  /** A WebSocket opened by hand, so that it can be left unread and named otherwise; rejects where it is refused. */
  rawSocket(headers?: Record<string, string>): Promise<Socket>;
  openSocket(headers?: Record<string, string>): Promise<WebSocket>;
}

/** Node's own WebSocket, which takes headers; rejects where the server refuses. */
export function openSocket(address: string, headers: Record<string, string>): Promise<WebSocket> {
  // undici's own option, of which the DOM's type knows nothing
  const socket = new WebSocket(address, { headers } as unknown as string[]);
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket), { once: true });
    socket.addEventListener('error', () => reject(new Error('refused')), { once: true });
  });
}

/** The next message of a socket, parsed. */
export const nextMessage = (socket: WebSocket): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    socket.addEventListener('message', (event) => resolve(JSON.parse(String(event.data)) as Record<string, unknown>), {
      once: true,
    });
    socket.addEventListener('close', ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`)), {
      once: true,
    });
  });

/** Code with which a socket is closed. */
export const closeCode = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code), { once: true }));
