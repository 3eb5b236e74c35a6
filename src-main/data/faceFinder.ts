import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inheritedEnvironment, neutralFolder } from '../files/programEnvironment.mjs';
import { ArcBenchError, type ErrorCode } from '../../src-shared/errors.ts';
import type { PictureRegion } from './dataset.ts';

/**
 * How many faces a picture shows, and the five points of the largest one in pixels of the EXIF-turned picture. Without
 * a face there are no points.
 */
export interface FoundFaces {
  readonly faces: number;
  readonly landmarks: readonly number[];
}
/** One face of a picture: its box and its five points, in pixels of the EXIF-turned picture. */
export interface FoundFace {
  readonly box: PictureRegion;
  /** Ten numbers x0,y0..x4,y4. */
  readonly landmarks: readonly number[];
}
/** Every face that was found, or the reason in one sentence why the picture cannot be searched. */
export type EveryFace = readonly FoundFace[] | { readonly reason: string };
/** How many faces there are, and the faces whose points were asked for, the largest first. */
export interface SearchedPicture {
  readonly faces: number;
  readonly placed: readonly FoundFace[];
}

/** A picture to be searched, and whether the points of every face are wanted, or those of the largest one only. */
export interface SearchRequest {
  /** Its path, or the bytes of its file. */
  readonly picture: string | Uint8Array;
  readonly every: boolean;
}
/** Messages of the detector's process. It answers pictures in the order in which they were sent. */
export type DetectorMessage =
  | { readonly kind: 'picture'; readonly found: SearchedPicture | { readonly reason: string } }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Finds faces in a process of its own, because TensorFlow may abort the process that it runs in. */
export interface FaceFinder {
  /**
   * Gives the faces of a picture, or the reason in one sentence if it cannot be searched. Rejects with ArcBenchError if
   * the detector cannot work at all.
   */
  find(path: string): Promise<FoundFaces | { readonly reason: string }>;
  close(): void;
}
/** A face finder that also gives each face of a picture, the largest first. */
export interface EveryFaceFinder extends FaceFinder {
  /** The picture is given by its path, or by the bytes of its file. */
  findEvery(picture: string | Uint8Array): Promise<EveryFace>;
}

const mostDeathsInARow = 3;
const keptErrorCharacters = 4000;

interface Waiting {
  readonly request: SearchRequest;
  readonly settle: (found: SearchedPicture | { readonly reason: string }) => void;
  readonly fail: (error: ArcBenchError) => void;
}

/** Starts the face detector. It runs on the CPU, so that every machine finds the same points. */
export function startFaceFinder(): EveryFaceFinder {
  const waiting: Waiting[] = [];
  let failure: ArcBenchError | null = null;
  let deaths = 0;
  const failAll = (error: ArcBenchError) => {
    failure = error;
    child.kill();
    for (const { fail } of waiting.splice(0)) fail(error);
  };
  const hear = (message: DetectorMessage) => {
    if (message.kind === 'failed') return failAll(new ArcBenchError(message.code, message.message));
    deaths = 0;
    waiting.shift()?.settle(message.found);
  };
  /** Gives up the picture that the process was searching, and goes on with the next one in a new process. */
  const replace = (how: string) => {
    if (failure) return;
    deaths++;
    if (deaths === mostDeathsInARow) return failAll(diedTooOften(how));
    waiting.shift()?.settle({
      reason: `The face detector stopped on this picture (${how}): leave it out, or give its landmarks.`,
    });
    child = startDetector({ onMessage: hear, onDeath: replace });
    for (const { request } of waiting) child.send(request);
  };
  let child = startDetector({ onMessage: hear, onDeath: replace });
  const search = (request: SearchRequest): Promise<SearchedPicture | { readonly reason: string }> =>
    new Promise((settle, fail) => {
      if (failure) return fail(failure);
      waiting.push({ request, settle, fail });
      if (child.connected) child.send(request); // if it has just died, the next process gets all that waits
    });
  return {
    async find(path) {
      const found = await search({ picture: path, every: false });
      return 'reason' in found ? found : { faces: found.faces, landmarks: found.placed[0]?.landmarks ?? [] };
    },
    async findEvery(picture) {
      const found = await search({ picture, every: true });
      return 'reason' in found ? found : found.placed;
    },
    close: () => failAll(new ArcBenchError('cancelled', 'The search for faces was stopped.')),
  };
}

const diedTooOften = (how: string) =>
  new ArcBenchError(
    'failed',
    `The face detector stopped ${mostDeathsInARow} times in a row (${how}): give landmarks in a CSV, or choose ` +
      'prepare.alignment: centreCrop.',
  );

/** Starts the process. `onDeath` gets how it ended: the signal or exit code, and its last error message. */
function startDetector({
  onMessage,
  onDeath,
}: {
  readonly onMessage: (message: DetectorMessage) => void;
  readonly onDeath: (how: string) => void;
}): ChildProcess {
  const child = fork(fileURLToPath(new URL('detectorProcess.ts', import.meta.url)), {
    execArgv: ['--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    serialization: 'advanced',
    cwd: neutralFolder,
    env: inheritedEnvironment({
      TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '3',
      CUDA_VISIBLE_DEVICES: '-1',
    }),
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-keptErrorCharacters);
  });
  child.on('message', onMessage);
  child.on('exit', (code, signal) => {
    const last = lastError(errors);
    onDeath(`${signal ?? `exit code ${code}`}${last === '' ? '' : `: ${last}`}`);
  });
  return child;
}

/** The last line that is an error: TensorFlow also prints warnings and notes. */
const lastError = (errors: string): string =>
  errors
    .trim()
    .split('\n')
    .filter((line) => !/^(WARNING|[IW]\d{4} )/.test(line))
    .at(-1) ?? '';
