import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { Job, LogLine } from '../../src-shared/api.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { asFault } from '../client/useCall.ts';
import { call, on, onResync } from '../client/workbench.ts';
import { addSample, secondsFor, secondsLeft, type ProgressSample } from './progressRate.ts';

const linesAsked = 400; // of a log at a time
const drawInterval = 100; // milliseconds
const mostLines = 4000;
const linesKept = 3000; // of a log that grows: earlier ones are fetched again when one scrolls to them

/** Whether a job is over. */
export const jobEnded = (job: Job): boolean =>
  job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';

/** Every job with its log, kept fresh by events. */
export const useJobs = defineStore('jobs', () => {
  const byId = ref<Record<string, Job>>({});
  const fault = shallowRef<ArcBenchError | null>(null);
  const logs = shallowRef(new Map<string, readonly LogLine[]>());
  const askedEarlier = new Set<string>();
  const samples = new Map<string, readonly ProgressSample[]>();
  const endListeners = new Set<(job: Job) => void>();

  /** Newest first. */
  const all = computed(() => Object.values(byId.value).sort((a, b) => (a.queuedAt < b.queuedAt ? 1 : -1)));
  const running = computed(() => all.value.filter((job) => job.state === 'running'));
  const queued = computed(() => all.value.filter((job) => job.state === 'queued').reverse());
  /** The job that the strip shows: training before anything else. */
  const current = computed(
    () => running.value.find((job) => job.run !== null) ?? running.value[0] ?? queued.value[0] ?? null,
  );

  const put = (job: Job): void => {
    const before = byId.value[job.id];
    if (job.progress !== null)
      samples.set(
        job.id,
        addSample(samples.get(job.id) ?? [], { stage: job.stage, done: job.progress.done, at: Date.now() }),
      );
    byId.value[job.id] = job;
    if (before !== undefined && !jobEnded(before) && jobEnded(job)) for (const listener of endListeners) listener(job);
  };

  const load = async (): Promise<void> => {
    try {
      const jobs = await call('jobs.list', {});
      for (const id of Object.keys(byId.value)) if (!jobs.some((job) => job.id === id)) delete byId.value[id];
      jobs.forEach(put);
      fault.value = null;
    } catch (error) {
      fault.value = asFault(error);
    }
  };

  on('job', put);
  on('job.dismissed', ({ id }) => {
    delete byId.value[id];
  });
  const keepLines = (job: string, lines: readonly LogLine[]): void => {
    logs.value.set(job, lines);
    triggerRef(logs);
  };
  /** Lines that came since the log was last drawn: a page drawn anew for each of thousands would stand still. */
  let waiting: LogLine[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  const takeLines = (): void => {
    timer = null;
    for (const [job, added] of groupBy(waiting, (line) => line.job)) {
      let lines = [...(logs.value.get(job) ?? [])];
      for (const line of added) {
        const last = lines[lines.length - 1];
        if (last !== undefined && line.index <= last.index) continue; // fetched meanwhile
        // After a lost connection there may be a gap: what is known begins anew, and the rest is fetched when it is
        // looked at.
        if (last !== undefined && line.index !== last.index + 1) lines = [];
        lines.push(line);
      }
      keepLines(job, lines.length > mostLines ? lines.slice(-linesKept) : lines);
    }
    waiting = [];
  };
  on('log', (line) => {
    waiting.push(line);
    timer ??= setTimeout(takeLines, drawInterval);
  });
  /** Fetches the lines before the ones that are known. */
  const loadEarlier = async (job: string): Promise<void> => {
    const first = logs.value.get(job)?.[0];
    if (first?.index === 0 || askedEarlier.has(job)) return;
    askedEarlier.add(job);
    try {
      const found = await call('jobs.log', { id: job, before: first?.index ?? null, limit: linesAsked });
      const known = logs.value.get(job) ?? []; // lines may have come meanwhile
      keepLines(job, [...found.filter((line) => known[0] === undefined || line.index < known[0].index), ...known]);
    } finally {
      askedEarlier.delete(job);
    }
  };
  onResync(() => {
    waiting = [];
    logs.value.clear();
    triggerRef(logs);
    void load();
  });
  void load();

  return {
    all,
    running,
    queued,
    current,
    fault,
    logs,
    load,
    loadEarlier,
    byId: (id: string): Job | null => byId.value[id] ?? null,
    /** Seconds until the stage of a job is done at its present rate; null where that is not known. */
    secondsLeft: (job: Job): number | null =>
      job.progress === null || job.state !== 'running'
        ? null
        : secondsLeft(samples.get(job.id) ?? [], job.progress.total),
    /** Seconds that a whole stage of a job would take again at its present rate. */
    secondsOfStage: (job: Job): number | null =>
      job.progress === null || job.state !== 'running'
        ? null
        : secondsFor(samples.get(job.id) ?? [], job.progress.total),
    /** Runs when a job ends that was seen running or queued; returns the way to stop listening. */
    onEnded: (listener: (job: Job) => void): (() => void) => {
      endListeners.add(listener);
      return () => endListeners.delete(listener);
    },
    /** Resolves with a job when it has ended. */
    ended: (id: string): Promise<Job> =>
      new Promise((resolve) => {
        const present = byId.value[id];
        if (present !== undefined && jobEnded(present)) return resolve(present);
        const listener = (job: Job): void => {
          if (job.id !== id) return;
          endListeners.delete(listener);
          resolve(job);
        };
        endListeners.add(listener);
      }),
    /** Takes in the job that a call answered with, before its first event arrives. */
    put,
  };
});
