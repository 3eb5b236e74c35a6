import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npyBytes, readNpy } from '../../../src-main/files/npyFile.ts';
import { buildNetwork } from '../../../src-main/model/buildNetwork.ts';
import { pretrainedBackbone } from '../../../src-main/model/weights/pretrainedBackbone.ts';
import { readWeightFile } from '../../../src-main/model/weights/readWeightFile.ts';
import { writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import { torchSave } from '../../model/torchSave.ts';
import { met, pick, type HostileKind } from './attempt.ts';
import { hostileNames, hostileNumbers, mutate, mutateText } from './mutate.ts';

const tensors = [
  { name: 'conv1.weight', shape: [4, 3, 2, 2] },
  { name: 'bn1.weight', shape: [4], storage: 'HalfStorage' },
  { name: 'fc.weight', shape: [3, 4], transposed: true },
  { name: 'expanded', shape: [3, 4], expanded: true },
  { name: 'bn1.num_batches_tracked', shape: [], storage: 'LongStorage' },
];

/** Reads a weight file, decodes what decodes, and tries it as the start of a backbone. */
function read(path: string): void {
  const network = buildNetwork(experimentSchema.parse({ model: { backbone: 'resnet18' } }).model, 64);
  for (const tensor of readWeightFile(path).values()) if (/^B?F\d+$/.test(tensor.type)) tensor.values();
  try {
    pretrainedBackbone(path, network);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
  }
}

export const safetensors: HostileKind = {
  name: 'safetensors',
  share: 0.08,
  each: 1,
  async open(own) {
    const original = join(own, 'plain.safetensors');
    writeSafetensors(
      original,
      new Map([
        ['conv1.weight', { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }],
        ['bn1.weight', { shape: [4], values: new Float32Array(4) }],
        ['deep', { shape: [1, 1, 1, 1], values: new Float32Array(1) }],
      ]),
      { format: 'pt' },
    );
    const content = readFileSync(original);
    const header = content.subarray(8, 8 + Number(content.readBigUInt64LE(0))).toString();
    const data = content.subarray(8 + header.length);
    const poisons = [
      ...hostileNames.map((name) => JSON.stringify(name)),
      ...hostileNumbers,
      '"dtype":"F64"',
      '"shape":[9007199254740991,9007199254740991]',
      '"shape":[0]',
      '"shape":[]',
      '"data_offsets":[0,0]',
      '"data_offsets":[-1,8]',
      '"data_offsets":[24,0]',
      '"data_offsets":[0,1e15]',
      '"__metadata__":{"a":1}',
      '"__proto__":{"dtype":"F32"}',
      '['.repeat(100_000),
      '{"a":'.repeat(50_000),
    ];
    return {
      attempt(random, folder) {
        const path = join(folder, 'hostile.safetensors');
        if (random.next() < 0.5) writeFileSync(path, mutate(random, content));
        else {
          const text = mutateText(random, header, poisons);
          const length = Buffer.alloc(8);
          length.writeBigUInt64LE(
            random.next() < 0.1
              ? BigInt(pick(random, ['0', '18446744073709551615', '9007199254740992', '8388609']))
              : BigInt(text.length),
          );
          writeFileSync(path, Buffer.concat([length, text, data]));
        }
        return met(() => read(path), path);
      },
    };
  },
};

export const pickles: HostileKind = {
  name: '.pth pickles',
  share: 0.12,
  each: 1,
  async open(own) {
    const marker = join(mkdtempSync(join(tmpdir(), 'arcbench-marker-')), 'was-run');
    const originals = [
      ['zip', 2],
      ['legacy', 2],
      ['zip', 4],
      ['legacy', 4],
    ] as const;
    torchSave(
      originals.map(([format, protocol], index) => ({ path: join(own, `${index}.pth`), format, tensors, protocol })),
    );
    torchSave([{ path: join(own, 'deflated.pth'), format: 'zip', tensors, compressed: true }]);
    const plain = [
      ...originals.map((_, index) => readFileSync(join(own, `${index}.pth`))),
      readFileSync(join(own, 'deflated.pth')),
    ];
    const hostile = (JSON.parse(torchSave([{ hostile: marker, folder: own, protocol: 2 }])) as [string, string][]).map(
      ([, path]) => readFileSync(path),
    );
    // Operations, and names of Python, that do something when they are obeyed.
    const codes = [
      0x28, 0x2e, 0x30, 0x31, 0x32, 0x4e, 0x51, 0x52, 0x61, 0x62, 0x63, 0x65, 0x68, 0x69, 0x6a, 0x6f, 0x71, 0x72, 0x73,
      0x74, 0x75, 0x7d, 0x81, 0x85, 0x86, 0x87, 0x8a, 0x8b, 0x8c, 0x8d, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
    ];
    const calls = [
      'cposix\nsystem\n',
      'cbuiltins\neval\n',
      'c__builtin__\nexec\n',
      'csubprocess\nPopen\n',
      'ctorch._utils\n_rebuild_tensor_v2\n',
      'ctorch\nSize\n',
      'ccollections\nOrderedDict\n',
      'ctorch.hub\nload\n',
      'cnumpy.core.multiarray\n_reconstruct\n',
      `(X${String.fromCharCode(Math.min(255, marker.length + 6), 0, 0, 0)}touch ${marker}tR`,
    ].map((text) => Buffer.from(text, 'latin1'));
    return {
      async attempt(random, folder) {
        const path = join(folder, 'hostile.pth');
        const base = pick(random, random.next() < 0.6 ? plain : hostile);
        let content = random.next() < 0.1 ? base : mutate(random, base, pick(random, hostile));
        for (let change = 0; change < random.integer(4) && content.length > 0; change++) {
          const at = random.integer(content.length);
          if (random.next() < 0.5) content[at] = pick(random, codes);
          else
            content = Buffer.concat([
              content.subarray(0, at),
              pick(random, calls),
              content.subarray(random.next() < 0.5 ? at : random.integer(content.length)),
            ]);
        }
        writeFileSync(path, content);
        const result = await met(() => read(path), path);
        if (existsSync(marker)) throw new Error('Code of a pickle was run.');
        return result;
      },
      async close() {
        rmSync(join(marker, '..'), { recursive: true, force: true });
      },
    };
  },
};

export const arrays: HostileKind = {
  name: '.npy',
  share: 0.04,
  each: 1,
  async open() {
    const content = npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6), 3);
    const poisons = [
      "'descr': '|O'",
      "'descr': '<f8'",
      "'fortran_order': True",
      '(9007199254740991, 9007199254740991)',
      '(0, 0)',
      '(-1, 3)',
      '(2,)',
      '()',
      ...hostileNumbers,
      ...hostileNames,
    ];
    return {
      attempt(random, folder) {
        const path = join(folder, 'hostile.npy');
        const header = mutateText(random, content.subarray(10, 128).toString('latin1'), poisons);
        const length = Buffer.alloc(2);
        length.writeUInt16LE(random.next() < 0.1 ? 65_535 : header.length % 65_536);
        writeFileSync(
          path,
          random.next() < 0.5
            ? mutate(random, content)
            : Buffer.concat([content.subarray(0, 8), length, header, content.subarray(128)]),
        );
        return met(() => readNpy(path), path);
      },
    };
  },
};
