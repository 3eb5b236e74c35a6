/**
 * An error of set-up: one sentence for the user and the exit code (1 failed, 2 something is missing, 130 interrupted).
 */
export class SetUpError extends Error {
  /** @param {1 | 2 | 130} exitCode @param {string} message */
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @param {string} message */
export const say = (message) => process.stderr.write(`arcbench set-up: ${message}\n`);
