import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckedExperiment, ExperimentDetails, Preset } from '../../../src-shared/api.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { parseExperiment } from '../../../src-shared/parseExperiment.ts';
import { writeWhole } from '../../data/writeWhole.ts';
import { buildNetwork } from '../../model/buildNetwork.ts';
import { parameterSpecs } from '../../model/network.ts';
import { openedPath } from '../openedPath.ts';
import { planHash } from '../planHash.ts';
import { runExperiment } from '../runExperiment.ts';
import { stageOf, type CallContext, type CallsOf } from './callContext.ts';

const presetFolder = fileURLToPath(new URL('../../../resources/experiments/', import.meta.url));
const textName = 'experiment';

/** Reads an experiment's text: its plan, or what is wrong with it and where. */
function check(yaml: string): CheckedExperiment {
  try {
    const plan = parseExperiment(yaml, textName);
    const network = buildNetwork(plan.model, plan.prepare.inputSize);
    const parameters = parameterSpecs(network).filter((spec) => spec.trainable).reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
    return { plan, planHash: planHash(plan), fault: null, advice: [], parameters };
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    const placed = /^experiment, line (\d+): (.*)$/s.exec(error.message);
    return { plan: null, planHash: null, fault: { line: Number(placed?.[1] ?? 1), message: placed?.[2] ?? error.message }, advice: [], parameters: null };
  }
}

export function experimentCalls(context: CallContext): CallsOf<'experiments'> {
  const { store, jobs, roots, tell } = context;
  const folder = join(store.workspace, 'experiments');
  const pathOf = (id: string) => join(folder, `${id}.yaml`);
  const changed = () => tell({ event: 'experiments.changed', payload: null });
  const show = async (id: string): Promise<ExperimentDetails> => {
    const [yaml, found] = await Promise.all([readFile(pathOf(id), 'utf8'), stat(pathOf(id))]).catch((cause: unknown) => {
      throw new ArcBenchError('wrong-input', `There is no experiment ${id}: look at the list of experiments.`, { cause });
    });
    return { id, yaml, updatedAt: found.mtime.toISOString(), ...check(yaml) };
  };
  const nameIn = (yaml: string) => /^name:\s*['"]?(.+?)['"]?\s*$/m.exec(yaml)?.[1] ?? 'Untitled';
  /** A short name in the letters that file names take, with a number where it is taken. */
  const freshId = (yaml: string): string => {
    const base = nameIn(yaml).normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 48) || 'experiment';
    for (let number = 1; ; number++) {
      const id = number === 1 ? base : `${base}-${number}`;
      if (!existsSync(pathOf(id))) return id;
    }
  };
  const refuseClosedSource = async (plan: Plan) => { if (plan.data.source !== 'demo') await openedPath(plan.data.source, roots); };
  return {
    'experiments.list': async () => {
      const ids = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).map((name) => name.slice(0, -'.yaml'.length));
      const all = await Promise.all(ids.map(show));
      return all.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt)).map(({ id, yaml, plan, updatedAt, planHash: hash }) => ({
        id, name: plan?.name ?? nameIn(yaml), updatedAt, planHash: hash, arms: plan?.arms.length ?? 0, seeds: plan?.seeds.length ?? 0,
        runsDone: hash === null ? 0 : store.runs(hash).filter((run) => run.status === 'done').length,
      }));
    },
    'experiments.presets': async () => {
      const names = (await readdir(presetFolder)).filter((name) => name.endsWith('.yaml')).sort();
      const read = await Promise.all(names.map(async (name) => ({ name: name.slice(0, -'.yaml'.length), yaml: await readFile(join(presetFolder, name), 'utf8') })));
      // The demo comes first; files that lie beside a checkout are no presets for others.
      return read.filter(({ yaml }) => !/source:\s*\.\.\//.test(yaml)).map(({ name, yaml }): Preset => ({ name, yaml, title: nameIn(yaml), description: /^#\s*(.+)$/m.exec(yaml)?.[1] ?? '' }))
        .sort((a, b) => Number(b.name === 'demo') - Number(a.name === 'demo'));
    },
    'experiments.show': ({ id }) => show(id),
    'experiments.check': ({ yaml }) => check(yaml),
    'experiments.save': async ({ id, yaml }) => {
      const target = id ?? freshId(yaml);
      if (id !== null) await show(id);
      await mkdir(folder, { recursive: true });
      await writeWhole(pathOf(target), yaml);
      changed();
      return await show(target);
    },
    'experiments.delete': async ({ id }) => {
      await show(id);
      if (jobs.jobs().some((job) => job.experiment === id && job.endedAt === null)) throw new ArcBenchError('wrong-input', `The experiment ${id} is running or queued: cancel it first.`);
      await rm(pathOf(id));
      changed();
      return null;
    },
    'experiments.start': async ({ id, interrupted }) => {
      const { plan, fault } = await show(id);
      if (!plan) throw new ArcBenchError('wrong-input', `The experiment ${id} cannot be started: line ${fault?.line}: ${fault?.message}`);
      if (jobs.jobs().some((job) => job.experiment === id && job.endedAt === null)) throw new ArcBenchError('wrong-input', `The experiment ${id} is running or queued already.`);
      await refuseClosedSource(plan);
      return jobs.add({
        kind: 'experiment', title: plan.name, experiment: id,
        work: async (job) => {
          const stage = { ...stageOf(context, job, { plan, baseFolder: folder, rerunCommand: rerunCommandOf(pathOf(id), store.workspace) }), onTraining: job.training };
          const { report } = await runExperiment(stage, { interrupted, compiled: true, engine: 'auto' });
          tell({ event: 'reports.changed', payload: { planHash: planHash(plan).slice(0, 12) } });
          return report;
        },
      });
    },
  };
}

const quote = (text: string) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const rerunCommandOf = (file: string, workspace: string) => `npm run arcbench -- --run ${quote(file)} --workspace ${quote(workspace)}`;
