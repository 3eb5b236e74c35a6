import { createServer } from 'node:net';

/** Milliseconds between two looks at the loop; a block is told longer by at most this. */
const resolution = 5;

/** A port of the loopback that is free now. */
export const freePort = (): Promise<number> => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
});

/** Watches the event loop of a process that runs with `--inspect=<port>`, by Node's own monitorEventLoopDelay in it. */
export async function watchEventLoop(port: number): Promise<{ /** Longest delay since the last call, milliseconds. */ longest(): Promise<number>; /** Milliseconds that the thread itself worked in the longest gap since the last call. */ worked(): Promise<number>; stop(): void }> {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json() as { readonly webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject(new Error(`Nothing is inspected on port ${port}.`)); });
  const waiting = new Map<number, (value: unknown) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: { result?: { value?: unknown } } };
    if (id !== undefined) waiting.get(id)?.(result?.result?.value);
  };
  let asked = 0;
  const evaluate = (expression: string) => new Promise<unknown>((resolve) => {
    waiting.set(++asked, resolve);
    socket.send(JSON.stringify({ id: asked, method: 'Runtime.evaluate', params: { expression, returnByValue: true } }));
  });
  await evaluate(`globalThis.delays = (process.getBuiltinModule?.('node:perf_hooks') ?? process.mainModule.require('perf_hooks')).monitorEventLoopDelay({ resolution: ${resolution} }); delays.enable()`);
  // Time of the thread's own within the longest gap: the rest of the gap it waited for a core or the disk.
  await evaluate(`{
    globalThis.worstGap = { gap: 0, worked: 0 };
    const worked = () => { const { user, system } = process.threadCpuUsage?.() ?? { user: NaN, system: NaN }; return (user + system) / 1000; };
    let [lookedAt, workedUntil] = [performance.now(), worked()];
    setInterval(() => {
      const [now, until] = [performance.now(), worked()];
      if (now - lookedAt > worstGap.gap) globalThis.worstGap = { gap: now - lookedAt, worked: until - workedUntil };
      [lookedAt, workedUntil] = [now, until];
    }, ${resolution}).unref();
  }`);
  return {
    longest: async () => Number(await evaluate('{ const longest = delays.max; delays.reset(); longest }')) / 1e6,
    worked: async () => Number(await evaluate('{ const { worked } = worstGap; globalThis.worstGap = { gap: 0, worked: 0 }; worked }')),
    stop: () => socket.close(),
  };
}
