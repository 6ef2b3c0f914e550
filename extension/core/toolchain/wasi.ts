/**
 * The part of WASI preview 1 that the compiler core calls, over `ToolFiles`. Our own and not a package: each header is
 * looked up in every folder, so look-ups must be lazy, case-insensitive and recorded, and a core that is not patched
 * (compilerCore.ts) writes its textual IR unbuffered, so writes must append without copying. With
 * @bjorn3/browser_wasi_shim 0.4.2, which copies a file on each write, 325 KB of IR took seven times as long.
 *
 * Clock and random are constants: the same input gives the same output (and `__DATE__` is always 1 January 1970).
 */
import { GrowingFile, type ToolFiles } from './toolFiles.js';
import {
  contentOf,
  type Descriptor,
  Errno,
  FDFLAG_APPEND,
  type FileDescriptor,
  FileType,
  gather,
  isFile,
  O_CREAT,
  O_EXCL,
  openFile,
  scatter,
  typeOf,
} from './wasiFiles.js';

const ROOT_FD = 3;
const ALL_RIGHTS = 0x1fffffffn;

/** Thrown by `proc_exit` to leave the instance. */
export class ToolExit {
  readonly status: number;
  constructor(status: number) {
    this.status = status;
  }
}

/**
 * The system side of one instance. `start` gives it arguments and files; before that its functions may not be called.
 */
export class Wasi {
  readonly stdout = new GrowingFile();
  readonly stderr = new GrowingFile();
  #memory: WebAssembly.Memory | undefined;
  #bytes = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));
  #files: ToolFiles | undefined;
  #arguments: readonly Uint8Array[] = [];
  #descriptors: (Descriptor | undefined)[] = [];
  readonly #inodes = new Map<string, bigint>();
  #random = 0x2545f491;

