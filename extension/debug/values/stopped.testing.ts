/** A run that stands, made by hand: one frame, a few types, memory that can be filled. */
import type { KernelSnapshot } from '../../core/debug/kernel.js';
import type { DebugFrame, DebugMemory, PlacedVariable, StoppedView } from '../../core/debug/view.js';
import type { CompiledDriver, TypeInfo } from '../../core/toolchain/module.js';

const BASE = 0x10000;
const SIZE = 0x10000;

export class FakeMemory implements DebugMemory {
  readonly data = new Uint8Array(SIZE);
  readonly size = BASE + SIZE;
  readonly #view = new DataView(this.data.buffer);

  u8(address: number): number {
    return this.#view.getUint8(address - BASE);
  }
  u16(address: number): number {
    return this.#view.getUint16(address - BASE, true);
  }
  u32(address: number): number {
    return this.#view.getUint32(address - BASE, true);
  }
  u64(address: number): bigint {
    return this.#view.getBigUint64(address - BASE, true);
  }
  i32(address: number): number {
    return this.#view.getInt32(address - BASE, true);
  }
  pointer(address: number): number {
    return Number(this.u64(address));
  }
  slice(address: number, length: number): Uint8Array {
    return this.data.slice(address - BASE, address - BASE + length);
  }
  isReadable(address: number, length: number): boolean {
    return address >= BASE && address + length <= this.size;
  }

  put(address: number, size: 1 | 2 | 4 | 8, value: number | bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
    this.data.set(bytes.subarray(0, size), address - BASE);
  }

  text(address: number, text: string, unit: 1 | 2 = 1): void {
    for (const [index, character] of [...text].entries())
      this.put(address + index * unit, unit, character.charCodeAt(0));
  }
}

const KERNEL: KernelSnapshot = {
  irql: 0,
  spinLocks: 0,
  locks: [],
  time: 0,
  callback: null,
  channel: null,
  packet: null,
  pass: null,
  saveBuffer: null,
  libraryBuffer: null,
  channels: [],
  pool: [],
  poolBlocks: 0,
  states: [],
  handles: [],
  findings: [],
};

export class FakeStop implements StoppedView {
  readonly memory = new FakeMemory();
  readonly tables = [];
  readonly frames: DebugFrame[] = [
    {
      index: 0,
      kind: 'user',
      name: 'SavePacket',
      location: { file: 'Driver.c', line: 12, column: 5, function: 'SavePacket' },
      scope: 0,
      depth: 2,
    },
    { index: 1, kind: 'library', name: 'VmbChannelSaveContinue', scope: -1, depth: 1 },
  ];
  readonly types: TypeInfo[] = [];
  readonly locals: PlacedVariable[] = [];
  readonly statics: PlacedVariable[] = [];
  kernelState: KernelSnapshot = KERNEL;
  writers = new Uint32Array();
  readonly blocks: { start: number; size: number; tag: string; freed?: boolean }[] = [];
  edits = 0;

  get driver(): StoppedView['driver'] {
    const driver: Partial<CompiledDriver> = {
      name: 'Driver',
      files: ['Driver.c'],
      types: this.types,
      functions: [
        { name: 'SavePacket', symbol: 'SavePacket', file: 'Driver.c', line: 10, parameters: [], returns: 'NTSTATUS' },
      ],
      locations: [
        [
          { file: '', line: 0, column: 0, function: '' },
          { file: 'Driver.c', line: 30, column: 1, function: 'SavePacket' },
        ],
      ],
      callbacks: { roles: [], registrations: [] },
      notes: [],
    };
    return driver as StoppedView['driver'];
  }

  add(info: TypeInfo): number {
    return this.types.push(info) - 1;
  }

  local(name: string, type: number, address: number, more: Partial<PlacedVariable> = {}): void {
    const declared = { parameter: 0, line: 11, scope: 0, shadowed: false, declared: true };
    this.locals.push({ ...declared, name, type, address, ...more });
  }

