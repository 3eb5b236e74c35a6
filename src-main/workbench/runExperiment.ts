import { createHash } from 'node:crypto';
import { isAbsolute, join, resolve } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { importDataset } from '../data/importDataset.ts';
import { prepareDataset } from '../data/prepareDataset.ts';
import { renderSyntheticFaces } from '../data/syntheticFaces.ts';
import { buildNetwork } from '../model/buildNetwork.ts';
import { reportOf } from './reportOf.ts';
import { writeReport } from '../report/writeReport.ts';
import { auditSplit } from '../split/auditSplit.ts';
import { makeSplit } from '../split/makeSplit.ts';
import { writeSplitFolders } from '../split/splitFolders.ts';
import type { Store } from '../store/store.ts';
import type { TrainedSummary } from '../train/trainerMessages.ts';
import { planHash } from './planHash.ts';
import { runTrainer } from './trainer.ts';

/** What a door shows while an experiment runs. */
export interface ExperimentProgress {
  stage(text: string): void;
  step(progress: { readonly done: number; readonly total: number; readonly note: string }): void;
  notice(text: string): void;
}

export interface RunExperimentOptions {
  readonly plan: Plan;
  /** The folder that a relative data source is relative to. */
  readonly baseFolder: string;
  readonly rerunCommand: string;
  readonly resume: boolean;
  readonly compiled: boolean;
  readonly progress: ExperimentProgress;
  /** Receives what stops the experiment at the next step. */
  readonly onStopper: (stop: () => void) => void;
}

