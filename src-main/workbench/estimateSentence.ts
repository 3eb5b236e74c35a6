import type { StartEstimate } from '../../src-shared/api.ts';

const number = (value: number, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits });
const span = (seconds: number) => (seconds < 90 ? `${number(Math.max(1, seconds))} s` : seconds < 5400 ? `${number(seconds / 60)} min` : `${number(seconds / 3600, 1)} h`);

/** What a start would take, in one sentence. */
export function estimateSentence({ runs, runsDone, imagesLeft, measured, seconds, memoryBytes }: StartEstimate): string {
  const left = runs - runsDone;
  const time = measured === null || seconds === null ? 'the time left shows after the first steps' : `about ${span(seconds)} at ${number(measured.imagesPerSecond)} img/s, as in ${measured.runs === 1 ? 'an earlier run' : `${measured.runs} earlier runs`} of this network`;
  return `Estimate: ${left === 1 ? '1 run' : `${left} runs`}, ${number(imagesLeft ?? 0)} images through the network in all epochs, ${time}; ${number(memoryBytes / 2 ** 30, 2)} GiB of memory beside TensorFlow's own.`;
}
