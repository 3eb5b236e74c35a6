import { SingleBar } from 'cli-progress';
import { printable } from '../../../src-shared/printable.ts';
import type { StageProgress } from '../../workbench/stage.ts';

/** Progress on stderr: a bar with rate and time left on a terminal, lines alone otherwise. */
export function terminalProgress(stream: NodeJS.WriteStream): StageProgress {
  let bar: SingleBar | null = null;
  const clear = () => {
    bar?.stop();
    bar = null;
  };
  const line = (text: string) => {
    clear();
    stream.write(`${printable(text)}\n`);
  };
  return {
    stage: (text) => line(text),
    notice: (text) => line(`  ${text}`),
    step({ done, total, note }) {
      if (!stream.isTTY) return;
      if (!bar) {
        bar = new SingleBar({ stream, format: '  {bar} {value}/{total}  {note}  ETA {eta_formatted}', clearOnComplete: true, hideCursor: true, fps: 8, barsize: 28 });
        bar.start(total, done, { note });
      } else bar.update(done, { note });
    },
  };
}
