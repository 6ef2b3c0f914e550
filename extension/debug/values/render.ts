/** From typed memory to lines of text, and to what can be opened below them. */
import type { KernelSnapshot } from '../../core/debug/kernel.js';
import type { StoppedView } from '../../core/debug/view.js';
import type { Format } from '../expressions/ast.js';
import type { Compiled } from '../expressions/compile.js';
import { ExpressionError, MemoryError } from '../expressions/errors.js';
import { loader } from '../expressions/memory.js';
import { isScalar, pointerTo, type Shape, type Type, type Types, targetOf } from '../expressions/types.js';
import { addressText } from './addresses.js';
import { addressNote } from './addressNotes.js';
import { type Container, type Item, indexedContainer, type Place } from './items.js';
import { knownRecord } from './knownRecords.js';
import { isListEntry, ListMembers, listFrom } from './lists.js';
import { heldText } from './locks.js';
import { MemoryReader, NULL_ZONE } from './memoryView.js';
import { recordItems } from './records.js';
import { saveBufferContainer, saveBufferNote } from './saveBuffer.js';
import { type ScalarContext, scalarText } from './scalars.js';
import { quoted, zeroTerminated } from './textBuffers.js';

/** A value as text, and what lies below it. */
export interface Rendered {
  readonly text: string;
  readonly container?: Container;
  /** Memory to look at: of pointers where they lead, of others where they lie. */
  readonly memoryAddress?: number;
}

export interface RenderOptions {
  readonly format: Format;
  readonly hexadecimal: boolean;
  readonly name?: string;
  readonly role?: string;
  readonly evaluateName?: string;
}

/** Scalars of a record, or elements of an array, in its one line. */
const SUMMARY_PARTS = 4;
const SUMMARY_LENGTH = 100;
const MOST_ELEMENTS = 1_000_000;

/** One stop's values: everything is read once and forgotten with it. */
export class Renderer {
  readonly view: StoppedView;
  readonly types: Types;
  readonly memory: MemoryReader;
  #kernel: KernelSnapshot | undefined;
  #members: ListMembers | undefined;

  constructor(view: StoppedView, types: Types) {
    this.view = view;
    this.types = types;
    this.memory = new MemoryReader(view.memory);
  }

  get kernel(): KernelSnapshot {
    this.#kernel ??= this.view.kernel();
    return this.#kernel;
  }

  get listMembers(): ListMembers {
    this.#members ??= new ListMembers(this.view, this.types);
    return this.#members;
  }

