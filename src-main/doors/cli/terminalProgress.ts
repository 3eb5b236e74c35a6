import cliProgress, { SingleBar, type Options, type Params } from 'cli-progress';
import { printable } from '../../../src-shared/printable.ts';
import type { StageProgress } from '../../workbench/experiment/stage.ts';
const { Format } = cliProgress; // CommonJS, whose names Node does not find

/** Progress that can be ended: the bar disappears, and nothing keeps the process alive. */
export interface TerminalProgress extends StageProgress {
  end(): void;
}

interface Payload {
  readonly note: string;
  readonly secondsLeft: number | null;
}
const widest = 28;
const narrowest = 8; // characters of the bar

/** Shows progress on a stream: a bar with rate and time left on a terminal, only lines elsewhere. */
export function terminalProgress(stream: NodeJS.WriteStream): TerminalProgress {
  let bar: SingleBar | null = null;
  let first = { done: 0, at: 0 };
  let last = Number.POSITIVE_INFINITY;
  const end = () => {
    bar?.stop();
    bar = null;
  };
  const line = (text: string) => {
    end();
    stream.write(`${printable(text)}\n`);
  };
  return {
    stage(text) {
      last = Number.POSITIVE_INFINITY; // the next step starts a new count
      line(text);
    },
    notice: (text) => line(`  ${text}`),
    step({ done, total, note }) {
      if (!stream.isTTY) return;
      const at = performance.now();
      if (done < last) first = { done, at };
      last = done;
      const payload: Payload = {
        note,
        secondsLeft: done > first.done ? ((total - done) * (at - first.at)) / (done - first.done) / 1000 : null,
      };
      if (!bar) {
        bar = new SingleBar({
          stream,
          format: (options, params, values: Payload) =>
            fittingLine(options, params, { ...values, columns: stream.columns || 80 }),
          clearOnComplete: true,
          hideCursor: true,
          gracefulExit: false,
          fps: 8,
        });
        bar.start(total, done, payload);
      } else bar.update(done, payload);
    },
    end,
  };
}

/**
 * The bar with everything that is known, where the terminal is wide enough. On a narrow one the counts go first, then
 * the beginning of the note, then the bar.
 */
function fittingLine(
  options: Options,
  { value, total, progress }: Params,
  { note, secondsLeft, columns }: Payload & { readonly columns: number },
): string {
  const left =
    'ETA ' +
    `${secondsLeft === null ? '—' : Format.TimeFormat(Math.ceil(secondsLeft), { ...options, autopaddingChar: '' }, 5)}`;
  const percent = `${Math.floor(100 * progress)} %`;
  const texts = [
    `${value}/${total}  ${note}  ${left}`,
    `${percent}  ${note}  ${left}`,
    `${percent}  ${note.split(', ').at(-1)}  ${left}`,
    `${percent}  ${left}`,
  ];
  // the last column stays free: some terminals wrap there
  const room = (text: string) => columns - 1 - '  '.length * 2 - text.length;
  const text = texts.find((entry) => room(entry) >= narrowest) ?? texts.find((entry) => room(entry) >= 0) ?? percent;
  const barsize = Math.min(widest, room(text));
  return barsize < narrowest ? `  ${text}` : `  ${Format.BarFormat(progress, { ...options, barsize })}  ${text}`;
}
