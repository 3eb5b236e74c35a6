import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { tokenBucket } from '../../src-main/doors/serve/tokenBucket.ts';
import { serveLimits } from '../../src-main/doors/serve/serveLimits.ts';
import { waitUntil } from '../waitUntil.ts';
import { secret } from './folderWorkbench.ts';
import { closeCode, nextMessage, openSocket as socketAt, withServedFolder } from './servedFolder.ts';

const climbs = [
  '../outside.txt',
  '..%2foutside.txt',
  '%2e%2e/outside.txt',
  '%2e%2e%2foutside.txt',
  '..%5coutside.txt',
  '..\\outside.txt',
  'a/../../outside.txt',
  './x',
  'a//b',
  'a%00b',
  '%2fetc%2fpasswd',
  '/etc/passwd',
  '%c0%ae%c0%ae/outside.txt',
  '%zz',
  '..;/outside.txt',
];

test('no address of pictures, reports or screens leads out of its folder', () =>
  withServedFolder(async ({ ask, bearer, workbench }) => {
    for (const climb of climbs) {
      for (const path of [
        `/pictures/${climb}`,
        `/reports/abc/${climb}`,
        `/${climb}`,
        `/assets/${climb}`,
        `/assets/../../${climb}`,
      ]) {
        const answer = await ask(path, { headers: bearer });
        assert.ok([400, 403, 404].includes(answer.status), `${path}: ${answer.status}`);
        assert.ok(!answer.text.includes('outside') && !answer.text.includes('root:'), path);
      }
    }
    for (const address of workbench.addresses)
      assert.ok(!/(^|\/)\.\.?(\/|$)/.test(decodeURIComponent(address)), `the workbench was asked for ${address}`);
    assert.equal((await ask('/reports/abc/curve%20one.svg', { headers: bearer })).status, 200);
    assert.equal((await ask('/pictures/face/abc/0?side=64', { headers: bearer })).status, 200);
    assert.ok(workbench.addresses.includes('pictures/face/abc/0?side=64'));
  }));

test('an upload lands below its own folder or nowhere', () =>
  withServedFolder(async ({ ask, bearer, folder, data }) => {
    for (const climb of climbs) {
      for (const path of [`/uploads/${climb}`, `/uploads/u/${climb}`, `/uploads/../${climb}`]) {
        const answer = await ask(path, { method: 'PUT', headers: bearer, body: 'x' });
        if (climb === '..;/outside.txt' && answer.status === 200) continue; // a folder may be called '..;'
        assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
      }
    }
    assert.deepEqual(readdirSync(folder).sort(), ['data', 'outside.txt', 'renderer']);
    assert.equal((await ask('/uploads/u', { method: 'PUT', headers: bearer, body: 'x' })).status, 400);
    const sent = await ask(`/uploads/u/${encodeURIComponent('Ann Lee')}/${encodeURIComponent('ü #1?.png')}`, {
      method: 'PUT',
      headers: bearer,
      body: Buffer.alloc(300_000, 7),
    });
    assert.deepEqual([sent.status, JSON.parse(sent.text)], [200, { folder: join(data, 'uploads/u') }]);
    assert.deepEqual(readFileSync(join(data, 'uploads/u/Ann Lee/ü #1?.png')), Buffer.alloc(300_000, 7));
  }));

test('an upload over the limit is refused in a sentence and leaves no file, told or untold its length', () =>
  withServedFolder(
    async ({ ask, bearer, data, raw, host, token }) => {
      const refused = await ask('/uploads/u/a.png', {
        method: 'PUT',
        headers: { ...bearer, 'content-length': '2000' },
        body: Buffer.alloc(2000),
      });
      assert.equal(refused.status, 400);
      assert.match((JSON.parse(refused.text) as { message: string }).message, /^a\.png is larger than 1000 bytes/);
      const chunked = await ask('/uploads/u/b.png', {
        method: 'PUT',
        headers: { ...bearer, 'transfer-encoding': 'chunked' },
        body: Buffer.alloc(2000),
      });
      assert.deepEqual([chunked.status, chunked.text.includes('b.png is larger than 1000 bytes')], [400, true]);
      const broken = raw();
      broken.write(
        `PUT /uploads/u/c.png HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nContent-Length: ` +
          '900\r\n\r\nhalf',
      );
      await wait(100);
      broken.destroy();
      await wait(200);
      assert.deepEqual(readdirSync(join(data, 'uploads/u')), []);
    },
    { limits: { uploadBytes: 1000 } },
  ));

