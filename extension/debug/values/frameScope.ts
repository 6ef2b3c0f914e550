/** Names at a place where the run stands: variables of a frame, globals, functions, registers of the simulated kernel. */
import type { KernelSnapshot } from '../../core/debug/kernel.js';
import type { DebugFrame, PlacedVariable, StoppedView } from '../../core/debug/view.js';
import { MemoryError } from '../expressions/errors.js';
import type { Found, Scope } from '../expressions/scope.js';
import { integerType, pointerTo, type Type, type Types, VOID } from '../expressions/types.js';

const KIRQL = integerType('KIRQL', 1, false);
const INDEX = integerType('LONG', 4, true);
const TIME = integerType('ULONGLONG', 8, false);
/** Passes are told apart by name: `$pass == $write`. */
const PASSES: readonly string[] = ['$none', '$query', '$write', '$restore'];
const PASS: Type = {
  name: 'pass',
  size: 4,
  shape: { kind: 'enum', size: 4, signed: true, values: PASSES.map((name, value) => ({ name, value })) },
};

type Register = readonly [type: Type, read: (kernel: KernelSnapshot) => number | bigint];

/** What a register holds; indices are -1 outside of callbacks. */
const REGISTERS: ReadonlyMap<string, Register> = new Map<string, Register>([
  ['$irql', [KIRQL, ({ irql }) => irql]],
  ['$spinlocks', [INDEX, ({ spinLocks }) => spinLocks]],
  ['$time', [TIME, ({ time }) => BigInt(Math.trunc(time))]],
  ['$channel', [INDEX, ({ channel }) => channel ?? -1]],
  ['$packet', [INDEX, ({ packet }) => packet ?? -1]],
  ['$pass', [PASS, ({ pass }) => (pass === null ? 0 : PASSES.indexOf(`$${pass}`))]],
  ['$savebuf', [pointerTo(VOID), ({ saveBuffer }) => BigInt(saveBuffer?.address ?? 0)]],
  ['$savesize', [INDEX, ({ saveBuffer }) => saveBuffer?.size ?? 0]],
]);

export const REGISTER_NAMES: readonly string[] = [...REGISTERS.keys()];

/** A register, or one of the names $pass is compared with. */
export function registerNamed(name: string, kernel: () => KernelSnapshot): Found | undefined {
  const register = REGISTERS.get(name);
  if (register !== undefined) {
    const [type, read] = register;
    return { kind: 'value', type, value: () => read(kernel()) };
  }
  const pass = PASSES.indexOf(name);
  return pass < 0 ? undefined : { kind: 'value', type: PASS, value: () => pass };
}

/** A variable that has no memory now has an address that says so. */
export function placeOf({ name, address, declared, line }: PlacedVariable): number {
  if (address !== 0) return address;
  const why = declared ? 'it has no memory here' : `it is declared in line ${line}`;
  throw new MemoryError(`'${name}' is not there yet: ${why}`, 0);
}

export const FUNCTION: Type = { name: 'function', size: 0, shape: { kind: 'function' } };

/** Names where the run stands. Locals hide globals, inner scopes outer ones. */
export class FrameScope implements Scope {
  readonly #view: StoppedView;
  readonly #types: Types;
  readonly #macros: ReadonlyMap<string, string>;
  readonly #frame: DebugFrame | undefined;
  #locals: ReadonlyMap<string, PlacedVariable> | undefined;
  #globals: ReadonlyMap<string, PlacedVariable> | undefined;

  constructor(view: StoppedView, types: Types, macros: ReadonlyMap<string, string>, frame: DebugFrame | undefined) {
    this.#view = view;
    this.#types = types;
    this.#macros = macros;
    this.#frame = frame;
  }

  find(name: string): Found | undefined {
    if (name.startsWith('$')) return registerNamed(name, () => this.#view.kernel());
    const variable = this.#localMap().get(name) ?? this.#globalMap().get(name);
    if (variable !== undefined) {
      return { kind: 'variable', type: this.#types.byId(variable.type), address: () => placeOf(variable) };
    }
    if (!this.#view.driver.functions.some((each) => each.name === name)) return undefined;
    return { kind: 'function', type: FUNCTION, value: () => this.#view.functionPointer(name) };
  }

  macro(name: string): string | undefined {
    return this.#macros.get(name);
  }

  names(): readonly string[] {
    return [
      ...this.#localMap().keys(),
      ...this.#globalMap().keys(),
      ...this.#view.driver.functions.map(({ name }) => name),
      ...this.#macros.keys(),
    ];
  }

  #localMap(): ReadonlyMap<string, PlacedVariable> {
    this.#locals ??= firstByName(this.#frame === undefined ? [] : this.#view.variables(this.#frame));
    return this.#locals;
  }

  #globalMap(): ReadonlyMap<string, PlacedVariable> {
    this.#globals ??= firstByName(this.#view.globals(this.#frame));
    return this.#globals;
  }
}

/** The variable that a name means: the one that no other shadows. */
export function firstByName(variables: readonly PlacedVariable[]): ReadonlyMap<string, PlacedVariable> {
  const named = new Map<string, PlacedVariable>();
  for (const variable of variables) {
    const known = named.get(variable.name);
    if (known === undefined || (known.shadowed && !variable.shadowed)) named.set(variable.name, variable);
  }
  return named;
}
