/** All units of a driver as the analysis sees them: functions by name, who calls whom, what plays which part. */
import type { Position } from '../../../run/report.js';
import { TypeReader } from '../../../toolchain/debugInfoTypes.js';
import { IrLayouts } from '../../../toolchain/irLayouts.js';
import type { SourceLocation } from '../../../toolchain/module.js';
import { parseCall } from '../../../toolchain/passes/calls.js';
import { nameOf, nameTokenAt, symbolsIn } from '../../../toolchain/passes/lexer.js';
import type { DebugInfo } from '../../../toolchain/passes/locations.js';
import { attachment, type IrFunction, type IrModule } from '../../../toolchain/passes/module.js';
import type { Surroundings, Variable } from '../fixes/fix.js';
import type { FlowFunction, Parameter } from './code.js';
import { bitsOf, decodeBody, parameterTexts } from './decode.js';

/** One source after the front end and the lowering of structured exceptions. */
export interface FlowUnit {
  readonly module: IrModule;
  readonly debug: DebugInfo;
  readonly isCpp: boolean;
}

interface Loaded {
  readonly unit: FlowUnit;
  readonly layouts: IrLayouts;
  readonly types: TypeReader;
}

/** A function and what of it is known without decoding it. */
export interface Routine {
  readonly key: string;
  readonly symbol: string;
  readonly name: string;
  readonly unit: number;
  readonly ir: IrFunction;
  /** Keys of functions of the driver that it calls by name. */
  readonly calls: Set<string>;
  /** Names of all functions it calls by name. */
  readonly named: Set<string>;
  /** It belongs to the tests, not to the driver. */
  isFixture: boolean;
}

/** Entries of fixtures (vsplab.h): they are the test, not the driver. */
const FIXTURE = /^(?:\?\?\$)?VspLab|VspLab(?:Test|Setup|Teardown|Context)_/;

export class Program {
  readonly routines = new Map<string, Routine>();
  /** Keys of functions whose address is taken somewhere. */
  readonly addressed = new Set<string>();
  /** Keys of functions that the driver, fixtures apart, calls by name. */
  readonly called = new Set<string>();
  readonly isLibrary: (name: string) => boolean;
  readonly #loaded: readonly Loaded[];
  readonly #external = new Map<string, string>();
  readonly #decoded = new Map<string, FlowFunction>();

