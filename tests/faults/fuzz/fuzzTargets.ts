import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importCelebA } from '../../../src-main/data/importCelebA.ts';
import { importCsv } from '../../../src-main/data/importCsv.ts';
import { readPairsFile } from '../../../src-main/data/pairs/pairsFile.ts';
import { importRecords } from '../../../src-main/data/records/importRecords.ts';
import { readVerificationSet } from '../../../src-main/data/verification/verificationSet.ts';
import { npyBytes, readNpy } from '../../../src-main/files/npyFile.ts';
import { readWeightFile } from '../../../src-main/model/weights/readWeightFile.ts';
import { planHash } from '../../../src-main/workbench/experiment/planHash.ts';
import { parseExperiment } from '../../../src-shared/parseExperiment.ts';
import { torchSave } from '../../model/torchSave.ts';
import { hostileNames, hostileNumbers } from '../hostile/mutate.ts';

/** A parser to fuzz. */
export interface FuzzTarget {
  readonly name: string;
  /** The input's path below an empty folder; files beside it are written by `surround`. */
  readonly path: string;
  readonly surround?: (folder: string) => void;
  /** Whole inputs to begin with; `folder` may be used to make them. */
  readonly seeds: (folder: string) => readonly Uint8Array[];
  /** What parsers look for: it is put into inputs. */
  readonly words: readonly (string | Uint8Array)[];
  readonly run: (path: string) => unknown;
}

const golden = (path: string): string => fileURLToPath(new URL(`../../golden/${path}`, import.meta.url));
const presets = fileURLToPath(new URL('../../../resources/experiments/', import.meta.url));
const text = (content: string): Uint8Array => Buffer.from(content);
const allOf = (folder: string, ending: string): Uint8Array[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder, name)));
const words = [...hostileNames.filter((name) => name.length < 100), ...hostileNumbers, '"', "'", '\\', '\r\n', '\t'];
const landmarks = '10,12,30,12,20,20,12,30,28,30';

function readWeights(path: string): void {
  for (const tensor of readWeightFile(path).values()) if (/^B?F\d+$/.test(tensor.type)) tensor.values();
}

const yaml: FuzzTarget = {
  name: 'yaml',
  path: 'fuzzed.yaml',
  seeds: () => allOf(presets, '.yaml'),
  words: [...words, ': ', '- ', '&a ', '*a', '<<: ', '!!binary ', '{', '}', '[', ']', '|\n', '>\n', '---\n', '? ', '#'],
  run: (path) => planHash(parseExperiment(readFileSync(path, 'utf8'), path)),
};

const csv: FuzzTarget = {
  name: 'csv',
  path: 'fuzzed.csv',
  seeds: () => [
    text(`path,identity,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\n1.png,Ann,${landmarks}\n2.png,"B ""o""",,,,,,,,,,\n`),
    text('path;identity\n1.png;Ann\n'),
    text('\ufeffidentity\tpath\r\nAnn\t1.png\r\n'),
  ],
  words: [...words, ',', ';', '\n', 'path', 'identity', 'x0', '""'],
  run: (path) => importCsv(path),
};

const pairs: FuzzTarget = {
  name: 'pairs',
  path: 'fuzzed.txt',
  seeds: () => [
    text('2\t1\nAnn\t1\t2\nAnn\t1\tBob\t2\nCy\t1\t2\nAnn\t3\tCy\t3\n'),
    text('1\nAnn\t1\t2\nAnn\t1\tBob\t2\n'),
    text('a/1.jpg b/1.jpg 0\na/1.jpg a/2.jpg 1\n'),
    text('Ann_0001.jpg 1\nAnn_0003.jpg 1\nAnn_0001.jpg 0\nBob_0001.jpg 0\n'),
    text('file_x,file_y,Decision\na.jpg,b.jpg,Yes\na.jpg,c.jpg,No\n'),
  ],
  words: [...words, '\n', ' 1', ' 0', 'Yes', 'No', '.jpg'],
  run: (path) => readPairsFile(path),
};

