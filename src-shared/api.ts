import { z } from 'zod';
import type { DatasetChange, DatasetDetails, DatasetSummary, Picture } from './answers/datasetAnswers.ts';
import type { EmbeddingPoints, Neighbour } from './answers/embeddingAnswers.ts';
import type { CheckedExperiment, ExperimentDetails, ExperimentSummary, Preset } from './answers/experimentAnswers.ts';
import type { Job, LogLine } from './answers/jobAnswers.ts';
import type { ReportDetails, ReportSummary } from './answers/reportAnswers.ts';
import type {
  ArmDifferences,
  ComparedPredictions,
  Curve,
  CurvePoint,
  RunDetails,
  RunSummary,
  TakenFor,
} from './answers/runAnswers.ts';
import type { AuditFinding, ResolvedCopies, SplitPicture, SplitPreview } from './answers/splitAnswers.ts';
import type { Cleaned, Diagnosis, FileEntry, Removable, SystemDescription } from './answers/systemAnswers.ts';
import type { EnrolledPerson, PairExplanation, RunMatches, RunScale, TriedPicture } from './answers/trialAnswers.ts';
import { dataSchema, prepareSchema } from './dataSchema.ts';
import type { ErrorCode } from './errors.ts';
import { reportSections } from './reportSections.ts';
import { partNames, splitSchema } from './splitSchema.ts';
import { trainingSchema } from './trainingSchema.ts';

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
const personName = z.string().max(1000);
/** People of a dataset by name, and pictures by index. */
const chosenFaces = {
  people: z.array(personName).max(100_000),
  pictures: z.array(z.int().min(0)).max(1_000_000),
};
/** Words and conditions, as faceFilter.ts reads them. */
const faceFilterText = z.string().max(500);
/** One word, so that a filter can name it. */
const tag = z
  .string()
  .max(40)
  .regex(/^[^\s=<>!,“”"]+$/);
const tags = z.array(tag).max(20);
const yaml = z.string().max(200_000);
/**
 * A part of a curve's axis: steps, epochs, wall-clock milliseconds since 1970, or milliseconds since the curve's first
 * point.
 */
const curveRange = z
  .strictObject({ by: z.enum(['step', 'epoch', 'time', 'elapsed']), from: z.number(), to: z.number() })
  .refine(({ from, to }) => from <= to, { error: 'from must not lie above to' });
export type CurveRange = z.infer<typeof curveRange>;

const projectionSchema = z.strictObject({
  run: id,
  /** The judged pictures at the end of training, or val's after each epoch that was kept. */
  of: z.enum(['end', 'epochs']),
  /** 'sphere' takes embeddings of three numbers as they are, on the unit sphere. */
  method: z.enum(['pca', 'tsne', 'umap', 'sphere']),
  dimensions: z.literal([2, 3]),
  seed: z.int().min(0),
  /** t-SNE's perplexity or UMAP's number of neighbours. */
  neighbours: z.number().min(2).max(200),
});

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
    /** Only those that were excluded by hand. */
    excluded: z.boolean().default(false),
    filter: faceFilterText.default(''),
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

  /**
   * Excludes pictures, by their index, and whole people from what is prepared, split and trained, or includes them
   * again. No file is changed.
   */
  'datasets.exclude': z.strictObject({ hash: id, ...chosenFaces, excluded: z.boolean() }),
  /** The people who have a picture that fits a filter. */
  'datasets.people': z.strictObject({ hash: id, filter: faceFilterText }),
  /**
   * Gives a person another name, or the dataset itself if `person` is null; its empty name is that of the source. A
   * name that another person has needs `merge`.
   */
  'datasets.rename': z.strictObject({
    hash: id,
    person: personName.nullable(),
    name: z.string().trim().max(200),
    merge: z.boolean().default(false),
  }),
  /** Adds tags to people and pictures, or to the dataset itself if neither is named, and removes others. */
  'datasets.tag': z.strictObject({ hash: id, ...chosenFaces, add: tags, remove: tags }),
  /** Takes the latest change by hand back. */
  'datasets.undo': z.strictObject({ hash: id }),
  /** Does the change by hand again that was taken back last; a new change drops it. */
  'datasets.redo': z.strictObject({ hash: id }),

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
  /**
   * For pictures of the run's prepared set and the people that they were taken for: the picture of that person that the
   * run finds most similar.
   */
  'runs.takenFor': z.strictObject({
    id,
    pairs: z.array(z.strictObject({ picture: z.int().min(0), person: z.string().max(1000) })).max(400),
  }),
  'runs.annotate': z.strictObject({ id, note: z.string().max(20_000), starred: z.boolean() }),
  'runs.delete': z.strictObject({ ids: runIds }),
  /** Queues a job that goes on with a run that was stopped. */
  'runs.resume': z.strictObject({ id }),
  /**
   * Queues a job that trains the finished runs of a run's experiment for more epochs, as runs of their own. A learning
   * rate of null follows from the schedule (rateAfter).
   */
  'runs.extend': z.strictObject({
    id,
    epochs: trainingSchema.shape.epochs.unwrap(),
    learningRate: trainingSchema.shape.learningRate.unwrap().nullable(),
  }),

  /**
   * Starts a job that places a run's embeddings in two or three dimensions; its result is what embedding.points takes.
   * What was placed once is taken from the run's folder.
   */
  'embedding.project': projectionSchema,
  /** What embedding.points takes, if the projection was made before; null if it must be made. */
  'embedding.kept': projectionSchema,
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
  'datasets.exclude': DatasetChange;
  'datasets.people': readonly string[];
  'datasets.rename': DatasetChange;
  'datasets.tag': DatasetChange;
  'datasets.undo': DatasetChange;
  'datasets.redo': DatasetChange;
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
  'runs.takenFor': readonly TakenFor[];
  'runs.annotate': RunSummary;
  'runs.delete': null;
  'runs.resume': Job;
  'runs.extend': Job;
  'embedding.project': Job;
  'embedding.kept': string | null;
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
