import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { hasNvidiaCard } from '../../src-main/engine/install/engineDevice.mjs';
import { engineFault, engineFaultByHash } from '../../src-main/engine/install/engineManifest.mjs';
import { releaseFor } from '../../src-main/engine/install/engineRelease.mjs';
import { installEngine } from '../../src-main/engine/install/installEngine.mjs';
import { kernelSources } from '../../src-main/engine/install/kernelSources.mjs';
import { patchBackend } from '../../src-main/engine/install/patchBackend.mjs';
import { endOf, makeScratch, saying, type Scratch, type SetUpEnd } from './scratchSetUp.ts';

const scratches: Scratch[] = [];
const scratch = (...options: Parameters<typeof makeScratch>) => {
  const made = makeScratch(...options);
  scratches.push(made);
  return made;
};
after(() => {
  for (const made of scratches) made.remove();
});
const which = (name: string) => execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
const isRoot = process.getuid?.() === 0;

/** One sentence, the exit code, no trace, and nothing half-made. */
function assertFailed(end: SetUpEnd, code: number, sentence: RegExp): void {
  assert.match(end.output, sentence);
  assert.equal(end.code, code, end.output);
  const sentences = end.output
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('arcbench set-up: '));
  assert.equal(sentences.length, 1, `one sentence was expected:\n${end.output}`);
  assert.doesNotMatch(end.output, /\n\s+at |Traceback/);
}
const assertWhole = (of: Scratch) => {
  assert.equal(engineFault(of.linked()), null);
  assert.equal(of.load().version, 'scratch');
  assert.deepEqual(
    of.engines().filter((name) => name.startsWith('building-')),
    [],
  );
};

