import { spawnSync } from 'node:child_process';

/** An error of set-up: one sentence for the user and the exit code. */
export class SetUpError extends Error {
  /** @param {1 | 2} exitCode @param {string} message */
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @param {string} message */
export const say = (message) => process.stderr.write(`arcbench set-up: ${message}\n`);

/** Throws the sentence where a tool does not run. @param {string} command @param {string[]} args @param {string} sentence */
export function requireTool(command, args, sentence) {
  const result = spawnSync(command, args, { stdio: 'ignore', shell: process.platform === 'win32' });
  if (result.status !== 0) throw new SetUpError(2, sentence);
}