  /** What lies in memory. */
  place({ type, address, bits }: Place, options: RenderOptions): Rendered {
    if (isScalar(type)) {
      const value = loader(this.memory, type, () => address, bits).get();
      const held = heldText(this, type, address);
      const rendered = held === undefined ? this.scalar(type, value, options) : { text: held };
      return rendered.memoryAddress === undefined ? { ...rendered, memoryAddress: address } : rendered;
    }
    this.memory.check(address, Math.max(1, type.size));
    const { shape } = type;
    switch (shape.kind) {
      case 'array':
        return { ...this.#array(type, shape, address, options), memoryAddress: address };
      case 'record':
        return { ...this.#record(type, address, options), memoryAddress: address };
      default:
        return { text: `${type.name}`, memoryAddress: address };
    }
  }

  /** A value that may lie nowhere. */
  scalar(type: Type, value: number | bigint, options: RenderOptions): Rendered {
    if (type.shape.kind === 'pointer') return this.#pointer(type.shape, BigInt(value), options);
    const context: ScalarContext = {
      format: options.format,
      hexadecimal: options.hexadecimal,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.role === undefined ? {} : { function: options.role }),
    };
    return { text: scalarText(type, value, context) };
  }

  /** One line of a tree; memory that cannot be read says why. */
  item(item: Item, hexadecimal: boolean): Rendered {
    if (item.missing !== undefined) return { text: item.missing };
    if (item.place === undefined) {
      return {
        text: item.text ?? '',
        ...(item.container === undefined ? {} : { container: item.container }),
        ...(item.memoryAddress === undefined ? {} : { memoryAddress: item.memoryAddress }),
      };
    }
    const { evaluateName, role } = item;
    try {
      return this.place(item.place, {
        format: item.format ?? {},
        hexadecimal,
        name: item.name,
        ...(evaluateName === undefined ? {} : { evaluateName }),
        ...(role === undefined ? {} : { role }),
      });
    } catch (error) {
      if (error instanceof MemoryError) return { text: error.message };
      throw error;
    }
  }

  /** What an expression gives; its side effects happen here. */
  compiled(expression: Compiled, hexadecimal: boolean, evaluateName?: string): Rendered {
    const { type, format, value, address, bits, count } = expression;
    const options: RenderOptions = { format, hexadecimal, ...(evaluateName === undefined ? {} : { evaluateName }) };
    const wanted = count?.();
    const element = targetOf(type);
    if (wanted !== undefined && element !== undefined) {
      const start = type.shape.kind === 'array' ? address?.() : Number(value?.());
      if (wanted < 0 || wanted > MOST_ELEMENTS) throw new ExpressionError(`[${wanted}] is no number of elements`, 0);
      return this.elements(element, start ?? 0, wanted, options);
    }
    // An assignment's value is what its place holds then: evaluating it twice would assign twice.
    if (value !== undefined && (expression.changes || address === undefined))
      return this.scalar(type, value(), options);
    if (address === undefined) return { text: type.name };
    return this.place({ type, address: address(), ...(bits === undefined ? {} : { bits }) }, options);
  }

  /** A pointer as that many elements: `Pointer,[n]`. */
  elements(element: Type, address: number, count: number, options: RenderOptions): Rendered {
    const shape = { kind: 'array', element, count } as const;
    this.memory.check(address, Math.max(1, element.size * count));
    const type: Type = { name: `${element.name}[${count}]`, size: element.size * count, shape };
    return { ...this.#array(type, shape, address, options), memoryAddress: address };
  }

  #pointer(shape: Extract<Shape, { kind: 'pointer' }>, value: bigint, options: RenderOptions): Rendered {
    const { target } = shape;
    const address = Number(value);
    if (value === 0n) return { text: 'NULL' };
    if (target.shape.kind === 'function') {
      const name = this.view.functionAt(address);
      return { text: name === undefined ? `${addressText(value)} (no function)` : `${addressText(value)} ${name}` };
    }
    const words = [addressText(value), this.#pointed(target, address, options)].filter((word) => word !== undefined);
    const container = this.#target(target, address, options);
    const readable = this.memory.readable(address, 1);
    return {
      text: words.join(' '),
      ...(container === undefined ? {} : { container }),
      ...(readable ? { memoryAddress: address } : {}),
    };
  }

  /** What a pointer leads to, in words: its text, its record's first members, the block it is in. */
  #pointed(target: Type, address: number, { format }: RenderOptions): string | undefined {
    const note =
      saveBufferNote(this.kernel, () => this.view.saveBufferWriters(), address) ??
      addressNote(this.view, this.kernel, address);
    const noted = note === undefined ? this.#nowhere(address) : `→ ${note}`;
    const unit = format.text === 'wide' ? 2 : format.text === 'narrow' ? 1 : characterUnit(target);
    const text = unit === undefined ? undefined : zeroTerminated(this.memory, address, unit);
    return text === undefined ? noted : noted === undefined ? text : `${text} ${noted}`;
  }

  #nowhere(address: number): string | undefined {
    if (this.memory.readable(address, 1)) return undefined;
    return address < NULL_ZONE ? `→ NULL + ${address}` : '→ no memory';
  }

