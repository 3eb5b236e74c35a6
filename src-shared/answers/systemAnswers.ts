export interface Diagnosis {
  readonly device: string;
  readonly deviceName: string;
  readonly threads: number;
  readonly tensorflow: string;
  readonly node: string;
  readonly gigaflops: number;
  readonly folder: string | null;
  readonly checked: boolean;
}
export interface SystemDescription {
  readonly version: string;
  readonly door: 'electron' | 'serve';
  readonly workspace: string;
  /** That other users of the machine can look into it, in a sentence; null where they cannot. */
  readonly openToOthers: string | null;
  readonly platform: string;
  readonly home: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}
export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

/** Kinds of folders that a workspace may no longer need. */
export const removableKinds = ['checkpoints', 'prepared', 'split', 'upload', 'report'] as const;
/** A folder that the workspace no longer needs. */
export interface Removable {
  readonly id: string;
  readonly kind: (typeof removableKinds)[number];
  readonly title: string;
  /** Why it is not needed, and what its removal means. */
  readonly reason: string;
  readonly bytes: number;
}
/** What was removed, and what could not be. */
export interface Cleaned {
  readonly removed: number;
  readonly bytes: number;
  readonly kept: readonly { readonly title: string; readonly reason: string }[];
}
