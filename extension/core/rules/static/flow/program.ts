/** All units of a driver as the analysis sees them: functions by name, who calls whom, what plays which part. */
import type { Position } from '../../../run/report.js';
import { TypeReader } from '../../../toolchain/debugInfoTypes.js';
import { IrLayouts } from '../../../toolchain/irLayouts.js';
import type { SourceLocation } from '../../../toolchain/module.js';
import { parseCall } from '../../../toolchain/passes/calls.js';
import { nameOf, nameTokenAt, symbolsIn } from '../../../toolchain/passes/lexer.js';
import type { DebugInfo } from '../../../toolchain/passes/locations.js';
import { attachment, type IrFunction, type IrModule } from '../../../toolchain/passes/module.js';
import type { Surroundings } from '../fixes/fix.js';
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

  /** A function as its source declares it; undefined without debug info. */
  surroundings(key: string): Surroundings | undefined {
    const routine = this.routines.get(key);
    const debug = routine === undefined ? undefined : this.#loaded[routine.unit]?.unit.debug;
    if (routine === undefined || debug === undefined) return undefined;
    const { returns, parameters } = this.signature(routine);
    const names = parameterVariables(routine.ir, debug);
    return { returns, parameters: parameters.map((type, index) => ({ type, name: names[index] ?? '' })) };
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

/** Names of the variables that hold parameters, by parameter; from the unit's debug records. */
export function parameterVariables(ir: IrFunction, debug: DebugInfo): readonly string[] {
  const names: string[] = [];
  for (const text of ir.blocks[0]?.instructions ?? []) {
    if (!text.startsWith('#dbg_declare(ptr ')) continue;
    const token = nameTokenAt(text, '#dbg_declare(ptr '.length);
    const node = Number(/^, !(\d+)/.exec(text.slice('#dbg_declare(ptr '.length + token.length))?.[1] ?? '-1');
    const number = node < 0 ? 0 : debug.reader.node(node).number('arg');
    if (number > 0) names[number - 1] = debug.reader.node(node).string('name');
  }
  return names;
}
