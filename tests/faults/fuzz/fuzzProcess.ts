import { fuzz } from './fuzz.ts';
import { fuzzTargets } from './fuzzTargets.ts';

// Fuzzes one parser in a process of its own: an input that hangs or kills it is still in its folder then.
const [name, folder = '', seconds, seed] = process.argv.slice(2);
const target = fuzzTargets.find((entry) => entry.name === name);
if (!target || !process.send) throw new Error('tests/faults/fuzz.ts starts this program.');
const result = await fuzz(target, {
  folder,
  seconds: Number(seconds),
  seed: Number(seed),
  onInputs: (inputs) => process.send?.({ inputs }),
});
const findings = result.findings.map(({ input, ...finding }) => ({
  ...finding,
  input: Buffer.from(input).toString('base64'),
}));
process.send({ result: { ...result, findings, mebibytes: process.resourceUsage().maxRSS / 1024 } });
process.disconnect();
