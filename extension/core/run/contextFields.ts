/** The fields of packet contexts, flattened, and which other values each can be given (state-field-lost). */
import type { SkippedKind } from '../kmcl/differences.js';
import { recordOf, sameRecord } from '../kmcl/driverTypes.js';
import { FREE_MUTEX, HANDLE, KERNEL_OBJECT, LIST_ENTRY, LOCK, UNICODE_STRING } from '../kmcl/fieldKinds.js';
import { CHANGE_HOW, CONTEXT_TYPES, type FieldChange } from '../kmcl/vary.js';
import type { CompiledDriver, FieldInfo, TypeId, TypeInfo } from '../toolchain/module.js';
import { namesOfRecord, surestUses } from './plan.js';

/** Another value for a field; `type` is added where it is used. */
export type Change = Omit<FieldChange, 'type'>;

export interface Leaf {
  readonly name: string;
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  readonly skipped?: SkippedKind;
  /** Part of an element of an array of records: such arrays are rarely full. */
  readonly element?: true;
  /** In the order they are tried; none for a skipped field. */
  readonly changes: readonly Change[];
}

export interface ContextType {
  readonly id: TypeId;
  readonly name: string;
  readonly size: number;
  readonly leaves: readonly Leaf[];
}

/** More fields than that are not looked at: each costs a run or more. */
const MOST_LEAVES = 256;
const MOST_DEPTH = 16;

const CONTEXT_APIS = ['VmbPacketGetPointer', 'VmbPacketGetInlinePacketContextPointer'] as const;

type RecordType = TypeInfo & { readonly kind: 'record' };

/** Record types that a packet's pointer or inline context is used as, or the one the run was told. */
export function contextTypes(driver: CompiledDriver, chosen: TypeId | undefined): readonly ContextType[] {
  const uses = CONTEXT_APIS.flatMap((api) => surestUses(driver.pointerUses, api)).map(({ type }) => type);
  const records = (chosen === undefined ? uses : [chosen]).flatMap((type) => {
    const record = recordOf(driver, type);
    return record === undefined ? [] : [sameRecord(driver, record)];
  });
  return [...new Set(records)].slice(0, CONTEXT_TYPES).flatMap((id) => {
    const type = driver.types[id];
    if (type?.kind !== 'record' || type.size === 0) return [];
    return [
      { id, name: namesOfRecord(driver, id)[0] ?? type.name, size: type.size, leaves: new Leaves(driver).of(id, type) },
    ];
  });
}

class Leaves {
  readonly #driver: CompiledDriver;
  readonly #leaves: Leaf[] = [];

  constructor(driver: CompiledDriver) {
    this.#driver = driver;
  }

  of(id: TypeId, record: RecordType): readonly Leaf[] {
    this.#record(id, record, '', 0, 0);
    return this.#leaves;
  }

