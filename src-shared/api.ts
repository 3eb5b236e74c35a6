import { z } from 'zod';
import type { RunEngine } from './runEngine.ts';
import type { ErrorCode } from './errors.ts';
import {
  dataSchema,
  partNames,
  prepareSchema,
  splitSchema,
  type Assignment,
  type PartName,
  type Plan,
} from './experiment.ts';
import type { ComparedPair } from './comparison.ts';
import type { PredictionComparison } from './comparePredictions.ts';
import type { Evaluation } from './evaluation.ts';
import { reportSections } from './reportSections.ts';
import type { StartEstimate } from './startEstimate.ts';

const nothing = z.strictObject({});
const id = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[\w.-]+$/);
const runIds = z.array(id).max(200);
const triedRuns = z.array(id).min(1).max(2);
/** A dataset section, with the folder that a relative source is relative to already applied. */
const faces = z.strictObject({ data: dataSchema, prepare: prepareSchema });
const yaml = z.string().max(200_000);
/**
 * A part of a curve's axis: steps, epochs, wall-clock milliseconds since 1970, or milliseconds since the curve's first
 * point.
 */
const curveRange = z
  .strictObject({ by: z.enum(['step', 'epoch', 'time', 'elapsed']), from: z.number(), to: z.number() })
  .refine(({ from, to }) => from <= to, { error: 'from must not lie above to' });
export type CurveRange = z.infer<typeof curveRange>;

/**
 * Every call of the workbench with the schema of its input. This is the only way between screens and machine, so that
 * each input is checked in one place.
 */
