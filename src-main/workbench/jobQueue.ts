import { randomUUID } from 'node:crypto';
import type { Job, JobKind, LogLine } from '../../src-shared/answers/jobAnswers.ts';
import type { WorkbenchEvent } from '../../src-shared/api.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { knownFault } from '../files/knownFault.ts';
import type { StageProgress } from './experiment/stage.ts';

/** What the work of a job is given: signals that stop it, and functions that show its progress. */
export interface JobContext {
  readonly signal: AbortSignal;
  readonly afterEpoch: AbortSignal;
  readonly progress: StageProgress;
  /** Names the run that is trained now. */
  readonly training: (run: string) => void;
}

export interface JobRequest {
  readonly kind: JobKind;
  readonly title: string;
  readonly experiment?: string;
  /** Runs at once, beside all other jobs. */
  readonly atOnce?: boolean;
  /** Does the job and returns what it made, such as a hash or a folder. */
  readonly work: (context: JobContext) => Promise<string>;
}

type Lane = 'faces' | 'training' | 'projection' | 'trial';
/** The lane of a job. Only one job of a lane runs at a time. */
const laneOf = (kind: JobKind): Lane => {
  switch (kind) {
    case 'import':
    case 'find':
    case 'prepare':
    case 'split':
      return 'faces';
    case 'experiment':
    case 'resume':
      return 'training';
    case 'projection':
      return 'projection';
    case 'explanation':
      return 'trial';
  }
};

const progressInterval = 100; // milliseconds between two progress events of a job
const keptEnded = 50;
const keptLines = 20_000; // of each job's log

interface Entry {
  job: Job;
  readonly lane: string;
  readonly request: JobRequest;
  readonly stopper: AbortController;
  readonly afterEpoch: AbortController;
  readonly lines: LogLine[];
  timer: NodeJS.Timeout | null;
}

/** Queues jobs, runs one of each lane at a time, and emits an event for every change. */
export function jobQueue(tell: (event: WorkbenchEvent) => void) {
  const entries = new Map<string, Entry>();
  const running = new Map<string, Promise<void>>(); // by lane

  const change = (entry: Entry, changes: Partial<Job>, soon = false) => {
    entry.job = { ...entry.job, ...changes };
    if (soon) {
      entry.timer ??= setTimeout(() => {
        entry.timer = null;
        tell({ event: 'job', payload: entry.job });
      }, progressInterval);
      return;
    }
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = null;
    tell({ event: 'job', payload: entry.job });
  };
  const log = ({ job, lines }: Entry, text: string) => {
    const line: LogLine = { job: job.id, index: (lines.at(-1)?.index ?? -1) + 1, at: new Date().toISOString(), text };
    lines.push(line);
    if (lines.length > keptLines * 1.1) lines.splice(0, lines.length - keptLines);
    tell({ event: 'log', payload: line });
  };

  const run = async (entry: Entry): Promise<void> => {
    change(entry, { state: 'running', startedAt: new Date().toISOString() });
    const end = (changes: Partial<Job>) =>
      change(entry, { ...changes, progress: null, endedAt: new Date().toISOString() });
    try {
      const result = await entry.request.work({
        signal: entry.stopper.signal,
        afterEpoch: entry.afterEpoch.signal,
        progress: {
          stage(text) {
            log(entry, text);
            change(entry, { stage: text, progress: null });
          },
          step(progress) {
            change(entry, { progress }, true);
          },
          notice(text) {
            log(entry, text);
          },
        },
        training: (id) => change(entry, { run: id }),
      });
      end({ state: 'done', result });
    } catch (error) {
      const known =
        knownFault(error) ??
        new ArcBenchError(
          'failed',
          `${entry.job.title} failed: ${error instanceof Error ? error.message : String(error)}.`,
          { cause: error },
        );
      log(entry, known.message);
      end(
        known.code === 'cancelled'
          ? { state: 'cancelled', stage: known.message }
          : { state: 'failed', fault: { code: known.code, message: known.message } },
      );
    }
    sweep();
  };
  const next = (lane: string): void => {
    if (running.has(lane)) return;
    const entry = [...entries.values()].find((queued) => queued.job.state === 'queued' && queued.lane === lane);
    if (!entry) return;
    running.set(
      lane,
      run(entry).finally(() => {
        running.delete(lane);
        next(lane);
      }),
    );
  };
  const sweep = () => {
    const ended = [...entries.values()].filter(({ job }) => job.endedAt !== null);
    for (const { job } of ended.slice(0, -keptEnded)) entries.delete(job.id);
  };
  const find = (id: string): Entry => {
    const entry = entries.get(id);
    if (!entry) throw new ArcBenchError('wrong-input', `There is no job ${id} any more: look at the list of jobs.`);
    return entry;
  };

  return {
    jobs: (): readonly Job[] => [...entries.values()].map(({ job }) => job),
    add(request: JobRequest): Job {
      const job: Job = {
        id: randomUUID(),
        kind: request.kind,
        title: request.title,
        state: 'queued',
        stage: 'Waiting',
        progress: null,
        queuedAt: new Date().toISOString(),
        startedAt: null,
        endedAt: null,
        experiment: request.experiment ?? null,
        run: null,
        result: null,
        fault: null,
      };
      const entry: Entry = {
        job,
        lane: request.atOnce === true ? job.id : laneOf(request.kind),
        request,
        stopper: new AbortController(),
        afterEpoch: new AbortController(),
        lines: [],
        timer: null,
      };
      entries.set(job.id, entry);
      tell({ event: 'job', payload: job });
      next(entry.lane);
      return entry.job;
    },
    cancel(id: string): void {
      const entry = find(id);
      if (entry.job.state === 'queued')
        change(entry, { state: 'cancelled', stage: 'Taken off the queue', endedAt: new Date().toISOString() });
      else if (entry.job.state === 'running') {
        entry.stopper.abort();
        change(entry, { stage: 'Stopping' });
      }
    },
    stopAfterEpoch(id: string): void {
      const entry = find(id);
      if (entry.job.state !== 'running' || entry.lane !== 'training')
        throw new ArcBenchError(
          'wrong-input',
          `${entry.job.title} trains nothing now: only a job that trains can stop after its epoch.`,
        );
      entry.afterEpoch.abort();
      change(entry, { stage: `${entry.job.stage}; stops after this epoch` });
    },
    dismiss(id: string): void {
      const { job } = find(id);
      if (job.endedAt === null) throw new ArcBenchError('wrong-input', `${job.title} has not ended: cancel it first.`);
      entries.delete(id);
      tell({ event: 'job.dismissed', payload: { id } });
    },
    log(id: string, { before, limit }: { readonly before: number | null; readonly limit: number }): readonly LogLine[] {
      const { lines } = find(id);
      const end = before === null ? lines.length : Math.max(0, before - (lines[0]?.index ?? 0));
      return lines.slice(Math.max(0, end - limit), end);
    },
    busy: (): boolean => running.size > 0,
    /** Stops all jobs and waits until the last one has ended. */
    async close(): Promise<void> {
      for (const { job } of entries.values()) if (job.endedAt === null) this.cancel(job.id);
      await Promise.all(running.values());
      for (const entry of entries.values()) if (entry.timer) clearTimeout(entry.timer);
    },
  };
}
export type JobQueue = ReturnType<typeof jobQueue>;