describe('the set-up of the engine', { concurrency: 2 }, () => {
  test('one machine over time', async (t) => {
    const one = scratch();

    await t.test('an install is whole, a second one does nothing and needs no tool', async () => {
      assert.equal((await one.setUp()).code, 0);
      assertWhole(one);
      const { mtimeMs } = statSync(join(one.linked(), 'manifest.json'));
      assert.deepEqual(await one.setUp({ PATH: '/nowhere', PIP_FIND_LINKS: '/nowhere' }), {
        code: 0,
        signal: null,
        output: '',
      });
      assert.equal(statSync(join(one.linked(), 'manifest.json')).mtimeMs, mtimeMs);
      assert.equal(await engineFaultByHash(one.linked()), null);
    });

    await t.test(
      'a card brings the engine cuda, which stays without a card, and ARCBENCH_ENGINE overrides',
      async () => {
        const card = one.at('card');
        mkdirSync(card);
        writeFileSync(join(card, 'nvidia-smi'), '#!/bin/sh\necho "GPU 0: NVIDIA Test (UUID: GPU-0)"\n', {
          mode: 0o755,
        });
        assert.equal(
          (await one.setUp({ ARCBENCH_ENGINE: undefined, PATH: `${card}:${one.at('bin')}:${process.env['PATH']}` }))
            .code,
          0,
        );
        assertWhole(one);
        assert.deepEqual(
          one.load(),
          { version: 'scratch', card: 'a card' },
          "NVIDIA's library lies where TensorFlow's search path finds it",
        );
        assert.ok(statSync(join(one.linked(), 'nvidia/cuda_nvcc/bin/ptxas')).mode & 0o100, 'ptxas is a program');
        assert.deepEqual(await one.setUp({ ARCBENCH_ENGINE: 'auto' }), { code: 0, signal: null, output: '' });
        assert.equal(one.load().card, 'a card');
        assert.equal((await one.setUp({ ARCBENCH_ENGINE: 'cpu' })).code, 0);
        assert.equal(one.load().card, 'none');
        assertFailed(
          await one.setUp({ ARCBENCH_ENGINE: 'gpu' }),
          2,
          /ARCBENCH_ENGINE is "gpu", expected auto, cpu or cuda/,
        );
      },
    );

    await t.test('damage is named and mended; another byte is found by hash', async () => {
      const library = join(one.linked(), 'tensorflow/libtensorflow_cc.so.2');
      const bytes = readFileSync(library);
      truncateSync(library, 1000);
      assert.match(
        (await one.setUp()).output,
        /is damaged \(tensorflow\/libtensorflow_cc\.so\.2 has 1000 bytes, expected \d+\): installing it again/,
      );
      assertWhole(one);
      assert.deepEqual(readFileSync(library), bytes);
      bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
      writeFileSync(library, bytes);
      assert.equal(engineFault(one.linked()), null);
      assert.match((await engineFaultByHash(one.linked())) ?? '', /libtensorflow_cc\.so\.2 has other bytes/);
      for (const halfMade of ['', '{', '{"files":{}}']) {
        writeFileSync(join(one.linked(), 'manifest.json'), halfMade);
        assert.equal(engineFault(one.linked()), 'it has no readable manifest');
      }
      rmSync(join(one.linked(), 'tensorflow'), { recursive: true });
      assert.equal((await one.setUp()).code, 0);
      assertWhole(one);
    });

    await t.test('a changed kernel is compiled again from the libraries that are there', async () => {
      const before = one.linked();
      writeFileSync(one.at('src-main/engine/native/products.cc'), '// changed\n');
      const end = await one.setUp({ PIP_FIND_LINKS: '/nowhere' });
      assert.deepEqual([end.code, end.output], [0, 'arcbench set-up: Compiling the addon …\n']);
      assertWhole(one);
      assert.notEqual(one.linked(), before);
      assert.equal(engineFault(before), null, 'the engine before it stays');
      const library = join('tensorflow', 'libtensorflow_cc.so.2');
      assert.equal(
        statSync(join(one.linked(), library)).ino,
        statSync(join(before, library)).ino,
        'linked, not copied',
      );
    });

    await t.test('a kernel that does not compile is named by its file and line', async () => {
      writeFileSync(one.at('src-main/engine/native/products.cc'), '\n#error not yet\n');
      assertFailed(await one.setUp(), 1, /src-main\/engine\/native\/products\.cc:2:2: error: #error not yet/);
      writeFileSync(one.at('src-main/engine/native/products.cc'), '');
    });
  });

  test('a bare machine', async (t) => {
    const bare = scratch();
    /** A PATH with only these tools. */
    const path = (tools: Readonly<Record<string, string>>) => {
      const folder = mkdtempSync(bare.at('tools-'));
      for (const [name, target] of Object.entries(tools)) {
        if (target.startsWith('#!')) writeFileSync(join(folder, name), target, { mode: 0o755 });
        else symlinkSync(target, join(folder, name));
      }
      return folder;
    };
    const python = bare.at('bin/python3');
    const pipless = `#!/bin/sh\nexec ${bare.at('pipless/bin/python3')} "$@"\n`;

    await t.test('a tool that is missing or broken is named in one sentence', async () => {
      execFileSync(python, ['-m', 'venv', '--without-pip', bare.at('pipless')]);
      assertFailed(await bare.setUp({ PATH: path({}) }), 2, /Python was not found \(python3, python, py -3\)/);
      assertFailed(
        await bare.setUp({
          PATH: path({
            python3: '#!/bin/sh\necho \'{"command": "python3", "python": [3, 6], "pip": "18.1", "makesPip": true}\'\n',
          }),
        }),
        2,
        /Python 3\.6 was found, expected 3\.8 or newer/,
      );
      assertFailed(
        await bare.setUp({
          PATH: path({
            python3: '#!/bin/sh\necho \'{"command": "python3", "python": [3, 12], "pip": null, "makesPip": false}\'\n',
          }),
        }),
        2,
        /has no pip 20\.3 or newer.* and no ensurepip/,
      );
      assertFailed(
        await bare.setUp({ PATH: path({ python }) }),
        2,
        /No C\+\+ compiler was found \(g\+\+, c\+\+, clang\+\+\)/,
      );
      const noHeaders =
        '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "x.cc:1:10: fatal error: string: No such file or ' +
        'directory" >&2\nexit 1\n';
      assertFailed(
        await bare.setUp({ PATH: path({ python, 'g++': noHeaders }) }),
        1,
        /could not be compiled by g\+\+ \(x\.cc:1:10: fatal error: string/,
      );
      assert.deepEqual(bare.engines(), []);
    });

    await t.test('a Python without pip makes one, and c++ serves for g++', async () => {
      const tools = {
        python: pipless,
        python3: '#!/bin/sh\nexit 1\n',
        'c++': which('g++'),
        as: which('as'),
        ld: which('ld'),
      };
      const end = await bare.setUp({ PATH: path(tools) });
      assert.equal(end.code, 0, end.output);
      assertWhole(bare);
    });

    await t.test('packages that are not there are asked for', async () => {
      renameSync(join(bare.tfjs, 'binding'), join(bare.tfjs, 'elsewhere'));
      assertFailed(await bare.setUp(), 2, /tfjs-node-gpu\/binding is missing.*npm ci/);
      mkdirSync(join(bare.tfjs, 'binding'));
      writeFileSync(join(bare.tfjs, 'binding/tfjs_backend.cc'), 'int main() {}\n');
      assertFailed(await bare.setUp(), 1, /is not the one that ArcBench knows how to build/);
      rmSync(bare.at('node_modules/.arcbench-stamp'));
      assertFailed(await bare.setUp({ PATH: path({ python }) }), 2, /npm was not found/);
      await assert.rejects(
        installEngine(bare.at('nowhere'), new AbortController().signal),
        /nowhere.* is missing.*npm ci/,
      );
    });
  });

  test('packages are installed once by two set-ups at once, and again where that failed', async () => {
    const of = scratch();
    rmSync(of.at('node_modules/.arcbench-stamp'));
    writeFileSync(of.at('bin/npm'), '#!/bin/sh\necho "npm error network" >&2\nexit 1\n', { mode: 0o755 });
    const failed = await of.setUp();
    assert.equal(failed.code, 1);
    assert.match(failed.output, /npm error network\nnpm could not install the packages: check the network/);
    // Stands for npm, which has no network here: it notes the call and brings the package `node`.
    writeFileSync(
      of.at('bin/npm'),
      `#!/bin/sh\necho "$@" >> ${of.at('calls')}\nsleep 1\nmkdir -p node_modules/node\necho > ` +
        'node_modules/node/installArchSpecificPackage.js\n',
    );
    const ends = await Promise.all([of.setUp(), of.setUp()]);
    assert.deepEqual(
      ends.map(({ code }) => code),
      [0, 0],
      ends.map(({ output }) => output).join('\n'),
    );
    assert.equal(readFileSync(of.at('calls'), 'utf8'), 'ci --ignore-scripts --no-audit --no-fund\n');
    assertWhole(of);
    assert.deepEqual(await of.setUp({ PATH: '/nowhere' }), { code: 0, signal: null, output: '' });
  });

  test('a network or an index that fails, and a wheel that is not the pinned one', async () => {
    const of = scratch();
    const wheel = readFileSync(of.cpuWheel);
    const name = of.cpuWheel.split('/').at(-1) ?? '';
    const server = createServer((request, response) => {
      if (!request.url?.endsWith('.whl'))
        return response.setHeader('content-type', 'text/html').end(`<a href="/${name}">${name}</a>`);
      response
        .setHeader('content-length', wheel.length)
        .write(wheel.subarray(0, wheel.length / 2), () => response.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const index = (port: number) => ({
      PIP_NO_INDEX: undefined,
      PIP_FIND_LINKS: undefined,
      PIP_INDEX_URL: `http://127.0.0.1:${port}/simple`,
    });
    const { port } = server.address() as AddressInfo;
    try {
      assertFailed(
        await of.setUp(index(port)),
        1,
        /pip could not fetch tensorflow_cpu-0\.0\.1.*\.whl \(.+\): check the network/,
      );
    } finally {
      server.close();
    }
    assertFailed(
      await of.setUp(index(port)),
      1,
      /pip could not fetch tensorflow_cpu-0\.0\.1.*\.whl \(.+\): check the network/,
    );
    writeFileSync(of.cpuWheel, Buffer.concat([wheel, Buffer.from('.')]));
    assertFailed(await of.setUp(), 1, /has the SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}: it was not used/);
    assert.deepEqual(of.engines(), []);
  });

  test('a cache that cannot be written or found', async (t) => {
    const of = scratch();
    writeFileSync(of.at('file'), '');
    assertFailed(
      await of.setUp({ ARCBENCH_CACHE: of.at('file/cache') }),
      1,
      /cache folder .*file\/cache\/engine cannot be written \(ENOTDIR\)/,
    );
    if (!isRoot) return t.skip('only root can act as another user, who may not write here or has no home');
    if (spawnSync('test', ['-r', import.meta.filename], { uid: 12_345 }).status !== 0)
      return t.skip('this checkout lies where no other user can read it');
    chmodSync(of.folder, 0o755);
    assertFailed(
      await of.setUp({ ARCBENCH_CACHE: of.at('bin') }, { uid: 12_345 }),
      1,
      /cache folder .*bin\/engine cannot be written \(EACCES\)/,
    );
    const homeless = { ARCBENCH_CACHE: undefined, XDG_CACHE_HOME: undefined };
    assertFailed(
      await of.setUp({ ...homeless, HOME: undefined }, { uid: 12_345 }),
      2,
      /no home folder.*set ARCBENCH_CACHE/,
    );
    assertFailed(await of.setUp({ ...homeless, HOME: '' }, { uid: 12_345 }), 2, /no home folder.*set ARCBENCH_CACHE/);
  });

  test('five at once: one builds, four wait, all succeed', async () => {
    const of = scratch();
    const ends = await Promise.all(Array.from({ length: 5 }, () => of.setUp()));
    assert.deepEqual(
      ends.map(({ code }) => code),
      [0, 0, 0, 0, 0],
      ends.map(({ output }) => output).join('\n'),
    );
    assert.equal(ends.filter(({ output }) => output.includes('Compiling')).length, 1);
    assertWhole(of);
  });

  /** Makes the compiler wait until the gate is opened, 60 s at most. */
  const gate = (of: Scratch) => {
    writeFileSync(
      of.at('bin/g++'),
      `#!/bin/sh\n[ "$1" = --version ] && exit 0\nfor i in $(seq 1200); do [ -e ${of.at('open')} ] && break; ` +
        `sleep 0.05; done\nexec ${which('g++')} "$@"\n`,
      { mode: 0o755 },
    );
    return () => writeFileSync(of.at('open'), '');
  };

  test('another version waits for a build that stands still, and does not sweep it', async () => {
    const of = scratch();
    const open = gate(of);
    const first = of.start();
    const firstEnd = endOf(first);
    await saying(first, /Compiling/);
    const [building] = of.engines();
    of.setPins((pins) => ({ ...pins, version: '0.0.1-next' }));
    const second = of.start();
    const secondEnd = endOf(second);
    await saying(second, /waiting for it/);
    await sleep(300);
    assert.deepEqual(of.engines(), [building]);
    open();
    assert.deepEqual([(await firstEnd).code, (await secondEnd).code], [0, 0]);
    assert.equal(of.engines().length, 2);
    assertWhole(of);
  });

  test('Ctrl-C ends it with a sentence and leaves nothing, while it fetches, compiles or waits', async () => {
    const of = scratch();
    const open = gate(of);
    const interrupt = async (changes: NodeJS.ProcessEnv, words: RegExp) => {
      const child = of.start(changes);
      const end = endOf(child);
      await saying(child, words);
      child.kill('SIGINT');
      assertFailed(await end, 130, /was interrupted and left nothing half-made behind/);
    };
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await interrupt(
      {
        PIP_NO_INDEX: undefined,
        PIP_FIND_LINKS: undefined,
        PIP_INDEX_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/simple`,
      },
      /Fetching/,
    );
    silent.closeAllConnections();
    silent.close();
    await interrupt({}, /Compiling/);
    assert.deepEqual(of.engines(), []);
    const other = of.start();
    const otherEnd = endOf(other);
    await saying(other, /Compiling/);
    await interrupt({}, /waiting for it/);
    open();
    assert.equal((await otherEnd).code, 0);
    assertWhole(of);
  });

  test('killed at any moment, alone or with its tools, the next one succeeds and sweeps', async (t) => {
    const of = scratch();
    const started = performance.now();
    assert.equal((await of.setUp()).code, 0);
    const milliseconds = Math.min(2000, Math.round(performance.now() - started));
    let cut = 0;
    const random = xoroshiro128plus(20_260_726);
    for (let attempt = 0; attempt < 20; attempt++) {
      // Every third begins with the libraries of the one before.
      for (const name of attempt % 3 === 2 ? of.engines() : of.made())
        if (!name.startsWith('building-')) rmSync(of.at('cache/engine', name), { recursive: true });
      const child = of.start({}, { detached: true });
      const end = endOf(child);
      const timer = setTimeout(
        () => process.kill(attempt % 2 ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGKILL'),
        uniformInt(random, 0, milliseconds),
      );
      const { signal } = await end;
      clearTimeout(timer);
      if (signal === 'SIGKILL') cut++;
      for (const name of of.made())
        if (!name.startsWith('building-'))
          assert.equal(engineFault(of.at('cache/engine', name)), null, `attempt ${attempt}: ${name} is half-made`);
    }
    await sleep(1000); // tools of a killed set-up may still write
    for (const name of of.engines())
      if (!name.startsWith('building-')) rmSync(of.at('cache/engine', name), { recursive: true });
    assert.equal((await of.setUp()).code, 0);
    assertWhole(of);
    assert.deepEqual(readdirSync(join(of.tfjs, 'lib')), ['napi-v8']);
    assert.ok(cut >= 5, `only ${cut} of 20 were killed before their end`);
    t.diagnostic(`${cut} of 20 were killed before their end, at 0 to ${milliseconds} ms`);
  });

  test('a disk that fills while fetching, unpacking and compiling', async (t) => {
    const of = scratch({ payload: Buffer.alloc(6_000_000) }); // packs to nothing: fetching needs little, unpacking much
    const wheel = statSync(of.cpuWheel).size;
    const unpacked = of.unpackedBytes;
    const mounted = (kibibytes: number) =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', of.at('cache')], { stdio: 'ignore' })
        .status === 0;
    if (!mounted(100)) return t.skip('this machine lets nobody mount a small file system');
    spawnSync('umount', [of.at('cache')]);
    const stages: [string, number, RegExp][] = [
      ['before', wheel / 2048, /too little space for the engine: 0\.0 GB are needed/],
      ['fetching', (wheel * 1.4) / 1024, /too little space for the engine; nothing half-made was left behind/],
      ['unpacking', unpacked / 2048, /too little space for the engine; nothing half-made was left behind/],
      [
        'compiling',
        (unpacked + wheel) / 1024 + 32,
        /too little space for the engine; nothing half-made was left behind/,
      ],
    ];
    for (const [stage, kibibytes, sentence] of stages) {
      of.setPins((pins) => ({
        ...pins,
        unpackedBytes: 0,
        wheels: pins.wheels.map((entry) => ({ ...entry, bytes: stage === 'before' ? entry.bytes : 0 })),
      }));
      assert.ok(mounted(Math.ceil(kibibytes / 4) * 4));
      try {
        const end = await of.setUp();
        assertFailed(end, 1, sentence);
        assert.equal(end.output.includes('Fetching'), stage !== 'before', `${stage}: ${end.output}`);
        assert.equal(end.output.includes('Compiling'), stage === 'compiling', `${stage}: ${end.output}`);
        assert.deepEqual(of.engines(), [], stage);
      } finally {
        spawnSync('umount', [of.at('cache')]);
      }
    }
  });
});

test('a machine without a wheel gets a sentence that names those with one', () => {
  assert.throws(() => releaseFor({ platform: 'win32', arch: 'x64' }, 'cpu'), {
    message: /no wheel for win32 on x64: use Linux/,
    exitCode: 2,
  });
  assert.throws(() => releaseFor({ platform: 'darwin', arch: 'arm64' }, 'cuda'), {
    message: /no CUDA wheel for darwin on arm64.*ARCBENCH_ENGINE=cpu/,
    exitCode: 2,
  });
  for (const [platform, arch, device] of [
    ['linux', 'x64', 'cpu'],
    ['linux', 'x64', 'cuda'],
    ['linux', 'arm64', 'cpu'],
    ['darwin', 'arm64', 'cpu'],
  ] as const) {
    const release = releaseFor({ platform, arch }, device);
    assert.equal(release.device, device);
    for (const { file, sha256, bytes } of release.wheels)
      assert.ok(
        /^[\w.]+-[\d.]+-(cp311-cp311|py3-none)-[\w.]+\.whl$/.test(file) && /^[0-9a-f]{64}$/.test(sha256) && bytes > 1e6,
        file,
      );
  }
});

test('the source of the pinned tfjs is the one that the patch knows', () => {
  const source = readFileSync(
    fileURLToPath(new URL('../../node_modules/@tensorflow/tfjs-node-gpu/binding/tfjs_backend.cc', import.meta.url)),
    'utf8',
  );
  const patched = patchBackend(source);
  assert.ok(source.includes('DeallocTensor, auto_ref') && !patched.includes('DeallocTensor, auto_ref'));
  assert.throws(() => patchBackend(patched), /is not the one that ArcBench knows/);
  // ArcBench's own kernels are for Linux: a compiler of another system must see nothing of them.
  for (const arch of ['x64', 'arm64'])
    assert.ok(kernelSources({ platform: 'linux', arch }).sources.some((path) => path.endsWith('ops.cc')));
  for (const machine of [
    { platform: 'darwin', arch: 'arm64' },
    { platform: 'linux', arch: 'riscv64' },
  ])
    assert.deepEqual(kernelSources(machine), { sources: [], headers: [] });
});

test('doctor says what computes, on stdout only, and why cuda does not', () => {
  const doctor = (...args: string[]) =>
    spawnSync(
      process.execPath,
      [fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url)), ...args, 'doctor'],
      { encoding: 'utf8', env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1' } },
    );
  const { status, stdout, stderr } = doctor('--json', '--engine', 'cpu');
  assert.deepEqual([status, stderr], [0, '']);
  const found = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(
    [found['device'], found['tensorflow'], found['threads'], found['node']],
    ['cpu', '2.21.0', 1, process.version],
  );
  assert.ok(typeof found['gigaflops'] === 'number' && found['gigaflops'] > 1 && existsSync(String(found['folder'])));
  const cuda = doctor('--engine', 'cuda');
  if (hasNvidiaCard())
    assert.match(
      `${cuda.stdout}${cuda.stderr}`,
      /^engine {6}cuda|one for the CPU is installed|cannot use the NVIDIA card/,
    );
  else assert.deepEqual([cuda.status, cuda.stdout, cuda.stderr.trim().split('\n').length], [2, '', 1], cuda.stderr);
});