  constructor(units: readonly FlowUnit[], isLibrary: (name: string) => boolean) {
    // The library's own functions are declared through function types, which are no calls in its headers.
    this.isLibrary = (name) => /^(?:Vmb|Vsp)[A-Z]/.test(name) || isLibrary(name);
    this.#loaded = units.map((unit) => ({
      unit,
      layouts: new IrLayouts(unit.module.types),
      types: new TypeReader(unit.debug, unit.isCpp),
    }));
    units.forEach(({ module, debug }, index) => {
      for (const ir of module.functions) this.#add(ir, debug, index);
    });
    units.forEach(({ module }, index) => {
      for (const { name, rest } of module.globals) {
        if (name !== '@llvm.used' && name !== '@llvm.compiler.used' && rest.includes('@')) {
          for (const token of symbolsIn(rest)) this.#address(index, nameOf(token));
        }
      }
    });
    for (const routine of this.routines.values()) this.#uses(routine);
    this.#markFixtures();
    for (const routine of this.routines.values()) {
      if (!routine.isFixture) for (const callee of routine.calls) this.called.add(callee);
    }
  }

  get units(): readonly FlowUnit[] {
    return this.#loaded.map(({ unit }) => unit);
  }

  /** The function that a name means in a unit. */
  routine(unit: number, symbol: string): Routine | undefined {
    return this.routines.get(`${unit}:${symbol}`) ?? this.routines.get(this.#external.get(symbol) ?? '');
  }

  function(routine: Routine): FlowFunction {
    const known = this.#decoded.get(routine.key);
    if (known !== undefined) return known;
    const made = this.#decode(routine);
    this.#decoded.set(routine.key, made);
    return made;
  }

  /** The innermost place in the user's own files; undefined for code without a line. */
  position(unit: number, place: number): Position | undefined {
    let location: SourceLocation | undefined = this.#loaded[unit]?.unit.debug.location(place);
    while (location?.file.startsWith('<') === true) location = location.inlinedAt;
    if (location === undefined || location.line === 0) return undefined;
    const { file, line, column, function: name } = location;
    return { file, line, column, function: name };
  }

  /** Whether some function of the driver calls one of that name, fixtures apart. */
  mentions(name: string): boolean {
    for (const { named, isFixture } of this.routines.values()) {
      if (!isFixture && named.has(name)) return true;
    }
    return false;
  }

  /** Types of a function's parameters as its source spells them; empty without debug info. */
  signature(routine: Routine): { readonly returns: string; readonly parameters: readonly string[] } {
    const loaded = this.#loaded[routine.unit];
    const node = attachment(routine.ir.header, 'dbg');
    if (loaded === undefined || node < 0) return { returns: '', parameters: [] };
    const { types, unit } = loaded;
    const { returns, parameters } = types.signature(unit.debug.reader.node(node).reference('type'));
    return {
      returns: types.spell(returns),
      parameters: parameters.map((each) => (each < 0 ? '...' : types.spell(each))),
    };
  }

  /** The one function of that name in that file. */
  keyOf(name: string, file: string): string | undefined {
    const fits = [...this.routines.values()].filter((each) => each.name === name && this.#fileOf(each) === file);
    return fits.length === 1 ? fits[0]?.key : undefined;
  }

  /**
   * A function as its source declares it; undefined without debug info. `listed` are the numbers of its parameters in
   * the order of the callback it is analysed as.
   */
  surroundings(key: string, listed: readonly number[] | undefined): Surroundings | undefined {
    const routine = this.routines.get(key);
    const loaded = routine === undefined ? undefined : this.#loaded[routine.unit];
    const node = routine === undefined ? -1 : attachment(routine.ir.header, 'dbg');
    if (routine === undefined || loaded === undefined || node < 0) return undefined;
    const { unit, types } = loaded;
    const { parameters, variables } = declaredVariables(routine.ir, unit.debug, types);
    const own = unit.debug.reader.node(node);
    const callback = listed?.map((number) => parameters[number]?.name ?? '');
    return {
      returns: this.signature(routine).returns,
      parameters,
      variables,
      bodyLine: own.number('scopeLine') || own.number('line'),
      ...(callback === undefined ? {} : { callback }),
    };
  }

  #add(ir: IrFunction, debug: DebugInfo, unit: number): void {
    const node = attachment(ir.header, 'dbg');
    const symbol = nameOf(ir.name);
    const key = `${unit}:${symbol}`;
    const name = node < 0 ? symbol : debug.functionName(node);
    const calls = new Set<string>();
    this.routines.set(key, { key, symbol, name, unit, ir, calls, named: new Set(), isFixture: FIXTURE.test(symbol) });
    const isInternal = /^define (?:dso_local )?(?:internal|private)\b/.test(ir.header);
    if (!isInternal && !this.#external.has(symbol)) this.#external.set(symbol, key);
  }

  /**
   * Helpers of fixtures are fixtures: what calls the fixtures' own functions, and what in a fixture's file only fixtures
   * call.
   */
  #markFixtures(): void {
    const files = new Set<string>();
    for (const routine of this.routines.values()) {
      const isCallback = this.addressed.has(routine.key);
      if (!isCallback && [...routine.named].some((name) => name.startsWith('VspLab'))) routine.isFixture = true;
      if (routine.isFixture) files.add(this.#fileOf(routine));
    }
    const callers = new Map<string, Routine[]>();
    for (const routine of this.routines.values()) {
      for (const callee of routine.calls) callers.set(callee, [...(callers.get(callee) ?? []), routine]);
    }
    for (let isOpen = true; isOpen; ) {
      isOpen = false;
      for (const routine of this.routines.values()) {
        if (routine.isFixture || this.addressed.has(routine.key) || !files.has(this.#fileOf(routine))) continue;
        const own = callers.get(routine.key) ?? [];
        if (own.length === 0 || !own.every(({ isFixture }) => isFixture)) continue;
        routine.isFixture = true;
        isOpen = true;
      }
    }
  }

  #fileOf({ unit, ir }: Routine): string {
    const debug = this.#loaded[unit]?.unit.debug;
    return debug === undefined ? '' : debug.location(debug.indexOfFunction(ir)).file;
  }

  #address(unit: number, symbol: string): void {
    const target = this.routine(unit, symbol);
    if (target !== undefined) this.addressed.add(target.key);
  }

  #uses(routine: Routine): void {
    for (const { instructions } of routine.ir.blocks) {
      for (const text of instructions) {
        if (!text.includes('@')) continue;
        const call = text.includes('call ') || text.includes('invoke ') ? parseCall(text) : undefined;
        const own = call?.callee.startsWith('@') === true ? call.callee : undefined;
        if (own !== undefined) {
          routine.named.add(nameOf(own));
          const target = this.routine(routine.unit, nameOf(own));
          if (target !== undefined) routine.calls.add(target.key);
        }
        let skipped = own === undefined;
        for (const token of symbolsIn(text)) {
          if (!skipped && token === own) skipped = true;
          else this.#address(routine.unit, nameOf(token));
        }
      }
    }
  }

  #decode(routine: Routine): FlowFunction {
    const { key, symbol, name, unit, ir } = routine;
    const loaded = this.#loaded[unit];
    if (loaded === undefined) throw new Error(`no unit ${unit}`);
    const { debug } = loaded.unit;
    const { slots, members, answer, blocks } = decodeBody(ir, { layouts: loaded.layouts, debug });
    const spelled = this.signature(routine).parameters;
    const texts = parameterTexts(ir.header);
    // A structure that is returned through memory comes first and has no type in the signature.
    const hidden = Math.max(0, texts.length - spelled.length);
    const parameters = texts.map((text, slot): Parameter => {
      const type = text.startsWith('ptr') ? 'ptr' : (text.split(' ', 1)[0] ?? '');
      return { slot, bits: bitsOf(type), isPointer: type === 'ptr', type: spelled[slot - hidden] ?? '' };
    });
    return { key, symbol, name, unit, parameters, place: debug.indexOfFunction(ir), slots, members, answer, blocks };
  }
}

