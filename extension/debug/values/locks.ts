/** Locks that are held: what they are called where the run stands, what kind they are, and which line took them. */
import type { KernelLock } from '../../core/debug/kernel.js';
import type { PlacedVariable, StoppedView } from '../../core/debug/view.js';
import { type Type, targetOf } from '../expressions/types.js';
import { addressText } from './addresses.js';
import { addressNote, locationOf, placeText } from './addressNotes.js';
import type { Item } from './items.js';
import type { Renderer } from './render.js';
import { typeNames } from './scalars.js';

const KINDS: Readonly<Record<KernelLock['kind'], string>> = {
  spin: 'spin lock',
  spinShared: 'spin lock, shared',
  spinExclusive: 'spin lock, exclusive',
  mutex: 'fast mutex',
  resource: 'resource',
  push: 'push lock',
  wait: 'wait lock',
};
const LOCK_TYPES: ReadonlySet<string> = new Set([
  ...['KSPIN_LOCK', 'EX_SPIN_LOCK', 'EX_PUSH_LOCK', 'FAST_MUTEX', '_FAST_MUTEX', 'KGUARDED_MUTEX', '_KGUARDED_MUTEX'],
  ...['ERESOURCE', '_ERESOURCE'],
]);

function isLock(type: Type): boolean {
  return typeNames(type).some((name) => LOCK_TYPES.has(name));
}

/** A held lock's own words say little: who holds it says more. */
export function heldText({ kernel, view }: Renderer, type: Type, address: number): string | undefined {
  const lock = isLock(type) ? kernel.locks.find((each) => each.address === address) : undefined;
  return lock === undefined ? undefined : `held, ${lockText(view, lock)}`;
}

/** `spin lock, taken at NicChannel.c:120`. */
function lockText(view: StoppedView, { kind, location }: KernelLock): string {
  const where = placeText(view, location);
  return `${KINDS[kind]}${where === undefined ? '' : `, taken at ${where}`}`;
}

/** As an expression where a variable leads to it, else by what it lies in. */
function lockName(renderer: Renderer, { address }: KernelLock): string {
  const { view } = renderer;
  const named = [...view.frames.flatMap((frame) => view.variables(frame)), ...view.globals(view.frames[0])];
  for (const variable of named) {
    const name = nameThrough(renderer, variable, address);
    if (name !== undefined) return name;
  }
  return addressNote(view, renderer.kernel, address) ?? addressText(address);
}

function nameThrough(
  { types, memory }: Renderer,
  { name, type: id, address: at, declared, shadowed }: PlacedVariable,
  address: number,
): string | undefined {
  if (at === 0 || !declared || shadowed) return undefined;
  const type = types.byId(id);
  const own = memberAt(type, address - at);
  if (own !== undefined) return `${name}${own}`;
  const target = targetOf(type);
  if (type.shape.kind !== 'pointer' || target === undefined || !memory.readable(at, 8)) return undefined;
  const led = Number(memory.u64(at));
  const member = memberAt(target, address - led);
  // What lies behind a handle of WDF is not the driver's to know.
  if (member === undefined) return led === address ? name : undefined;
  return member === '' ? `*${name}` : `${name}->${member.replace(/^\./, '')}`;
}

/** `.Queue.Lock`, `[3].Lock`, '' for the lock itself; undefined where no lock lies at that offset. */
function memberAt(type: Type, offset: number): string | undefined {
  if (offset < 0 || offset >= type.size) return undefined;
  if (offset === 0 && isLock(type)) return '';
  const { shape } = type;
  if (shape.kind === 'array' && shape.element.size > 0) {
    const member = memberAt(shape.element, offset % shape.element.size);
    return member === undefined ? undefined : `[${Math.floor(offset / shape.element.size)}]${member}`;
  }
  if (shape.kind !== 'record') return undefined;
  for (const field of shape.fields) {
    const member = field.bits === undefined ? memberAt(field.type, offset - field.offset) : undefined;
    if (member !== undefined) return field.name === '' ? member : `.${field.name}${member}`;
  }
  return undefined;
}

export function lockItem(renderer: Renderer, lock: KernelLock): Item {
  const location = locationOf(renderer.view, lock.location);
  return {
    name: lockName(renderer, lock),
    text: lockText(renderer.view, lock),
    memoryAddress: lock.address,
    virtual: true,
    ...(location === undefined ? {} : { declaration: { file: location.file, line: location.line } }),
  };
}
