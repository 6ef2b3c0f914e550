/** What core needs from outside. Each host (Node worker, extension, browser, tests) supplies one. */

/**
 * A read-only, synchronous view of files; paths are absolute with `/`. The implementation refuses what may not be read
 * (interfaces 2).
 */
export interface FileAccess {
  /** The file's bytes, or undefined when there is none (or it lies outside the project). */
  read(path: string): Uint8Array | undefined;
  /** Entries of a folder, or undefined when there is none. */
  list(path: string): readonly { readonly name: string; readonly directory: boolean }[] | undefined;
  /** True for a path that may not be read, whether or not something is there: the message then says so. */
  refuses?(path: string): boolean;
}

/** A store of compiled results by content hash. Failures to store are silent: a cache is never needed. */
export interface Cache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
}

/** Collision-resistant hash of bytes as lowercase hex; injected because core has no crypto of its own. */
export type Hash = (bytes: Uint8Array) => string;
