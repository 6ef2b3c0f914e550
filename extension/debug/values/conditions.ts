/** Conditions, log messages and hit counts of breakpoints: compiled once, evaluated each time one is reached. */
import type { BreakpointScope, BreakpointView, Compiled } from '../../core/debug/view.js';
import { compile, compileCondition } from '../expressions/compile.js';
import { ExpressionError, MemoryError } from '../expressions/errors.js';
import type { Found, Scope } from '../expressions/scope.js';
import { Types } from '../expressions/types.js';
import { FUNCTION, firstByName, registerNamed } from './frameScope.js';
import { MemoryReader } from './memoryView.js';
import { Renderer } from './render.js';

/** A driver's types are read once for all its breakpoints. */
const typesOfDrivers = new WeakMap<object, Types>();

export function typesOf(driver: BreakpointScope['driver']): Types {
  const known = typesOfDrivers.get(driver.types);
  if (known !== undefined) return known;
  const types = new Types(driver.types);
  typesOfDrivers.set(driver.types, types);
  return types;
}

/** Names at a breakpoint. `view` is set before each evaluation. */
class BreakpointNames implements Scope {
  view: BreakpointView | undefined;
  readonly #scope: BreakpointScope;
  readonly #macros: ReadonlyMap<string, string>;
  readonly #types: Types;
  readonly #variables: ReadonlyMap<string, number>;

  constructor(scope: BreakpointScope, macros: ReadonlyMap<string, string>) {
    this.#scope = scope;
    this.#macros = macros;
    this.#types = typesOf(scope.driver);
    const first = firstByName(scope.variables);
    this.#variables = new Map([...first].map(([name, variable]) => [name, scope.variables.indexOf(variable)]));
  }

  find(name: string): Found | undefined {
    if (name.startsWith('$')) return registerNamed(name, () => this.#now().stopped.kernel());
    const index = this.#variables.get(name);
    const variable = index === undefined ? undefined : this.#scope.variables[index];
    if (index !== undefined && variable !== undefined) {
      const type = this.#types.byId(variable.type);
      return { kind: 'variable', type, address: () => this.#now().address(index) };
    }
    if (!this.#scope.driver.functions.some((each) => each.name === name)) return undefined;
    return { kind: 'function', type: FUNCTION, value: () => this.view?.stopped.functionPointer(name) ?? 0 };
  }

  macro(name: string): string | undefined {
    return this.#macros.get(name);
  }

  names(): readonly string[] {
    return [...this.#variables.keys(), ...this.#scope.driver.functions.map(({ name }) => name), ...this.#macros.keys()];
  }

  #now(): BreakpointView {
    if (this.view === undefined) throw new MemoryError('the run has not begun', 0);
    return this.view;
  }
}

/** Memory of whatever view there is: the run is one, its memory may be another after it was restarted. */
class BreakpointMemory extends MemoryReader {
  constructor() {
    super({
      size: 0,
      u8: () => 0,
      u16: () => 0,
      u32: () => 0,
      u64: () => 0n,
      i32: () => 0,
      pointer: () => 0,
      slice: () => new Uint8Array(),
      isReadable: () => false,
    });
  }
}

function refusal(what: string, error: unknown): { readonly ok: false; readonly message: string } {
  if (error instanceof ExpressionError) return { ok: false, message: `${what}: ${error.message}` };
  if (error instanceof MemoryError) return { ok: false, message: `${what}: ${error.message}` };
  throw error;
}

export function condition(
  expression: string,
  scope: BreakpointScope,
  macros: ReadonlyMap<string, string>,
): Compiled<boolean> {
  const names = new BreakpointNames(scope, macros);
  const memory = new BreakpointMemory();
  try {
    const types = typesOf(scope.driver);
    const holds = compileCondition(expression, { types, scope: names, memory, sideEffects: false });
    return {
      ok: true,
      run: (view) => {
        names.view = view;
        memory.memory = view.memory;
        return holds();
      },
    };
  } catch (error) {
    return refusal(`the condition '${expression}'`, error);
  }
}

/** Text and `{expressions}`; a backslash before a brace makes it text. */
export function templateParts(template: string): readonly (string | { readonly expression: string })[] {
  const parts: (string | { readonly expression: string })[] = [];
  let text = '';
  for (let at = 0; at < template.length; at++) {
    const character = template[at] ?? '';
    if (character === '\\' && /[{}]/.test(template[at + 1] ?? '')) {
      text += template[at + 1] ?? '';
      at += 1;
    } else if (character === '{') {
      const end = template.indexOf('}', at);
      if (end < 0) throw new ExpressionError("'{' is not closed", at);
      parts.push(text, { expression: template.slice(at + 1, end) });
      text = '';
      at = end;
    } else {
      text += character;
    }
  }
  return [...parts, text].filter((part) => part !== '');
}

export function logMessage(
  template: string,
  scope: BreakpointScope,
  macros: ReadonlyMap<string, string>,
): Compiled<string> {
  const names = new BreakpointNames(scope, macros);
  const memory = new BreakpointMemory();
  const types = typesOf(scope.driver);
  try {
    const parts = templateParts(template).map((part) =>
      typeof part === 'string' ? part : compile(part.expression, { types, scope: names, memory, sideEffects: false }),
    );
    return {
      ok: true,
      run: (view) => {
        names.view = view;
        memory.memory = view.memory;
        const renderer = new Renderer(view.stopped, types);
        return parts.map((part) => (typeof part === 'string' ? part : renderer.compiled(part, false).text)).join('');
      },
    };
  } catch (error) {
    return refusal(`the message '${template}'`, error);
  }
}

/** `5` is the fifth hit, `>= 3` the third and all after it, `% 10` every tenth. */
export function hitCondition(
  text: string,
): { readonly ok: true; readonly stops: (hits: number) => boolean } | { readonly ok: false; readonly message: string } {
  const [, operator = '==', digits = ''] = /^\s*(==?|>=?|<=?|%)?\s*(\d{1,15})\s*$/.exec(text) ?? [];
  const wanted = Number(digits);
  if (digits === '' || (operator === '%' && wanted === 0)) {
    return { ok: false, message: `the hit count '${text}' is none of: 5, >= 3, > 3, < 3, <= 3, % 10` };
  }
  const tests: Readonly<Record<string, (hits: number) => boolean>> = {
    '=': (hits) => hits === wanted,
    '==': (hits) => hits === wanted,
    '>': (hits) => hits > wanted,
    '>=': (hits) => hits >= wanted,
    '<': (hits) => hits < wanted,
    '<=': (hits) => hits <= wanted,
    '%': (hits) => hits % wanted === 0,
  };
  return { ok: true, stops: tests[operator] ?? (() => true) };
}
