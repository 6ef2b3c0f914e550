/**
 * Callbacks are mostly `static`, and a module can export only what other units see. Each function that may be a
 * callback gets an alias with a name of its own; the IR's other names stay as they are.
 */
import type { FunctionInfo } from './module.js';
import type { TransformResult } from './passes/index.js';
import { closingBracket, nameOf, nameTokenAt, splitList, tokenOf, typeLength } from './passes/lexer.js';

/** Whether a function looks like a callback of a channel: it takes the channel first, or a packet. */
export function mayBeCallback(fn: FunctionInfo): boolean {
  return fn.parameters.length >= 2 && /\b(?:VMBCHANNEL|VMBPACKET)\b/.test(fn.parameters[0] ?? '');
}

/** IR with the aliases, and the functions under the names they are exported by. */
export function exportStatics(
  result: TransformResult,
  unit: number,
): { readonly ir: string; readonly functions: readonly FunctionInfo[] } {
  const internal = new Set(
    result.definedFunctions.filter(({ linkage }) => linkage === 'internal').map(({ symbol }) => symbol),
  );
  const wanted = new Map(
    result.functions.filter((fn) => internal.has(fn.symbol) && mayBeCallback(fn)).map((fn) => [fn.symbol, fn]),
  );
  if (wanted.size === 0) {
    return { ir: result.ir, functions: result.functions };
  }
  const aliases = new Map<string, string>();
  for (const [header] of result.ir.matchAll(/^define .*$/gm)) {
    const at = header.indexOf('@');
    const token = nameTokenAt(header, at);
    const symbol = nameOf(token);
    if (wanted.has(symbol)) {
      const type = functionType(header, at, token);
      aliases.set(symbol, `${tokenOf('@', aliasName(symbol, unit))} = alias ${type}, ptr ${token}`);
    }
  }
  return {
    ir: `${result.ir}\n${[...aliases.values()].join('\n')}\n`,
    functions: result.functions.map((fn) =>
      aliases.has(fn.symbol) ? { ...fn, symbol: aliasName(fn.symbol, unit) } : fn,
    ),
  };
}

function aliasName(symbol: string, unit: number): string {
  return `${symbol}.unit${unit}`;
}

/** `i32 (ptr, i64)` of a `define` line. Attributes before the return type are single words or have brackets. */
function functionType(header: string, at: number, token: string): string {
  const open = at + token.length;
  const parameters = splitList(header.slice(open + 1, closingBracket(header, open)));
  const types = parameters.map((parameter) =>
    parameter === '...' ? '...' : parameter.slice(0, typeLength(parameter)),
  );
  const before = header.slice('define '.length, at).trimEnd();
  return `${returnType(before)} (${types.join(', ')})`;
}

/** The return type is what the words before a name end with. */
function returnType(before: string): string {
  for (let start = 0; start < before.length; start = before.indexOf(' ', start) + 1) {
    if (typeLength(before.slice(start)) === before.length - start) {
      return before.slice(start);
    }
    if (before.indexOf(' ', start) < 0) {
      break;
    }
  }
  return before.slice(before.lastIndexOf(' ') + 1);
}