/** Runs an experiment from faces to report: import, prepare, split, audit, every arm with every seed, evaluation, report. Throws ArcBenchError. */
export async function runExperiment(store: Store, options: RunExperimentOptions): Promise<{ readonly report: string; readonly runs: readonly string[] }> {
  const { plan, progress } = options;
  let stopped = false;
  let stopTrainer = () => undefined as void;
  options.onStopper(() => {
    stopped = true;
    stopTrainer();
  });
  const checkStop = () => { if (stopped) throw new ArcBenchError('cancelled', `Stopped; ${options.rerunCommand} --resume goes on from here.`); };
  const workspace = store.workspace;
  buildNetwork(plan.model, plan.prepare.inputSize); // refuses what cannot be built before any work is done
  const counting = (note: string) => (done: number, total: number) => progress.step({ done, total, note });

  progress.stage('Importing faces');
  const isDemo = plan.data.source === 'demo';
  const resolvedSource = isDemo ? await renderSyntheticFaces(plan.data.demo, { workspace, onProgress: counting('demo faces'), shouldStop: () => stopped })
    : isAbsolute(plan.data.source) ? plan.data.source : resolve(options.baseFolder, plan.data.source);
  const dataset = await importDataset({ ...plan.data, resolvedSource }, { workspace });
  const people = new Set(dataset.images.map((image) => image.identity)).size;
  checkStop();

  progress.stage(`Preparing ${dataset.images.length} images of ${people} people`);
  const set = await prepareDataset(dataset, plan.prepare, { workspace, onProgress: counting('images') });
  store.saveDataset({ hash: dataset.hash, source: dataset.source, layout: isDemo ? 'demo' : dataset.layout, images: set.count, people, rejected: set.rejected });
  for (const { path, reason } of set.rejected.slice(0, 5)) progress.notice(`Left out ${path}: ${reason}`);
  if (set.rejected.length > 5) progress.notice(`… and ${set.rejected.length - 5} more; the report lists them.`);
  checkStop();

  progress.stage('Splitting and auditing');
  const split = makeSplit(set, plan.split);
  const audit = auditSplit(set, split);
  if (audit.blocked) {
    const blocking = audit.findings.filter((finding) => finding.blocking);
    throw new ArcBenchError('wrong-input', `The audit found ${blocking.length === 1 ? 'a leak' : `${blocking.length} leaks`} between the parts, the first: ${blocking[0]?.message} Mend the data, or allow it by name with split.allowFindings: ["${blocking[0]?.name}"].`);
  }
  const folders = await writeSplitFolders(set, split, join(workspace, 'splits', split.hash.slice(0, 16)));
  store.saveSplit({ hash: split.hash, seed: split.seed, rule: split.rule, folder: folders.folder, manifestHash: folders.manifestHash, audit: audit.findings });
  const hash = planHash(plan);
  store.savePlan(hash, plan);

  const ids: string[] = [];
  let engine = { device: 'unknown', tensorflow: 'unknown' };
  for (const seed of plan.seeds) {
    for (const arm of plan.arms) {
      checkStop();
      const id = createHash('sha256').update(JSON.stringify([hash, split.hash, arm.name, seed])).digest('hex').slice(0, 12);
      ids.push(id);
      const known = store.run(id);
      if (known?.status === 'done') {
        progress.notice(`${arm.name}, seed ${seed}: already done (run ${id}).`);
        engine = (store.result(id, 'engine') as typeof engine | null) ?? engine;
        continue;
      }
      if (known && !options.resume) store.deleteRun(id);
      if (!known || !options.resume) store.createRun({ id, experiment: plan.name, arm: arm.name, seed, planHash: hash, splitHash: split.hash });
      store.updateRun(id, { status: 'running', message: null });
      progress.stage(`Training ${arm.name}, seed ${seed} (run ${id})`);
      const last = await runTrainer({
        plan, planHash: hash, arm: arm.name, seed, preparedFolder: set.folder, classes: split.classes, parts: split.parts,
        runFolder: join(workspace, 'runs', id), resume: options.resume && known !== null, compiled: options.compiled,
      }, {
        onStopper: (stop) => { stopTrainer = stop; },
        onMessage(message) {
          switch (message.kind) {
            case 'started':
              engine = message.engine;
              store.updateRun(id, { initialWeightsHash: message.initialWeightsHash });
              store.saveResult(id, 'engine', engine);
              break;
            case 'progress': progress.step({ done: message.done, total: message.total, note: `epoch ${message.epoch}/${plan.training.epochs}, ${message.imagesPerSecond.toFixed(0)} img/s` }); break;
            case 'epoch': {
              const { epoch, step, points } = message.summary;
              store.addPoints(Object.entries(points).map(([name, value]) => ({ run: id, name, step, epoch, value, at: Date.now() })));
              progress.notice(`epoch ${epoch}/${plan.training.epochs}  loss ${points['train/loss']?.toFixed(3)}  train ${percent(points['train/accuracy'])}  val ${percent(points['val/accuracy'])}  ${points['imagesPerSecond']?.toFixed(0)} img/s`);
              break;
            }
            case 'notice':
              store.addEvent(id, 'notice', message.message);
              progress.notice(message.message);
              break;
            case 'done': case 'failed': case 'stopped': break;
          }
        },
      });
      finish(store, id, last.kind === 'done' ? last.summary : null, last.kind === 'failed' ? last.message : null);
      if (last.kind === 'failed') throw new ArcBenchError(last.code, last.message);
      if (last.kind === 'stopped') throw new ArcBenchError('cancelled', `Stopped and saved; ${options.rerunCommand} --resume goes on from here.`);
    }
  }
  progress.stage('Writing the report');
  const folder = join(workspace, 'reports', hash.slice(0, 12));
  await writeReport(reportOf(store, { plan, hash, ids, dataset: { ...dataset, layout: isDemo ? 'demo' : dataset.layout }, set, split, findings: audit.findings, engine, rerunCommand: options.rerunCommand }), folder);
  return { report: join(folder, 'report.md'), runs: ids };
}

const percent = (value: number | undefined) => `${(100 * (value ?? 0)).toFixed(1)} %`;

function finish(store: Store, id: string, summary: TrainedSummary | null, failure: string | null): void {
  if (summary) {
    store.saveResult(id, 'summary', summary);
    store.saveArtefact(id, 'savedModel', summary.savedModel);
  }
  if (failure) store.addEvent(id, 'failure', failure);
  store.updateRun(id, { status: summary ? 'done' : failure ? 'failed' : 'cancelled', finishedAt: new Date().toISOString(), message: failure });
}
