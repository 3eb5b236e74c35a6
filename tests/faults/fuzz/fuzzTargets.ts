import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCourseList } from '../../../src-main/data/courseLists.ts';
import { importCelebA } from '../../../src-main/data/importCelebA.ts';
import { importCsv } from '../../../src-main/data/importCsv.ts';
import { readPairsFile } from '../../../src-main/data/pairs/pairsFile.ts';
import { importRecords } from '../../../src-main/data/records/importRecords.ts';
import { readVerificationSet } from '../../../src-main/data/verification/verificationSet.ts';
import { readGivenEmbeddings } from '../../../src-main/evaluate/given/givenEmbeddings.ts';
import { npyBytes, readNpy } from '../../../src-main/files/npyFile.ts';
import { MessageWriter } from '../../../src-main/files/protobuf.ts';
import { readGivenNetwork } from '../../../src-main/model/onnx/givenNetwork.ts';
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
  run: (path) => importCelebA(dirname(path), { realSource: dirname(path), followOutside: false }),
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

/** A small model of one node, with one weight, a batch of any size and metadata. */
function onnxSeed(metadata: Readonly<Record<string, string>>): Uint8Array {
  const value = (name: string, sizes: readonly (number | string)[]) => {
    const shape = new MessageWriter();
    for (const size of sizes)
      shape.bytes(
        1,
        typeof size === 'number' ? new MessageWriter().integer(1, size) : new MessageWriter().bytes(2, size),
      );
    return new MessageWriter()
      .bytes(1, name)
      .bytes(2, new MessageWriter().bytes(1, new MessageWriter().integer(1, 1).bytes(2, shape)));
  };
  const weight = new MessageWriter().integer(1, 2).integer(1, 3).integer(2, 1).bytes(8, 'w').bytes(9, Buffer.alloc(24));
  const node = new MessageWriter()
    .bytes(1, 'input')
    .bytes(1, 'w')
    .bytes(2, 'output')
    .bytes(3, 'Sub_0')
    .bytes(4, 'Gemm');
  const graph = new MessageWriter()
    .bytes(1, node)
    .bytes(5, weight)
    .bytes(11, value('input', ['batch', 3, 112, 112]))
    .bytes(12, value('output', ['batch', 4]));
  const model = new MessageWriter().integer(1, 7).bytes(7, graph);
  for (const [key, text] of Object.entries(metadata)) model.bytes(14, new MessageWriter().bytes(1, key).bytes(2, text));
  return Buffer.concat(model.pieces());
}

const onnx: FuzzTarget = {
  name: 'onnx',
  path: 'fuzzed.onnx',
  seeds: () => [onnxSeed({}), onnxSeed({ input_mean: '127.5', input_std: '128', color: 'BGR', alignment: 'arcface' })],
  words: [
    ...['input_mean', 'input_std', 'color', 'RGB', 'Sub', 'Mul', '_minus', '-1', 'NaN', '1e400'],
    ...[
      [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [0x0a, 0],
      [0x3a, 0],
      [0x5a, 0],
      [0x62, 0],
      [0x70, 1],
    ].map((bytes) => Uint8Array.from(bytes)),
  ],
  run: (path) => readGivenNetwork(path, 112),
};

const labels: FuzzTarget = {
  name: 'labels',
  path: 'labels.tsv',
  surround: (folder) =>
    writeFileSync(join(folder, 'embeddings.npy'), npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), 3)),
  seeds: () => [
    text('identity\tfile\tface\nAnn\tAnn/1.jpg\t1\nAnn\tAnn/2.jpg\t2\nBob\tBob/1.jpg\t1\n'),
    text('file\r\nAnn/1.jpg\r\nAnn/2.jpg\r\nother/1.jpg\r\n'),
  ],
  words: [...words, '\n', 'file', 'identity', 'face', 'Ann/1.jpg', 'Bob/1.jpg'],
  run: (path) =>
    readGivenEmbeddings(
      join(dirname(path), 'embeddings.npy'),
      ['Ann/1.jpg', 'Ann/2.jpg', 'Bob/1.jpg'].map((file) => ({
        path: file,
        identity: dirname(file),
        contentHash: '',
        perceptualHash: '',
      })),
    ),
};

const course: FuzzTarget = {
  name: 'course',
  path: 'celebA_train_500/celebA_anno.txt',
  surround: (folder) => mkdirSync(join(folder, 'celebA_train_500'), { recursive: true }),
  seeds: () => [
    text('000001.jpg 0\n000002.jpg 1\n'),
    text('"";"file";"class"\r\n1;"000001.jpg";0\r\n2;"000002.jpg";0\r\n'),
    text('celebA_imgs/000001.jpg,0\n000001.jpg,1\n'),
  ],
  words: [...words, '\n', '.jpg', ' 0', 'celebA_imgs/', '../', ',', ';'],
  run: (path) => readCourseList(path, 'celebA_imgs', []),
};

export const fuzzTargets: readonly FuzzTarget[] = [
  yaml,
  csv,
  pairs,
  lists,
  course,
  labels,
  pickle,
  safetensors,
  records,
  index,
  verification,
  npy,
  onnx,
];
