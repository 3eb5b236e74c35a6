import { createServer } from 'node:net';

/** Milliseconds between two looks at the loop; a block is told longer by at most this. */
const resolution = 5;

/** A port of the loopback that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** What the event loop of a process went through since the last look, milliseconds. */
export interface LoopDelay {
  /** Longest delay by Node's own monitorEventLoopDelay. */
  readonly longest: number;
  /**
   * Longest time between two turns of a timer of 5 ms in which the loop's thread worked or waited, that without a core
   * left out: what the process itself can be blamed for. The whole time where the system does not tell (other than
   * Linux).
   */
  readonly blocked: number;
  /**
   * Longest time between two turns of a timer of 5 ms, and how much of it the loop's own thread worked and how much it
   * was ready to but had no core; null where the system does not tell (other than Linux).
   */
  readonly gap: { readonly length: number; readonly worked: number | null; readonly withoutCore: number | null };
}

/** Watches the event loop of a process that runs with `--inspect=<port>`, from within it. */
export async function watchEventLoop(
  port: number,
): Promise<{ /** Since the last call. */ delay(): Promise<LoopDelay>; stop(): void }> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    readonly webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`Nothing is inspected on port ${port}.`));
  });
  const waiting = new Map<number, (value: unknown) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: { result?: { value?: unknown } } };
    if (id !== undefined) waiting.get(id)?.(result?.result?.value);
  };
  let asked = 0;
  const evaluate = (expression: string) =>
    new Promise<unknown>((resolve) => {
      waiting.set(++asked, resolve);
      socket.send(
        JSON.stringify({ id: asked, method: 'Runtime.evaluate', params: { expression, returnByValue: true } }),
      );
    });
  await evaluate(`{
    const load = (name) => process.getBuiltinModule?.('node:' + name) ?? process.mainModule.require(name);
    const delays = load('perf_hooks').monitorEventLoopDelay({ resolution: ${resolution} });
    delays.enable();
    const { readFileSync } = load('fs');
    // The main thread's time on a core and its time ready without one; NaN leaves as null.
    const schedule = '/proc/self/task/' + process.pid + '/schedstat';
    const onCore = () => {
      try {
        return readFileSync(schedule, 'latin1').split(' ').map((time) => time / 1e6);
      } catch {
        return [NaN, NaN];
      }
    };
    const none = { length: 0, worked: 0, withoutCore: 0 };
    let [gap, blocked, at, [worked, withoutCore]] = [none, 0, performance.now(), onCore()];
    setInterval(() => {
      const [now, [workedNow, withoutCoreNow]] = [performance.now(), onCore()];
      const waited = withoutCoreNow - withoutCore;
      if (now - at > gap.length) gap = { length: now - at, worked: workedNow - worked, withoutCore: waited };
      blocked = Math.max(blocked, now - at - (waited || 0));
      [at, worked, withoutCore] = [now, workedNow, withoutCoreNow];
    }, ${resolution}).unref();
    globalThis.loopDelay = () => {
      const told = { longest: delays.max / 1e6, blocked, gap };
      delays.reset();
      [gap, blocked] = [none, 0];
      return told;
    };
  }`);
  return { delay: async () => (await evaluate('loopDelay()')) as LoopDelay, stop: () => socket.close() };
}
