import { createHash } from 'node:crypto';
import { enginesThatDiffer } from '../../../src-shared/runEngine.ts';
import { escapeMarkdown, paragraphs } from '../markdown.ts';
import type { Section } from '../section.ts';

/** The machine, and the command that repeats the experiment. */
export const rerunSection: Section = ({ model: { machine, planHash, rerunCommand, runs }, texts }) => {
  const { say } = texts;
  const differ = enginesThatDiffer(
    runs.map((run) => ({ run, engines: run.engines ?? [] })),
    texts,
  );
  // A fence must be longer than any run of backticks inside it.
  const fence = '`'.repeat(Math.max(3, ...(rerunCommand.match(/`+/g) ?? []).map((run) => run.length + 1)));
  const hashes = runs.flatMap(({ resultHash }) => resultHash ?? []);
  return {
    markdown: paragraphs([
      `## ${say('heading.rerun')}`,
      say('rerun.machine', {
        cpu: escapeMarkdown(machine.cpu),
        cores: machine.cores,
        memory: machine.memoryGiB,
        system: escapeMarkdown(machine.operatingSystem),
        node: machine.node,
        tensorflow: machine.tensorflow,
        engine: escapeMarkdown(machine.engine),
        threads: machine.threads,
        hash: planHash.slice(0, 16),
      }),
      differ &&
        say('rerun.engines', {
          engines: [...differ]
            .map(
              ([words, of]) =>
                `${escapeMarkdown(words)} (${of.map(({ arm, seed }) => `${escapeMarkdown(arm)} ${seed}`).join(', ')})`,
            )
            .join('; '),
        }),
      [fence, 'sh', '\n', rerunCommand, '\n', fence].join(''),
      hashes.length === 0
        ? null
        : say('rerun.result', { hash: createHash('sha256').update(hashes.join()).digest('hex'), runs: hashes.length }),
      say('rerun.files'),
    ]),
  };
};
