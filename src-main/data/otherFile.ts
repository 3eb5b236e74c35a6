import { basename } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { pictureKindOfName } from './pictureFormat.ts';

/** What a file is that cannot be a source, by its ending, and what to choose instead. */
const others: readonly (readonly [ending: RegExp, sentence: string])[] = [
  [/\.(?:zip|7z|rar|tar|tgz|gz|bz2|xz)$/i, 'is an archive: unpack it, and choose its folder'],
  [/\.idx$/i, 'is the index of a record file: choose the .rec file beside it'],
  [
    /\.bin$/i,
    'is a verification set, which holds pairs and names no people: name it in evaluation.sets, and choose the faces ' +
      'to train on as the source',
  ],
  [/\.(?:xlsx?|ods|numbers)$/i, 'is a spreadsheet: save it as CSV, and choose that file'],
  [
    /\.(?:parquet|arrow|mat|npy|npz|h5|hdf5|pkl|pickle|pt|pth|json|jsonl|tfrecord|lmdb|mdb)$/i,
    'is in a format that ArcBench does not read: a folder of people, a CSV file or a record file (train.rec) was ' +
      'expected; export the pictures as files, in one folder for each person',
  ],
];

/** Throws 'wrong-input' if a source is a file of a kind that holds no list of faces. */
export function refuseOtherFile(path: string): void {
  const isPicture = ['picture', 'unsupported-picture'].includes(pictureKindOfName(basename(path)));
  const sentence = isPicture
    ? 'is one picture: choose the folder that holds the folders of people'
    : others.find(([ending]) => ending.test(path))?.[1];
  if (sentence !== undefined) throw new ArcBenchError('wrong-input', `${path} ${sentence}.`);
}
