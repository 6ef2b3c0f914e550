/** IR text → instructions (code.ts). */
import type { IrLayouts } from '../../../toolchain/irLayouts.js';
import { parseCall, parseOperand } from '../../../toolchain/passes/calls.js';
import { closingBracket, nameOf, nameTokenAt, splitList, typeLength } from '../../../toolchain/passes/lexer.js';
import type { DebugInfo } from '../../../toolchain/passes/locations.js';
import { type IrFunction, opcodeOf, resultOf, targetsOf } from '../../../toolchain/passes/module.js';
import type { Bits, Block, Instruction, Operand } from './code.js';
import { tableMember } from './interfaceTables.js';
import { loopHeads } from './loops.js';

/** The part of a unit that decoding needs. */
export interface DecodeContext {
  readonly layouts: IrLayouts;
  readonly debug: DebugInfo;
}

export interface DecodedBody {
  readonly slots: number;
  readonly members: ReadonlyMap<number, string>;
  readonly answer: number | undefined;
  readonly blocks: readonly Block[];
}

/** Bits of a value of that IR type. */
export function bitsOf(type: string): Bits {
  if (type.startsWith('ptr')) return 64;
  const bits = /^i(\d+)$/.exec(type)?.[1];
  return bits === undefined || Number(bits) > 64 ? 0 : Number(bits);
}

const BINARY = new Set([
  'add', 'sub', 'mul', 'udiv', 'sdiv', 'urem', 'srem', 'shl', 'lshr', 'ashr', 'and', 'or', 'xor',
]); // biome-ignore format: one line of operations
const CASTS = new Set(['zext', 'sext', 'trunc', 'ptrtoint', 'inttoptr', 'bitcast', 'freeze']);
const FLAGS = /^(?:(?:nuw|nsw|exact|disjoint|nneg|samesign|inbounds|nusw|inrange\([^)]*\)) )+/;
const GEP = /^getelementptr (?:(?:inbounds|nuw|nusw|inrange\([^)]*\)) )*/;

export function decodeBody(fn: IrFunction, context: DecodeContext): DecodedBody {
  return new Decoder(fn, context).run();
}

class Decoder {
  readonly #fn: IrFunction;
  readonly #context: DecodeContext;
  readonly #slots = new Map<string, number>();
  readonly #blocks = new Map<string, number>();
  /** Members whose address a slot holds, and members a slot was loaded from. */
  readonly #addresses = new Map<number, string>();
  readonly #members = new Map<number, string>();

  constructor(fn: IrFunction, context: DecodeContext) {
    this.#fn = fn;
    this.#context = context;
    for (const [index, { label }] of fn.blocks.entries()) this.#blocks.set(label, index);
  }

