/** Where a report goes: stdout, or a file that appears whole or not at all. */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type CliHost, CommandError } from './host.js';

export interface Output {
  /** Writes all pieces and makes them visible. */
  write(pieces: Iterable<string>): Promise<void>;
  /** Leaves nothing behind; harmless after `write`. */
  abandon(): void;
}

/** Pieces are gathered to this many characters before they are handed on. */
const GATHERED = 1 << 16;

function* gathered(pieces: Iterable<string>): Generator<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length >= GATHERED) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
};

function unwritable(path: string, error: unknown): CommandError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new CommandError(`--out ${path}: cannot be written: ${REASONS[code] ?? (error as Error).message}`);
}

/** The file behind links, so that a link stays one; the path itself when nothing is there yet. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function kindOf(path: string): 'none' | 'file' | 'folder' | 'other' {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'none';
  return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
}

class FileOutput implements Output {
  readonly #shown: string;
  readonly #target: string;
  /** Beside the target, so that renaming stays within one disk; undefined when a pipe or device is written directly. */
  readonly #temporary: string | undefined;
  #file: number | undefined;

  constructor(shown: string, cwd: string) {
    this.#shown = shown;
    this.#target = targetOf(resolve(cwd, shown));
    try {
      const kind = kindOf(this.#target);
      if (kind === 'folder') throw Object.assign(new Error(), { code: 'EISDIR' });
      if (kind === 'file') accessSync(this.#target, constants.W_OK);
      this.#temporary =
        kind === 'other' ? undefined : join(dirname(this.#target), `.${basename(this.#target)}.${process.pid}.tmp`);
      this.#file = openSync(this.#temporary ?? this.#target, 'w');
    } catch (error) {
      throw unwritable(shown, error);
    }
  }

  async write(pieces: Iterable<string>): Promise<void> {
    try {
      const file = this.#file;
      if (file === undefined) return;
      for (const text of gathered(pieces)) {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      }
      this.#close();
      if (this.#temporary !== undefined) renameSync(this.#temporary, this.#target);
    } catch (error) {
      this.abandon();
      throw unwritable(this.#shown, error);
    }
  }

  abandon(): void {
    this.#close();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
  }
}

/** Waits where the reader is slower; a reader that has gone ends the writing quietly. */
class StreamOutput implements Output {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  async write(pieces: Iterable<string>): Promise<void> {
    for (const text of gathered(pieces)) {
      const gone = await new Promise<boolean>((done) => {
        if (this.#stream.destroyed) done(true);
        else this.#stream.write(text, (error) => done(error != null));
      });
      if (gone) return;
    }
  }

  abandon(): void {}
}

/** Opens the output before anything runs: what cannot be written is said at once. */
export function openOutput(host: CliHost, path: string | undefined): Output {
  return path === undefined || path === '-' ? new StreamOutput(host.stdout) : new FileOutput(path, host.cwd);
}