  #target(target: Type, address: number, options: RenderOptions): Container | undefined {
    const { evaluateName: name } = options;
    const saved = saveBufferContainer(this.view, this.kernel, this.memory, address);
    if (saved !== undefined && target.shape.kind !== 'record') return saved;
    if (target.size === 0 || !this.memory.readable(address, target.size)) return undefined;
    const pointed = name === undefined ? undefined : `*${postfix(name)}`;
    if (target.shape.kind === 'record') {
      const own = this.#record(target, address, {
        ...options,
        ...(pointed === undefined ? {} : { evaluateName: `(${pointed})` }),
      });
      return own.container;
    }
    const item: Item = {
      name: `*${options.name ?? ''}`,
      place: { type: target, address },
      ...(pointed === undefined ? {} : { evaluateName: pointed }),
    };
    return { named: 1, indexed: 0, items: (kind) => (kind === 'named' ? [item] : []) };
  }

  #array(type: Type, shape: Extract<Shape, { kind: 'array' }>, address: number, options: RenderOptions): Rendered {
    const { element, count } = shape;
    const { evaluateName: name, format } = options;
    const container = indexedContainer(count, (index) => ({
      name: `[${index}]`,
      place: { type: element, address: address + index * element.size },
      format,
      ...(name === undefined ? {} : { evaluateName: `${postfix(name)}[${index}]` }),
    }));
    const unit = format.text === 'wide' ? 2 : format.text === 'narrow' ? 1 : characterUnit(element);
    if (unit !== undefined && format.radix === undefined && !options.hexadecimal) {
      return { text: quoted(this.memory, address, unit, count, true), container };
    }
    return { text: `${type.name} ${this.#summary(container, options, count)}`, ...(count > 0 ? { container } : {}) };
  }

  #record(type: Type, address: number, options: RenderOptions): Rendered {
    const items = recordItems(type, address, options.evaluateName);
    const fields: Container = { named: items.length, indexed: 0, items: (kind) => (kind === 'named' ? items : []) };
    if (options.format.raw !== true) {
      if (isListEntry(type)) return this.#list(address, fields);
      const held = heldText(this, type, address);
      if (held !== undefined) return { text: held, container: fields };
      const known = knownRecord(type, address, this.memory);
      if (known !== undefined) return { text: known, container: fields };
    }
    return { text: this.#summary(fields, options, items.length), ...(items.length > 0 ? { container: fields } : {}) };
  }

  /** `{Length = 48, Kind = KindWrite (2), ...}`: the first scalars, to know a record by. */
  #summary(container: Container, { hexadecimal }: RenderOptions, count: number): string {
    const indexed = container.indexed > 0;
    const items = container.items(indexed ? 'indexed' : 'named', 0, SUMMARY_PARTS * 2);
    const parts: string[] = [];
    let length = 0;
    for (const item of items) {
      const type = item.place?.type;
      if (parts.length >= SUMMARY_PARTS || length > SUMMARY_LENGTH) break;
      if (type === undefined || !isScalar(type)) continue;
      const text = this.#brief(item, type, hexadecimal);
      const part = indexed ? text : `${item.name} = ${text}`;
      parts.push(part);
      length += part.length;
    }
    const more = parts.length < count ? (parts.length === 0 ? '...' : ', ...') : '';
    return `{${parts.join(', ')}${more}}`;
  }

  /** In a summary, a pointer is its address alone. */
  #brief(item: Item, type: Type, hexadecimal: boolean): string {
    if (type.shape.kind !== 'pointer' || item.place === undefined) return this.item(item, hexadecimal).text;
    const { address } = item.place;
    if (!this.memory.readable(address, 8)) return '?';
    const value = this.memory.u64(address);
    return value === 0n ? 'NULL' : `0x${value.toString(16).toUpperCase()}`;
  }

  #list(head: number, fields: Container): Rendered {
    const found = listFrom(this.memory, head);
    if (found === undefined) return { text: 'not initialised', container: fields };
    const { entries, broken } = found;
    const count = entries.length === 0 ? 'empty' : entries.length === 1 ? '1 entry' : `${entries.length} entries`;
    const container: Container = {
      named: fields.named,
      indexed: entries.length,
      items: (kind, start, wanted) =>
        kind === 'named'
          ? fields.items('named', 0, fields.named)
          : entries.slice(start, start + wanted).map((entry, index) => this.#entry(entry, start + index)),
    };
    return { text: broken === undefined ? count : `${count}, then broken: ${broken}`, container };
  }

  #entry(entry: number, index: number): Item {
    const member = this.listMembers.of(this.view, entry);
    if (member === undefined) {
      const type = this.types.named('LIST_ENTRY') ?? this.types.named('_LIST_ENTRY');
      if (type === undefined) return { name: `[${index}]`, text: addressText(entry) };
      const evaluateName = `*(${pointerTo(type).name})0x${entry.toString(16)}`;
      return { name: `[${index}]`, place: { type, address: entry }, format: { raw: true }, evaluateName };
    }
    const { record, offset } = member;
    const address = entry - offset;
    return {
      name: `[${index}]`,
      place: { type: record, address },
      evaluateName: `(*(${pointerTo(record).name})0x${address.toString(16)})`,
    };
  }
}

/** 1 for char, 2 for wchar_t: what is shown as text. UCHAR and UINT8 are bytes. */
function characterUnit(type: Type): 1 | 2 | undefined {
  if (type.shape.kind !== 'integer' || !type.shape.character) return undefined;
  if (type.size === 1) return type.shape.signed ? 1 : undefined;
  return type.size === 2 ? 2 : undefined;
}

/** Parentheses where a postfix operator would bind tighter. */
export function postfix(expression: string): string {
  return /^[\w$:]+(?:(?:\.|->)\w+|\[\d+\])*$|^\(.*\)$/.test(expression) ? expression : `(${expression})`;
}