  run(): DecodedBody {
    for (const name of parameterNames(this.#fn.header)) this.#slot(name);
    const bodies = this.#fn.blocks.map(({ instructions }) =>
      instructions.flatMap((text) => (text.startsWith('#') ? [] : [this.#instruction(text)])),
    );
    const heads = loopHeads(bodies);
    const blocks = bodies.map((instructions, index) => ({
      index,
      instructions,
      isExit: this.#fn.blocks[index]?.label === 'return',
      isLoopHead: heads.has(index),
    }));
    const answer = this.#slots.get('%retval');
    return { slots: this.#slots.size, members: this.#members, answer, blocks };
  }

  #slot(token: string): number {
    const known = this.#slots.get(token);
    if (known !== undefined) return known;
    this.#slots.set(token, this.#slots.size);
    return this.#slots.size - 1;
  }

  #block(label: string): number {
    return this.#blocks.get(label) ?? -1;
  }

  #instruction(text: string): Instruction {
    const place = this.#context.debug.of(text);
    const opcode = opcodeOf(text);
    const token = resultOf(text);
    const to = token === undefined ? -1 : this.#slot(token);
    const body = withoutMetadata(token === undefined ? text : text.slice(token.length + 3));
    const rest = body.slice(opcode.length + 1).replace(FLAGS, '');
    switch (opcode) {
      case 'alloca':
        return { op: 'alloca', to, name: nameOf(token ?? '%'), size: this.#allocaSize(rest), place };
      case 'load':
        return this.#load(rest, to, place);
      case 'store':
        return this.#store(rest, place);
      case 'getelementptr':
        return this.#address(body, to, place, nameOf(token ?? '%'));
      case 'icmp':
        return this.#compare(rest, to, place);
      case 'select':
        return this.#select(rest, to, place);
      case 'phi':
        return this.#phi(rest, to, place);
      case 'call':
      case 'invoke':
        return this.#call(text, token === undefined ? undefined : to, place);
      case 'br':
        return this.#branch(body, place);
      case 'switch':
        return this.#switch(body, place);
      case 'ret':
        return { op: 'return', value: rest.startsWith('void') || rest === '' ? undefined : this.#typed(rest), place };
      case 'unreachable':
      case 'resume':
        return { op: 'stop', place };
      default:
        return this.#other(opcode, rest, body, token === undefined ? undefined : to, place);
    }
  }

  #other(opcode: string, rest: string, body: string, to: number | undefined, place: number): Instruction {
    if (BINARY.has(opcode) && to !== undefined) {
      const type = rest.slice(0, typeLength(rest));
      const [left = '', right = ''] = splitList(rest.slice(type.length + 1));
      const bits = bitsOf(type);
      const operands = { left: this.#operand(left, bits), right: this.#operand(right, bits) };
      return { op: 'binary', to, operation: opcode, bits, ...operands, place };
    }
    if (CASTS.has(opcode) && to !== undefined) {
      const at = rest.lastIndexOf(' to ');
      const source = at < 0 ? rest : rest.slice(0, at);
      const value = this.#typed(source);
      const bits = at < 0 ? operandBits(value) : bitsOf(rest.slice(at + 4).trim());
      return { op: 'cast', to, operation: opcode, bits, value, place };
    }
    if (opcode === 'atomicrmw') return this.#atomic(rest, to, place);
    const pointer = opcode === 'cmpxchg' ? /(?:^|[ (])(ptr [^,]+),/.exec(body)?.[1] : undefined;
    return { op: 'other', to, bits: 0, place, ...(pointer === undefined ? {} : { writes: this.#typed(pointer) }) };
  }

  #allocaSize(rest: string): number {
    const type = rest.slice(0, typeLength(rest));
    const count = /^, i\d+ (\d+)(?:,|$)/.exec(rest.slice(type.length))?.[1];
    const dynamic = count === undefined && /^, i\d+ %/.test(rest.slice(type.length));
    return dynamic ? 0 : this.#context.layouts.stride(type) * Number(count ?? 1);
  }

  /** `volatile sub ptr %at, i32 1 seq_cst, align 4` */
  #atomic(rest: string, to: number | undefined, place: number): Instruction {
    const plain = rest.replace(/^volatile /, '');
    const [operation = ''] = plain.split(' ', 1);
    const [at = '', operand = ''] = splitList(plain.slice(operation.length + 1));
    const [type = '', value = ''] = operand.split(' ');
    const bits = bitsOf(type);
    const size = this.#context.layouts.stride(type);
    const result = to ?? this.#slot(`%.atomic.${this.#slots.size}`);
    return {
      op: 'atomic',
      to: result,
      operation,
      bits,
      size,
      at: this.#typed(at),
      value: this.#operand(value, bits),
      place,
    };
  }

  #load(rest: string, to: number, place: number): Instruction {
    const plain = rest.replace(/^(?:atomic )?(?:volatile )?/, '');
    const type = plain.slice(0, typeLength(plain));
    const [, pointer = ''] = splitList(plain);
    const size = this.#context.layouts.stride(type);
    const from = this.#typed(pointer);
    const member =
      from.kind === 'slot' ? this.#addresses.get(from.slot) : from.kind === 'global' ? from.member : undefined;
    if (type === 'ptr' && member !== undefined) this.#members.set(to, member);
    return { op: 'load', to, size, bits: bitsOf(type), isPointer: type === 'ptr', from, place };
  }

  #store(rest: string, place: number): Instruction {
    const plain = rest.replace(/^(?:atomic )?(?:volatile )?/, '');
    const [value = '', pointer = ''] = splitList(plain);
    const size = this.#context.layouts.stride(value.slice(0, typeLength(value)));
    return { op: 'store', value: this.#typed(value), size, to: this.#typed(pointer), place };
  }

  #address(body: string, to: number, place: number, name: string): Instruction {
    const [type = '', base = '', ...indices] = splitList(body.replace(GEP, ''));
    const { constant, scaled } = this.#walk(type, indices);
    // The front end names the address of a member after it; names of its own making are these.
    const named: { readonly member?: string } =
      /^(?:\d|arrayidx|arraydecay|incdec|add\.ptr|sub\.ptr|arraystart|array\.|vtable|vfn)/.test(name)
        ? {}
        : { member: name.replace(/\.i\d*$/, '').replace(/\d+$/, '') };
    if (named.member !== undefined) this.#addresses.set(to, named.member);
    return { op: 'address', to, base: this.#typed(base), constant, scaled, place, ...named };
  }

  #walk(
    start: string,
    indices: readonly string[],
  ): { constant: number; scaled: { index: Operand; stride: number }[]; member: string | undefined } {
    const { layouts } = this.#context;
    let named: string | undefined;
    const scaled: { index: Operand; stride: number }[] = [];
    let constant = 0;
    let type = start;
    indices.forEach((text, at) => {
      const index = this.#typed(text);
      const structure = at === 0 ? undefined : layouts.structure(type);
      if (structure !== undefined) {
        named = tableMember(type, index.kind === 'constant' ? Number(index.value) : -1);
        const member = structure.members[index.kind === 'constant' ? Number(index.value) : -1];
        constant += member?.offset ?? 0;
        type = member?.type ?? '';
        return;
      }
      if (at > 0) type = layouts.array(type)?.element ?? '';
      const stride = layouts.stride(type);
      if (index.kind === 'constant') constant += Number(BigInt.asIntN(64, signed(index))) * stride;
      else scaled.push({ index, stride });
    });
    return { constant, scaled, member: named };
  }

  #compare(rest: string, to: number, place: number): Instruction {
    const [predicate = ''] = rest.split(' ', 1);
    const typed = rest.slice(predicate.length + 1).replace(FLAGS, '');
    const type = typed.slice(0, typeLength(typed));
    const [left = '', right = ''] = splitList(typed.slice(type.length + 1));
    const bits = bitsOf(type);
    return { op: 'compare', to, predicate, left: this.#operand(left, bits), right: this.#operand(right, bits), place };
  }

  #select(rest: string, to: number, place: number): Instruction {
    const [condition = '', yes = '', no = ''] = splitList(rest).map((text) => text);
    return {
      op: 'select',
      to,
      condition: this.#typed(condition),
      yes: this.#typed(yes),
      no: this.#typed(no),
      place,
    };
  }

  #phi(rest: string, to: number, place: number): Instruction {
    const type = rest.slice(0, typeLength(rest));
    const bits = bitsOf(type);
    const incoming = splitList(rest.slice(type.length + 1)).map((pair) => {
      const [value = '', label = ''] = splitList(pair.slice(1, closingBracket(pair, 0)));
      return { block: this.#block(label.slice(1)), value: this.#operand(value, bits) };
    });
    return { op: 'phi', to, incoming, place };
  }

  #call(text: string, to: number | undefined, place: number): Instruction {
    const call = parseCall(text);
    if (call === undefined) return { op: 'other', to, bits: 0, place };
    const returns = /^(.*?)(?: \(.*\))?$/s.exec(call.type)?.[1] ?? call.type;
    const callee = call.callee.startsWith('@') ? nameOf(call.callee) : this.#operand(call.callee, 64);
    const operands = call.operands.map((operand) => this.#typed(operand));
    return { op: 'call', to, bits: bitsOf(returns), isPointer: returns === 'ptr', callee, operands, place };
  }

  #branch(body: string, place: number): Instruction {
    const targets = targetsOf(body).map((label) => this.#block(label));
    const condition = /^br i1 ([^,]+),/.exec(body)?.[1];
    return {
      op: 'branch',
      condition: condition === undefined ? undefined : this.#operand(condition, 1),
      targets,
      place,
    };
  }

  #switch(body: string, place: number): Instruction {
    const [, value = '', otherwise = ''] = /^switch (i\d+ \S+), label %("[^"]*"|[-\w.$]+)/.exec(body) ?? [];
    const cases = [...body.matchAll(/\n\s*i(\d+) (-?\d+|true|false), label %("[^"]*"|[-\w.$]+)/g)].map(
      ([, bits = '0', number = '0', label = '']) => ({
        value: BigInt.asUintN(Number(bits), BigInt(number === 'true' ? 1 : number === 'false' ? 0 : number)),
        block: this.#block(label),
      }),
    );
    return { op: 'switch', value: this.#typed(value), otherwise: this.#block(otherwise), cases, place };
  }

  /** `i32 noundef %x`. */
  #typed(text: string): Operand {
    const { type, value } = parseOperand(text);
    return this.#operand(value, bitsOf(type));
  }

  #operand(text: string, bits: Bits): Operand {
    const first = text.charAt(0);
    if (first === '%') return { kind: 'slot', slot: this.#slot(nameTokenAt(text, 0)), bits };
    if (first === '@') return { kind: 'global', name: nameOf(nameTokenAt(text, 0)), offset: 0 };
    if (/^-?\d+$/.test(text) && bits > 0) {
      return { kind: 'constant', value: BigInt.asUintN(bits, BigInt(text)), bits };
    }
    if (text === 'null' || text === 'false' || text === 'zeroinitializer') return { kind: 'constant', value: 0n, bits };
    if (text === 'true') return { kind: 'constant', value: 1n, bits };
    return this.#expression(text, bits);
  }

  #expression(text: string, bits: Bits): Operand {
    if (text.startsWith('getelementptr')) {
      const inner = text.slice(text.indexOf('(', GEP.exec(text)?.[0].length ?? 0) + 1, -1);
      const [type = '', base = '', ...indices] = splitList(inner);
      const target = this.#typed(base);
      const { constant, scaled, member } = this.#walk(type, indices);
      if (target.kind === 'global' && scaled.length === 0) {
        return { ...target, offset: target.offset + constant, ...(member === undefined ? {} : { member }) };
      }
    }
    const number = /^inttoptr \(i64 (-?\d+) to ptr\)$/.exec(text)?.[1];
    return number === undefined
      ? { kind: 'unknown', bits }
      : { kind: 'constant', value: BigInt.asUintN(64, BigInt(number)), bits: 64 };
  }
}

function signed({ value, bits }: { readonly value: bigint; readonly bits: Bits }): bigint {
  return BigInt.asIntN(bits, value);
}

function operandBits(operand: Operand): Bits {
  return operand.kind === 'global' ? 64 : operand.bits;
}

function withoutMetadata(text: string): string {
  const at = text.indexOf(', !');
  return at < 0 ? text.replace(/ !dbg !\d+$/, '') : text.slice(0, at);
}

/** Tokens of the parameters, in order. */
export function parameterNames(header: string): readonly string[] {
  return parameterTexts(header).map((text, index) => {
    const { value } = parseOperand(text);
    return value === '' ? `%${index}` : value;
  });
}

/** Parameters as the `define` line has them: `ptr noundef %Channel`. */
export function parameterTexts(header: string): readonly string[] {
  let at = 0;
  for (; at < header.length; at++) {
    const code = header.charCodeAt(at);
    if (code === 34) at = header.indexOf('"', at + 1);
    else if (code === 64) break;
  }
  const open = at + nameTokenAt(header, at).length;
  return splitList(header.slice(open + 1, closingBracket(header, open))).filter((text) => text !== '...');
}