test('a message over the limit closes its socket with 1009, and a binary one with 1003', () =>
  withServedFolder(
    async ({ openSocket }) => {
      const large = await openSocket();
      const binary = await openSocket();
      const other = await openSocket();
      large.send('x'.repeat(5000));
      assert.equal(await closeCode(large), 1009);
      binary.send(new Uint8Array(10));
      assert.equal(await closeCode(binary), 1003);
      other.send(JSON.stringify({ id: 1, call: 'files.list', input: { path: null } }));
      assert.ok('result' in (await nextMessage(other)));
    },
    { limits: { messageBytes: 4096 } },
  ));

test('a token bucket passes its burst at once and its rate in the long run', () => {
  let time = 0;
  const bucket = tokenBucket({ perSecond: 10, burst: 5 }, () => time);
  const passed = (count: number) => Array.from({ length: count }, () => bucket.take()).filter(Boolean).length;
  assert.equal(passed(20), 5);
  time = 1000;
  assert.equal(passed(20), 5, 'no more than the burst is saved up');
  let total = 0;
  for (let step = 0; step < 100; step++) {
    time += 50;
    total += passed(20);
  }
  assert.equal(total, 50); // 5 s at 10 a second
});

test('messages beyond the rate are answered with busy under their id, and a flood is cut', () =>
  withServedFolder(
    async ({ openSocket }) => {
      const socket = await openSocket();
      const answers: { id: number; fault?: { code: string; message: string } }[] = [];
      socket.addEventListener('message', ({ data }) =>
        answers.push(JSON.parse(String(data)) as (typeof answers)[number]),
      );
      for (let id = 0; id < 8; id++) socket.send(JSON.stringify({ id, call: 'files.list', input: { path: null } }));
      await waitUntil('8 answers', () => answers.length >= 8, { seen: () => `${answers.length} answers` });
      assert.deepEqual(
        answers.filter(({ fault }) => fault?.code === 'busy').map(({ id }) => id),
        [5, 6, 7],
      );
      for (let id = 8; id < 40; id++) socket.send(JSON.stringify({ id, call: 'files.list', input: { path: null } }));
      assert.equal(await closeCode(socket), 1008);
    },
    { limits: { rate: { perSecond: 0.001, burst: 5 } } },
  ));

test('requests beyond the rate of a connection are told to come later', () =>
  withServedFolder(
    async ({ raw, host, token }) => {
      const connection = raw();
      let text = '';
      connection.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      connection.write(
        `GET /assets/main.js HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`.repeat(8),
      );
      await waitUntil('8 responses', () => (text.match(/HTTP\/1\.1 /g) ?? []).length >= 8, {
        seen: () => text.slice(-300),
      });
      assert.deepEqual(
        [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1]),
        ['200', '200', '200', '200', '200', '429', '429', '429'],
      );
      assert.match(text, /retry-after: 1/);
      connection.destroy();
    },
    { limits: { rate: { perSecond: 0.001, burst: 5 } } },
  ));

test('no more sockets are opened than the limit, and a closed one makes room', () =>
  withServedFolder(
    async ({ openSocket }) => {
      const first = await openSocket();
      await openSocket();
      await assert.rejects(openSocket(), /refused/);
      first.close();
      await closeCode(first);
      await wait(20);
      await openSocket();
    },
    { limits: { sockets: 2 } },
  ));

