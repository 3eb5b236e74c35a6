// How often the intervals of TPR and verification hold the true value, by simulation:
//   npm run simulate:intervals [-- --samples 500 --noise 0.6 --minutes 9 --state counts.json]
// All of it takes about an hour on one core. With --minutes it stops in time, keeps its counts in the file of --state,
// and the same command goes on from there; the samples are those of one go.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { addCoverage, intervalCoverage, truthOf, type Coverage } from './intervalCoverage.ts';

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '500' }, // the binomial error of 95 % is then 1 point
    noise: { type: 'string', multiple: true, default: ['0.6', '0.9'] },
    people: { type: 'string', multiple: true },
    minutes: { type: 'string', default: 'Infinity' },
    state: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const samples = Number(values.samples);
const seed = Number(values.seed);
const until = performance.now() + 60_000 * Number(values.minutes);
const settings = [
  { people: 20, distractors: 200 },
  { people: 50, distractors: 500 },
  { people: 500, distractors: 1000 },
].filter(({ people }) => values.people === undefined || values.people.includes(String(people)));

interface Counted {
  readonly samples: number;
  readonly coverage: readonly Coverage[];
}
const state: Record<string, Counted> =
  values.state !== undefined && existsSync(values.state)
    ? (JSON.parse(readFileSync(values.state, 'utf8')) as Record<string, Counted>)
    : {};

for (const noise of values.noise.map(Number)) {
  const truth = truthOf({ noise, seed });
  for (const setting of settings) {
    const key = JSON.stringify({ ...setting, noise, seed });
    let counted = state[key] ?? { samples: 0, coverage: [] };
    while (counted.samples < samples && performance.now() < until) {
      const options = { ...setting, noise, seed, first: counted.samples, repetitions: 1 };
      counted = {
        samples: counted.samples + 1,
        coverage: addCoverage(counted.coverage, intervalCoverage(options, truth)),
      };
      state[key] = counted;
      if (values.state !== undefined && counted.samples % 20 === 0) writeFileSync(values.state, JSON.stringify(state));
    }
    if (values.state !== undefined) writeFileSync(values.state, JSON.stringify(state));
  }
}

console.log('| people | distractors | noise | number | equal weight | true value | held | by Wilson over pairs | of |');
console.log('| -----: | ----------: | ----: | ------ | ------------ | ---------: | ---: | -------------------: | -: |');
for (const [key, { coverage }] of Object.entries(state)) {
  const { people, distractors, noise } = JSON.parse(key) as { people: number; distractors: number; noise: number };
  for (const { name, weights, truth, held, wilsonHeld, repetitions } of coverage) {
    const percent = (count: number) => `${((100 * count) / repetitions).toFixed(1)} %`;
    const cells = [people, distractors, noise, name, weights, truth.toFixed(3), percent(held)];
    console.log(`| ${[...cells, wilsonHeld === null ? '—' : percent(wilsonHeld), repetitions].join(' | ')} |`);
  }
}
