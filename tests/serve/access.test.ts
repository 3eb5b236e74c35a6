import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { withServedFolder } from './servedFolder.ts';

test(
  'the token in the address is swapped for a cookie that no script and no other site gets, and leaves the ' + 'address',
  () =>
    withServedFolder(async ({ ask, token, host, ownHost }) => {
      // Under a name that every program of this machine answers to, the browser is sent on first.
      const sent = await ask(`/?token=${token}`);
      assert.deepEqual(
        [sent.status, sent.headers.location, sent.headers['set-cookie']],
        [303, `http://${ownHost}/?token=${token}`, undefined],
      );
      assert.match(ownHost, /^[0-9a-f]{20}\.localhost:\d+$/);
      const swapped = await ask(`/?token=${token}`, { headers: { host: ownHost } });
      assert.equal(swapped.status, 303);
      assert.equal(swapped.headers.location, '/');
      const cookie = swapped.headers['set-cookie']?.[0] ?? '';
      assert.match(cookie, /^arcbench-\w{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
      assert.ok(!cookie.includes(token), 'the cookie holds the token itself');
      const shown = { cookie: cookie.split(';')[0] as string, host: ownHost };
      const page = await ask('/', { headers: shown });
      assert.equal(page.status, 200);
      assert.match(page.text, /<title>ArcBench/);
      assert.equal(
        (
          await ask('/assets/main.js', {
            headers: { ...shown, 'sec-fetch-site': 'same-origin', origin: `http://${ownHost}` },
          })
        ).status,
        200,
      );
      for (const name of [host, host.replace('127.0.0.1', 'localhost'), ownHost.replace(/^.{20}/, '0'.repeat(20))])
        assert.equal((await ask('/pictures/face/abc/0', { headers: { ...shown, host: name } })).status, 401, name);
    }),
);

test('the name of a workbench follows from its token, and 127.0.0.1 takes the cookie where it is allowed by name', () =>
  withServedFolder(
    async ({ ask, token, ownHost }) => {
      const { headers } = await ask(`/?token=${token}`);
      const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      assert.equal((await ask('/', { headers: { cookie } })).status, 200);
      await withServedFolder(async (again) => assert.equal(again.ownHost.split(':')[0], ownHost.split(':')[0]), {
        token,
      });
      await withServedFolder(async (other) => assert.notEqual(other.ownHost.split(':')[0], ownHost.split(':')[0]));
    },
    { allowedHosts: ['127.0.0.1'] },
  ));

test('a token has 256 random bits and differs each time', () =>
  withServedFolder(async ({ token }) => {
    assert.equal(Buffer.from(token, 'base64url').length, 32);
    await withServedFolder(async (other) => assert.notEqual(other.token, token));
  }));

test('without the token, or with a wrong one, nothing is answered: page, asset, picture, report, upload, socket', () =>
  withServedFolder(async ({ ask, openSocket, token, folder }) => {
    const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const headers of [
      {},
      { authorization: `Bearer ${wrong}` },
      { authorization: 'Bearer' },
      { authorization: token },
      { cookie: `arcbench=${token}` },
      { authorization: `Bearer ${token}x` },
    ] as Record<string, string>[]) {
      for (const path of [
        '/',
        '/?token=',
        `/?token=${wrong}`,
        '/assets/main.js',
        '/pictures/face/abc/0',
        '/reports/abc/curve%20one.svg',
        '/nowhere',
      ]) {
        const answer = await ask(path, { headers });
        assert.equal(answer.status, 401, `${path} ${JSON.stringify(headers)}`);
        assert.ok(!answer.text.includes(folder) && answer.headers['set-cookie'] === undefined);
      }
      assert.notEqual((await ask('/uploads/u/a.png', { method: 'PUT', headers, body: 'x' })).status, 200);
      await assert.rejects(openSocket(headers), /refused/);
    }
  }));

test('tokens are compared in constant time', (context) =>
  withServedFolder(async ({ ask, bearer }) => {
    const compare = context.mock.method(crypto, 'timingSafeEqual');
    context.after(() => compare.mock.restore());
    // Named imports of a builtin follow the module's own object after this.
    (await import('node:module')).syncBuiltinESMExports();
    await ask('/', { headers: { authorization: 'Bearer x' } });
    await ask('/', { headers: bearer });
    await ask('/?token=short');
    assert.equal(compare.mock.callCount(), 3);
    for (const {
      arguments: [given, expected],
    } of compare.mock.calls)
      assert.equal(
        given.byteLength,
        expected.byteLength,
        'a digest of each is compared, so that the length tells nothing',
      );
    compare.mock.restore();
    (await import('node:module')).syncBuiltinESMExports();
  }));

test('a name that another site gave this machine (DNS rebinding) is refused, token or not', () =>
  withServedFolder(
    async ({ ask, bearer, token, host }) => {
      const port = host.split(':')[1];
      for (const name of [
        'evil.example',
        `evil.example:${port}`,
        `127.0.0.1.evil.example:${port}`,
        `localhost@evil.example`,
        'x:y:z',
        '[::1',
      ]) {
        const answer = await ask(`/?token=${token}`, { headers: { ...bearer, host: name } });
        assert.equal(answer.status, 421, name);
        assert.equal(answer.headers['set-cookie'], undefined);
      }
      for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'LOCALHOST', 'bench.example:9'])
        assert.equal((await ask('/', { headers: { ...bearer, host: name } })).status, 200, name);
      const upgrade = {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      };
      assert.equal((await ask('/api', { headers: { ...bearer, ...upgrade, host: 'evil.example' } })).status, 421);
    },
    { allowedHosts: ['bench.example'] },
  ));

