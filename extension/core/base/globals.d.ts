/**
 * WebAssembly as core uses it, 64-bit memory included (https://webassembly.github.io/spec/js-api/). Core is compiled
 * without DOM and Node types, and Node's own types leave this namespace to the DOM library.
 */
declare namespace WebAssembly {
  /** Addresses and sizes are bigint for 64-bit memories and tables, numbers for 32-bit ones. */
  type Address = number | bigint;
  type AddressType = 'i32' | 'i64';
  type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'externref' | 'anyfunc';
  type ExternalKind = 'function' | 'table' | 'memory' | 'global' | 'tag';
  /** What an imported function takes and gives: i64 is bigint, i32, f32 and f64 are numbers. */
  type FunctionValue = (...parameters: never[]) => unknown;
  type ImportValue = FunctionValue | Global | Memory | Table | number | bigint;
  type ExportValue = FunctionValue | Global | Memory | Table;
  type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>;
  type Exports = Readonly<Record<string, ExportValue>>;

  interface MemoryDescriptor {
    readonly initial: Address;
    readonly maximum?: Address;
    readonly shared?: boolean;
    readonly address?: AddressType;
  }

  interface TableDescriptor {
    readonly element: 'anyfunc' | 'externref';
    readonly initial: Address;
    readonly maximum?: Address;
    readonly address?: AddressType;
  }

  interface GlobalDescriptor {
    readonly value: ValueType;
    readonly mutable?: boolean;
  }

  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: ExternalKind;
  }

  interface ModuleImportDescriptor extends ModuleExportDescriptor {
    readonly module: string;
  }

  interface InstantiatedSource {
    readonly instance: Instance;
    readonly module: Module;
  }

  class Module {
    constructor(bytes: ArrayBufferView | ArrayBuffer);
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor);
    /** Detached by each growth: read it again after anything that may grow the memory. */
    readonly buffer: ArrayBuffer;
    /** Pages before the growth, in the memory's own address type. */
    grow(pages: Address): Address;
  }

  class Table {
    constructor(descriptor: TableDescriptor, value?: unknown);
    readonly length: Address;
    get(index: Address): FunctionValue | null;
    set(index: Address, value?: unknown): void;
    grow(elements: Address, value?: unknown): Address;
  }

  class Global {
    constructor(descriptor: GlobalDescriptor, value?: number | bigint);
    value: number | bigint;
    valueOf(): number | bigint;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  /** A trap: unreachable, out of bounds, division by zero, a call through a pointer of another type. */
  class RuntimeError extends Error {}

  function validate(bytes: ArrayBufferView | ArrayBuffer): boolean;
  function compile(bytes: ArrayBufferView | ArrayBuffer): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function instantiate(bytes: ArrayBufferView | ArrayBuffer, imports?: Imports): Promise<InstantiatedSource>;
}
