/** Source positions from debug metadata: `!DILocation`, its scopes and files. Nodes are read when first asked for. */

import type { SourceLocation } from '../module.js';
import { type MetadataNode, MetadataReader } from './metadata.js';
import type { IrFunction } from './module.js';
import { attachment } from './module.js';

/** Most of the nodes asked for are these: read in one go. */
const LOCATION = /^(?:distinct )?!DILocation\(line: (\d+), (?:column: (\d+), )?scope: !(\d+)(?:, inlinedAt: !(\d+))?/;

export class DebugInfo {
  readonly reader: MetadataReader;
  /** This unit's locations; index 0 is unknown. */
  readonly locations: SourceLocation[] = [{ file: '', line: 0, column: 0, function: '' }];
  /** Scope node of each location, and the index of the position it was inlined at (0: none). */
  readonly places: { readonly scope: number; readonly inlinedAt: number }[] = [{ scope: -1, inlinedAt: 0 }];
  readonly #pathOf: (path: string) => string;
  readonly #indexByNode = new Map<number, number>();
  readonly #indexByKey = new Map<string, number>();
  readonly #files = new Map<number, string>();
  readonly #functionNames = new Map<number, string>();

  constructor(metadata: readonly string[], pathOf: (path: string) => string) {
    this.reader = new MetadataReader(metadata);
    this.#pathOf = pathOf;
  }

  /** Index into `locations` of a `!DILocation` node; 0 when it has no line (compiler-made code). */
  indexOf(node: number): number {
    if (node < 0) {
      return 0;
    }
    const known = this.#indexByNode.get(node);
    if (known !== undefined) {
      return known;
    }
    const { location, inlined, scope } = this.#read(node);
    let index = 0;
    if (location !== undefined && location.line > 0) {
      const key = `${location.line}:${location.column}:${inlined}:${location.function}:${location.file}`;
      index = this.#indexByKey.get(key) ?? this.#add(location, scope, inlined);
      this.#indexByKey.set(key, index);
    }
    this.#indexByNode.set(node, index);
    return index;
  }

  /** Position attached to an instruction as `!dbg`, 0 for none. */
  of(instruction: string): number {
    return this.indexOf(attachment(instruction, 'dbg'));
  }

  /** An own entry for the head of a function: its name and line, column 0. */
  indexOfFunction(fn: IrFunction): number {
    const node = attachment(fn.header, 'dbg');
    if (node < 0) {
      return 0;
    }
    const known = this.#indexByNode.get(-2 - node);
    if (known !== undefined) {
      return known;
    }
    const program = this.reader.node(node);
    const line = Number(program.fields.get('line') ?? '0');
    const location = { file: this.file(program.reference('file')), line, column: 0, function: this.functionName(node) };
    const index = line > 0 ? this.#add(location, node, 0) : 0;
    this.#indexByNode.set(-2 - node, index);
    return index;
  }

  #add(location: SourceLocation, scope: number, inlinedAt: number): number {
    this.places.push({ scope, inlinedAt });
    return this.locations.push(location) - 1;
  }

  location(index: number): SourceLocation {
    return this.locations[index] ?? { file: '', line: 0, column: 0, function: '' };
  }

  /** Display name of a `!DISubprogram`: qualified in C++, the enclosing function's for a `__finally` block. */
  functionName(node: number): string {
    const known = this.#functionNames.get(node);
    if (known !== undefined) {
      return known;
    }
    const program = this.reader.node(node);
    const own = program.string('name');
    let name = own === '' || own.startsWith('??__') ? compilerMade(program.string('linkageName') || own) : own;
    if (name === 'operator()' && this.#isUnnamed(program.reference('scope'))) {
      name = '<lambda>';
    }
    const qualified = this.qualifier(program.reference('scope')) + name;
    this.#functionNames.set(node, qualified);
    return qualified;
  }

  /** `ns::Class::` of a scope; '' for a file. An unnamed class counts as nothing. */
  qualifier(scope: number): string {
    if (scope < 0) {
      return '';
    }
    const node = this.reader.node(scope);
    if (node.kind === 'DINamespace' || node.kind === 'DICompositeType') {
      const name = node.string('name');
      const outer = this.qualifier(node.reference('scope'));
      return name === '' ? outer : `${outer}${name}::`;
    }
    if (node.kind === 'DISubprogram') {
      return `${this.functionName(scope)}::`;
    }
    return node.kind === 'DILexicalBlock' ? this.qualifier(node.reference('scope')) : '';
  }

  /** The user's name of a `!DIFile`. */
  file(node: number): string {
    if (node < 0) {
      return '';
    }
    const known = this.#files.get(node);
    if (known !== undefined) {
      return known;
    }
    const path = this.#pathOf(this.compilerPath(node));
    this.#files.set(node, path);
    return path;
  }

  /** The path of a `!DIFile` as the compiler saw it. */
  compilerPath(node: number): string {
    const file = this.reader.node(node);
    const name = file.string('filename').replaceAll('\\', '/');
    const directory = file.string('directory').replaceAll('\\', '/');
    const absolute = name.startsWith('/') || /^[A-Za-z]:/.test(name) || directory === '';
    return absolute ? name : `${directory.replace(/\/$/, '')}/${name}`;
  }

  /** The `!DISubprogram` a scope belongs to, -1 when there is none. */
  subprogramOf(scope: number): number {
    let at = scope;
    for (let node = this.#scope(at); node !== undefined; node = this.#scope(at)) {
      if (node.kind === 'DISubprogram') {
        return at;
      }
      at = node.reference('scope');
    }
    return -1;
  }

  #scope(node: number): MetadataNode | undefined {
    return node < 0 ? undefined : this.reader.node(node);
  }

  #isUnnamed(node: number): boolean {
    return node >= 0 && this.reader.node(node).string('name') === '';
  }

  /** `inlined` is the index of the position it was inlined at, 0 for none. */
  #read(index: number): { readonly location?: SourceLocation; readonly inlined: number; readonly scope: number } {
    const parts = LOCATION.exec(this.reader.text(index));
    if (parts === null) {
      return { inlined: 0, scope: -1 };
    }
    const scope = Number(parts[3]);
    const location = {
      file: this.file(this.fileOfScope(scope)),
      line: Number(parts[1]),
      column: Number(parts[2] ?? 0),
      function: this.functionName(this.subprogramOf(scope)),
    };
    const inlined = parts[4] === undefined ? 0 : this.indexOf(Number(parts[4]));
    return { location: inlined === 0 ? location : { ...location, inlinedAt: this.location(inlined) }, inlined, scope };
  }

  /** A lexical block may name another file than its function (an included body). */
  fileOfScope(scope: number): number {
    return scope < 0 ? -1 : this.reader.node(scope).reference('file');
  }
}

/** A name for what the front end makes: `__finally` blocks and filters are part of their function. */
function compilerMade(symbol: string): string {
  const outlined = /^\?(?:fin|filt)\$\d+@\d+@(.+?)@@/.exec(symbol)?.[1];
  const [, kind, variable] = /^\?\?__([EF])(.+?)@/.exec(symbol) ?? [];
  if (outlined !== undefined) {
    return outlined.split('@').reverse().join('::');
  }
  return variable === undefined
    ? symbol
    : `${kind === 'E' ? 'initializer' : 'destructor'} of ${variable.replace(/^\?/, '')}`;
}