export const callInputs = {
  /** Version, workspace, machine: what the window's frame shows. */
  'system.describe': nothing,
  /** What `arcbench doctor` prints; measured in a process of its own. */
  'system.diagnose': nothing,
  /** Folders and files below what the user opened; null lists the roots. */
  'files.list': z.strictObject({ path: z.string().max(4096).nullable() }),

  /** What the workspace no longer needs. */
  'workspace.removable': nothing,
  /** Removes what workspace.removable names, by ids; what came into use meanwhile stays. Refused while a job runs. */
  'workspace.clean': z.strictObject({ ids: z.array(z.string().min(1).max(200)).max(100_000) }),

  'datasets.list': nothing,
  /** Starts a job that finds the faces of a source ('demo', a folder or a CSV); nothing is copied. */
  'datasets.import': z.strictObject({ data: dataSchema }),
  /** Starts a job that looks for faces in the pictures that have no landmarks. */
  'datasets.findFaces': z.strictObject({ hash: id }),
  'datasets.show': z.strictObject({ hash: id }),
  'datasets.pictures': z.strictObject({
    hash: id,
    identity: z.string().max(1000).nullable(),
    /** Of the pictures without landmarks: those in which the detector found no face, or several. */
    faces: z.enum(['none', 'several']).nullable().default(null),
    offset: z.int().min(0),
    limit: z.int().min(1).max(500),
  }),
  /** Takes a dataset off the list; its pictures stay where they are. */
  'datasets.forget': z.strictObject({ hash: id }),
  /** Corrects the five landmarks of one picture, ten numbers in pixels; null takes the correction back. */
  'datasets.correct': z.strictObject({
    hash: id,
    index: z.int().min(0),
    landmarks: z.array(z.number()).length(10).nullable(),
  }),

  /** Starts a job that aligns, crops and packs; what is there already is taken. */
  'split.prepare': faces,
  /** Who goes where by a rule, with counts; needs the prepared set. Nothing is written. */
  'split.preview': faces.extend({ split: splitSchema }),
  /** The pictures that a rule puts into a part or leaves out, or every picture; of everybody, or of one person. */
  'split.pictures': faces.extend({
    split: splitSchema,
    part: z.enum([...partNames, 'left out']).nullable(),
    identity: z.string().max(1000).nullable(),
    offset: z.int().min(0),
    limit: z.int().min(1).max(500),
  }),
  /** The leakage audit of a rule. */
  'split.audit': faces.extend({ split: splitSchema }),
  /** Starts a job that makes the folders and their manifest. */
  'split.create': faces.extend({ split: splitSchema }),

  'experiments.list': nothing,
  'experiments.presets': nothing,
  'experiments.show': z.strictObject({ id }),
  /** Keeps the text as it is, whole or faulty; without an id a new experiment is made. */
  'experiments.save': z.strictObject({ id: id.nullable(), yaml }),
  /** Reads a text without keeping it: the plan, or its fault with the line. */
  'experiments.check': z.strictObject({ yaml }),
  'experiments.delete': z.strictObject({ id }),
  /** Queues a job that runs the experiment from faces to report. */
  'experiments.start': z.strictObject({ id, interrupted: z.enum(['refuse', 'resume', 'restart']) }),

  'jobs.list': nothing,
  /** Stops a job; training saves a checkpoint first. */
  'jobs.cancel': z.strictObject({ id }),
  /** Ends training after the epoch under way, saved and resumable. */
  'jobs.stopAfterEpoch': z.strictObject({ id }),
  /** Takes an ended job off the list. */
  'jobs.dismiss': z.strictObject({ id }),
  /** At most `limit` lines of a job's log, the last ones before the line `before`, or of all where it is null. */
  'jobs.log': z.strictObject({ id, before: z.int().min(0).nullable(), limit: z.int().min(1).max(1000) }),

  /** Runs in the order in which they were begun: all, the newest `limit`, or `limit` before a known one. */
  'runs.list': z.strictObject({
    limit: z.int().min(1).max(10_000).optional(),
    before: z.strictObject({ createdAt: z.string().max(40), id }).optional(),
  }),
  'runs.show': z.strictObject({ id }),
  /** Bytes that each run has on the disk. */
  'runs.sizes': z.strictObject({ ids: z.array(id).max(10_000) }),
  /**
   * Curves thinned at the source to at most `points` a series by LTTB: whole, or what lies within `range` with the
   * point before it and the one behind it. `smoothing` is the weight of their moving averages.
   */
  'runs.curves': z.strictObject({
    ids: runIds,
    names: z.array(z.string().max(100)).max(40),
    points: z.int().min(10).max(20_000),
    range: curveRange.optional(),
    smoothing: z.number().min(0).max(0.99).optional(),
  }),
  /** Who is right about which test picture: runs of one arm against those of another, in pairs of one seed. */
  'runs.predictions': z.strictObject({ first: runIds, second: runIds }),
  /**
   * How arms differ from the arm of the run `against` in every judged metric, by pairs of one seed and one split, with
   * the report's statistics over the runs named.
   */
  'runs.differences': z.strictObject({ ids: runIds, against: id }),
  'runs.annotate': z.strictObject({ id, note: z.string().max(20_000), starred: z.boolean() }),
  'runs.delete': z.strictObject({ ids: runIds }),
  /** Queues a job that goes on with a run that was stopped. */
  'runs.resume': z.strictObject({ id }),

  /**
   * Starts a job that places a run's embeddings in two or three dimensions; its result is what embedding.points takes.
   * What was placed once is taken from the run's folder.
   */
  'embedding.project': z.strictObject({
    run: id,
    /** The judged pictures at the end of training, or val's after each epoch that was kept. */
    of: z.enum(['end', 'epochs']),
    /** 'sphere' takes embeddings of three numbers as they are, on the unit sphere. */
    method: z.enum(['pca', 'tsne', 'umap', 'sphere']),
    dimensions: z.literal([2, 3]),
    seed: z.int().min(0),
    /** t-SNE's perplexity or UMAP's number of neighbours. */
    neighbours: z.number().min(2).max(200),
  }),
  'embedding.points': z.strictObject({ projection: id }),
  /**
   * Rows nearest by cosine, falling; of val's pictures after the epoch `snapshot`, or of the judged ones where it is
   * null.
   */
  'embedding.neighbours': z.strictObject({
    run: id,
    snapshot: z.int().min(0).nullable(),
    row: z.int().min(0),
    count: z.int().min(1).max(50),
  }),

  /** One part of a picture's file, in base64. It stays in memory, and only for as long as it is shown. */
  'try.send': z.strictObject({
    picture: id,
    part: z.int().min(0).max(99),
    parts: z.int().min(1).max(100),
    data: z.base64().max(1_400_000),
  }),
  /** Finds, aligns and embeds the faces of a picture that was sent. `aligned` takes it whole, as a face already cut. */
  'try.look': z.strictObject({ picture: id, runs: triedRuns, aligned: z.boolean() }),
  /** The cosine of two faces that were looked at, by each run. */
  'try.compare': z.strictObject({ runs: triedRuns, first: id, second: id }),
  /** The five people nearest to a face, among those whom the run was judged on and those who are enrolled. */
  'try.identify': z.strictObject({ runs: triedRuns, face: id }),
  /** A run's own cosines of the same and of different people, and its thresholds. */
  'try.scale': z.strictObject({ run: id }),
  /** Starts a job that covers parts of two faces and sees how their cosine falls; try.explanation takes its result. */
  'try.explain': z.strictObject({ run: id, first: id, second: id }),
  'try.explanation': z.strictObject({ id }),
  /** People who were enrolled here. */
  'people.list': nothing,
  /** Keeps pictures of a person in the workspace, under a name; with an id, more pictures of one who is there. */
  'people.enrol': z.strictObject({
    id: id.nullable(),
    name: z.string().trim().min(1).max(100),
    faces: z.array(id).min(1).max(20),
  }),
  /** Deletes a person with all pictures; null deletes everyone. */
  'people.delete': z.strictObject({ id: id.nullable() }),

  'reports.list': nothing,
  'reports.show': z.strictObject({ id }),
  /** Writes the report again from the store. */
  'reports.write': z.strictObject({ id }),
  /** The author's own remarks, kept when the report is written again; an empty text removes them. */
  'reports.remark': z.strictObject({ id, section: z.enum(reportSections), text: z.string().max(50_000) }),
} as const satisfies Record<keyof CallOutputs, z.ZodType>;

