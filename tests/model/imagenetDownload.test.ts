import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { downloadFile } from '../../src-main/model/weights/downloadFile.ts';
import type { FileRelease } from '../../src-main/model/weights/imagenetFiles.ts';
import { fetchImagenetWeights, imagenetWeightsPath } from '../../src-main/model/weights/imagenetWeights.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-download-'));
const weights = Buffer.from(Float32Array.from({ length: 100_000 }, (_, index) => Math.sin(index)).buffer);
const sha256Start = createHash('sha256').update(weights).digest('hex').slice(0, 8);
const file = `resnet18-${sha256Start}.pth`;

let requests = 0;
let answer: RequestListener;
const server = await listening(
  createServer((request, response) => {
    requests++;
    answer(request, response);
  }),
);
async function listening(started: Server): Promise<Server> {
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return started;
}
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

let cache = '';
beforeEach(() => {
  cache = mkdtempSync(join(folder, 'cache-'));
  process.env['ARCBENCH_CACHE'] = cache;
  requests = 0;
  answer = (_, response) => response.setHeader('content-length', weights.length).end(weights);
});
after(() => delete process.env['ARCBENCH_CACHE']);

const release = (port = (server.address() as AddressInfo).port): FileRelease => ({
  from: 'address',
  licence: 'BSD-3-Clause',
  address: `http://127.0.0.1:${port}/models/${file}`,
  sha256Start,
});
const options = { signal: new AbortController().signal, onProgress: () => undefined };
const kept = () => readdirSync(join(cache, 'weights'));

test('a weight file is fetched once, with its progress, and a damaged one is fetched again', async () => {
  const progress: (readonly [number, number])[] = [];
  const onProgress = (done: number, total: number) => progress.push([done, total]);
  const path = await fetchImagenetWeights(release(), { ...options, onProgress });
  assert.equal(path, join(cache, 'weights', file));
  assert.ok(readFileSync(path).equals(weights));
  assert.deepEqual(progress[0], [0, weights.length]);
  assert.deepEqual(progress.at(-1), [weights.length, weights.length]);
  assert.equal(await fetchImagenetWeights(release(), options), path);
  assert.equal(requests, 1);
  writeFileSync(path, weights.subarray(1));
  await fetchImagenetWeights(release(), options);
  assert.equal(requests, 2);
  assert.ok(readFileSync(path).equals(weights));
  assert.deepEqual(kept(), [file]);
});

test('a file that was put there by hand is taken without the network', async () => {
  mkdirSync(join(cache, 'weights'));
  writeFileSync(imagenetWeightsPath(release()), weights);
  await fetchImagenetWeights(release(), options);
  assert.equal(requests, 0);
});

/** The sentence of a refusal, which names the address and the folder for the file. */
const sentence = (reason: RegExp, port?: number) => ({
  name: 'ArcBenchError',
  code: 'failed',
  message: new RegExp(
    `^${file} could not be fetched \\(${reason.source}\\): download ${release(port).address} yourself and put it ` +
      `into ${cache}/weights, or name your file of these weights in model\\.weights\\.$`,
  ),
});

test('another file, an error of the server, or no server: one sentence, and nothing stays', async () => {
  answer = (_, response) => response.end('not the weights');
  await assert.rejects(
    fetchImagenetWeights(release(), options),
    sentence(new RegExp(`its SHA-256 begins with [0-9a-f]{8}, not ${sha256Start}, so it was not used`)),
  );
  answer = (_, response) => response.writeHead(404).end();
  await assert.rejects(fetchImagenetWeights(release(), options), sentence(/the server answers 404/));
  answer = (_, response) =>
    response.setHeader('content-length', weights.length).write(weights.subarray(0, 5000), () => {
      response.destroy();
    });
  await assert.rejects(fetchImagenetWeights(release(), options), sentence(/[^)]+/));
  const closed = await listening(createServer());
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  await assert.rejects(
    fetchImagenetWeights(release(port), options),
    sentence(new RegExp(`connect ECONNREFUSED 127.0.0.1:${port}`), port),
  );
  assert.deepEqual(kept(), []);
});

test('a server that falls silent is given up, and a stop ends the fetch', async () => {
  answer = (_, response) => response.setHeader('content-length', weights.length).write(weights.subarray(0, 5000));
  const to = join(cache, file);
  const silent = { ...options, to, folderByHand: join(cache, 'weights'), patience: 100 };
  await assert.rejects(downloadFile(release(), silent), sentence(/nothing came for 0\.1 seconds/));

  const stop = new AbortController();
  const onProgress = (done: number) => done > 0 && stop.abort();
  const stopped = fetchImagenetWeights(release(), { signal: stop.signal, onProgress });
  await assert.rejects(stopped, { name: 'ArcBenchError', code: 'cancelled', message: /^Stopped while the ImageNet/ });
  assert.deepEqual(kept(), []);
  assert.ok(!existsSync(imagenetWeightsPath(release())));
});
