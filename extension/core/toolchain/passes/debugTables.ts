/** The tables of core/debug for one unit, from its metadata; ids are indices within the unit. */

import type {
  DebugFunction,
  DebugGlobal,
  DebugScope,
  DebugSite,
  DebugUnit,
  DebugVariable,
} from '../../debug/tables.js';
import type { TypeReader } from '../debugInfoTypes.js';
import { type Statement, Statements } from '../statements.js';
import type { PassContext } from './context.js';
import { nameOf } from './lexer.js';
import type { DebugInfo } from './locations.js';
import { attachment, type IrFunction, type IrModule } from './module.js';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
interface OpenFunction extends Omit<Mutable<DebugFunction>, 'variables'> {
  readonly variables: DebugVariable[];
}

export class TableBuilder {
  readonly #debug: DebugInfo;
  readonly #types: TypeReader;
  readonly #textOf: (path: string) => string | undefined;
  readonly #sites: DebugSite[] = [];
  readonly #functions: OpenFunction[] = [];
  readonly #scopes: DebugScope[] = [];
  readonly #globals: DebugGlobal[] = [];
  readonly #functionIds = new Map<number, number>();
  readonly #scopeIds = new Map<number, number>();
  readonly #statements = new Map<string, Statements | undefined>();

  constructor(context: PassContext, types: TypeReader) {
    this.#debug = context.debug;
    this.#types = types;
    this.#textOf = context.options.textOf ?? (() => undefined);
  }

  unit(): DebugUnit {
    const places = this.#debug.places.map(({ scope, inlinedAt }) => ({ scope: this.scope(scope), inlinedAt }));
    return {
      sites: this.#sites,
      functions: this.#functions,
      scopes: this.#scopes,
      globals: this.#globals,
      places,
    };
  }

  /** The function of a `define`. */
  defined(fn: IrFunction): number {
    const id = this.#function(attachment(fn.header, 'dbg'));
    const open = this.#functions[id];
    if (open !== undefined) {
      open.symbol = nameOf(fn.name);
    }
    return id;
  }

  /** Number of the variable within its function; -1 for one without a type or a name. */
  variable(owner: number, node: number, location: number, storage: { offset: number; indirect: boolean }): number {
    const meta = this.#debug.reader.node(node);
    const type = this.#types.id(meta.reference('type'));
    const name = meta.string('name');
    const variables = this.#functions[owner]?.variables;
    if (type === null || name === '' || variables === undefined) {
      return -1;
    }
    return (
      variables.push({
        name,
        type,
        parameter: meta.number('arg'),
        scope: this.scope(meta.reference('scope')),
        line: meta.number('line'),
        ...storage,
        inlinedAt: this.#debug.places[location]?.inlinedAt ?? 0,
      }) - 1
    );
  }

  /** A new site for code of that location. */
  site(location: number, kind: DebugSite['kind'], owner: number): number {
    const { file, line, column } = this.#debug.location(location);
    const statement = this.statement(location);
    const place = this.#debug.places[location];
    let inlined = 0;
    for (let at = place?.inlinedAt ?? 0; at > 0; at = this.#debug.places[at]?.inlinedAt ?? 0) {
      inlined++;
    }
    const begin = statement ?? { line, column: Math.max(1, column), endLine: line };
    const open = this.#functions[owner];
    if (open !== undefined && inlined === 0) {
      open.endLine = Math.max(open.endLine, begin.endLine);
    }
    return (
      this.#sites.push({
        location,
        file,
        line: begin.line,
        column: begin.column,
        endLine: begin.endLine,
        function: inlined === 0 ? owner : this.#function(this.#debug.subprogramOf(place?.scope ?? -1)),
        scope: this.scope(place?.scope ?? -1),
        kind,
        inlined,
      }) - 1
    );
  }

  /** The statement of a location, undefined where the text is not known. */
  statement(location: number): Statement | undefined {
    const scope = this.#debug.places[location]?.scope ?? -1;
    const { line, column } = this.#debug.location(location);
    const file = this.#debug.fileOfScope(scope);
    if (file < 0) {
      return undefined;
    }
    const path = this.#debug.compilerPath(file);
    if (!this.#statements.has(path)) {
      const text = this.#textOf(path);
      const cpp = !/\.[ch]$/i.test(path);
      this.#statements.set(path, text === undefined ? undefined : new Statements(text, cpp));
    }
    const found = this.#statements.get(path)?.at(line, column);
    // A statement that ends before the place is not that place's: the text is not what was compiled.
    return found !== undefined && found.endLine >= line ? found : undefined;
  }

  scope(node: number): number {
    if (node < 0) {
      return -1;
    }
    const known = this.#scopeIds.get(node);
    if (known !== undefined) {
      return known;
    }
    const meta = this.#debug.reader.node(node);
    if (meta.kind === 'DILexicalBlockFile') {
      const outer = this.scope(meta.reference('scope'));
      this.#scopeIds.set(node, outer);
      return outer;
    }
    if (meta.kind !== 'DILexicalBlock' && meta.kind !== 'DISubprogram') {
      return -1;
    }
    const parent = meta.kind === 'DISubprogram' ? -1 : this.scope(meta.reference('scope'));
    const fn = this.#function(this.#debug.subprogramOf(node));
    const id = this.#scopes.push({ parent, function: fn, line: meta.number('line') }) - 1;
    this.#scopeIds.set(node, id);
    return id;
  }

  /** Variables of files and static ones of functions: their symbols, by their number in the table. */
  globals(module: IrModule): readonly string[] {
    const symbols: string[] = [];
    for (const { name, rest } of module.globals) {
      const expression = attachment(rest, 'dbg');
      const node = expression < 0 ? -1 : this.#debug.reader.node(expression).reference('var');
      if (node < 0) {
        continue;
      }
      const meta = this.#debug.reader.node(node);
      const type = this.#types.id(meta.reference('type'));
      const scope = meta.reference('scope');
      if (type !== null && meta.string('name') !== '') {
        symbols.push(name);
        this.#globals.push({
          name: this.#qualifier(scope) + meta.string('name'),
          type,
          file: this.#debug.file(meta.reference('file')),
          line: meta.number('line'),
          internal: meta.fields.get('isLocal') === 'true',
          scope: this.scope(scope),
        });
      }
    }
    return symbols;
  }

  #qualifier(scope: number): string {
    const kind = scope < 0 ? '' : this.#debug.reader.node(scope).kind;
    return kind === 'DINamespace' || kind === 'DICompositeType' ? this.#debug.qualifier(scope) : '';
  }

  #function(node: number): number {
    const known = this.#functionIds.get(node);
    if (known !== undefined || node < 0) {
      return known ?? -1;
    }
    const meta = this.#debug.reader.node(node);
    const { returns } = this.#types.signature(meta.reference('type'));
    const line = meta.number('line');
    const id =
      this.#functions.push({
        name: this.#debug.functionName(node),
        symbol: '',
        file: this.#debug.file(meta.reference('file')),
        line,
        endLine: line,
        returns: this.#types.spell(returns),
        returnType: this.#types.id(returns),
        variables: [],
      }) - 1;
    this.#functionIds.set(node, id);
    return id;
  }
}