export interface Diagnosis {
  readonly device: string;
  readonly deviceName: string;
  readonly threads: number;
  readonly tensorflow: string;
  readonly node: string;
  readonly gigaflops: number;
  readonly folder: string | null;
  readonly checked: boolean;
}
export interface SystemDescription {
  readonly version: string;
  readonly door: 'electron' | 'serve';
  readonly workspace: string;
  /** That other users of the machine can look into it, in a sentence; null where they cannot. */
  readonly openToOthers: string | null;
  readonly platform: string;
  readonly home: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}
export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

/** Kinds of folders that a workspace may no longer need. */
export const removableKinds = ['checkpoints', 'prepared', 'split', 'upload', 'report'] as const;
/** A folder that the workspace no longer needs. */
export interface Removable {
  readonly id: string;
  readonly kind: (typeof removableKinds)[number];
  readonly title: string;
  /** Why it is not needed, and what its removal means. */
  readonly reason: string;
  readonly bytes: number;
}
/** What was removed, and what could not be. */
export interface Cleaned {
  readonly removed: number;
  readonly bytes: number;
  readonly kept: readonly { readonly title: string; readonly reason: string }[];
}

export interface RejectedFile {
  readonly path: string;
  readonly reason: string;
}
export interface DatasetSummary {
  readonly hash: string;
  readonly name: string;
  readonly source: string;
  readonly layout: string;
  readonly images: number;
  readonly people: number;
  readonly rejected: number;
  readonly importedAt: string | null;
  /** Whether its pictures were uploaded: they are deleted with it. */
  readonly uploaded: boolean;
  readonly data: Plan['data'];
  /** Whether the detector has looked for faces: an experiment on this dataset then uses them. */
  readonly facesFound: boolean;
}
export interface DatasetDetails extends DatasetSummary {
  /** What the import understood: a sentence, and lines of a small tree; null for datasets of earlier versions. */
  readonly understood: string | null;
  /** How the source states parts, such as 'the folders train and test'; null if it states none. */
  readonly partsGivenBy: string | null;
  /** Pictures and people of each part that the source states; empty if it states none. */
  readonly givenParts: readonly { readonly part: PartName; readonly people: number; readonly images: number }[];
  /** Whether the folder or file of the source is no longer where it was. */
  readonly sourceGone: boolean;
  readonly withLandmarks: number;
  /** Of the pictures without landmarks, and what a face detector found in them. */
  readonly detection: {
    /** Whether these pictures are larger than faces, so that a search makes sense. */
    readonly offered: boolean;
    readonly pictures: number;
    readonly searched: number;
    readonly withFace: number;
    readonly withSeveral: number;
  };
  /** How many people have each number of images, ascending. */
  readonly histogram: readonly { readonly images: number; readonly people: number }[];
  /** Every person with the index of the first picture, sorted. */
  readonly persons: readonly { readonly identity: string; readonly images: number; readonly first: number }[];
  /** At most 500. */
  readonly rejectedFiles: readonly RejectedFile[];
}
export interface Picture {
  readonly index: number;
  readonly identity: string;
  readonly name: string;
  /** Given by the source, set by hand, or else found by the detector. */
  readonly landmarks: readonly number[] | null;
  readonly corrected: boolean;
  /** How many faces the detector found in a picture without landmarks; null if it did not look. */
  readonly faces: number | null;
  /**
   * Pixels of the EXIF-turned picture, in which its landmarks are; null in datasets that were imported before they were
   * read.
   */
  readonly width: number | null;
  readonly height: number | null;
}

