/**
 * Does something when the terminal is closed. A program that writes to no terminal was started to outlive it, by
 * `nohup` for instance, and goes on: Node takes back that the signal was to be ignored.
 */
export function onHangup(action: () => void): void {
  process.on('SIGHUP', () => {
    if (process.stdout.isTTY || process.stderr.isTTY) action();
  });
}
