import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import websocket, { type WebSocket } from '@fastify/websocket';
import { reactive } from 'vue';
import type { WireRequest } from '../../src-shared/api.ts';
import { bridgeTransport } from '../../src-renderer/client/bridgeTransport.ts';
import { createClient } from '../../src-renderer/client/createClient.ts';
import { backOff, socketTransport } from '../../src-renderer/client/socketTransport.ts';
import type { ConnectionState } from '../../src-renderer/client/transport.ts';

/** A server on one port whose answers a test decides; it can be stopped and started again. */
async function startServer(
  port: number,
  answer: (request: WireRequest, socket: WebSocket) => void,
): Promise<FastifyInstance> {
  const server = fastify({ forceCloseConnections: true });
  await server.register(websocket);
  server.get('/api', { websocket: true }, (socket) => {
    socket.on('message', (data: Buffer) => answer(JSON.parse(data.toString()) as WireRequest, socket));
  });
  await server.listen({ port, host: '127.0.0.1' });
  return server;
}
const portOf = (server: FastifyInstance): number => (server.server.address() as AddressInfo).port;
const stop = async (server: FastifyInstance): Promise<void> => {
  for (const socket of server.websocketServer.clients) socket.terminate();
  await server.close();
};
function open(context: TestContext, port: number) {
  const transport = socketTransport(`ws://127.0.0.1:${port}/api`);
  context.after(() => transport.close());
  const states: ConnectionState[] = [];
  transport.onState((state) => states.push(state));
  const until = async (state: ConnectionState): Promise<void> => {
    if (states.at(-1) === state) return;
    await new Promise<void>((resolve) => {
      const stopListening = transport.onState((next) => {
        if (next === state) {
          queueMicrotask(() => stopListening());
          resolve();
        }
      });
    });
  };
  return { client: createClient(transport), transport, states, until };
}

test('answers find their calls in whatever order they come, and a fault is its sentence', async (context) => {
  const held: (() => void)[] = [];
  const server = await startServer(0, ({ id, call }, socket) => {
    if (call === 'datasets.list') held.push(() => socket.send(JSON.stringify({ id, result: [] })));
    else if (call === 'runs.list') socket.send(JSON.stringify({ id, result: ['first'] }));
    else
      socket.send(
        JSON.stringify({ id, fault: { code: 'wrong-input', message: 'There is no run x: choose one of the list.' } }),
      );
  });
  context.after(() => stop(server));
  const { client } = open(context, portOf(server));
  const slow = client.call('datasets.list', {});
  assert.deepEqual(await client.call('runs.list', {}), ['first']);
  await assert.rejects(client.call('runs.show', { id: 'x' }), {
    name: 'ArcBenchError',
    code: 'wrong-input',
    message: 'There is no run x: choose one of the list.',
  });
  held.forEach((release) => release());
  assert.deepEqual(await slow, []);
});

test('events reach those who listen, until they stop', async (context) => {
  let socketOf: WebSocket | undefined;
  const server = await startServer(0, ({ id }, socket) => {
    socketOf = socket;
    socket.send(JSON.stringify({ id, result: [] }));
  });
  context.after(() => stop(server));
  const { client } = open(context, portOf(server));
  await client.call('jobs.list', {});
  const seen: string[] = [];
  const stopListening = client.on('log', ({ text }) => seen.push(text));
  const say = async (text: string): Promise<void> => {
    socketOf?.send(JSON.stringify({ event: 'log', payload: { job: 'j', at: '', text } }));
    await client.call('jobs.list', {});
  };
  await say('one');
  stopListening();
  await say('two');
  assert.deepEqual(seen, ['one']);
});

test('a lost socket rejects open calls, reconnects by itself, and has everything fetched again', async (context) => {
  let server = await startServer(0, ({ id, call }, socket) => {
    if (call !== 'system.diagnose') socket.send(JSON.stringify({ id, result: 'before' }));
  });
  const port = portOf(server);
  const { client, states, until } = open(context, port);
  let resyncs = 0;
  client.onResync(() => {
    resyncs += 1;
  });
  assert.equal(await client.call('runs.list', {}), 'before');
  const unanswered = assert.rejects(client.call('system.diagnose', {}), /lost before it answered/);
  await once(server.websocketServer.clients.values().next().value as WebSocket, 'message');
  await stop(server);
  await unanswered;
  await until('lost');
  const waiting = client.call('runs.list', {}); // asked while the workbench is away
  server = await startServer(port, ({ id }, socket) => socket.send(JSON.stringify({ id, result: 'after' })));
  context.after(() => stop(server));
  assert.equal(await waiting, 'after');
  assert.deepEqual(states, ['opening', 'open', 'lost', 'open']);
  assert.equal(resyncs, 1);
});

test('the back-off doubles from a quarter second to ten seconds at most, less up to a quarter of jitter', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 20].map((attempt) => backOff(attempt, 0)),
    [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000],
  );
  assert.equal(backOff(1, 1), 375);
});

test('what a view holds reactive goes over the bridge of the window, which clones what it carries', async () => {
  const client = createClient(
    bridgeTransport({
      request: async (message) => ({ id: message.id, result: structuredClone(message).input as never }),
      onEvent: () => () => {},
    }),
  );
  assert.deepEqual(await client.call('files.list', reactive({ path: '/faces' })), { path: '/faces' });
});
