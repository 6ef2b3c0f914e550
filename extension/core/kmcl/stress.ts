/**
 * A stress run: what it is given that an ordinary one is not goes into `struct vsp_stress` of wdk/runtime/stress.h before
 * the test begins, what came of it is read out at the end. stress.test.ts compares the offsets below with the compiler's
 * record layouts.
 */
import { NONE } from './layout.js';
import type { Machine } from './machine.js';
import { FAILING, type NotedRecord, type Stress, type StressObservation } from './stressing.js';

/** struct vsp_stress; a struct vsp_bytes is 24 bytes: address, bytes used, capacity. */
export const STRESS = {
  watch: 0,
  note: 4,
  force_chunk: 8,
  chunk_bytes: 12,
  larger: 16,
  smaller: 20,
  fail_what: 24,
  fail_at: 28,
  fail_status: 32,
  restore_at: 36,
  probe: 40,
  change_count: 44,
  changes: 48,
  literal: 56,
  counts: 64,
  restores: 76,
  current: 80,
  injected: 84,
  accepted: 88,
  returned: 92,
  sites: 96,
  records: 120,
  outcomes: 144,
  resaved: 168,
  restored: 192,
} as const;
export const STRESS_SIZE = 216;
export const STRESS_CHANGE = { size: 0, offset: 4, mask: 8, reserved: 12 } as const;
export const STRESS_CHANGE_SIZE = 16;
export const STRESS_SITE = { what: 0, at: 4, stack: 8, callback: 12 } as const;
export const STRESS_SITE_SIZE = 16;
export const STRESS_RECORD = { at: 0, channel: 4, packet: 8, size: 12, status: 16, callback: 20 } as const;
export const STRESS_RECORD_SIZE = 24;
export const STRESS_OUTCOME = { change: 0, status: 4, hash: 8, size: 16, reserved: 20 } as const;
export const STRESS_OUTCOME_SIZE = 24;
export const STRESS_RESAVED = { at: 0, status: 4, hash: 8, size: 16, reserved: 20 } as const;
export const STRESS_RESAVED_SIZE = 24;

/** STATUS_INSUFFICIENT_RESOURCES. */
const NO_RESOURCES = 0xc000009a;

/** After vsp_initialize, before driver code runs. */
export function configureStress(machine: Machine, stress: Stress): void {
  const at = fields(machine);
  const { note, chunkBuffer, larger, smaller, fails, restore } = stress;
  machine.setU32(at('watch'), 1);
  machine.setU32(at('note'), note === true ? 1 : 0);
  machine.setU32(at('force_chunk'), chunkBuffer === undefined ? 0 : 1);
  machine.setU32(at('chunk_bytes'), chunkBuffer ?? 0);
  machine.setU32(at('larger'), larger ?? 0);
  machine.setU32(at('smaller'), smaller ?? 0);
  machine.setU32(at('fail_what'), fails === undefined ? NONE : FAILING.indexOf(fails.what));
  machine.setU32(at('fail_at'), fails?.at ?? 0);
  machine.setU32(at('fail_status'), NO_RESOURCES);
  if (restore === undefined) return;
  machine.setU32(at('restore_at'), restore.at);
  machine.setU32(at('probe'), restore.probe ? 1 : 0);
  const list = machine.native.vsp_stress_changes(Math.max(1, restore.changes.length));
  machine.setU32(at('change_count'), restore.changes.length);
  restore.changes.forEach(({ size, offset, mask }, index) => {
    const change = list + STRESS_CHANGE_SIZE * index;
    machine.setU32(change + STRESS_CHANGE.size, size);
    machine.setU32(change + STRESS_CHANGE.offset, offset ?? 0);
    machine.setU32(change + STRESS_CHANGE.mask, mask ?? 0);
  });
  if (restore.literal !== undefined) {
    machine.setU32(list + STRESS_CHANGE.size, restore.literal.length);
    machine.bytes.set(restore.literal, machine.native.vsp_stress_literal(restore.literal.length));
  }
}

/** The probe that is tried now, null outside. */
export function currentChange(machine: Machine): number | null {
  const current = machine.u32(fields(machine)('current'));
  return current === NONE ? null : current;
}

/** `stack` gives the frames of a stack C kept. */
export function observeStress(machine: Machine, stack: (id: number) => readonly number[]): StressObservation {
  const at = fields(machine);
  const bytes = (field: keyof typeof STRESS): DataView => {
    const list = machine.slice(machine.pointer(at(field)), machine.pointer(at(field) + 8));
    return new DataView(list.buffer, list.byteOffset, list.byteLength);
  };
  return {
    injected: machine.u32(at('injected')),
    accepted: machine.u32(at('accepted')) !== 0,
    returned: machine.u32(at('returned')),
    current: currentChange(machine),
    sites: rows(bytes('sites'), STRESS_SITE_SIZE, (view, base) => ({
      what: FAILING[view.getUint32(base + STRESS_SITE.what, true)] ?? 'allocation',
      at: view.getUint32(base + STRESS_SITE.at, true),
      frames: stack(view.getUint32(base + STRESS_SITE.stack, true)),
      inCallback: view.getUint32(base + STRESS_SITE.callback, true) !== 0,
    })),
    records: records(bytes('records')),
    outcomes: rows(bytes('outcomes'), STRESS_OUTCOME_SIZE, (view, base) => ({
      change: view.getUint32(base + STRESS_OUTCOME.change, true),
      status: view.getUint32(base + STRESS_OUTCOME.status, true),
      hash: view.getBigUint64(base + STRESS_OUTCOME.hash, true),
      size: view.getUint32(base + STRESS_OUTCOME.size, true),
    })),
    resaved: rows(bytes('resaved'), STRESS_RESAVED_SIZE, (view, base) => ({
      at: view.getUint32(base + STRESS_RESAVED.at, true),
      status: view.getUint32(base + STRESS_RESAVED.status, true),
      hash: view.getBigUint64(base + STRESS_RESAVED.hash, true),
      size: view.getUint32(base + STRESS_RESAVED.size, true),
    })),
  };
}

function fields(machine: Machine): (field: keyof typeof STRESS) => number {
  const base = machine.native.vsp_stress_address();
  return (field) => base + STRESS[field];
}

function rows<Row>(view: DataView, size: number, read: (view: DataView, base: number) => Row): Row[] {
  return Array.from({ length: Math.floor(view.byteLength / size) }, (_, index) => read(view, index * size));
}

function records(view: DataView): NotedRecord[] {
  const list: NotedRecord[] = [];
  for (let base = 0; base < view.byteLength; ) {
    const word = (field: keyof typeof STRESS_RECORD): number => view.getUint32(base + STRESS_RECORD[field], true);
    const size = word('size');
    const packet = word('packet');
    const start = base + STRESS_RECORD_SIZE;
    list.push({
      at: word('at'),
      channel: word('channel'),
      packet: packet === NONE ? null : packet,
      status: word('status'),
      callback: word('callback'),
      bytes: new Uint8Array(view.buffer, view.byteOffset + start, size).slice(),
    });
    base = start + ((size + 7) & ~7);
  }
  return list;
}