const lists: FuzzTarget = {
  name: 'celeba',
  path: 'celeba/identity_CelebA.txt',
  surround(folder) {
    const pictures = join(folder, 'celeba', 'img_align_celeba');
    mkdirSync(pictures, { recursive: true });
    const names = ['000001.jpg', '000002.jpg'];
    for (const name of names) writeFileSync(join(pictures, name), 'x');
    const rows = names.map((name) => `${name} ${landmarks.replaceAll(',', ' ')}`);
    writeFileSync(
      join(folder, 'celeba', 'list_landmarks_align_celeba.txt'),
      ['2', 'lefteye_x', ...rows, ''].join('\n'),
    );
  },
  seeds: () => [text('000001.jpg 2880\n000002.jpg 2937\n'), text('000001.jpg 1\r\n\r\n000002.jpg 1\r\n')],
  words: [...words, '\n', '000001.jpg', ' '],
  run: (path) => importCelebA(dirname(path)),
};

const opcodes = [0x28, 0x2e, 0x4a, 0x4b, 0x4d, 0x52, 0x58, 0x5d, 0x61, 0x62, 0x63, 0x65, 0x68, 0x71, 0x74, 0x75, 0x7d]
  .concat([0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x8a, 0x8c, 0x8e, 0x93, 0x94, 0x95, 0x96])
  .map((code) => Uint8Array.of(code));
const globals = [
  ...['cposix\nsystem\n', 'ctorch._utils\n_rebuild_tensor_v2\n', 'ccollections\nOrderedDict\n'],
  ...['cnumpy.core.multiarray\n_reconstruct\n', 'cnumpy\nndarray\n', 'cnumpy\ndtype\n', 'c_codecs\nencode\n'],
];

const pickle: FuzzTarget = {
  name: 'pickle',
  path: 'fuzzed.pth',
  seeds(folder) {
    const tensors = [
      { name: 'conv1.weight', shape: [4, 3, 2, 2] },
      { name: 'bn1.weight', shape: [4], storage: 'HalfStorage' },
      { name: 'fc.weight', shape: [3, 4], transposed: true },
    ];
    torchSave(
      (['zip', 'legacy'] as const).flatMap((format) =>
        [2, 4].map((protocol) => ({ path: join(folder, `${format}${protocol}.pth`), format, tensors, protocol })),
      ),
    );
    return allOf(folder, '.pth');
  },
  words: [...opcodes, ...globals, 'PK\u0003\u0004', 'data.pkl', 'storage', 'FloatStorage'],
  run: readWeights,
};

const safetensors: FuzzTarget = {
  name: 'safetensors',
  path: 'fuzzed.safetensors',
  seeds: () => [readFileSync(golden('formats/mini.safetensors'))],
  words: [...words, '{', '}', '"dtype":"F32"', '"shape":[', '"data_offsets":[0,0]', '__metadata__', 'BF16', ' '],
  run: readWeights,
};

const records: FuzzTarget = {
  name: 'recordio',
  path: 'train.rec',
  surround: (folder) => writeFileSync(join(folder, 'property'), '2,112,112\n'),
  seeds: () => [readFileSync(golden('formats/train.rec'))],
  words: [Uint8Array.of(0x0a, 0x23, 0xd7, 0xce), Uint8Array.of(0, 0, 0, 0x20), Uint8Array.of(2, 0, 0, 0)],
  run: (path) => importRecords(path, {}),
};

const index: FuzzTarget = {
  name: 'record-index',
  path: 'train.idx',
  surround: (folder) => writeFileSync(join(folder, 'train.rec'), readFileSync(golden('formats/train.rec'))),
  seeds: () => [readFileSync(golden('formats/train.idx'))],
  words: [...words, '\n', '0\t'],
  run: (path) => importRecords(join(dirname(path), 'train.rec'), {}),
};

const verification: FuzzTarget = {
  name: 'bin',
  path: 'fuzzed.bin',
  seeds: () => [readFileSync(golden('formats/py2.bin')), ...allOf(golden('verification'), '.bin')],
  words: [...opcodes, ...globals, 'latin1', Uint8Array.of(0xff, 0xd8, 0xff)],
  run: (path) => readVerificationSet(path),
};

const npy: FuzzTarget = {
  name: 'npy',
  path: 'fuzzed.npy',
  seeds: () => [npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6), 3)],
  words: [...words, "'descr': '<f4'", '(2, 3)', 'True', '\u0093NUMPY'],
  run: (path) => readNpy(path),
};

export const fuzzTargets: readonly FuzzTarget[] = [
  yaml,
  csv,
  pairs,
  lists,
  pickle,
  safetensors,
  records,
  index,
  verification,
  npy,
];
