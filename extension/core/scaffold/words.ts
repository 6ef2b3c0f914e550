/** How the templates say things: the words that differ by language, style and file. */
import { localName } from './codeStyle.js';
import type { BackPointer } from './device.js';
import type { ScaffoldModel } from './model.js';
import { functionName } from './names.js';

/** Bytes on the kernel's small stack above which a record is kept in pool. */
export const MOST_STACK = 512;

export class Words {
  readonly model: ScaffoldModel;
  readonly null: string;

  constructor(model: ScaffoldModel) {
    this.model = model;
    this.null = model.language === 'cpp' ? 'nullptr' : 'NULL';
  }

  /** A local or parameter. */
  v(name: string): string {
    return localName(name, this.model.code);
  }

  /** A function of ours. */
  f(name: string): string {
    return functionName(this.model.names, name);
  }

  /** A function of KMCL. */
  k(name: string): string {
    return `${this.model.table?.expression ?? ''}${name}`;
  }

  /** `expression` is a name or a call. */
  cast(type: string, expression: string): string {
    return this.model.language === 'cpp' ? `static_cast<${type}>(${expression})` : `(${type})${expression}`;
  }

  /** `PNIC_RX_SAVED Record`. */
  declare(type: string, name: string): string {
    return type.endsWith('*') ? `${type}${this.v(name)}` : `${type} ${this.v(name)}`;
  }

  get record(): string {
    return this.model.record.name;
  }

  get isVariable(): boolean {
    return this.model.record.tails.length > 0;
  }

  /** Whether the record is too large for the stack. */
  get isLarge(): boolean {
    return this.model.record.size > MOST_STACK;
  }

  /** Takes memory; `size` is an expression, `type` what the memory is. */
  allocate(type: string, size: string): string {
    const { allocate, tag } = this.model.pool;
    const how = allocate === 'ExAllocatePool2' ? 'POOL_FLAG_NON_PAGED' : 'NonPagedPoolNx';
    return this.cast(type, `${allocate}(${how}, ${size}, ${tag})`);
  }

  free(name: string): string {
    return `ExFreePoolWithTag(${name}, ${this.model.pool.tag});`;
  }

  /** Whether fresh memory is zero. */
  get isZeroed(): boolean {
    return this.model.pool.allocate !== 'ExAllocatePoolWithTag';
  }

  /** What a channel points to. */
  device(channel: string): string {
    return this.cast(this.model.device?.pointer ?? 'PVOID', `${this.k('VmbChannelGetPointer')}(${channel})`);
  }

  /** A fresh context of a packet on the channel; `count` is the number of elements at its end, '' for none. */
  make(channel: string, count: string): string {
    const { ways } = this.model;
    if (ways === undefined) return `${this.f('CreateContext')}(${count})`;
    const operands = { count, channel, device: this.device(channel) };
    return `${ways.allocate}(${ways.takes.map((each) => operands[each]).join(', ')})`;
  }

  /** Members of a fresh context that lead to where it is, but for what the file's own function sets. */
  back(to: readonly BackPointer['to'][], context: string, channel: string, packet: string): readonly string[] {
    const { backs, ways } = this.model;
    const made = ways?.makeBody ?? '';
    return backs
      .filter((each) => to.includes(each.to) && !new RegExp(`->\\s*${each.path}\\s*=[^=]`).test(made))
      .map((each) => {
        const values = { device: this.device(channel), channel, packet };
        return `${context}->${each.path} = ${values[each.to]};`;
      });
  }

  /** Lines that tell a failure, if the file tells any. */
  trace(text: string): readonly string[] {
    const { trace } = this.model;
    return trace === undefined ? [] : [trace.replace('@', text).replaceAll('#', this.v('Status'))];
  }

  lock(which: 'acquire' | 'release', context: string): readonly string[] {
    const { lock } = this.model;
    if (lock === undefined) return [];
    const local = lock.local === undefined ? '' : this.v(lock.local.name);
    const holder = lock.holder === undefined ? context : `${context}->${lock.holder}`;
    return lock[which].replaceAll('@', holder).replaceAll('#', local).split('\n');
  }

  /** A parameter list that may need more than one line; `head` is what stands before the parenthesis. */
  signature(head: string, parameters: readonly string[]): string {
    const one = `${head}(${parameters.join(', ')})`;
    if (one.length <= 118) return one;
    const lines: string[] = [];
    let line = `${head}(`;
    const pad = ' '.repeat(head.length + 1);
    parameters.forEach((parameter, index) => {
      const piece = `${parameter}${index + 1 < parameters.length ? ',' : ')'}`;
      if (line.trim() !== '' && `${line} ${piece}`.length > 118) {
        lines.push(line.trimEnd());
        line = `${pad}${piece}`;
      } else line = line.endsWith('(') || line.trim() === '' ? `${line}${piece}` : `${line} ${piece}`;
    });
    return [...lines, line].join('\n');
  }
}

/** Lines, each one level further in. */
export function inside(lines: readonly string[], levels = 1): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `${'    '.repeat(levels)}${line}`));
}

export function failing(condition: string, status: string): readonly string[] {
  return [`if (${condition}) {`, `    return ${status};`, '}'];
}
