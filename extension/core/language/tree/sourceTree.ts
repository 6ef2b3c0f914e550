/**
 * The syntax tree of one text while it is edited: what it defines, declares, calls. A new text is parsed with what the
 * old one has in common with it, and says the same as one parsed from scratch.
 */
import type {
  FoundAssignment,
  FoundCall,
  FoundDeclaration,
  FoundFunction,
  FoundInclude,
  FoundRecord,
  FoundTypedef,
  Span,
} from './found.js';
import { type Item, itemOf, moved, topLevels } from './items.js';
import { type MacroUse, parsableText } from './parsable.js';
import type { SyntaxEdit, SyntaxNode, SyntaxParser, SyntaxPoint, SyntaxTree } from './syntax.js';

interface Known {
  readonly item: Item;
  /** Where it began when it was read. */
  readonly start: number;
}

interface Placed {
  readonly known: Known;
  readonly start: number;
  readonly scope: string;
}

export class SourceTree {
  readonly #parser: SyntaxParser;
  #text: string;
  #code: string;
  #macros: readonly MacroUse[];
  #tree: SyntaxTree;
  #lines: readonly number[];
  /** Items of the present tree by their text: the same text without an error in it always says the same. */
  #known: ReadonlyMap<string, Known> = new Map();
  #items: readonly Placed[] | undefined;

  constructor(parser: SyntaxParser, text: string) {
    this.#parser = parser;
    this.#text = text;
    ({ code: this.#code, macros: this.#macros } = parsableText(text));
    this.#tree = parser.parse(this.#code);
    this.#lines = lineStarts(text);
  }

  get language(): SyntaxParser['language'] {
    return this.#parser.language;
  }

  get text(): string {
    return this.#text;
  }

  /** What was parsed: as long as the text, macros blanked. */
  get code(): string {
    return this.#code;
  }

  /** Of the present text only: gone with the next update. */
  get root(): SyntaxNode {
    return this.#tree.rootNode;
  }

  get macros(): readonly MacroUse[] {
    return this.#macros;
  }

  update(text: string): void {
    if (text === this.#text) return;
    const { code, macros } = parsableText(text);
    const lines = lineStarts(text);
    if (code !== this.#code) {
      const before = this.#tree;
      before.edit(difference({ text: this.#code, lines: this.#lines }, { text: code, lines }));
      this.#tree = this.#parser.parse(code, before);
      this.#code = code;
      this.#items = undefined;
      before.delete();
    }
    this.#text = text;
    this.#macros = macros;
    this.#lines = lines;
  }

  dispose(): void {
    this.#tree.delete();
  }

  /** Definitions, in the order of the text. */
  functions(): readonly FoundFunction[] {
    const macros = new Map(this.#macros.map((macro) => [macro.start, macro]));
    return this.#collect(
      (item) => item.functions,
      (found, scope) => {
        const macro = macros.get(found.start);
        const inScope = scope === '' ? found : { ...found, scope: scope + found.scope };
        return macro === undefined ? inScope : named(inScope, macro);
      },
    );
  }

  /** Lambdas that are given a channel or a packet. */
  lambdas(): readonly FoundFunction[] {
    return this.#collect((item) => item.lambdas);
  }

  declarations(): readonly FoundDeclaration[] {
    return this.#collect((item) => item.declarations);
  }

  records(): readonly FoundRecord[] {
    return this.#collect((item) => item.records);
  }

  typedefs(): readonly FoundTypedef[] {
    return this.#collect((item) => item.typedefs);
  }

  /** Those of functions with such a name; all by default. */
  calls(wanted?: (callee: string) => boolean): readonly FoundCall[] {
    return this.#collect(({ calls }) => (wanted ? calls.filter(({ callee }) => wanted(callee)) : calls));
  }

  /** To members of such a name. */
  assignments(wanted: (member: string) => boolean): readonly FoundAssignment[] {
    return this.#collect(({ assignments }) => assignments.filter(({ member }) => wanted(member)));
  }

  includes(): readonly FoundInclude[] {
    return this.#collect((item) => item.includes);
  }

  /** The innermost definition or such a lambda around an offset. */
  functionAt(offset: number): FoundFunction | undefined {
    const around = ({ start, end }: Span): boolean => start <= offset && offset < end;
    return this.lambdas().findLast(around) ?? this.functions().findLast(around);
  }

  /** The record of a tag or typedef name, pointers to it included; the last one where there are several. */
  recordNamed(name: string): FoundRecord | undefined {
    const wanted = name.replace(/^(?:struct|union|class)\s+/, '');
    return this.records().findLast(
      ({ tag, typedefs, pointerTypedefs }) =>
        tag === wanted || typedefs.includes(wanted) || pointerTypedefs.includes(wanted),
    );
  }

  positionAt(offset: number): SyntaxPoint {
    return pointAt(this.#lines, offset);
  }

  /** Of a place that the text has; one beyond a line's end is that end. */
  offsetAt({ row, column }: SyntaxPoint): number {
    const start = this.#lines[row];
    if (start === undefined) return this.#text.length;
    return Math.min(start + column, (this.#lines[row + 1] ?? this.#text.length + 1) - 1);
  }

  #collect<T extends Span>(
    part: (item: Item) => readonly T[],
    finish: (found: T, scope: string) => T = (found) => found,
  ): readonly T[] {
    return this.#readItems().flatMap(({ known, start, scope }) =>
      part(known.item).map((each) => finish(moved(each, start - known.start), scope)),
    );
  }

  #readItems(): readonly Placed[] {
    if (this.#items !== undefined) return this.#items;
    const known = new Map<string, Known>();
    this.#items = topLevels(this.root, this.#code).map(({ node, scope }) => {
      const start = node.startIndex;
      const key = node.type + this.#code.slice(start, node.endIndex);
      const found = (node.hasError ? undefined : this.#known.get(key)) ?? { item: itemOf(node, this.#code), start };
      if (!node.hasError) known.set(key, found);
      return { known: found, start, scope };
    });
    this.#known = known;
    return this.#items;
  }
}

/** A test's function has the name and place that its macro gives it. */
function named(found: FoundFunction, macro: MacroUse): FoundFunction {
  const [name] = macro.operands;
  const nameAt = { start: macro.operandStart, end: macro.operandStart + (name?.length ?? 0) };
  return { ...found, name: name ?? macro.name, nameAt, macro: macro.name };
}

export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function pointAt(lines: readonly number[], offset: number): SyntaxPoint {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { row: low, column: offset - (lines[low] ?? 0) };
}

interface Lined {
  readonly text: string;
  readonly lines: readonly number[];
}

/** The one replacement that makes `after` of `before`. */
function difference(before: Lined, after: Lined): SyntaxEdit {
  const shorter = Math.min(before.text.length, after.text.length);
  let start = 0;
  while (start < shorter && before.text.charCodeAt(start) === after.text.charCodeAt(start)) start += 1;
  let same = 0;
  while (
    same < shorter - start &&
    before.text.charCodeAt(before.text.length - 1 - same) === after.text.charCodeAt(after.text.length - 1 - same)
  ) {
    same += 1;
  }
  const oldEndIndex = before.text.length - same;
  const newEndIndex = after.text.length - same;
  return {
    startIndex: start,
    oldEndIndex,
    newEndIndex,
    startPosition: pointAt(before.lines, start),
    oldEndPosition: pointAt(before.lines, oldEndIndex),
    newEndPosition: pointAt(after.lines, newEndIndex),
  };
}