test('those who send half a request and wait keep nobody out, and lose their place to the next', () =>
  withServedFolder(
    async ({ raw, ask, bearer, host, openSocket }) => {
      const screen = await openSocket();
      const stalled = Array.from({ length: 12 }, () => {
        const socket = raw().on('error', () => undefined);
        socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Half: `);
        return socket;
      });
      await waitUntil('the end of the oldest', () => stalled.filter((socket) => socket.closed).length >= 8);
      assert.equal((await ask('/', { headers: bearer })).status, 200);
      screen.send(JSON.stringify({ id: 1, call: 'files.list', input: { path: null } }));
      assert.ok('result' in (await nextMessage(screen)), 'a screen that was there before goes on');
      for (const socket of stalled) socket.destroy();
      screen.close();
    },
    { limits: { strangers: 4, connections: 2 } },
  ));

test('an upload that is refused is cut, whether it lacks the token or comes too fast', () =>
  withServedFolder(async ({ raw, host }) => {
    const socket = raw().on('error', () => undefined);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.write(`PUT /uploads/u/a.png HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000000\r\n\r\n`);
    const sending = setInterval(() => socket.writable && socket.write(Buffer.alloc(2 ** 16)), 5);
    await waitUntil('the end of the connection', () => socket.closed, { seconds: 10, seen: () => answer });
    clearInterval(sending);
    assert.match(answer, /^HTTP\/1\.1 403 [^]*connection: close/i);
    assert.ok(socket.bytesWritten < 100 * 2 ** 20, `${socket.bytesWritten} bytes were taken`);
  }));

const points = (index: number) =>
  ({
    event: 'points',
    payload: {
      run: 'r',
      points: Array.from({ length: 200 }, (_, step) => ({
        name: 'train/loss',
        step: step + index,
        epoch: 1,
        at: 1,
        value: 0.5,
      })),
    },
  }) as const;
const run = (index: number) => ({ event: 'run', payload: { id: 'r', note: String(index).padEnd(5000, '.') } }) as never;

test('a screen that does not read is cut before it takes memory, and the others go on', () =>
  withServedFolder(async ({ rawSocket, workbench, openSocket, log }) => {
    const asleep = await rawSocket();
    const awake = await openSocket();
    let heard = 0;
    awake.addEventListener('message', () => {
      heard += 1;
    });
    const before = process.memoryUsage().rss;
    let index = 0;
    while (workbench.listeners.size === 2 && index < 20_000) {
      workbench.emit(points(index++));
      if (index % 20 === 0) await wait(1);
    }
    assert.equal(workbench.listeners.size, 1, `${index} events of 16 kB did not cut the sleeper`);
    assert.ok(process.memoryUsage().rss - before < 150 * 2 ** 20, 'the memory grew');
    await waitUntil(`${index} events`, () => heard >= index, { seen: () => `${heard} events` });
    assert.deepEqual(log, []);
    asleep.destroy();
    awake.close();
  }));

test('a screen that reads slowly gets the newest state of a run, not each', () =>
  withServedFolder(async ({ rawSocket, workbench }) => {
    const slow = await rawSocket();
    const count = 10_000; // 50 MB, far more than the sockets' buffers hold
    for (let index = 0; index < count; index++) {
      workbench.emit(run(index));
      if (index % 100 === 0) await wait(1);
    }
    assert.equal(workbench.listeners.size, 1, 'it was cut although every event tells of one run');
    let received = '';
    slow.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    slow.resume();
    await waitUntil('the last event', () => received.includes(`"note":"${count - 1}.`), {
      seen: () => received.slice(-300),
    });
    assert.ok((received.match(/"event":"run"/g) ?? []).length < count / 2, 'every event was kept');
    slow.destroy();
  }));

test('a screen that shows no sign of life is cut', () =>
  withServedFolder(
    async ({ rawSocket, workbench, openSocket }) => {
      const dead = (await rawSocket()).resume(); // it reads and never answers a ping
      const living = await openSocket();
      await once(dead, 'close');
      await wait(150);
      assert.equal(workbench.listeners.size, 1);
      assert.equal(living.readyState, WebSocket.OPEN);
      living.close();
    },
    { limits: { heartbeat: 50 } },
  ));

