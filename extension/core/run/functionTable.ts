/**
 * Names of the functions in a module's function table: completion routines are recorded by their table index (vsp.h,
 * kind).
 */
import { type WasmReader, wasmSections } from '../base/wasmReader.js';

const ELEMENT_SECTION = 9;
const CUSTOM_SECTION = 0;
const FUNCTION_NAMES = 1;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const END = 0x0b;

/** Table index → index of the function, from active element segments with constant offsets (what wasm-ld writes). */
function readElements(section: WasmReader, into: Map<number, number>): void {
  for (let left = section.number(); left > 0; left -= 1) {
    if (section.number() !== 0) return;
    const instruction = section.byte();
    if (instruction !== I32_CONST && instruction !== I64_CONST) return;
    // A table offset is small and positive: its signed encoding reads like an unsigned one.
    const offset = section.number();
    if (section.byte() !== END) return;
    const count = section.number();
    for (let index = 0; index < count; index += 1) into.set(offset + index, section.number());
  }
}

function readNames(section: WasmReader, end: number, into: Map<number, string>): void {
  if (section.text() !== 'name') return;
  while (section.at < end) {
    const kind = section.byte();
    const size = section.number();
    const after = section.at + size;
    if (kind === FUNCTION_NAMES) {
      for (let left = section.number(); left > 0; left -= 1) {
        const index = section.number();
        into.set(index, section.text());
      }
    }
    section.at = after;
  }
}

/**
 * The name in what the linker made of a C++ symbol: `void __cdecl Bus::Complete(struct Packet *, long)` →
 * `Bus::Complete`. What a lambda is called by is `Bus::Configure::<lambda>`, as its body is in debug information.
 */
export function plainName(symbol: string): string {
  const text = symbol.replaceAll("`anonymous namespace'::", '');
  const [, around = '', isLambda] = /^(?:[^`]*`(.*)'::`\d+'::|.*?)(<lambda_\d+>::__invoke\()/.exec(text) ?? [];
  if (isLambda !== undefined) return `${around === '' ? '' : `${plainName(around)}::`}<lambda>`;
  return /([\w:~]+)\(/.exec(text)?.[1] ?? symbol;
}

/** Table index → symbol. Empty for a module without names. */
export function functionTable(wasm: Uint8Array): ReadonlyMap<number, string> {
  const elements = new Map<number, number>();
  const names = new Map<number, string>();
  for (const { id, content, end } of wasmSections(wasm)) {
    if (id === ELEMENT_SECTION) readElements(content, elements);
    else if (id === CUSTOM_SECTION) readNames(content, end, names);
  }
  const table = new Map<number, string>();
  for (const [slot, index] of elements) {
    const name = names.get(index);
    if (name !== undefined) table.set(slot, name);
  }
  return table;
}