export interface SplitPreview {
  readonly hash: string;
  readonly prepared: string;
  readonly alignment: string;
  /** How the source states parts, whether or not the split keeps them; null if it states none. */
  readonly partsGivenBy: string | null;
  /** How the source states the parts of the split; null if they are drawn. */
  readonly givenBy: string | null;
  /** What the split did that its rule does not say, in sentences. */
  readonly notes: readonly string[];
  readonly parts: readonly { readonly part: PartName; readonly people: number; readonly images: number }[];
  /** Where each person is; a person in training has images in train, val and test. */
  readonly persons: readonly {
    readonly identity: string;
    readonly part: Assignment;
    readonly assigned: boolean;
    readonly images: number;
    readonly first: number;
  }[];
}
/** A picture of the prepared set, by its place there; the part is null where the person is left out. */
export interface SplitPicture {
  readonly index: number;
  readonly identity: string;
  readonly name: string;
  readonly part: PartName | null;
}
/** What a split did with copies of one picture; `picture` is an index into the prepared set. */
export interface ResolvedCopies {
  /** Identical files of one person, nearly identical pictures of one person, or one picture under two names. */
  readonly kind: 'identical' | 'near-identical' | 'two-names';
  readonly people: readonly string[];
  readonly kept: readonly { readonly picture: number; readonly file: string }[];
  readonly leftOut: readonly { readonly picture: number; readonly file: string }[];
}
export interface AuditFinding {
  readonly name: string;
  readonly kind: string;
  readonly message: string;
  readonly blocking: boolean;
  /** The files it is about, by their paths. */
  readonly pictures: readonly SplitPicture[];
}

export interface ExperimentSummary {
  readonly id: string;
  readonly name: string;
  readonly updatedAt: string;
  readonly planHash: string | null;
  readonly arms: number;
  readonly seeds: number;
  readonly runsDone: number;
  /** Whether a sweep stops some of its runs early. */ readonly halving: boolean;
}
/** What is wrong with a text: one sentence, and the line counted from 1. */
export interface TextFault {
  readonly line: number;
  readonly message: string;
}
export interface CheckedExperiment {
  readonly plan: Plan | null;
  readonly planHash: string | null;
  readonly fault: TextFault | null;
  readonly advice: readonly PlanAdvice[];
  readonly parameters: number | null;
  readonly estimate: StartEstimate | null;
}
/**
 * One sentence on a plan with its numbers, the knob it is about (such as 'training.learningRate', or 'loss.scale' of
 * the arms named) and its arms; none: it is about all.
 */
export interface PlanAdvice {
  readonly knob: string;
  readonly arms: readonly string[];
  readonly text: string;
  /** Whether a start would be refused for it. */ readonly blocking: boolean;
}
export interface ExperimentDetails extends CheckedExperiment {
  readonly id: string;
  readonly yaml: string;
  readonly updatedAt: string;
}
export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly yaml: string;
}

