/** Reads specialised metadata nodes: `distinct !DISubprogram(name: "f", scope: !7, ...)`. */

import { decodeString } from './lexer.js';

export class MetadataNode {
  /** `DILocation`, `DICompositeType`, ...; '' for a plain tuple. */
  readonly kind: string;
  /** Values as written, strings with their quotes. */
  readonly fields: ReadonlyMap<string, string>;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    const open = text.indexOf('(');
    const bang = text.indexOf('!');
    if (bang < 0 || open < bang || text.charAt(bang + 1) === '{') {
      this.kind = '';
      this.fields = new Map();
      return;
    }
    this.kind = text.slice(bang + 1, open);
    this.fields = readFields(text, open + 1);
  }

  /** Decoded string field, '' when absent. */
  string(name: string): string {
    const value = this.fields.get(name);
    return value === undefined || !value.startsWith('"') ? '' : decodeString(value.slice(1, -1));
  }

  /** Number of the node a field refers to, -1 when absent or null. */
  reference(name: string): number {
    const value = this.fields.get(name);
    return value === undefined || !value.startsWith('!') ? -1 : Number.parseInt(value.slice(1), 10);
  }

  number(name: string): number {
    return Number(this.fields.get(name) ?? '0');
  }

  /** Elements of a tuple `!{!1, null, !3}`: node numbers, -1 for null or anything inline. */
  elements(): number[] {
    const open = this.#text.indexOf('{');
    const inner = this.#text.slice(open + 1, this.#text.lastIndexOf('}'));
    return inner.trim() === ''
      ? []
      : inner.split(',').map((e) => (/^\s*!\d/.test(e) ? Number.parseInt(e.trim().slice(1), 10) : -1));
  }
}

function readFields(text: string, start: number): Map<string, string> {
  const fields = new Map<string, string>();
  let at = start;
  while (at < text.length) {
    const colon = text.indexOf(': ', at);
    if (colon < 0) {
      break;
    }
    const key = text.slice(at, colon);
    at = colon + 2;
    let end = at;
    if (text.charCodeAt(at) === 34) {
      end = text.indexOf('"', at + 1) + 1;
    } else {
      let depth = 0;
      for (; end < text.length; end++) {
        const code = text.charCodeAt(end);
        if (code === 34) {
          end = text.indexOf('"', end + 1);
        } else if (code === 40) {
          depth++;
        } else if (code === 41 && depth-- === 0) {
          break;
        } else if (code === 44 && depth === 0) {
          break;
        }
      }
    }
    fields.set(key, text.slice(at, end));
    at = end + 2;
  }
  return fields;
}

export class MetadataReader {
  readonly #texts: readonly string[];
  readonly #nodes: (MetadataNode | undefined)[] = [];

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  get count(): number {
    return this.#texts.length;
  }

  text(index: number): string {
    return this.#texts[index] ?? '';
  }

  node(index: number): MetadataNode {
    let node = this.#nodes[index];
    if (node === undefined) {
      node = new MetadataNode(this.text(index));
      this.#nodes[index] = node;
    }
    return node;
  }
}