/** Variables of a function from the unit's debug records, parameters by their number. */
function declaredVariables(
  ir: IrFunction,
  debug: DebugInfo,
  types: TypeReader,
): { readonly parameters: readonly Variable[]; readonly variables: readonly Variable[] } {
  const parameters: Variable[] = [];
  const variables: Variable[] = [];
  for (const { instructions } of ir.blocks) {
    for (const text of instructions) {
      const node = variableNode(text);
      if (node < 0) continue;
      const { reader } = debug;
      const type = reader.node(node).reference('type');
      const target = types.spelledTarget(type);
      const made = { name: reader.node(node).string('name'), type: types.spell(type), target };
      const number = reader.node(node).number('arg');
      // Those of functions that were inlined come after the function's own.
      if (number > 0) parameters[number - 1] ??= made;
      else variables.push(made);
    }
  }
  return { parameters: Array.from(parameters, (each) => each ?? UNNAMED), variables };
}

const UNNAMED: Variable = { name: '', type: '', target: '' };

/** The `!DILocalVariable` that a record declares, -1 for any other text. */
function variableNode(text: string): number {
  const start = '#dbg_declare(ptr ';
  if (!text.startsWith(start)) return -1;
  const token = nameTokenAt(text, start.length);
  return Number(/^, !(\d+)/.exec(text.slice(start.length + token.length))?.[1] ?? '-1');
}
