/**
 * The part of tree-sitter that is used here, as interfaces: core imports no package, a host hands the parser in
 * (extension/worker/grammars.ts). Offsets count UTF-16 units from 0, rows and columns too.
 */

export type SourceLanguage = 'c' | 'cpp';

export interface SyntaxPoint {
  readonly row: number;
  readonly column: number;
}

export interface SyntaxNode {
  /** Of one tree, unique; a node that a later parse took over unchanged keeps its id. */
  readonly id: number;
  readonly type: string;
  readonly isNamed: boolean;
  readonly isError: boolean;
  readonly isMissing: boolean;
  /** An error is in it, or it is one. */
  readonly hasError: boolean;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly startPosition: SyntaxPoint;
  readonly endPosition: SyntaxPoint;
  readonly parent: SyntaxNode | null;
  readonly children: readonly SyntaxNode[];
  readonly namedChildren: readonly SyntaxNode[];
  readonly previousNamedSibling: SyntaxNode | null;
  readonly nextNamedSibling: SyntaxNode | null;
  childForFieldName(name: string): SyntaxNode | null;
  childrenForFieldName(name: string): readonly SyntaxNode[];
  /** In the order of the text, the node itself among them. */
  descendantsOfType(types: string[]): readonly SyntaxNode[];
  descendantForIndex(start: number, end?: number): SyntaxNode | null;
  namedDescendantForIndex(start: number, end?: number): SyntaxNode | null;
}

export interface SyntaxEdit {
  readonly startIndex: number;
  readonly oldEndIndex: number;
  readonly newEndIndex: number;
  readonly startPosition: SyntaxPoint;
  readonly oldEndPosition: SyntaxPoint;
  readonly newEndPosition: SyntaxPoint;
}

export interface SyntaxTree {
  readonly rootNode: SyntaxNode;
  edit(edit: SyntaxEdit): void;
  delete(): void;
}

export interface SyntaxParser {
  readonly language: SourceLanguage;
  /** `before` is the tree of an earlier text, told of the edits since. */
  parse(text: string, before?: SyntaxTree): SyntaxTree;
}

const CPP_NAME = /\.(?:cpp|cc|cxx|hpp|hh|hxx|inl)$/i;
const HEADER_NAME = /\.h$/i;
const CPP_WORDS =
  /\b(?:class\s+\w+|namespace\b|template\s*<|public:|private:|constexpr\b|noexcept\b|static_cast\s*<|\w+::\w+)/;

/** By the file's name; a header of C++ is one that has words only C++ has. */
export function languageOf(path: string, text: string): SourceLanguage {
  if (CPP_NAME.test(path)) return 'cpp';
  return HEADER_NAME.test(path) && CPP_WORDS.test(text) ? 'cpp' : 'c';
}
