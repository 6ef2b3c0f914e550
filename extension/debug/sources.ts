/** Files as the client names them: absolute paths, and our own headers by number. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { baseName, joinPath } from '../core/run/paths.js';
import type { SessionHost } from './target.js';

const HEADERS = '<wdk>/';

export class Sources {
  readonly #host: SessionHost;
  /** Headers of ours that were named, in that order. */
  readonly #headers: string[] = [];

  constructor(host: SessionHost) {
    this.#host = host;
  }

  /** The source of a file as locations name it. */
  source(file: string): DebugProtocol.Source {
    if (file.startsWith(HEADERS)) {
      const known = this.#headers.indexOf(file);
      const index = known >= 0 ? known : this.#headers.push(file) - 1;
      const name = file.slice(HEADERS.length);
      return { name, sourceReference: index + 1, presentationHint: 'deemphasize', origin: 'header of VSP Lab' };
    }
    const path = joinPath(this.#host.cwd, file);
    return { name: baseName(path), path: this.#host.nativePath?.(path) ?? path };
  }

  /** Absolute, with `/`. */
  absolute(file: string): string {
    return file.startsWith(HEADERS) ? file : joinPath(this.#host.cwd, file);
  }

  /** The file a client's source means, as `absolute` gives it. */
  file({ path, sourceReference }: DebugProtocol.Source): string | undefined {
    if (sourceReference !== undefined && sourceReference > 0) return this.#headers[sourceReference - 1];
    return path === undefined ? undefined : joinPath(this.#host.cwd, path.replaceAll('\\', '/'));
  }

  /** Two names of one file? Windows writes drive letters in either case. */
  same(a: string, b: string): boolean {
    const drive = (path: string): string => path.replace(/^[A-Za-z]:/, (letter) => letter.toLowerCase());
    return a === b || drive(a) === drive(b);
  }

  content(reference: number): string | undefined {
    const file = this.#headers[reference - 1];
    return file === undefined ? undefined : this.#host.readHeader(file.slice(HEADERS.length));
  }

  text(file: string): string | undefined {
    return file.startsWith(HEADERS)
      ? this.#host.readHeader(file.slice(HEADERS.length))
      : this.#host.readFile(this.absolute(file));
  }
}
