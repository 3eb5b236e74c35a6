import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { Job, LogLine } from '../../src-shared/answers/jobAnswers.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { asFault } from '../client/useCall.ts';
import { call, on, onResync } from '../client/workbench.ts';
import { addSample, secondsFor, secondsLeft, type ProgressSample } from './progressRate.ts';

const linesAsked = 400; // of a log at a time
const drawInterval = 100; // milliseconds
const mostLines = 4000;
const linesKept = 3000; // of a growing log: earlier ones are fetched again when the user scrolls to them

/** Whether a job has ended. */
export const jobEnded = (job: Job): boolean =>
  job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';

/** Every job with its log, kept fresh by events. */
export const useJobs = defineStore('jobs', () => {
  const byId = ref(new Map<string, Job>());
  const loaded = ref(false);
  const fault = shallowRef<ArcBenchError | null>(null);
  const logs = shallowRef(new Map<string, readonly LogLine[]>());
  const askedEarlier = new Set<string>();
  const samples = new Map<string, readonly ProgressSample[]>();
  const endListeners = new Set<(job: Job) => void>();

  /** Newest first. */
  const all = computed(() => [...byId.value.values()].sort((a, b) => (a.queuedAt < b.queuedAt ? 1 : -1)));
  const running = computed(() => all.value.filter((job) => job.state === 'running'));
  const queued = computed(() => all.value.filter((job) => job.state === 'queued').reverse());
  /** The job that the status bar shows: training before anything else. */
  const current = computed(
    () => running.value.find((job) => job.run !== null) ?? running.value[0] ?? queued.value[0] ?? null,
  );

  const put = (job: Job): void => {
    const before = byId.value.get(job.id);
    if (job.progress !== null)
      samples.set(
        job.id,
        addSample(samples.get(job.id) ?? [], { stage: job.stage, done: job.progress.done, at: Date.now() }),
      );
    byId.value.set(job.id, job);
    if (before !== undefined && !jobEnded(before) && jobEnded(job)) for (const listener of endListeners) listener(job);
  };

  const load = async (): Promise<void> => {
    try {
      const jobs = await call('jobs.list', {});
      const present = new Set(jobs.map((job) => job.id));
      for (const id of byId.value.keys()) if (!present.has(id)) byId.value.delete(id);
      jobs.forEach(put);
      [fault.value, loaded.value] = [null, true];
    } catch (error) {
      fault.value = asFault(error);
    }
  };

  on('job', put);
  on('job.dismissed', ({ id }) => {
    byId.value.delete(id);
  });
  const keepLines = (job: string, lines: readonly LogLine[]): void => {
    logs.value.set(job, lines);
    triggerRef(logs);
  };
  /** Lines that arrived since the log was last drawn: drawing the page for each of thousands would block it. */
  let waiting: LogLine[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  const takeLines = (): void => {
    timer = null;
    for (const [job, added] of groupBy(waiting, (line) => line.job)) {
      let lines = [...(logs.value.get(job) ?? [])];
      for (const line of added) {
        const last = lines[lines.length - 1];
        if (last !== undefined && line.index <= last.index) continue; // fetched in the meantime
        // After a lost connection there may be a gap. Then the known lines restart here, and earlier ones are fetched
        // when the user scrolls to them.
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
  /** Fetches the lines before the known ones. */
  const loadEarlier = async (job: string): Promise<void> => {
    const first = logs.value.get(job)?.[0];
    if (first?.index === 0 || askedEarlier.has(job)) return;
    askedEarlier.add(job);
    try {
      const found = await call('jobs.log', { id: job, before: first?.index ?? null, limit: linesAsked });
      const known = logs.value.get(job) ?? []; // lines may have arrived in the meantime
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
    loaded,
    fault,
    logs,
    load,
    loadEarlier,
    byId: (id: string): Job | null => byId.value.get(id) ?? null,
    /** Seconds until the stage of a job is done at its present rate; null while unknown. */
    secondsLeft: (job: Job): number | null =>
      job.progress === null || job.state !== 'running'
        ? null
        : secondsLeft(samples.get(job.id) ?? [], job.progress.total),
    /** Seconds that a whole stage of a job takes at its present rate; null while unknown. */
    secondsOfStage: (job: Job): number | null =>
      job.progress === null || job.state !== 'running'
        ? null
        : secondsFor(samples.get(job.id) ?? [], job.progress.total),
    /** Calls the listener when a job ends that was seen running or queued. Returns a function that stops listening. */
    onEnded: (listener: (job: Job) => void): (() => void) => {
      endListeners.add(listener);
      return () => endListeners.delete(listener);
    },
    /** Resolves with a job when it has ended. */
    ended: (id: string): Promise<Job> =>
      new Promise((resolve) => {
        const present = byId.value.get(id);
        if (present !== undefined && jobEnded(present)) return resolve(present);
        const listener = (job: Job): void => {
          if (job.id !== id) return;
          endListeners.delete(listener);
          resolve(job);
        };
        endListeners.add(listener);
      }),
    /** Adds the job that a call returned, before its first event arrives. */
    put,
  };
});
