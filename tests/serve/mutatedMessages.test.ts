import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { randomStream } from '../../src-shared/maths/random.ts';
import { waitUntil } from '../waitUntil.ts';
import { secret } from './folderWorkbench.ts';
import { mutatedMessage } from './mutatedMessage.ts';
import { nextMessage, withServedFolder } from './servedFolder.ts';

test(
  '10,000 mutated messages: each is answered, none breaks the door, tells a path or trace, or takes memory',
  { timeout: 30_000 },
  () =>
    withServedFolder(
      async ({ openSocket, folder }) => {
        const random = randomStream(4, 'mutated messages');
        const socket = await openSocket();
        let answers = 0;
        let results = 0;
        let longest = 0;
        const leaks: string[] = [];
        socket.addEventListener('message', ({ data }) => {
          const text = String(data);
          const answer = JSON.parse(text) as {
            id: unknown;
            result?: unknown;
            fault?: { code: unknown; message: unknown };
          };
          answers += 1;
          if ('result' in answer) results += 1;
          else {
            longest = Math.max(longest, text.length);
            if (
              typeof answer.fault?.code !== 'string' ||
              typeof answer.fault.message !== 'string' ||
              text.includes(folder) ||
              text.includes(secret) ||
              /\bat .*:\d+|node:|node_modules|\.ts\b/.test(text)
            )
              leaks.push(text);
          }
        });
        globalThis.gc?.();
        const before = process.memoryUsage();
        for (let index = 0; index < 10_000; index++) {
          socket.send(mutatedMessage(random, index));
          while (index - answers > 500) await wait(1);
        }
        await waitUntil('10,000 answers', () => answers >= 10_000, { seen: () => `${answers} answers` });
        assert.equal(answers, 10_000);
        assert.deepEqual(leaks, []);
        assert.ok(
          results > 100,
          `only ${results} calls were answered with a result: the mutation breaks everything before the workbench`,
        );
        assert.ok(longest < 500, 'a fault repeats what it was sent');
        assert.ok(
          process.memoryUsage().rss - before.rss < 200 * 2 ** 20,
          `${((process.memoryUsage().rss - before.rss) / 2 ** 20).toFixed(0)} MiB more`,
        );
        const last = nextMessage(socket);
        socket.send(JSON.stringify({ id: 1, call: 'files.list', input: { path: null } }));
        assert.ok('result' in (await last));
        assert.equal(({} as Record<string, unknown>)['extra'], undefined, 'the prototype of all objects was changed');
        socket.close();
      },
      { limits: { rate: { perSecond: 1e6, burst: 1e6 } } },
    ),
);
