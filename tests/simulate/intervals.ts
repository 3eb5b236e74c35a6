// How often the intervals of TPR and verification hold the true value, by simulation:
//   npm run simulate:intervals [-- --share 0.1]
// A share below 1 repeats less often.
import { parseArgs } from 'node:util';
import { intervalCoverage, truthOf } from './intervalCoverage.ts';

const { values } = parseArgs({ options: { share: { type: 'string' }, seed: { type: 'string' } } });
const share = Number(values.share ?? 1);
const seed = Number(values.seed ?? 1);
const settings = [
  { people: 20, distractors: 200, repetitions: 400 },
  { people: 50, distractors: 500, repetitions: 300 },
  { people: 500, distractors: 2000, repetitions: 150 },
];

console.log('| people | distractors | noise | number | true value | held | by Wilson over pairs | of |');
console.log('| -----: | ----------: | ----: | ------ | ---------: | ---: | -------------------: | -: |');
for (const noise of [0.6, 0.9]) {
  const truth = truthOf({ noise, seed });
  for (const setting of settings) {
    const options = { ...setting, repetitions: Math.max(1, Math.round(share * setting.repetitions)), noise, seed };
    for (const { name, truth: value, held, wilsonHeld, repetitions } of intervalCoverage(options, truth)) {
      const percent = (count: number) => `${((100 * count) / repetitions).toFixed(1)} %`;
      const cells = [setting.people, setting.distractors, noise, name, value.toFixed(3), percent(held)];
      console.log(`| ${[...cells, wilsonHeld === null ? '—' : percent(wilsonHeld), repetitions].join(' | ')} |`);
    }
  }
}
