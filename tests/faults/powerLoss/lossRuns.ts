import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomStream, type RandomStream } from '../../../src-shared/maths/random.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { checkWorkspace } from '../../../src-main/workbench/workspace/checkWorkspace.ts';
import { isLeftover } from '../../../src-main/files/workspaceFolders.ts';
import { arcbench, writeFaultExperiment } from '../faultExperiment.ts';
import { differences, workspaceState } from '../workspaceState.ts';
import { diskOf, type LossKind } from './disk.ts';
import { pathsOf, readWriteLog, type WriteRecord } from './writeLog.ts';

const areas = [
  'database',
  'sources',
  'prepared',
  'splits',
  'checkpoints',
  'snapshots',
  'run',
  'report',
  'end',
] as const;
type Area = (typeof areas)[number];

export interface LossCounts {
  readonly losses: number;
  /** What was being written when the power was lost. */
  readonly byArea: Readonly<Record<Area, number>>;
  readonly resumed: number;
  /** Operations on the workspace that the sessions' logs hold. */
  readonly operations: number;
  readonly compared: number;
  readonly mismatches: readonly string[];
}

/** A session that went to its end: what it did, from which state on, and what it left. */
interface Session {
  readonly before: string;
  readonly after: string;
  readonly records: readonly WriteRecord[];
  readonly byArea: ReadonlyMap<Area, readonly number[]>;
}

/**
 * Runs a tiny experiment once with all writes of its processes recorded, then loses the power at drawn operations: what
 * was not synced by then is dropped or torn. Each state that is left must hold nothing damaged, and, resumed, must end
 * as the run in peace did; every third resumed session loses it again. With `resume` below `losses`, the losses beyond
 * are looked at and not resumed.
 */
export async function lossRuns({
  folder,
  losses,
  resume = losses,
  seed,
  tell,
}: {
  readonly folder: string;
  readonly losses: number;
  readonly resume?: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}): Promise<LossCounts> {
  const library = join(folder, 'recordWrites.so');
  execFileSync('gcc', [
    '-O2',
    '-fPIC',
    '-shared',
    '-o',
    library,
    fileURLToPath(new URL('recordWrites.c', import.meta.url)),
    '-ldl',
  ]);
  const experiment = writeFaultExperiment(join(folder, 'faults.yaml'), { people: 6, epochs: 2 });
  const workspace = join(folder, 'workspace'); // all run at one place, since paths are in what they write
  const mismatches: string[] = [];
  const byArea = Object.fromEntries(areas.map((area) => [area, 0])) as Record<Area, number>;
  let sessions = 0;
  let operations = 0;
  let compared = 0;
  let resumed = 0;

  /** Runs to the end from the workspace as it lies there. */
  const session = async (args: readonly string[]): Promise<Session> => {
    const name = `session-${++sessions}`;
    const log = join(folder, 'writes.log');
    const before = join(folder, name, 'before');
    const after = join(folder, name, 'after');
    mkdirSync(join(folder, name));
    mkdirSync(workspace, { recursive: true });
    copy(workspace, before);
    writeFileSync(log, '');
    const { code, stderr } = await arcbench(['--run', experiment, '--workspace', workspace, ...args], undefined, {
      environment: { LD_PRELOAD: library, POWER_ROOT: workspace, POWER_LOG: log, UV_USE_IO_URING: '0' },
    }).ended;
    assert.equal(code, 0, stderr);
    const records = readWriteLog(log);
    operations += records.length;
    copy(workspace, after);
    const disk = diskOf(before, workspace);
    records.forEach((record) => disk.apply(record));
    assert.deepEqual(disk.differences(), [], 'the log does not tell all that was written');
    const positions = new Map<Area, number[]>([['end', [records.length]]]);
    pathsOf(records).forEach((path, at) => {
      const area = areaOf(path.slice(workspace.length + 1));
      if (area !== null) positions.set(area, [...(positions.get(area) ?? []), at]);
    });
    return { before, after, records, byArea: positions };
  };

  const first = await session([]);
  const reference = workspaceState(workspace);
  tell(`The reference: ${first.records.length} operations, ${reference.size} files and tables.`);
  let from = first;
  for (let loss = 1; loss <= losses; loss++) {
    const random = randomStream(seed, 'power', loss);
    const area = pick(
      areas.filter((name) => from.byArea.has(name)),
      random,
    );
    const cut = pick(from.byArea.get(area) ?? [], random);
    const kind: LossKind = { bytes: pick(['dropped', 'torn'], random), names: pick(['undone', 'some'], random) };
    const what =
      `loss ${loss} (operation ${cut} of ${from.records.length}, ${area}, bytes ${kind.bytes}, names ` +
      `${kind.names})`;
    byArea[area]++;
    const lose = () => {
      const disk = diskOf(from.before, workspace);
      const later = join(folder, 'later');
      from.records.slice(0, cut).forEach((record) => disk.apply(record));
      copy(from.after, later);
      disk.lose({ ...kind, later }, randomStream(seed, 'power', loss, 'pages'));
      rmSync(later, { recursive: true });
    };
    const told = (lines: readonly string[]) => {
      mismatches.push(...lines.map((line) => `${what}: ${line}`));
      for (const line of lines) tell(`  ${what}: ${line}`);
      const kept = join(folder, `different-${loss}`);
      if (lines.length > 0 && !existsSync(kept)) copy(workspace, kept);
    };
    const compare = () => {
      const found = workspaceState(workspace);
      compared += found.size;
      // it names a process that is no more
      return differences(reference, found).filter((line) => !line.includes('/trainer.pid: not in'));
    };
    lose();
    told(await damages(workspace));
    // What a session that ended well has left is there for good.
    if (area === 'end') told(compare().filter((line) => !line.split('/').some((name) => isLeftover(name))));
    if (loss > resume) continue;
    lose();
    const next = await session([random.next() < 0.8 ? '--resume' : '--restart']);
    resumed++;
    told(compare());
    if (from !== first) rmSync(join(from.before, '..'), { recursive: true });
    from = random.next() < 1 / 3 ? next : first;
    if (from === first) rmSync(join(next.before, '..'), { recursive: true });
    if (loss % 10 === 0) tell(`${loss} of ${losses} losses, ${mismatches.length} mismatches`);
  }
  return { losses, byArea, resumed, operations, compared, mismatches };
}