export type JobKind = 'import' | 'find' | 'prepare' | 'split' | 'experiment' | 'resume' | 'projection' | 'explanation';
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  readonly title: string;
  readonly state: JobState;
  /** What it is doing, such as 'Training ArcFace, seed 1'. */
  readonly stage: string;
  readonly progress: { readonly done: number; readonly total: number; readonly note: string } | null;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** The experiment it runs, the run it trains now, and what it made, where there is such a thing. */
  readonly experiment: string | null;
  readonly run: string | null;
  readonly result: string | null;
  readonly fault: { readonly code: ErrorCode; readonly message: string } | null;
}
/** A line of a job's log; `index` counts its lines from 0. */
export interface LogLine {
  readonly job: string;
  readonly index: number;
  readonly at: string;
  readonly text: string;
}

/** The data that a run saw: a hash that other data do not have; the numbers are unknown in runs of older versions. */
export interface RunData {
  readonly hash: string;
  readonly images: number | null;
  readonly people: number | null;
}
export type RunStatus = 'queued' | 'running' | 'trained' | 'done' | 'failed' | 'cancelled';
export interface RunSummary {
  readonly id: string;
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly planHash: string;
  readonly data: RunData | null;
  readonly status: RunStatus;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly message: string | null;
  readonly starred: boolean;
  readonly note: string;
  /** Epochs done and planned. */
  readonly epoch: number;
  readonly epochs: number;
  /** The epoch that is judged: the best on val so far; null before the first ends. */
  readonly judgedEpoch: number | null;
  /**
   * By name: the value of each curve in the judged epoch (the last one of curves that have a point for each step), and
   * the judged metrics.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** Dotted knobs of the run's plan with its arm's, as text. */
  readonly knobs: Readonly<Record<string, string>>;
}
export interface RunDetails extends RunSummary {
  readonly curveNames: readonly string[];
  readonly events: readonly { readonly at: string; readonly kind: string; readonly message: string }[];
  readonly engine: RunEngine | null;
  readonly artefacts: readonly { readonly kind: string; readonly path: string }[];
  readonly evaluation: Evaluation | null;
  /** Epochs of which the embedding of val images was kept. */
  readonly snapshots: readonly number[];
  /** Where the run's pictures are, for pictureAddress; null where the prepared set is gone. */
  readonly prepared: string | null;
  /** Places in the prepared set of the files that the evaluation names. */
  readonly pictures: Readonly<Record<string, number>>;
}
/**
 * A test picture that runs of one arm are right about more often; `index` and `identity` as pictures have them, people
 * that the other arm takes it for.
 */
export interface PredictedPicture {
  readonly index: number;
  readonly file: string;
  readonly identity: string;
  readonly firstRight: number;
  readonly secondRight: number;
  readonly takenFor: readonly string[];
}
export interface ComparedPredictions extends Pick<PredictionComparison, 'seeds' | 'p'> {
  /** The prepared set of the pictures, for pictureAddress. */
  readonly prepared: string;
  /** At most 200 pictures each, furthest apart first, with how many there are. */
  readonly onlyFirst: {
    readonly total: number;
    readonly people: number;
    readonly pictures: readonly PredictedPicture[];
  };
  readonly onlySecond: {
    readonly total: number;
    readonly people: number;
    readonly pictures: readonly PredictedPicture[];
  };
}
/** Arms are named by one of their runs, since two experiments may have arms of one name. */
export interface ArmDifference extends Omit<ComparedPair, 'arm' | 'against'> {
  readonly run: string;
}
export interface ArmDifferences {
  /** Each arm with each metric, as the plan has the arms. */
  readonly differences: readonly ArmDifference[];
  /** One run of each arm without a seed on the split of the arm that they are held against. */
  readonly unpaired: readonly string[];
  /** Says in a sentence that the runs saw different data; null if they did not. */
  readonly otherData: string | null;
}
export interface Curve {
  readonly run: string;
  readonly name: string;
  /** Points before they were thinned: of the curve, or of the range that was asked for. */
  readonly total: number;
  /** Columns of equal length: steps, epochs, wall-clock milliseconds since 1970, values. */
  readonly steps: readonly number[];
  readonly epochs: readonly number[];
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /**
   * The moving average at each point over all points of the curve up to it, those that were thinned out too; absent
   * where no smoothing was asked for.
   */
  readonly smoothed?: readonly (number | null)[];
}
export interface CurvePoint {
  readonly name: string;
  readonly step: number;
  readonly epoch: number;
  readonly at: number;
  readonly value: number;
}

