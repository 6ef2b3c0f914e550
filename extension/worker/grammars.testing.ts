/** Grammars for unit tests, from the packages they are built from. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceLanguage, SyntaxParser } from '../core/language/tree/syntax.js';
import { parserOf } from './grammars.js';

const PACKAGES = ['web-tree-sitter', 'tree-sitter-c', 'tree-sitter-cpp'];

let folder: string | undefined;

/** A folder as the build's `dist/tree`. */
export function grammarFolder(): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'vsp-lab-grammars-'));
    for (const name of PACKAGES) cpSync(`node_modules/${name}/${name}.wasm`, join(folder, `${name}.wasm`));
  }
  return folder;
}

export function parserForTests(language: SourceLanguage): Promise<SyntaxParser> {
  return parserOf(language, grammarFolder());
}
