import Database from 'better-sqlite3';
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import type { Geometry } from '../../src-shared/evaluation.ts';
import type { Spread } from '../../src-shared/maths/histogram.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { npyBytes } from '../../src-main/files/npyFile.ts';
import { reportId, workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openPreparedSet } from '../../src-main/data/preparedSet.ts';
import { writeReport } from '../../src-main/report/writeReport.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { judgedMetrics } from '../../src-main/workbench/results/judgedMetrics.ts';
import { makeUiWorkspace } from '../bench/uiWorkspace.ts';
import { drawFaces } from '../drawnFaces.ts';
import { jobEnd } from '../jobEnd.ts';
import type { WorkspaceKind } from './viewNames.ts';
import { constructedModel } from '../report/constructedModel.ts';

/** The time that every workspace was last used at, and that the pages are opened at. */
export const fixedTime = '2026-03-02T10:00:00.000Z';

/** What the pictures are taken of: addresses of views whose content needs a name in them. */
export interface ViewWorkspace {
  readonly workspace: string;
  readonly live: string;
  readonly embedding: string;
}

/** A workspace without, with ordinary, or with very many things, drawn from seeds: nothing in it is trained. */
export async function makeViewWorkspace(kind: WorkspaceKind, folder: string): Promise<ViewWorkspace> {
  const workspace = join(folder, kind);
  rmSync(workspace, { recursive: true, force: true });
  mkdirSync(workspace, { recursive: true, mode: 0o700 });
  switch (kind) {
    case 'empty':
      openStore(workspace).close();
      return { workspace, live: '', embedding: '' };
    case 'normal':
      return { workspace, ...(await fillNormal(workspace, join(folder, 'faces'))) };
    case 'huge': {
      makeUiWorkspace(workspace, { runs: 400, points: 4000, rows: 20_000 });
      await importFaces(workspace, join(folder, 'many-faces'), { people: 120, pictures: 6 });
      setTimes(workspace);
      return { workspace, live: 'long0', embedding: 'cloud0' };
    }
  }
}

/** Draws, imports and prepares faces; returns the hash of the prepared set. */
async function importFaces(
  workspace: string,
  faces: string,
  drawn: { readonly people: number; readonly pictures: number },
): Promise<string> {
  rmSync(faces, { recursive: true, force: true });
  await drawFaces(faces, drawn);
  const workbench = openWorkbench({ workspace, door: 'serve', roots: [faces] });
  const call = async <Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]> =>
    (await workbench.call(name, input)) as CallOutputs[Name];
  try {
    const data = { source: faces };
    const ended = (job: Job) => jobEnd(job, () => call('jobs.list', {}));
    await ended(await call('datasets.import', { data }));
    await ended(await call('split.prepare', { data, prepare: {} }));
  } finally {
    await workbench.close();
  }
  return readdirSync(join(workspace, 'prepared')).sort()[0] ?? '';
}

const yamlOf = (faces: string) => `name: Margins on drawn faces
data: { source: ${faces} }
training: { epochs: 8 }
seeds: 3
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, scale: 32 } }
  - { name: CosFace, loss: { name: cosFace, scale: 32 } }
`;

async function fillNormal(workspace: string, faces: string): Promise<Omit<ViewWorkspace, 'workspace'>> {
  const folderName = await importFaces(workspace, faces, { people: 24, pictures: 8 });
  const set = openPreparedSet(join(workspace, 'prepared', folderName));
  const yaml = yamlOf(faces);
  mkdirSync(join(workspace, 'experiments'), { recursive: true });
  writeFileSync(join(workspace, 'experiments', 'margins.yaml'), yaml);
  const plan = parseExperiment(yaml, 'margins.yaml');
  const hash = planHash(plan);
  const { normal } = randomStream(1, 'views');
  const model = constructedModel(yaml, (arm, seed) => {
    const ahead = arm === 'cross-entropy' ? 0 : 5;
    return { val: 44 + ahead + seed, test: 42 + ahead + seed, separation: 0.4 + ahead / 20 };
  });
  const store = openStore(workspace);
  try {
    store.savePlan(hash, plan);
    store.saveSplit({ hash: 's'.repeat(64), seed: 1, rule: {}, folder: '', manifestHash: 's'.repeat(64), audit: [] });
    for (const run of model.runs) {
      const id = run.id.replaceAll(' ', '-');
      const { arm, seed } = run;
      store.createRun({ id, experiment: plan.name, arm, seed, planHash: hash, splitHash: 's'.repeat(64) });
      store.updateRun(id, { status: 'done', finishedAt: fixedTime });
      store.addPoints(drawnCurves(id, arm, normal));
      const evaluation = {
        ...run.summary?.evaluation,
        confusions: drawnConfusions(set.images),
        geometry: drawnGeometry(arm),
      };
      const summary = { ...run.summary, evaluation };
      store.saveResult(id, 'summary', summary);
      store.saveResult(id, 'judged', judgedMetrics(run.summary));
      store.saveResult(id, 'faces', { prepared: set.hash, images: set.count, people: 24 });
      writeEmbeddings(store, id, { images: set.images, normal, spread: arm === 'cross-entropy' ? 1 : 0.5 });
    }
  } finally {
    store.close();
  }
  const report = join(workspace, 'reports', reportId(hash, set.hash));
  mkdirSync(join(workspace, 'reports'), { recursive: true });
  await writeReport({ ...model, planHash: hash }, report);
  setTimes(workspace);
  return { live: 'ArcFace-1', embedding: 'ArcFace-1' };
}