export interface EmbeddingPoints {
  readonly run: string;
  readonly method: string;
  readonly dimensions: 2 | 3;
  readonly rows: readonly EmbeddingRow[];
  /** One of the end of training, or one of each epoch that was kept, rising; the rows are the same in each. */
  readonly frames: readonly EmbeddingFrame[];
}
export interface EmbeddingFrame {
  /** The epoch; null at the end of training. */
  readonly snapshot: number | null;
  /** Row by row, `dimensions` numbers each. */
  readonly coordinates: readonly number[];
  /** Of each row to the mean of the person's rows, in the whole embedding; null where a person has one row. */
  readonly angleDegrees: readonly (number | null)[];
}
export interface EmbeddingRow {
  /** Place in the prepared set, as pictureAddress takes it; null where that set is gone. */
  readonly picture: number | null;
  readonly identity: string;
  readonly part: PartName;
  readonly file: string;
  /** Whether the run names a test picture's person; null for other parts. */
  readonly correct: boolean | null;
}
export interface Neighbour {
  readonly row: number;
  readonly cosine: number;
}

/** A picture that was looked at, with its faces, the largest first. */
export interface TriedPicture {
  readonly width: number;
  readonly height: number;
  readonly faces: readonly TriedFace[];
}
export interface TriedFace {
  readonly id: string;
  /** In pixels of the picture as it is shown; null where no detector looked for it. */
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number } | null;
  /** Ten numbers x0,y0..x4,y4; null where the face is cut without them. */
  readonly landmarks: readonly number[] | null;
  /** The face as each run sees it, as data addresses of PNG files, in the order of the runs. */
  readonly aligned: readonly string[];
}
export interface PersonMatch {
  readonly name: string;
  readonly cosine: number;
  /** A picture of the person: its place in the prepared set, as pictureAddress takes it; null for who is enrolled. */
  readonly picture: number | null;
  /** Who is enrolled; null for people of the dataset. */
  readonly enrolled: string | null;
}
export interface RunMatches {
  readonly run: string;
  /** The prepared set of the pictures; null where it is gone. */
  readonly prepared: string | null;
  /** How many people were compared. */
  readonly people: number;
  /** At most five, the nearest first. */
  readonly nearest: readonly PersonMatch[];
}
/** What the cosine of a pair is held against. */
export interface RunScale {
  readonly run: string;
  /** Whose pairs these are: people who never trained, or, where none are held out, those of the test pictures. */
  readonly of: 'held-out' | 'test';
  /** Cosines of pairs of one person and of two, in equal bins from -1 to 1. */
  readonly same: readonly number[];
  readonly different: readonly number[];
  /** Whether the counts are those of a drawn sample of the pairs. */
  readonly sampled: boolean;
  /** Thresholds by false positive rate, the strictest first; empty where the split holds out too few people. */
  readonly rates: readonly {
    readonly falsePositiveRate: number;
    readonly truePositiveRate: number;
    readonly threshold: number;
  }[];
}
/** How much the cosine of a pair falls when a part of one face is covered: [cells, cells], row by row. */
export interface PairExplanation {
  readonly run: string;
  readonly cosine: number;
  readonly cells: number;
  readonly first: readonly number[];
  readonly second: readonly number[];
}
export interface EnrolledPerson {
  readonly id: string;
  readonly name: string;
  readonly pictures: number;
  readonly enrolledAt: string;
  /** A face of the person, as a data address. */
  readonly face: string;
}

