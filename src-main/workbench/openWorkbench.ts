import { readdirSync, rmSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { callInputs, type CallHandlers, type CallName, type WorkbenchEvent } from '../../src-shared/api.ts';
import type { CurvePoint } from '../../src-shared/answers/runAnswers.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { nearestName } from '../../src-shared/nearestName.ts';
import { userHome } from '../files/userHome.ts';
import { isReceived, workspaceFolders } from '../files/workspaceFolders.ts';
import { interruptedMessage } from '../store/interruptedRuns.ts';
import { openStore } from '../store/store.ts';
import type { StoreChange } from '../store/storeChange.ts';
import type { CallContext } from './calls/callContext.ts';
import { datasetCalls } from './calls/datasetCalls.ts';
import { datasetEditCalls } from './calls/datasetEditCalls.ts';
import { lastCurveOfEpoch } from './experiment/epochsDone.ts';
import { datasetLibrary } from './experiment/datasetLibrary.ts';
import { embeddingCalls } from './calls/embeddingCalls.ts';
import { experimentCalls } from './calls/experimentCalls.ts';
import { reportCalls } from './calls/reportCalls.ts';
import { runCalls, runSummaries } from './calls/runCalls.ts';
import { splitCalls } from './calls/splitCalls.ts';
import { trialCalls } from './calls/trialCalls.ts';
import { workspaceCalls } from './calls/workspaceCalls.ts';
import { systemCalls } from './calls/systemCalls.ts';
import { jobQueue } from './jobQueue.ts';
import { measuredAtRest } from './estimate/machineSpeed.ts';
import { isReadCall, readThreads } from './threads/readThreads.ts';
import { receiveFile } from './workspace/receiveFile.ts';
import { resources } from './workspace/resources.ts';
import { jobThreads } from './threads/jobThreads.ts';
import type { Workbench } from './workbench.ts';

export interface WorkbenchOptions {
  readonly workspace: string;
  readonly door: 'electron' | 'serve';
  /** Folders below which faces may be imported; the user's home where none is named. */
  readonly roots?: readonly string[];
}

const machineInterval = 2000; // milliseconds between two loads of the machine
const pointsInterval = 250; // milliseconds between two events of points

/**
 * Opens the application on a workspace, which no other process may write meanwhile. Throws 'busy', 'damaged' or
 * 'wrong-input'.
 */
export function openWorkbench({ workspace, door, roots = [userHome()] }: WorkbenchOptions): Workbench {
  const listeners = new Set<(event: WorkbenchEvent) => void>();
  const tell = (event: WorkbenchEvent) => {
    for (const listener of listeners) listener(event);
  };

  const waiting = new Map<string, CurvePoint[]>(); // points by run, sent a few times a second
  let pointsTimer: NodeJS.Timeout | null = null;
  const tellRun = (id: string) => {
    const run = summaries.one(id);
    if (run) tell({ event: 'run', payload: run });
  };
  const tellPoints = () => {
    pointsTimer = null;
    for (const [run, points] of waiting) {
      tell({ event: 'points', payload: { run, points } });
      // Its progress and its last values have changed.
      if (points.some(({ name }) => name === lastCurveOfEpoch)) tellRun(run);
    }
    waiting.clear();
  };
  const tellChange = (change: StoreChange) => {
    switch (change.kind) {
      case 'run':
        tellRun(change.id);
        break;
      case 'run-deleted':
        tell({ event: 'run.deleted', payload: { ids: [change.id] } });
        break;
      case 'datasets':
        tell({ event: 'datasets.changed', payload: null });
        break;
      case 'points':
        for (const { run, ...point } of change.points) {
          const points = waiting.get(run);
          if (points) points.push(point);
          else waiting.set(run, [point]);
        }
        pointsTimer ??= setTimeout(tellPoints, pointsInterval);
    }
  };
  const store = openStore(workspace, { onChange: tellChange });
  const summaries = runSummaries({ store });
  const uploads = workspaceFolders(workspace).area('uploads');
  for (const name of readdirSync(uploads)) if (isReceived(name)) rmSync(join(uploads, name), { force: true });

  const jobs = jobQueue((event) => {
    if (event.event === 'job' && event.payload.endedAt !== null) endRunOf(event.payload.run);
    tell(event);
  });
  /** A thread that dies cannot say how its run ended. */
  const endRunOf = (run: string | null) => {
    try {
      if (run !== null && store.run(run)?.status === 'running')
        store.updateRun(run, { status: 'cancelled', message: interruptedMessage });
    } catch {
      // The job says what is wrong with the database, and the next opening ends the run.
    }
  };
  const opened = [...roots, uploads];
  const workers = jobThreads({ workspace, roots: opened, onChange: tellChange });
  const context: CallContext = { store, jobs, door, roots: opened, tell, workInThread: workers.work };
  const library = datasetLibrary(context);
  const reading = readThreads({ workspace, door });
  const measure = measuredAtRest({
    busy: jobs.busy,
    onMeasured: () => tell({ event: 'experiments.changed', payload: null }),
  });
  const handlers = {
    ...systemCalls(context),
    ...workspaceCalls(context),
    ...datasetCalls(context, library),
    ...datasetEditCalls(context, library),
    ...splitCalls(context, library),
    ...experimentCalls(context, library),
    ...runCalls(context, summaries),
    ...embeddingCalls(
      context,
      async (request) => fromJson(await reading.ask('projection.kept', request)) as string | null,
    ),
    ...reportCalls(context),
    ...trialCalls(context, async (name, input) => fromJson(await reading.ask(name, input))),
    'jobs.list': () => jobs.jobs(),
    'jobs.cancel': ({ id }) => {
      jobs.cancel(id);
      return null;
    },
    'jobs.stopAfterEpoch': ({ id }) => {
      jobs.stopAfterEpoch(id);
      return null;
    },
    'jobs.dismiss': ({ id }) => {
      jobs.dismiss(id);
      return null;
    },
    'jobs.log': ({ id, ...page }) => jobs.log(id, page),
  } satisfies CallHandlers;
  const shown = resources({
    workspace,
    library,
    roots: opened,
    packed: (id) => reading.ask('report.archive', id),
    exported: (run) => reading.ask('run.archive', run),
  });
  const machineTimer = setInterval(
    machineLoad(tell, () => listeners.size > 0),
    machineInterval,
  );
  machineTimer.unref();

  return {
    async call(name, input, longAsJson = false) {
      if (!isCallName(name)) {
        const nearest = nearestName(name.slice(0, 80), Object.keys(callInputs));
        throw new ArcBenchError(
          'wrong-input',
          'There is no call ' +
            `'${name.slice(0, 80)}'${nearest === null ? '' : `; the nearest known name is '${nearest}'`}.`,
        );
      }
      const checked = callInputs[name].safeParse(input);
      if (!checked.success) {
        const issue = checked.error.issues[0];
        throw new ArcBenchError(
          'wrong-input',
          `The input of ${name} is not what was ` +
            `expected${issue ? ` (${issue.path.join('.') || 'input'}: ${issue.message})` : ''}.`,
        );
      }
      if (name === 'experiments.show') measure(); // the estimate of its time may need it
      if (isReadCall(name)) {
        const json = await reading.ask(name, checked.data);
        return longAsJson ? json : fromJson(json);
      }
      // The input was checked by the schema of this call, and that is what its handler takes.
      return await (handlers[name] as (input: unknown) => unknown)(checked.data);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    resource: (address) => shown.read(address),
    receive: (file, content) => receiveFile(uploads, file, content),
    open(path) {
      if (!opened.includes(path)) opened.push(path);
    },
    busy: () => jobs.busy(),
    async close() {
      clearInterval(machineTimer);
      await jobs.close();
      await Promise.all([reading.close(), workers.close()]);
      if (pointsTimer) clearTimeout(pointsTimer);
      shown.close();
      store.close();
    },
  };
}

const fromJson = (json: Uint8Array): unknown =>
  JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString());
const isCallName = (name: string): name is CallName => Object.hasOwn(callInputs, name);

/** Emits the share of the processors that was busy since the last time, and the memory in use. */
function machineLoad(tell: (event: WorkbenchEvent) => void, isWatched: () => boolean): () => void {
  const times = () =>
    cpus().reduce(
      (sum, { times: { user, nice, sys, irq, idle } }) => ({
        busy: sum.busy + user + nice + sys + irq,
        all: sum.all + user + nice + sys + irq + idle,
      }),
      { busy: 0, all: 0 },
    );
  let before = times();
  return () => {
    const now = times();
    const processorShare = now.all === before.all ? 0 : (now.busy - before.busy) / (now.all - before.all);
    before = now;
    if (isWatched())
      tell({
        event: 'machine',
        payload: { processorShare, memoryUsedGiB: (totalmem() - freemem()) / 2 ** 30, memoryGiB: totalmem() / 2 ** 30 },
      });
  };
}
