import { Session, type Profiler } from 'node:inspector';

/** Source files whose branches guide the fuzzer: ArcBench's own, and the parsers that it relies on. */
const isGuiding = (url: string): boolean => /\/(src-main|src-shared)\/|\/node_modules\/(yaml|csv-parse)\//.test(url);

/** Which branches of the program ran since the last call. */
export function branchCoverage(guides: (url: string) => boolean = isGuiding): {
  take(): ReadonlySet<string>;
  close(): void;
} {
  const session = new Session();
  session.connect(); // to this very thread, so that each call answers before it returns
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return {
    take() {
      let scripts: readonly Profiler.ScriptCoverage[] = [];
      session.post('Profiler.takePreciseCoverage', (error, { result }) => {
        if (error) throw error;
        scripts = result;
      });
      const branches = new Set<string>();
      for (const { url, functions } of scripts)
        if (guides(url))
          for (const { ranges } of functions)
            for (const { startOffset, endOffset, count } of ranges)
              if (count > 0) branches.add(`${url}:${startOffset}-${endOffset}`);
      return branches;
    },
    close: () => session.disconnect(),
  };
}