  variables(frame: DebugFrame): readonly PlacedVariable[] {
    return frame.kind === 'user' ? this.locals : [];
  }
  globals(): readonly PlacedVariable[] {
    return this.statics;
  }
  kernel(): KernelSnapshot {
    return this.kernelState;
  }
  describe(address: number): ReturnType<StoppedView['describe']> {
    const none = { start: 0, size: 0, offset: 0, tag: '', name: '', allocatedAt: [], freedAt: [], poisoned: false };
    const block = this.blocks.find(({ start, size }) => address >= start && address < start + size);
    if (block === undefined) return { ...none, kind: 'nothing' };
    const { start, size, tag } = block;
    const found = { ...none, start, size, tag, offset: address - start };
    return block.freed === true ? { ...found, kind: 'freed', freedAt: [1] } : { ...found, kind: 'block' };
  }
  functionAt(pointer: number): string | undefined {
    return pointer === 7 ? 'SavePacket' : undefined;
  }
  functionPointer(name: string): number {
    return name === 'SavePacket' ? 7 : 0;
  }
  saveBufferWriters(): Uint32Array {
    return this.writers;
  }
  write(address: number, bytes: Uint8Array): boolean {
    this.edits += 1;
    this.memory.data.set(bytes, address - BASE);
    return true;
  }
}

/** Types of a small driver: ids by name. */
export function driverTypes(stop: FakeStop): Readonly<Record<string, number>> {
  const uint = stop.add({ kind: 'integer', name: 'unsigned int', size: 4, signed: false });
  const uchar = stop.add({ kind: 'integer', name: 'unsigned char', size: 1, signed: false });
  const char = stop.add({ kind: 'integer', name: 'char', size: 1, signed: true });
  const ushort = stop.add({ kind: 'integer', name: 'unsigned short', size: 2, signed: false });
  const long = stop.add({ kind: 'integer', name: 'long', size: 4, signed: true });
  const wide = stop.add({ kind: 'integer', name: 'unsigned long long', size: 8, signed: false });
  const wchar = stop.add({ kind: 'typedef', name: 'WCHAR', target: ushort });
  const pwchar = stop.add({ kind: 'pointer', name: 'WCHAR *', target: wchar });
  const pchar = stop.add({ kind: 'pointer', name: 'char *', target: char });
  const pvoid = stop.add({ kind: 'pointer', name: 'void *', target: null });
  const status = stop.add({ kind: 'typedef', name: 'NTSTATUS', target: long });
  const boolean = stop.add({ kind: 'typedef', name: 'BOOLEAN', target: uchar });
  const irql = stop.add({ kind: 'typedef', name: 'KIRQL', target: uchar });
  const kind = stop.add({
    kind: 'enum',
    name: 'KIND',
    size: 4,
    values: [
      { name: 'KindNone', value: 0 },
      { name: 'KindRead', value: 1 },
      { name: 'KindWrite', value: 2 },
    ],
  });
  const link = stop.types.length;
  stop.add({
    kind: 'record',
    name: '_LIST_ENTRY',
    size: 16,
    union: false,
    fields: [
      { name: 'Flink', offset: 0, type: link + 1 },
      { name: 'Blink', offset: 8, type: link + 1 },
    ],
  });
  stop.add({ kind: 'pointer', name: 'struct _LIST_ENTRY *', target: link });
  const list = stop.add({ kind: 'typedef', name: 'LIST_ENTRY', target: link });
  const text = stop.add({ kind: 'array', name: 'char[8]', size: 8, element: char, count: 8 });
  const bytes = stop.add({ kind: 'array', name: 'unsigned char[300]', size: 300, element: uchar, count: 300 });
  const string = stop.add({
    kind: 'record',
    name: '_UNICODE_STRING',
    size: 16,
    union: false,
    fields: [
      { name: 'Length', offset: 0, type: ushort },
      { name: 'MaximumLength', offset: 2, type: ushort },
      { name: 'Buffer', offset: 8, type: pwchar },
    ],
  });
  const request = stop.add({
    kind: 'record',
    name: '_REQUEST',
    size: 32,
    union: false,
    fields: [
      { name: 'Length', offset: 0, type: uint },
      { name: 'Low', offset: 4, type: uint, bits: { start: 0, width: 3 } },
      { name: 'Link', offset: 8, type: list },
      { name: 'Kind', offset: 24, type: kind },
      { name: 'Status', offset: 28, type: status },
    ],
  });
  const named = stop.add({ kind: 'typedef', name: 'REQUEST', target: request });
  const pointer = stop.add({ kind: 'pointer', name: 'REQUEST *', target: named });
  const routine = stop.add({ kind: 'function', name: 'NTSTATUS (PVOID)' });
  const proutine = stop.add({ kind: 'pointer', name: 'NTSTATUS (*)(PVOID)', target: routine });
  return {
    uint,
    uchar,
    char,
    wide,
    pchar,
    pvoid,
    status,
    boolean,
    irql,
    kind,
    list,
    text,
    bytes,
    string,
    named,
    pointer,
    proutine,
  };
}
