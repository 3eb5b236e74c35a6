import { z } from 'zod';

/** Whether a data source is the placeholder of a preset, such as /path/to/faces: the user gives the real folder. */
export const isPlaceholder = (source: string): boolean => source.startsWith('/path/to/');

const mostDemoPictures = 1_000_000; // drawing them takes most of an hour and 10 GB
const demoPictures = (demo: unknown): number => {
  const { people, imagesPerPerson } = demo as { people: number; imagesPerPerson: number };
  return people * imagesPerPerson;
};

export const dataSchema = z.strictObject({
  source: z
    .string()
    .default('demo')
    .describe(
      "'demo' for synthetic faces, a folder, a CSV file or a record file (train.rec); a relative path starts at the " +
        'experiment file',
    ),
  layout: z
    .enum(['auto', 'folders', 'celeba', 'course', 'csv', 'records'])
    .default('auto')
    .describe(
      "how the source is organised: folders of people, CelebA, the course's archive (celebA_train_500, celebA_ir), " +
        'a CSV file, or MXNet records (train.rec); auto: ArcBench finds out',
    ),
  people: z
    .union([z.enum(['auto', 'fileName']), z.int().min(1).max(9)])
    .default('auto')
    .describe(
      'which folders are people: their level below the source (1: its sub-folders), or fileName where all pictures ' +
        'are in one folder and named Name_0001.jpg; auto: ArcBench finds out',
    ),
  licence: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('the licence or terms of the pictures, in your words; exports and model cards state it'),
  demo: z
    .strictObject({
      people: z.int().min(4).max(100_000).default(300).describe('number of synthetic people'),
      imagesPerPerson: z.int().min(2).max(1000).default(20).describe('number of images of each synthetic person'),
      seed: z.int().min(0).default(1).describe('seed of the face generator'),
    })
    .refine((demo) => demo.people * demo.imagesPerPerson <= mostDemoPictures, {
      error: ({ input }) =>
        `the demo would have ${demoPictures(input).toLocaleString('en')} pictures, more than the ` +
        `${mostDemoPictures.toLocaleString('en')} that are drawn; lower people or imagesPerPerson`,
    })
    .prefault({}),
});

export const prepareSchema = z.strictObject({
  inputSize: z.int().min(32).max(224).default(112).describe('side of the square network input, in pixels'),
  alignment: z
    .enum(['auto', 'landmarks', 'detect', 'centreCrop', 'whole'])
    .default('auto')
    .describe(
      'landmarks: align by the five points of the dataset; detect: find missing points with a face detector; ' +
        'centreCrop: cut a square from the middle; whole: stretch the whole picture to a square, for pictures that ' +
        'are all framed alike; auto: landmarks where the dataset has them, else centreCrop',
    ),
  faceRatio: z
    .number()
    .min(0.2)
    .max(1)
    .default(1)
    .describe("centreCrop: side of the crop, as a share of the picture's shorter side"),
});
