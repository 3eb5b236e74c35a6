import { spawnSync } from 'node:child_process';

/**
 * Installs packages of Debian where this is root on a system with apt-get; whoever needs them looks for them
 * afterwards.
 */
export function installDebianPackages(...options: readonly string[]): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
  spawnSync('apt-get', ['install', '-y', '-qq', ...options], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
