import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { randomStream, type RandomStream } from '../../../src-shared/maths/random.ts';
import { sentence } from '../hostile/attempt.ts';
import { mutate } from '../hostile/mutate.ts';
import { branchCoverage } from './coverage.ts';
import type { FuzzTarget } from './fuzzTargets.ts';

export interface FuzzFinding {
  /** Findings of one fault have one key. */
  readonly key: string;
  readonly what: string;
  readonly input: Uint8Array;
}
export interface FuzzResult {
  readonly inputs: number;
  readonly accepted: number;
  /** Inputs that were kept since they reached a branch that none had reached before. */
  readonly corpus: number;
  readonly branches: number;
  readonly slowestSeconds: number;
  readonly findings: readonly FuzzFinding[];
}

const together = 20; // inputs between two looks at the coverage, which takes as long as several inputs
const longest = 1 << 16; // bytes of an input
const slow = 2; // seconds of processor time

/**
 * Feeds a parser with changed inputs for some seconds of processor time. An input that reaches a new branch is kept and
 * changed further. A finding is an error that is no sentence for the user, or an input that takes too long.
 */
export async function fuzz(
  target: FuzzTarget,
  {
    folder,
    seconds,
    seed,
    guides,
    until = Infinity,
    onInputs = () => undefined,
  }: {
    readonly folder: string;
    readonly seconds: number;
    readonly seed: number;
    readonly guides?: (url: string) => boolean;
    /** Ends early after so many findings. */ readonly until?: number;
    /** Is called again and again, so that another process sees that no input hangs. */
    readonly onInputs?: (inputs: number) => void;
  },
): Promise<FuzzResult> {
  const random = randomStream(seed, 'fuzz', target.name);
  const own = join(folder, 'run');
  const path = join(own, target.path);
  mkdirSync(dirname(path), { recursive: true });
  target.surround?.(own);
  const made = join(folder, 'seeds');
  mkdirSync(made, { recursive: true });
  const corpus = [...target.seeds(made)];
  rmSync(made, { recursive: true });
  const coverage = branchCoverage(guides);
  const branches = new Set<string>();
  const findings = new Map<string, FuzzFinding>();
  let inputs = 0;
  let accepted = 0;
  let slowestSeconds = 0;

  const attempt = async (input: Uint8Array): Promise<void> => {
    inputs++;
    writeFileSync(path, input);
    const before = processorSeconds();
    const fault = await faultOf(target, path);
    const took = processorSeconds() - before;
    slowestSeconds = Math.max(slowestSeconds, took);
    if (fault === null) accepted++;
    const what = fault ?? (took > slow ? `It took ${took.toFixed(1)} s of processor time.` : '');
    if (what !== '' && what !== refused) findings.set(keyOf(what), { key: keyOf(what), what, input });
  };
  /** The branches that inputs have reached since the last call, and none before. */
  const freshBranches = (): Set<string> => {
    const fresh = new Set([...coverage.take()].filter((branch) => !branches.has(branch)));
    for (const branch of fresh) branches.add(branch);
    return fresh;
  };

  try {
    for (const input of corpus) await attempt(input);
    freshBranches();
    for (
      const end = processorSeconds() + seconds;
      processorSeconds() < end && findings.size < until;
      onInputs(inputs)
    ) {
      const changed = Array.from({ length: together }, () => change(target, random, corpus));
      for (const input of changed) await attempt(input);
      const fresh = freshBranches();
      if (fresh.size === 0) continue;
      // Some of them reached these. Those that do so again, one at a time, are kept.
      for (const input of changed) {
        const reached = await branchesOf(input);
        if ([...fresh].filter((branch) => reached.has(branch) && fresh.delete(branch)).length > 0) corpus.push(input);
        if (fresh.size === 0) break;
      }
    }
  } finally {
    coverage.close();
    rmSync(own, { recursive: true, force: true });
  }
  return {
    inputs,
    accepted,
    corpus: corpus.length,
    branches: branches.size,
    slowestSeconds,
    findings: [...findings.values()],
  };

  async function branchesOf(input: Uint8Array): Promise<ReadonlySet<string>> {
    writeFileSync(path, input);
    await faultOf(target, path);
    return coverage.take();
  }
}

/** Processor time of this process, which other work on the machine does not lengthen. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const refused = 'refused';

/** Null where the parser takes the input, 'refused' where it refuses it in a sentence, else what is wrong. */
async function faultOf(target: FuzzTarget, path: string): Promise<string | null> {
  try {
    await target.run(path);
    return null;
  } catch (error) {
    if (!(error instanceof ArcBenchError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    try {
      sentence(error.message);
      return refused;
    } catch (unclear) {
      return (unclear as Error).message;
    }
  }
}

/** What two findings of one fault share: the message without numbers and names, and the first place in the stack. */
const keyOf = (what: string): string => {
  const place = /\bat .*?([\w.-]+:\d+):\d+/.exec(what)?.[1] ?? '';
  return `${(what.split('\n')[0] ?? '').replace(/["'`].*["'`]|\d+/g, '').slice(0, 60)} ${place}`;
};

/** An input made from one or two of the corpus, mostly from those that were found last. */
function change({ words }: FuzzTarget, random: RandomStream, corpus: readonly Uint8Array[]): Uint8Array {
  const pickOne = () => {
    const last = random.next() < 0.5 ? Math.max(0, corpus.length - 20) : 0;
    return corpus[last + random.integer(corpus.length - last)] as Uint8Array;
  };
  let input: Uint8Array = pickOne();
  for (let round = 0; round <= random.integer(4); round++) {
    const at = random.integer(input.length + 1);
    switch (random.integer(4)) {
      case 0:
        input = mutate(random, input, pickOne());
        break;
      case 1:
      case 2: {
        const word = words[random.integer(words.length)] ?? '';
        const put = typeof word === 'string' ? Buffer.from(word) : word;
        const after = input.subarray(Math.min(input.length, at + (random.next() < 0.5 ? 0 : put.length)));
        input = Buffer.concat([input.subarray(0, at), put, after]);
        break;
      }
      default: {
        const copy = Buffer.from(input);
        if (at < copy.length) copy[at] = (copy[at] ?? 0) + [1, -1, 16, -16, 128][random.integer(5)]!;
        input = copy;
      }
    }
  }
  return input.subarray(0, longest);
}