test('another origin is refused on sockets, uploads and pictures, even with the cookie', () =>
  withServedFolder(async ({ ask, rawSocket, bearer, token, ownHost: host }) => {
    const own = { host };
    const cookie = ((await ask(`/?token=${token}`, { headers: own })).headers['set-cookie']?.[0] ?? '').split(
      ';',
    )[0] as string;
    const [name, port] = host.split(':') as [string, string];
    for (const origin of [
      'http://evil.example',
      `http://${name}:${Number(port) + 1}`,
      `http://${name}`,
      'null',
      'file://',
      'arcbench://app',
      `http://${host}.evil.example`,
    ]) {
      await assert.rejects(rawSocket({ ...own, cookie, origin }), /refused/, origin);
      await assert.rejects(rawSocket({ ...own, ...bearer, origin }), /refused/, origin);
      assert.equal(
        (await ask('/uploads/u/a.png', { method: 'PUT', headers: { ...own, cookie, origin }, body: 'x' })).status,
        403,
        origin,
      );
      assert.equal((await ask('/pictures/face/abc/0', { headers: { ...own, cookie, origin } })).status, 403, origin);
    }
    assert.equal(
      (await ask('/uploads/u/a.png', { method: 'PUT', headers: { ...own, cookie }, body: 'x' })).status,
      403,
      'a cookie alone, as a form of another site sends it',
    );
    assert.equal(
      (
        await ask('/pictures/face/abc/0', {
          headers: { ...own, cookie, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
        })
      ).status,
      403,
      'an <img> of a page on another port',
    );
    assert.equal(
      (
        await ask('/uploads/u/a.png', {
          method: 'PUT',
          headers: { ...own, cookie, origin: `http://${host}` },
          body: 'x',
        })
      ).status,
      200,
    );
    (await rawSocket({ ...own, cookie, origin: `http://${host}` })).destroy();
  }));

test('no answer shares anything with other origins, preflights included', () =>
  withServedFolder(async ({ ask, bearer }) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'DELETE']) {
      for (const path of ['/', '/api', '/pictures/face/abc/0', '/uploads/u/a', '/nowhere']) {
        for (const headers of [
          { origin: 'http://evil.example', 'access-control-request-method': 'PUT' },
          { ...bearer, origin: 'http://evil.example' },
        ] as Record<string, string>[]) {
          const answer = await ask(path, { method, headers });
          assert.deepEqual(
            Object.keys(answer.headers).filter((name) => name.startsWith('access-control-')),
            [],
            `${method} ${path}`,
          );
          assert.ok(answer.status >= 400, `${method} ${path}: ${answer.status}`);
        }
      }
    }
  }));

test('every answer carries the security headers, refusals and malformed addresses too', () =>
  withServedFolder(async ({ ask, bearer }) => {
    for (const [path, headers] of [
      ['/', bearer],
      ['/', {}],
      ['/assets/main.js', bearer],
      ['/pictures/face/abc/0', bearer],
      ['/reports/abc/curve%20one.svg', bearer],
      ['/nowhere', bearer],
      ['/%zz', bearer],
      ['/pictures/face/broken/0', bearer],
    ] as const) {
      const { headers: given } = await ask(path, { headers });
      const policy = new Map(
        String(given['content-security-policy'])
          .split('; ')
          .map((directive) => [directive.split(' ')[0], directive]),
      );
      assert.equal(policy.get('default-src'), "default-src 'none'", path);
      assert.equal(policy.get('frame-ancestors'), "frame-ancestors 'none'", path);
      assert.ok(!/unsafe-inline|unsafe-eval|https?:|\*/.test(policy.get('script-src') ?? ''), path);
      assert.equal(given['x-content-type-options'], 'nosniff', path);
      assert.equal(given['referrer-policy'], 'no-referrer', path);
      assert.equal(given['cross-origin-opener-policy'], 'same-origin', path);
      assert.equal(given['cross-origin-resource-policy'], 'same-origin', path);
    }
    assert.match(
      String((await ask('/reports/abc/curve%20one.svg', { headers: bearer })).headers['content-security-policy']),
      /sandbox$/,
      "a report's SVG can run nothing",
    );
  }));
