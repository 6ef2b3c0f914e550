/** tree-sitter for core/language/tree: parser and grammars from files, each loaded when it is first asked for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Edit, Language, Parser, type Tree } from 'web-tree-sitter';
import type { SourceLanguage, SyntaxParser, SyntaxTree } from '../core/language/tree/syntax.js';

/** Files of the build's `dist/tree`. */
const FILES = { core: 'web-tree-sitter.wasm', c: 'tree-sitter-c.wasm', cpp: 'tree-sitter-cpp.wasm' } as const;

let core: Promise<void> | undefined;
const parsers = new Map<SourceLanguage, Promise<SyntaxParser>>();

/** The one parser of a language in this thread. `folder` is the build's `dist/tree`; the first call decides. */
export function parserOf(language: SourceLanguage, folder: string): Promise<SyntaxParser> {
  const known = parsers.get(language);
  if (known !== undefined) return known;
  const loading = load(language, folder);
  parsers.set(language, loading);
  loading.catch(() => parsers.delete(language));
  return loading;
}

async function load(language: SourceLanguage, folder: string): Promise<SyntaxParser> {
  core ??= readFile(join(folder, FILES.core)).then((wasmBinary) => Parser.init({ wasmBinary }));
  const [bytes] = await Promise.all([readFile(join(folder, FILES[language])), core]);
  const parser = new Parser().setLanguage(await Language.load(bytes));
  return {
    language,
    parse(text: string, before?: SyntaxTree): SyntaxTree {
      const tree = parser.parse(text, before instanceof GrammarTree ? before.tree : null);
      if (tree === null) throw new Error(`the ${language} grammar parsed nothing`);
      return new GrammarTree(tree);
    },
  };
}

class GrammarTree implements SyntaxTree {
  readonly tree: Tree;

  constructor(tree: Tree) {
    this.tree = tree;
  }

  get rootNode(): Tree['rootNode'] {
    return this.tree.rootNode;
  }

  edit(edit: ConstructorParameters<typeof Edit>[0]): void {
    this.tree.edit(new Edit(edit));
  }

  delete(): void {
    this.tree.delete();
  }
}