  #resolve(id: TypeId): TypeInfo | undefined {
    let type = this.#driver.types[id];
    for (let level = 0; type?.kind === 'typedef' && level < 64; level++) type = this.#driver.types[type.target];
    return type;
  }

  #record(id: TypeId, record: RecordType, path: string, offset: number, depth: number): void {
    const transient = this.#transient(id);
    for (const field of record.fields) {
      const name = joined(path, field.name);
      const at = offset + field.offset;
      if (transient.has(field.name)) this.#skip(name, field.type, at, 'transient');
      else this.#field(field, name, at, depth);
    }
  }

  /** Fields that VSPLAB_TRANSIENT names of a record. */
  #transient(id: TypeId): ReadonlySet<string> {
    const { transients } = this.#driver;
    if (transients.length === 0) return new Set();
    const names = new Set(namesOfRecord(this.#driver, id));
    return new Set(transients.filter(({ record }) => names.has(record)).map(({ field }) => field));
  }

  #field({ type, bits }: FieldInfo, name: string, at: number, depth: number): void {
    if (bits === undefined) {
      this.#value(type, name, at, depth);
      return;
    }
    const size = sizeOf(this.#resolve(type));
    const lowest = 1n << BigInt(bits.start);
    const highest = 1n << BigInt(bits.start + bits.width - 1);
    const changes = [...new Set([lowest, highest])].map((value) => change(at, size, CHANGE_HOW.XOR, value));
    this.#add({ name, type: this.#spelled(type), offset: at, size, changes });
  }

  #value(id: TypeId, name: string, at: number, depth: number): void {
    const type = this.#resolve(id);
    const kind = this.#skippedKind(id, type);
    if (kind !== undefined) {
      this.#skip(name, id, at, kind);
      return;
    }
    switch (type?.kind) {
      case 'integer':
        this.#add({
          name,
          type: this.#spelled(id),
          offset: at,
          size: type.size,
          changes: this.#integer(id, at, type.size),
        });
        break;
      case 'enum':
        this.#add({ name, type: this.#spelled(id), offset: at, size: type.size, changes: enumeration(type, at) });
        break;
      case 'float': {
        const bit = type.size === 4 ? 1n << 22n : 1n << 51n;
        const changes = [change(at, type.size, CHANGE_HOW.XOR, bit)];
        this.#add({ name, type: this.#spelled(id), offset: at, size: type.size, changes });
        break;
      }
      case 'array':
        this.#array(id, type, name, at, depth);
        break;
      case 'record':
        this.#inner(id, type, name, at, depth);
        break;
      default:
        break;
    }
  }

  #inner(id: TypeId, type: RecordType, name: string, at: number, depth: number): void {
    if (depth >= MOST_DEPTH) return;
    if (!type.union) {
      this.#record(this.#recordId(id), type, name, at, depth + 1);
      return;
    }
    // Which member holds is the driver's business; a pointer among them makes the bytes mean nothing elsewhere.
    if (this.#holdsPointer(type, depth)) this.#skip(name, id, at, 'pointer');
    else this.#each(name, id, at, type.size);
  }

  #array(id: TypeId, type: TypeInfo & { readonly kind: 'array' }, name: string, at: number, depth: number): void {
    const element = this.#resolve(type.element);
    const kind = this.#skippedKind(type.element, element);
    if (kind !== undefined) {
      this.#skip(name, id, at, kind);
    } else if (element?.kind === 'record' || element?.kind === 'array') {
      const size = sizeOf(element);
      const first = this.#leaves.length;
      for (let index = 0; index < type.count && size > 0; index++)
        this.#value(type.element, `${name}[${index}]`, at + index * size, depth + 1);
      const leaves = this.#leaves.splice(first);
      this.#leaves.push(...leaves.map((leaf) => ({ ...leaf, element: true as const })));
    } else {
      this.#each(name, id, at, type.size);
    }
  }

  /** Bytes of one meaning: every one of them is changed. */
  #each(name: string, id: TypeId, at: number, size: number): void {
    this.#add({ name, type: this.#spelled(id), offset: at, size, changes: [change(at, size, CHANGE_HOW.EACH, 1n)] });
  }

  #skip(name: string, id: TypeId, offset: number, skipped: SkippedKind): void {
    const size = sizeOf(this.#resolve(id));
    this.#add({ name, type: this.#spelled(id), offset, size, skipped, changes: [] });
  }

  #add(leaf: Leaf): void {
    if (leaf.size > 0 && this.#leaves.length < MOST_LEAVES) this.#leaves.push(leaf);
  }

  /**
   * The lowest bit first: numbers stay as distinct as they are. Then one less, for lengths that must not grow; then a
   * bit further up, for what is saved in larger units.
   */
  #integer(id: TypeId, at: number, size: number): readonly Change[] {
    const lowest = change(at, size, CHANGE_HOW.XOR, 1n);
    if (this.#isNamed(id, /^BOOLEAN$|^bool$|^_Bool$/)) return [lowest];
    const coarse = size === 1 ? 0x10n : size === 2 ? 0x100n : 0x1000n;
    return [lowest, change(at, size, CHANGE_HOW.DOWN, 1n), change(at, size, CHANGE_HOW.XOR, coarse)];
  }

  #skippedKind(id: TypeId, type: TypeInfo | undefined): SkippedKind | undefined {
    if (this.#isNamed(id, HANDLE)) return 'handle';
    if (this.#isNamed(id, LOCK)) return 'lock';
    if (type?.kind === 'pointer') return 'pointer';
    if (type?.kind === 'function' || type === undefined) return 'pointer';
    if (type.kind !== 'record') return undefined;
    if (LIST_ENTRY.has(type.name)) return 'list';
    if (UNICODE_STRING.has(type.name)) return 'pointer';
    return KERNEL_OBJECT.test(type.name) || FREE_MUTEX.has(type.name) ? 'kernel object' : undefined;
  }

  /** Whether the type, or one of the typedefs it is made of, has such a name. */
  #isNamed(id: TypeId, pattern: RegExp): boolean {
    for (let at = id, level = 0; level < 64; level++) {
      const type = this.#driver.types[at];
      if (type !== undefined && pattern.test(type.name)) return true;
      if (type?.kind !== 'typedef') return false;
      at = type.target;
    }
    return false;
  }

  #holdsPointer(record: RecordType, depth: number): boolean {
    return record.fields.some(({ type: id }) => {
      const type = this.#resolve(id);
      if (this.#skippedKind(id, type) !== undefined) return true;
      const inner = type?.kind === 'array' ? this.#resolve(type.element) : type;
      return inner?.kind === 'record' && depth < MOST_DEPTH && this.#holdsPointer(inner, depth + 1);
    });
  }

  #recordId(id: TypeId): TypeId {
    const record = recordOf(this.#driver, id);
    return record === undefined ? id : sameRecord(this.#driver, record);
  }

  #spelled(id: TypeId): string {
    return this.#driver.types[id]?.name ?? '';
  }
}

function joined(path: string, name: string): string {
  return path === '' || name === '' ? path + name : `${path}.${name}`;
}

function change(offset: number, size: number, how: FieldChange['how'], value: bigint): Change {
  return { offset, size, how, value };
}

/** Another of the values it has names for. */
function enumeration({ values, size }: TypeInfo & { readonly kind: 'enum' }, at: number): readonly Change[] {
  const [first, second] = [...new Set(values.map(({ value }) => value))];
  if (first === undefined || second === undefined) return [change(at, size, CHANGE_HOW.XOR, 1n)];
  const low = BigInt.asUintN(32, BigInt(first));
  const high = BigInt.asUintN(32, BigInt(second)) << 32n;
  return [change(at, size, CHANGE_HOW.SET, high | low)];
}

function sizeOf(type: TypeInfo | undefined): number {
  if (type === undefined) return 0;
  return type.kind === 'pointer' ? 8 : 'size' in type ? type.size : 0;
}
