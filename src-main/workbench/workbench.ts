import type { Readable } from 'node:stream';
import type { WorkbenchEvent } from '../../src-shared/api.ts';

export interface Resource {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly fileName?: string;
}

/** The application behind every door: the contract's calls and events, and the bytes that screens show. */
export interface Workbench {
  /**
   * Checks the name and the input against the contract and answers. Throws ArcBenchError, whose message is one sentence
   * for the user. With `longAsJson`, answers that may be long are bytes of JSON that another thread made, for a door
   * that sends JSON.
   */
  call(name: string, input: unknown, longAsJson?: boolean): Promise<unknown>;
  /** Calls the listener with every event from now on; returns a function that stops it. */
  subscribe(listener: (event: WorkbenchEvent) => void): () => void;
  /**
   * What is at an address of the contract (pictureAddress, reportAddress, reportArchiveAddress); null where there is
   * nothing.
   */
  resource(address: string): Promise<Resource | null>;
  /**
   * Takes one file of a folder that a browser sends into <workspace>/uploads/<upload>/<path>, whole or not at all;
   * returns the folder to import. Throws 'wrong-input'.
   */
  receive(
    file: { readonly upload: string; readonly path: string },
    content: Readable,
  ): Promise<{ readonly folder: string }>;
  /** Lets faces be imported from a folder or file that the user chose by hand, and from below it. */
  open(path: string): void;
  /** Whether a job runs that closing would interrupt. */
  busy(): boolean;
  /** Ends jobs, training with a checkpoint, and lets go of the workspace. */
  close(): Promise<void>;
}