test('no more calls are under way for one socket than the limit; the rest are answered after them', () =>
  withServedFolder(
    async ({ openSocket, workbench }) => {
      let underWay = 0;
      let most = 0;
      let answered = 0;
      const call = workbench.call;
      workbench.call = async (name, input) => {
        most = Math.max(most, ++underWay);
        await wait(2);
        underWay -= 1;
        return await call(name, input);
      };
      const socket = await openSocket();
      socket.addEventListener('message', () => {
        answered += 1;
      });
      for (let id = 0; id < 100; id++)
        socket.send(JSON.stringify({ id, call: 'experiments.save', input: { id: null, yaml: 'x'.repeat(100_000) } }));
      await waitUntil('100 answers', () => answered >= 100, { seen: () => `${answered} answers` });
      assert.ok(most <= 3, `${most} at once`); // one may be under way in the reader already when it is paused
      socket.close();
    },
    { limits: { pendingCalls: 2 } },
  ));

test('a fault of the program tells its name alone; its path and trace are in the log', () =>
  withServedFolder(async ({ openSocket, ask, bearer, log, folder }) => {
    const socket = await openSocket();
    const call = async (name: string, input: unknown) => {
      socket.send(JSON.stringify({ id: 3, call: name, input }));
      return await nextMessage(socket);
    };
    assert.deepEqual(await call('runs.show', { id: 'r' }), {
      id: 3,
      fault: { code: 'wrong-input', message: 'There is no run r.' },
    });
    assert.deepEqual(await call('runs.list', {}), {
      id: 3,
      fault: { code: 'failed', message: 'runs.list failed, and that is a fault of the program: its log says more.' },
    });
    assert.match(log[0] ?? '', new RegExp(`runs\\.list: Error: ENOENT.*${secret}`));
    const picture = await ask('/pictures/face/broken/0', { headers: bearer });
    assert.deepEqual(
      [picture.status, picture.text.includes(folder), picture.text.includes(secret)],
      [500, false, false],
    );
    assert.match(log[1] ?? '', /TypeError[^]* at /);
    socket.close();
  }));

test('closing tells every screen, is soon over, and a new server may have the port', () =>
  withServedFolder(async ({ openSocket, close, rawSocket, address, bearer, workbench }) => {
    const socket = await openSocket();
    await rawSocket(); // asleep: it never answers
    const code = closeCode(socket);
    const started = performance.now();
    await close();
    assert.ok(performance.now() - started < 10_000);
    assert.equal(await code, 1001);
    assert.equal(workbench.listeners.size, 0);
    await assert.rejects(socketAt(`${address.replace('http', 'ws')}api`, bearer));
    await withServedFolder(async (again) => assert.equal(again.address, address), {
      port: Number(new URL(address).port),
    });
  }));

test('a port that is taken is named', () =>
  withServedFolder(async ({ address }) => {
    await assert.rejects(
      withServedFolder(async () => {}, { port: Number(new URL(address).port) }),
      { code: 'wrong-input', message: /EADDRINUSE.*--port/ },
    );
  }));

test('screens that are not built are asked for in a sentence', () =>
  withServedFolder(
    async ({ ask, bearer }) => {
      const answer = await ask('/', { headers: bearer });
      assert.equal(answer.status, 503);
      assert.match(answer.text, /npm run build:renderer/);
    },
    { renderer: join(import.meta.dirname, 'nothing-here') },
  ));

test("the limits as they are shipped let the contract's largest input through", () => {
  assert.ok(!existsSync(join(import.meta.dirname, 'nothing-here')));
  assert.ok(
    JSON.stringify({ id: 1, call: 'experiments.save', input: { id: null, yaml: '\u{1F600}'.repeat(100_000) } }).length *
      4 <
      serveLimits.messageBytes,
  );
});