  start(memory: WebAssembly.Memory, args: readonly string[], files: ToolFiles): void {
    this.#memory = memory;
    this.#files = files;
    this.#arguments = args.map((argument) => new TextEncoder().encode(`${argument}\0`));
    this.#descriptors = [
      { kind: 'stream', sink: null },
      { kind: 'stream', sink: this.stdout },
      { kind: 'stream', sink: this.stderr },
      { kind: 'folder', path: '/' },
    ];
  }

  /** The functions of `wasi_snapshot_preview1` that the core imports. */
  readonly imports = {
    args_sizes_get: (count: number, size: number): number => this.#sizes(this.#arguments, count, size),
    args_get: (pointers: number, text: number): number => {
      this.#refresh();
      let at = text;
      this.#arguments.forEach((argument, index) => {
        this.#view.setUint32(pointers + index * 4, at, true);
        this.#bytes.set(argument, at);
        at += argument.length;
      });
      return Errno.success;
    },
    environ_sizes_get: (count: number, size: number): number => this.#sizes([], count, size),
    environ_get: (): number => Errno.success,
    clock_time_get: (_id: number, _precision: bigint, out: number): number => {
      this.#refresh();
      this.#view.setBigUint64(out, 0n, true);
      return Errno.success;
    },
    random_get: (at: number, length: number): number => {
      this.#refresh();
      for (let i = 0; i < length; i++) {
        this.#random = (Math.imul(this.#random, 1664525) + 1013904223) | 0;
        this.#bytes[at + i] = this.#random >>> 24;
      }
      return Errno.success;
    },
    proc_exit: (status: number): never => {
      throw new ToolExit(status);
    },
    poll_oneoff: (): number => Errno.nosys,

    fd_close: (fd: number): number => {
      if (this.#descriptors[fd] === undefined) {
        return Errno.badf;
      }
      this.#descriptors[fd] = undefined;
      return Errno.success;
    },
    fd_fdstat_get: (fd: number, out: number): number => {
      const descriptor = this.#descriptors[fd];
      if (descriptor === undefined) {
        return Errno.badf;
      }
      this.#refresh();
      this.#view.setUint8(out, typeOf(descriptor));
      this.#view.setUint16(out + 2, descriptor.kind === 'output' && descriptor.append ? FDFLAG_APPEND : 0, true);
      this.#view.setBigUint64(out + 8, ALL_RIGHTS, true);
      this.#view.setBigUint64(out + 16, ALL_RIGHTS, true);
      return Errno.success;
    },
    fd_filestat_get: (fd: number, out: number): number => {
      const descriptor = this.#descriptors[fd];
      if (descriptor === undefined) {
        return Errno.badf;
      }
      const size = isFile(descriptor) ? contentOf(descriptor).length : 0;
      return this.#stat(out, typeOf(descriptor), descriptor.kind === 'stream' ? `fd${fd}` : descriptor.path, size);
    },
    fd_filestat_set_size: (fd: number, size: bigint): number => {
      const descriptor = this.#descriptors[fd];
      if (descriptor?.kind !== 'output') {
        return Errno.badf;
      }
      const length = Number(size);
      descriptor.file.reserve(length);
      descriptor.file.bytes.fill(0, Math.min(descriptor.file.length, length), length);
      descriptor.file.length = length;
      return Errno.success;
    },
    fd_filestat_set_times: (): number => Errno.success,
    fd_prestat_get: (fd: number, out: number): number => {
      if (fd !== ROOT_FD) {
        return Errno.badf;
      }
      this.#refresh();
      this.#view.setUint32(out, 0, true);
      this.#view.setUint32(out + 4, 1, true);
      return Errno.success;
    },
    fd_prestat_dir_name: (fd: number, out: number, length: number): number => {
      if (fd !== ROOT_FD || length < 1) {
        return Errno.badf;
      }
      this.#refresh();
      this.#bytes[out] = 0x2f;
      return Errno.success;
    },
    fd_seek: (fd: number, offset: bigint, whence: number, out: number): number => {
      const descriptor = this.#descriptors[fd];
      if (!isFile(descriptor)) {
        return descriptor === undefined ? Errno.badf : Errno.notsup;
      }
      const size = contentOf(descriptor).length;
      const position = Number(offset) + (whence === 0 ? 0 : whence === 1 ? descriptor.position : size);
      if (position < 0) {
        return Errno.inval;
      }
      descriptor.position = position;
      this.#refresh();
      this.#view.setBigUint64(out, BigInt(position), true);
      return Errno.success;
    },
    fd_read: (fd: number, vectors: number, count: number, out: number): number => {
      const descriptor = this.#descriptors[fd];
      if (!isFile(descriptor)) {
        this.#refresh();
        this.#view.setUint32(out, 0, true);
        return descriptor?.kind === 'stream' ? Errno.success : Errno.badf;
      }
      const read = this.#readInto(descriptor, descriptor.position, vectors, count);
      descriptor.position += read;
      this.#view.setUint32(out, read, true);
      return Errno.success;
    },
    fd_pread: (fd: number, vectors: number, count: number, offset: bigint, out: number): number => {
      const descriptor = this.#descriptors[fd];
      if (!isFile(descriptor)) {
        return Errno.badf;
      }
      const read = this.#readInto(descriptor, Number(offset), vectors, count);
      this.#view.setUint32(out, read, true);
      return Errno.success;
    },
    fd_write: (fd: number, vectors: number, count: number, out: number): number => this.#write(fd, vectors, count, out),
    fd_readdir: (_fd: number, _buffer: number, _length: number, _cookie: bigint, out: number): number => {
      // Only `__has_include`-style enumerations would ask; an empty folder is a truthful enough answer for them.
      this.#refresh();
      this.#view.setUint32(out, 0, true);
      return Errno.success;
    },

    path_filestat_get: (fd: number, _flags: number, path: number, length: number, out: number): number => {
      const found = this.#tree.find(this.#path(fd, path, length));
      if (found === undefined) {
        return Errno.noent;
      }
      if (found.kind === 'folder') {
        return this.#stat(out, FileType.directory, found.path, 0);
      }
      const content = this.#tree.content(found);
      return content === undefined ? Errno.noent : this.#stat(out, FileType.regularFile, found.path, content.length);
    },
    path_open: (
      fd: number,
      _lookup: number,
      path: number,
      length: number,
      open: number,
      _rights: bigint,
      _inheriting: bigint,
      flags: number,
      out: number,
    ): number => this.#open(this.#path(fd, path, length), open, flags, out),
    path_create_directory: (): number => Errno.success,
    path_remove_directory: (): number => Errno.success,
    path_link: (): number => Errno.notsup,
    path_symlink: (): number => Errno.notsup,
    path_readlink: (): number => Errno.inval,
    path_rename: (fd: number, from: number, fromLength: number, toFd: number, to: number, toLength: number): number =>
      this.#tree.renameOutput(this.#path(fd, from, fromLength), this.#path(toFd, to, toLength))
        ? Errno.success
        : Errno.noent,
    path_unlink_file: (fd: number, path: number, length: number): number =>
      this.#tree.removeOutput(this.#path(fd, path, length)) ? Errno.success : Errno.noent,
  };

  get #tree(): ToolFiles {
    if (this.#files === undefined) {
      throw new Error('the tool was not started');
    }
    return this.#files;
  }

  /**
   * Memory growth detaches the old buffer, which empties its views; asking them is much cheaper than asking the memory.
   */
  #refresh(): void {
    if (this.#bytes.length === 0 && this.#memory !== undefined) {
      const { buffer } = this.#memory;
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
  }

  #sizes(texts: readonly Uint8Array[], count: number, size: number): number {
    this.#refresh();
    this.#view.setUint32(count, texts.length, true);
    this.#view.setUint32(
      size,
      texts.reduce((sum, text) => sum + text.length, 0),
      true,
    );
    return Errno.success;
  }

  #path(fd: number, at: number, length: number): string {
    this.#refresh();
    const base = this.#descriptors[fd];
    const text = new TextDecoder().decode(this.#bytes.subarray(at, at + length));
    return `${base?.kind === 'folder' ? base.path : ''}/${text}`;
  }

  #stat(out: number, type: number, path: string, size: number): number {
    let inode = this.#inodes.get(path);
    if (inode === undefined) {
      inode = BigInt(this.#inodes.size + 1);
      this.#inodes.set(path, inode);
    }
    this.#refresh();
    this.#view.setBigUint64(out, 1n, true);
    this.#view.setBigUint64(out + 8, inode, true);
    this.#view.setBigUint64(out + 16, BigInt(type), true);
    this.#view.setBigUint64(out + 24, 1n, true);
    this.#view.setBigUint64(out + 32, BigInt(size), true);
    for (let at = out + 40; at < out + 64; at += 8) {
      this.#view.setBigUint64(at, 0n, true);
    }
    return Errno.success;
  }

  #open(path: string, open: number, flags: number, out: number): number {
    const found = this.#tree.find(path);
    if (found !== undefined && (open & O_CREAT) !== 0 && (open & O_EXCL) !== 0) {
      return Errno.exist;
    }
    const descriptor = openFile(this.#tree, path, found, open, flags);
    if (typeof descriptor === 'number') {
      return descriptor;
    }
    let fd = this.#descriptors.indexOf(undefined, ROOT_FD + 1);
    if (fd < 0) {
      fd = this.#descriptors.length;
    }
    this.#descriptors[fd] = descriptor;
    this.#refresh();
    this.#view.setUint32(out, fd, true);
    return Errno.success;
  }

  #readInto(from: FileDescriptor, offset: number, vectors: number, count: number): number {
    this.#refresh();
    return scatter(contentOf(from), offset, this.#bytes, this.#view, vectors, count);
  }

  #write(fd: number, vectors: number, count: number, out: number): number {
    const descriptor = this.#descriptors[fd];
    const file =
      descriptor?.kind === 'stream' ? descriptor.sink : descriptor?.kind === 'output' ? descriptor.file : null;
    if (descriptor === undefined || file === null) {
      return Errno.badf;
    }
    this.#refresh();
    const from = descriptor.kind === 'output' && !descriptor.append ? descriptor.position : file.length;
    const written = gather(file, from, this.#bytes, this.#view, vectors, count);
    if (descriptor.kind === 'output') {
      descriptor.position = from + written;
    }
    this.#view.setUint32(out, written, true);
    return Errno.success;
  }
}