const pick = <T>(items: readonly T[], random: RandomStream): T => items[random.integer(items.length)] as T;

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' }); // cpSync rounds times
  assert.equal(status, 0, stderr);
}

function areaOf(path: string): Area | null {
  if (/^arcbench\.db/.test(path)) return 'database';
  if (/^(prepared\/demo|datasets)/.test(path)) return 'sources';
  const within = /^runs\/[^/]+\/(checkpoints|snapshots)/.exec(path)?.[1];
  if (within === 'checkpoints' || within === 'snapshots') return within;
  const areas: Readonly<Record<string, Area>> = {
    prepared: 'prepared',
    splits: 'splits',
    runs: 'run',
    reports: 'report',
  };
  return areas[path.split('/')[0] ?? ''] ?? null;
}

/** What of a workspace is damaged or named and not there; leftovers that the next run sweeps are neither. */
async function damages(workspace: string): Promise<string[]> {
  const store = openStore(workspace);
  try {
    const faults = await checkWorkspace(store, { repair: false, onProgress: () => undefined });
    const pointers = store
      .runs()
      .flatMap(({ id, status }) => [
        ...store.artefacts(id).map(({ path }) => path),
        ...(status === 'trained' ? [join(workspace, 'runs', id, 'checkpoints', 'best')] : []),
        ...(status === 'done' ? [join(workspace, 'runs', id, 'checkpoints', 'last')] : []),
      ])
      .filter((path) => !existsSync(path));
    return [
      ...faults
        .filter(
          ({ message }) =>
            !/^(This is a leftover|This preparation that was stopped is damaged|The store knows no such run)/.test(
              message,
            ),
        )
        .map(({ path, message }) => `${path}: ${message}`),
      ...pointers.map((path) => `the store names ${path}, which is not there`),
    ];
  } finally {
    store.close();
  }
}
