/** Open files of a tool run: what WASI's descriptors stand for, and how bytes go between them and the tool's memory. */
import { type Found, type GrowingFile, OUTPUT_FOLDER, type ToolFiles } from './toolFiles.js';

export const Errno = {
  success: 0,
  badf: 8,
  exist: 20,
  inval: 28,
  isdir: 31,
  noent: 44,
  nosys: 52,
  notdir: 54,
  notsup: 58,
  rofs: 69,
} as const;
export const FileType = {
  characterDevice: 2,
  directory: 3,
  regularFile: 4,
} as const;
export const O_CREAT = 1;
const O_DIRECTORY = 2;
export const O_EXCL = 4;
const O_TRUNC = 8;
export const FDFLAG_APPEND = 1;

export type Descriptor =
  | { readonly kind: 'stream'; readonly sink: GrowingFile | null }
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 'output';
      readonly path: string;
      readonly file: GrowingFile;
      readonly append: boolean;
      position: number;
    }
  | { readonly kind: 'input'; readonly path: string; readonly content: Uint8Array; position: number };

export type FileDescriptor = Extract<Descriptor, { readonly kind: 'input' | 'output' }>;

export function isFile(descriptor: Descriptor | undefined): descriptor is FileDescriptor {
  return descriptor?.kind === 'input' || descriptor?.kind === 'output';
}

export function contentOf(file: FileDescriptor): Uint8Array {
  return file.kind === 'input' ? file.content : file.file.content();
}

export function typeOf(descriptor: Descriptor): number {
  if (descriptor.kind === 'stream') {
    return FileType.characterDevice;
  }
  return descriptor.kind === 'folder' ? FileType.directory : FileType.regularFile;
}

/** `path_open`: a descriptor, or an error number. Only outputs are ever created or truncated. */
export function openFile(
  files: ToolFiles,
  path: string,
  found: Found | undefined,
  open: number,
  flags: number,
): Descriptor | number {
  const append = (flags & FDFLAG_APPEND) !== 0;
  if (found?.kind === 'folder') {
    return (open & (O_CREAT | O_TRUNC)) !== 0 ? Errno.isdir : { kind: 'folder', path: found.path };
  }
  if ((open & O_DIRECTORY) !== 0) {
    return found === undefined ? Errno.noent : Errno.notdir;
  }
  if (found !== undefined) {
    const output = files.output(found.path);
    if (output !== undefined) {
      output.length = (open & O_TRUNC) !== 0 ? 0 : output.length;
      return { kind: 'output', path: found.path, file: output, append, position: 0 };
    }
    const content = (open & O_TRUNC) !== 0 ? undefined : files.content(found);
    return content === undefined ? Errno.rofs : { kind: 'input', path: found.path, content, position: 0 };
  }
  if ((open & O_CREAT) === 0) {
    return Errno.noent;
  }
  if (!path.replace(/\/+/g, '/').startsWith(`${OUTPUT_FOLDER}/`)) {
    return Errno.rofs;
  }
  return { kind: 'output', path, file: files.createOutput(path), append, position: 0 };
}

/** Copies a file's bytes into the `count` vectors (address, length) at `vectors`; gives how many there were. */
export function scatter(
  content: Uint8Array,
  offset: number,
  memory: Uint8Array,
  view: DataView,
  vectors: number,
  count: number,
): number {
  let read = 0;
  for (let i = 0; i < count; i++) {
    const at = view.getUint32(vectors + i * 8, true);
    const length = view.getUint32(vectors + i * 8 + 4, true);
    const piece = content.subarray(offset + read, offset + read + length);
    memory.set(piece, at);
    read += piece.length;
  }
  return read;
}

/** A copy of a few bytes is faster by hand than through a view made for it. */
const SHORT_WRITE = 32;

/** Appends or overwrites from `position` with the bytes of the vectors; gives how many there were. */
export function gather(
  file: GrowingFile,
  position: number,
  memory: Uint8Array,
  view: DataView,
  vectors: number,
  count: number,
): number {
  let end = position;
  for (let i = 0; i < count; i++) {
    const at = view.getUint32(vectors + i * 8, true);
    const length = view.getUint32(vectors + i * 8 + 4, true);
    file.reserve(end + length);
    if (length < SHORT_WRITE) {
      const target = file.bytes;
      for (let j = 0; j < length; j++) {
        target[end + j] = memory[at + j] as number;
      }
    } else {
      file.bytes.set(memory.subarray(at, at + length), end);
    }
    end += length;
  }
  file.length = Math.max(file.length, end);
  return end - position;
}