const stepsOfRun = 240;
const epochsOfRun = 8;
/** Curves that fall and rise as a training does. */
function drawnCurves(run: string, arm: string, normal: () => number) {
  const shift = 0.08 * normal() + (arm === 'cross-entropy' ? 0.15 : 0);
  const begun = Date.parse(fixedTime) - 3_600_000;
  const steps = ['step/loss', 'step/gradientNorm', 'step/targetAngleDegrees'].flatMap((name) =>
    Array.from({ length: stepsOfRun }, (_, at) => ({
      run,
      name,
      step: at + 1,
      epoch: 1 + Math.floor((at * epochsOfRun) / stepsOfRun),
      value: 3 / (1 + at / 40) + 0.4 + shift + 0.08 * normal(),
      at: begun + at * 1000,
    })),
  );
  const epochs = ['val/accuracy', 'train/accuracy', 'val/loss', 'train/loss'].flatMap((name) =>
    Array.from({ length: epochsOfRun }, (_, at) => {
      const learnt = 1 - Math.exp(-(at + 1) / 3);
      const value = name.endsWith('accuracy') ? 0.85 * learnt - shift / 3 : 3 * (1 - learnt) + 0.3 + shift;
      const step = ((at + 1) * stepsOfRun) / epochsOfRun;
      return { run, name, step, epoch: at + 1, value, at: begun + step * 1000 };
    }),
  );
  return [...steps, ...epochs];
}

type Images = ReturnType<typeof openPreparedSet>['images'];
/** Every seventh picture is taken for the next person. */
function drawnConfusions(images: Images) {
  const people = [...new Set(images.map(({ identity }) => identity))];
  const next = (identity: string) => people[(people.indexOf(identity) + 1) % people.length] ?? '';
  const wrong = images.filter((_, at) => at % 7 === 0);
  const mistakes = wrong.map(({ path, identity }) => ({ file: path, identity, predicted: next(identity) }));
  return {
    mistaken: { correct: wrong.length, total: images.length, value: 1 / 7, low: 0.1, high: 0.2 },
    mistakes,
    confusedPeople: mistakes.slice(0, 8).map(({ file, identity, predicted }) => ({
      identity,
      predicted,
      count: 1,
      files: [file],
    })),
    hardestImpostors: [],
    hardestGenuine: [],
    labelSuspects: [],
  };
}

/** Angles between pictures of one person and of two, as bell curves: the losses with a margin hold them apart. */
function drawnGeometry(arm: string): Geometry {
  const spread = (mean: number, width: number): Spread => {
    const counts = Array.from({ length: 90 }, (_, bin) =>
      Math.round(400 * Math.exp(-(((2 * bin + 1 - mean) / width) ** 2))),
    );
    return { count: counts.reduce((sum, own) => sum + own, 0), mean, histogram: { low: 0, high: 180, counts } };
  };
  const mean = arm === 'cross-entropy' ? 52 : 41;
  return {
    marginRadians: 0.5,
    within: spread(mean, 14),
    between: spread(86, 11),
    toMeans: { own: spread(mean - 12, 12), nearestOther: spread(74, 10), beyondMargin: 0 },
    toWeights: null,
    betweenWeights: null,
    norms: { count: 1, mean: 8, histogram: { low: 0, high: 16, counts: [0, 1, 0] } },
  };
}

const embeddingSize = 16;
function writeEmbeddings(
  store: Store,
  run: string,
  { images, normal, spread }: { readonly images: Images; readonly normal: () => number; readonly spread: number },
): void {
  const centres = new Map<string, readonly number[]>();
  const values = Float32Array.from(
    images.flatMap(({ identity }) => {
      const centre = centres.get(identity) ?? Array.from({ length: embeddingSize }, normal);
      centres.set(identity, centre);
      const own = centre.map((value) => value + spread * normal());
      const length = Math.hypot(...own);
      return own.map((value) => value / length);
    }),
  );
  const { embeddings, labels } = workspaceFolders(store.workspace).filesOfRun(run);
  mkdirSync(join(store.workspace, 'runs', run), { recursive: true });
  writeFileSync(embeddings, npyBytes(values, embeddingSize));
  const lines = images.map(({ identity, path }) => `${identity}\ttest\t${path}`);
  writeFileSync(labels, `identity\tpart\tfile\n${lines.join('\n')}\n`);
}

/** Sets every time that a screen shows to the fixed one or one before it, a minute apart for runs. */
function setTimes(workspace: string): void {
  const database = new Database(join(workspace, 'arcbench.db'));
  database.exec(
    `UPDATE run SET createdAt = strftime('%Y-%m-%dT%H:%M:%fZ', '${fixedTime}', '-' || (2000 - rowid) || ' minutes'),
       finishedAt = '${fixedTime}';
     UPDATE dataset SET importedAt = '${fixedTime}';`,
  );
  database.close();
  const at = new Date(fixedTime);
  for (const area of ['experiments', 'reports'])
    for (const entry of filesBelow(join(workspace, area))) utimesSync(entry, at, at);
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  } catch {
    return []; // there is no such area
  }
}
