import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseFor } from '../../src-main/engine/install/engineRelease.mjs';

// From 9.11 on cuDNN has no kernels for cards below compute capability 7.5; TensorFlow 2.21 asks for 9.3.
test('the pinned cuDNN supports cards from compute capability 6.0 on, and TensorFlow accepts it', () => {
  const { wheels } = releaseFor({ platform: 'linux', arch: 'x64' }, 'cuda');
  const [, major = 0, minor = 0] =
    wheels
      .map(({ file }) => /^nvidia_cudnn_cu12-(\d+)\.(\d+)\./.exec(file)?.map(Number) ?? [])
      .find((found) => found.length > 0) ?? [];
  assert.equal(major, 9);
  assert.ok(minor >= 3 && minor <= 10, `9.${minor}`);
});
