import { createHash } from 'node:crypto';
import { escapeMarkdown, paragraphs } from '../markdown.ts';
import type { Section } from '../section.ts';

/** The machine, and the command that does the same again. */
export const rerunSection: Section = ({ model: { machine, planHash, rerunCommand, runs }, texts: { say } }) => {
  const hashes = runs.flatMap(({ resultHash }) => resultHash ?? []);
  return {
    markdown: paragraphs([
      `## ${say('heading.rerun')}`,
      say('rerun.machine', { cpu: escapeMarkdown(machine.cpu), cores: machine.cores, memory: machine.memoryGiB, system: escapeMarkdown(machine.operatingSystem), node: machine.node, tensorflow: machine.tensorflow, engine: escapeMarkdown(machine.engine), threads: machine.threads, hash: planHash.slice(0, 16) }),
      `\`\`\`sh\n${rerunCommand}\n\`\`\``,
      hashes.length === 0 ? null : say('rerun.result', { hash: createHash('sha256').update(hashes.join()).digest('hex'), runs: hashes.length }),
      say('rerun.files'),
    ]),
  };
};
