/**
 * Lets the program go on when nobody reads its output any more: the terminal was closed, or `head` has seen enough.
 * What is written after that is lost without a word. Where a result cannot be written for another reason, such as a
 * full disk, stderr says so and the exit code is 1.
 */
export function outliveReaders(): void {
  process.stderr.on('error', () => undefined);
  let said = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isGone(error) || said) return;
    said = true;
    process.exitCode = 1;
    process.stderr.write(
      `The result could not be written to the standard output (${error.code ?? error.message}): the work itself is ` +
        'kept; free some space or name another file, and ask again.\n',
    );
  });
}

/** Whether an error of an output says that its reader is gone. A terminal that was closed answers EIO. */
const isGone = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'EPIPE' || code === 'EIO' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED';
