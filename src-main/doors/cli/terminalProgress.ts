import cliProgress, { type SingleBar, type TimeFormatter } from 'cli-progress';
import { printable } from '../../../src-shared/printable.ts';
import type { StageProgress } from '../../workbench/stage.ts';

/** Time left; '—' while nothing has moved, of which cli-progress makes 'NFs'. */
const timeLeft: TimeFormatter = (seconds, ...rest) => (typeof seconds === 'number' ? cliProgress.Format.TimeFormat(seconds, ...rest).trim() : '—');

/** Progress on stderr: a bar with rate and time left on a terminal, lines alone otherwise. `end` takes the bar away, whose timer would keep the process alive for ever. */
export function terminalProgress(stream: NodeJS.WriteStream): StageProgress & { end(): void } {
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
    end: clear,
    stage: (text) => line(text),
    notice: (text) => line(`  ${text}`),
    step({ done, total, note }) {
      if (!stream.isTTY) return;
      if (!bar) {
        bar = new cliProgress.SingleBar({ stream, format: '  {bar} {value}/{total}  {note}  ETA {eta_formatted}', formatTime: timeLeft, clearOnComplete: true, hideCursor: true, fps: 8, barsize: 28 });
        bar.start(total, done, { note });
      } else bar.update(done, { note });
    },
  };
}
