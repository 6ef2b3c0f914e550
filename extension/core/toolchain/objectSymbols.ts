/**
 * The symbol table of a relocatable WebAssembly object (tool conventions: Linking, "linking" section,
 * WASM_SYMBOL_TABLE).
 */
import { type WasmReader, wasmSections } from '../base/wasmReader.js';

const CUSTOM_SECTION = 0;
const IMPORT_SECTION = 2;
const SYMBOL_TABLE = 8;

/** Kinds of symbols. */
const DATA = 1;
const SECTION = 3;

const WEAK = 0x1;
const UNDEFINED = 0x10;
const EXPLICIT_NAME = 0x40;

/** Kinds of imports: function, table, memory, global, tag. Symbols index those of their kind. */
const IMPORT_KINDS = 5;

/**
 * Names of the functions and variables an object uses and does not define; weak ones may stay undefined and are left
 * out.
 */
export function undefinedSymbols(bytes: Uint8Array): readonly string[] {
  let imports: readonly (readonly string[])[] = [];
  for (const { id, content, end } of wasmSections(bytes)) {
    if (id === IMPORT_SECTION) {
      imports = readImports(content);
    } else if (id === CUSTOM_SECTION && content.text() === 'linking') {
      content.number(); // version
      while (content.at < end) {
        const type = content.byte();
        const next = content.number() + content.at;
        if (type === SYMBOL_TABLE) {
          return readSymbols(content, imports);
        }
        content.at = next;
      }
    }
  }
  throw new Error('the object has no symbol table');
}

/** Names by kind. */
function readImports(reader: WasmReader): readonly (readonly string[])[] {
  const names: string[][] = Array.from({ length: IMPORT_KINDS }, () => []);
  for (let count = reader.number(); count > 0; count--) {
    reader.text();
    const name = reader.text();
    const kind = reader.byte();
    names[kind]?.push(name);
    skipType(reader, kind);
  }
  return names;
}

function skipType(reader: WasmReader, kind: number): void {
  if (kind === 3) {
    reader.at += 2; // value type and mutability of a global
    return;
  }
  if (kind === 1) {
    reader.byte(); // what a table holds
  }
  const first = reader.number(); // type index, or flags of limits
  if (kind === 1 || kind === 2) {
    reader.number();
    if ((first & 1) !== 0) {
      reader.number();
    }
  } else if (kind === 4) {
    reader.number();
  }
}

function readSymbols(reader: WasmReader, imports: readonly (readonly string[])[]): readonly string[] {
  const names: string[] = [];
  for (let count = reader.number(); count > 0; count--) {
    const kind = reader.byte();
    const flags = reader.number();
    const isUndefined = (flags & UNDEFINED) !== 0;
    let name = '';
    if (kind === DATA) {
      name = reader.text();
      if (!isUndefined) {
        reader.number(); // segment,
        reader.number(); // offset,
        reader.number(); // size
      }
    } else {
      const index = reader.number();
      const named = kind !== SECTION && (!isUndefined || (flags & EXPLICIT_NAME) !== 0);
      name = named ? reader.text() : (imports[importKind(kind)]?.[index] ?? '');
    }
    if (isUndefined && (flags & 3) !== WEAK && name !== '' && !MADE_BY_LINKER.has(name)) {
      names.push(name);
    }
  }
  return names;
}

/** Symbol kinds are function, data, global, section, tag, table. */
function importKind(symbolKind: number): number {
  return [0, 2, 3, 0, 4, 1][symbolKind] ?? 0;
}

/** wasm-ld defines these itself. */
const MADE_BY_LINKER: ReadonlySet<string> = new Set([
  '__stack_pointer',
  '__indirect_function_table',
  '__global_base',
  '__heap_base',
  '__heap_end',
  '__data_end',
  '__memory_base',
  '__table_base',
  '__dso_handle',
  '__wasm_call_ctors',
]);
