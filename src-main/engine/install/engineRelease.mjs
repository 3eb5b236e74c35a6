import { readFileSync } from 'node:fs';
import { SetUpError } from './setUpError.mjs';

/** @typedef {'cpu' | 'cuda'} Device */
/**
 * @typedef {{ file: string, sha256: string, bytes: number, licence?: string }} Wheel an official wheel; its name says
 * package, version and platform
 */
/**
 * @typedef {{ version: string, device: Device, libraries: string[], wheels: Wheel[], unpackedBytes: number }} Release
 * unpackedBytes: with the headers that compiling needs
 */

/**
 * The official wheels of TensorFlow that the engine takes its libraries and headers from. CUDA's beside TensorFlow's
 * own are the newest ones that the `and-cuda` extra in its METADATA allowed, all of CUDA 12.9. Only cuDNN is older:
 * newer than 9.10 it drops cards of a compute capability below 7.5 (GTX 10xx, P100, V100).
 * @type {Record<string, Release>}
 */
const releases = JSON.parse(readFileSync(new URL('enginePins.json', import.meta.url), 'utf8'));

/**
 * The wheels for a machine and a device, pinned by SHA-256; throws where TensorFlow has none. @param {{ platform:
 * string, arch: string }} machine @param {Device} device @returns {Release}
 */
export function releaseFor({ platform, arch }, device) {
  const release = releases[`${platform}-${arch}-${device}`];
  if (release) return release;
  const { version } = Object.values(releases)[0] ?? {};
  if (releases[`${platform}-${arch}-cpu`])
    throw new SetUpError(
      2,
      `TensorFlow ${version} has no CUDA wheel for ${platform} on ${arch}, only for Linux on x86-64: set ` +
        'ARCBENCH_ENGINE=cpu.',
    );
  throw new SetUpError(
    2,
    `TensorFlow ${version} has no wheel for ${platform} on ${arch}: use Linux on x86-64 or aarch64, macOS on ` +
      'Apple silicon, or Windows through WSL 2.',
  );
}