export interface ReportSummary {
  /** Plan and data of its runs; reports of older versions have the plan only. */
  readonly id: string;
  /** The first 12 characters of the plan's hash. */
  readonly planHash: string;
  /** The data that its runs saw; null if that is unknown. */
  readonly data: RunData | null;
  readonly title: string;
  readonly writtenAt: string;
}
export interface ReportDetails extends ReportSummary {
  readonly markdown: string;
  /** Names of the files beside report.md, as reportAddress takes them. */
  readonly files: readonly string[];
  readonly remarks: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** What each call answers. */
export interface CallOutputs {
  'system.describe': SystemDescription;
  'system.diagnose': Diagnosis;
  'files.list': {
    readonly path: string | null;
    readonly parent: string | null;
    readonly entries: readonly FileEntry[];
  };
  'workspace.removable': readonly Removable[];
  'workspace.clean': Cleaned;
  'datasets.list': readonly DatasetSummary[];
  'datasets.import': Job;
  'datasets.findFaces': Job;
  'datasets.show': DatasetDetails;
  'datasets.pictures': { readonly total: number; readonly pictures: readonly Picture[] };
  'datasets.forget': null;
  'datasets.correct': Picture;
  'split.prepare': Job;
  'split.preview': SplitPreview;
  'split.pictures': { readonly total: number; readonly pictures: readonly SplitPicture[] };
  'split.audit': {
    readonly blocking: number;
    readonly findings: readonly AuditFinding[];
    readonly resolved: readonly ResolvedCopies[];
  };
  'split.create': Job;
  'experiments.list': readonly ExperimentSummary[];
  'experiments.presets': readonly Preset[];
  'experiments.show': ExperimentDetails;
  'experiments.save': ExperimentDetails;
  'experiments.check': CheckedExperiment;
  'experiments.delete': null;
  'experiments.start': Job;
  'jobs.list': readonly Job[];
  'jobs.cancel': null;
  'jobs.stopAfterEpoch': null;
  'jobs.dismiss': null;
  'jobs.log': readonly LogLine[];
  'runs.list': readonly RunSummary[];
  'runs.show': RunDetails;
  'runs.sizes': Readonly<Record<string, number>>;
  'runs.curves': readonly Curve[];
  'runs.predictions': ComparedPredictions;
  'runs.differences': ArmDifferences;
  'runs.annotate': RunSummary;
  'runs.delete': null;
  'runs.resume': Job;
  'embedding.project': Job;
  'embedding.points': EmbeddingPoints;
  'embedding.neighbours': readonly Neighbour[];
  'try.send': null;
  'try.look': TriedPicture;
  'try.compare': readonly number[];
  'try.identify': readonly RunMatches[];
  'try.scale': RunScale;
  'try.explain': Job;
  'try.explanation': PairExplanation;
  'people.list': readonly EnrolledPerson[];
  'people.enrol': EnrolledPerson;
  'people.delete': null;
  'reports.list': readonly ReportSummary[];
  'reports.show': ReportDetails;
  'reports.write': ReportDetails;
  'reports.remark': ReportDetails;
}

export type CallName = keyof CallOutputs;
export const callNames = Object.keys(callInputs) as CallName[];
/** What a screen gives to a call; knobs with defaults may be left out. */
export type CallInput<Name extends CallName> = z.input<(typeof callInputs)[Name]>;
/** What the workbench gets: validated, defaults filled in. */
export type CheckedInput<Name extends CallName> = z.output<(typeof callInputs)[Name]>;
/** The workbench's side of the contract. */
export type CallHandlers = {
  readonly [Name in CallName]: (input: CheckedInput<Name>) => Promise<CallOutputs[Name]> | CallOutputs[Name];
};

/** What the workbench tells every screen without being asked. */
export interface WorkbenchEvents {
  /** A job that is new or changed. */
  job: Job;
  'job.dismissed': { readonly id: string };
  log: LogLine;
  /** A run that is new or changed. */
  run: RunSummary;
  'run.deleted': { readonly ids: readonly string[] };
  /** New points of a curve, a few times a second at most. */
  points: { readonly run: string; readonly points: readonly CurvePoint[] };
  'datasets.changed': null;
  'experiments.changed': null;
  'reports.changed': { readonly id: string };
  /** Load of the machine, every two seconds while somebody looks. */
  machine: { readonly processorShare: number; readonly memoryUsedGiB: number; readonly memoryGiB: number };
}
export type EventName = keyof WorkbenchEvents;
export type WorkbenchEvent = {
  readonly [Name in EventName]: { readonly event: Name; readonly payload: WorkbenchEvents[Name] };
}[EventName];

/** Messages of the WebSocket door, and of Electron's. */
export const requestSchema = z.strictObject({ id: z.int().min(0), call: z.string().max(80), input: z.unknown() });
export type WireRequest = z.infer<typeof requestSchema>;
export type WireFault = { readonly code: ErrorCode; readonly message: string };
export type WireMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly fault: WireFault }
  | WorkbenchEvent;
