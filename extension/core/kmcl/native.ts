/** The C half as TypeScript sees it: exports of the linked module (vsp.h, kmcl.h, describe.h) by name and signature. */
import { fromWasm, parametersOf, type Signature, toWasm, type WasmValue } from './signature.js';

const NATIVE = {
  vsp_lasting_address: 'p:',
  vsp_frames_address: 'p:',
  vsp_depth_address: 'p:',
  vsp_budget_address: 'p:',
  vsp_called_address: 'p:',
  vsp_initialize: 'v:',
  vsp_snapshot_globals: 'v:',
  vsp_restart_host: 'v:',
  vsp_allocate: 'p:up',
  vsp_free: 'v:upp',
  vsp_user_allocate: 'p:upu',
  vsp_user_free: 'v:up',
  vsp_poison: 'v:ppb',
  vsp_unpoison: 'v:pp',
  vsp_event: 'v:uuppp',
  vsp_check_read: 'v:pp',
  vsp_check_write: 'v:pp',
  vsp_random: 'p:',
  vsp_fail_next: 'u:ps',
  vsp_object_signaled: 'u:pp',
  vsp_object_acquire: 'v:pp',
  vsp_object_signal: 'v:p',
  vsp_thread_create: 'p:',
  vsp_mark_begin: 'v:',
  vsp_mark_object: 'v:pp',
  vsp_mark_value: 'v:p',
  vsp_mark_reachable: 'v:',
  vsp_is_reached: 'u:p',
  vsp_pool_first: 'p:',
  vsp_pool_next: 'p:',
  vsp_describe: 'p:p',
  vsp_stack: 'p:u',
  VmbSizeofChannel: 'u:',
  vsp_channel_create: 'p:pup',
  vsp_channel_destroy: 'v:p',
  vsp_mark_stubbed: 'v:',
  vsp_channel_next: 'p:p',
  vsp_incoming_next: 'p:pp',
  vsp_reference_next: 'p:p',
  vsp_channel_get: 'p:pu',
  vsp_channel_set: 'v:pup',
  vsp_channel_set_process_callbacks: 'v:puppp',
  vsp_channel_set_save_callbacks: 'v:puppp',
  vsp_channel_open: 'v:p',
  vsp_channel_close: 'v:p',
  vsp_channel_process: 'u:p',
  vsp_channels_process: 'u:',
  vsp_channel_cancel: 'v:pu',
  vsp_channel_write_now: 'u:ppu',
  vsp_sync_send: 'p:ppupu',
  vsp_sync_done: 'u:p',
  vsp_sync_status: 's:p',
  vsp_sync_finish: 'u:ppu',
  vsp_packet_next: 'p:pp',
  vsp_channels_abandon: 'v:',
  vsp_guest_set_ring_size: 'u:pu',
  vsp_packets_send: 'u:puupp',
  vsp_packets_send_cloned: 'u:puuppuppu',
  vsp_packets_forget_contexts: 'v:',
  VspLabGuestCompleteAll: 'v:p',
  VmbChannelSetPointer: 'v:pp',
  vsp_state_next: 'p:p',
  vsp_state_save: 'u:pup',
  vsp_state_restore: 'u:pp',
  vsp_state_free: 'v:p',
  vsp_state_compare: 'u:ppupp',
  vsp_log_count: 'p:u',
  vsp_log_per_block: 'u:u',
  vsp_events_dropped: 'p:',
  vsp_spin_locks_forget: 'v:u',
  vsp_held_lock: 'p:u',
  vsp_log_block: 'p:uu',
  vsp_guest_bend: 'v:uu',
  vsp_guest_packets: 'u:',
  vsp_guest_packet_length: 'u:',
  vsp_interface_references: 'u:',
  vsp_vary_address: 'p:',
  vsp_vary_changes: 'p:u',
  vsp_vary_round_trip: 'v:p',
  vsp_flow_status: 'v:u',
  vsp_stress_address: 'p:',
  vsp_stress_changes: 'p:u',
  vsp_stress_literal: 'p:u',
  vsp_stress_fails: 'u:u',
  vsp_stress_starts: 'v:p',
  vsp_planned_failures: 'u:',
  vsp_interface_location: 'u:',
  vsp_shadow_at: 'b:p',
  vsp_debug_writer: 'u:u',
} as const satisfies Record<string, Signature>;

export type NativeName = keyof typeof NATIVE;

/**
 * Names a linked module has to export for the simulator, besides memory, table, `__stack_pointer` and
 * `__wasm_call_ctors`.
 */
export const NATIVE_EXPORTS: readonly NativeName[] = Object.keys(NATIVE) as NativeName[];

/** The C functions; numbers in, a number out (0 for none). A function the module lacks throws when it is called. */
export type Native = { readonly [Name in NativeName]: (...parameters: number[]) => number };

/** Binds the exports. `run` wraps each call: the machine turns traps into faults there. */
export function bindNative(exports: WebAssembly.Exports, run: (call: () => WasmValue) => WasmValue): Native {
  const bound: Partial<Record<NativeName, (...parameters: number[]) => number>> = {};
  for (const name of NATIVE_EXPORTS) {
    const signature: Signature = NATIVE[name];
    const parameters = parametersOf(signature);
    const target = exports[name] as ((...values: WasmValue[]) => WasmValue) | undefined;
    bound[name] = (...values: number[]): number => {
      if (target === undefined) {
        throw new TypeError(`the module does not export ${name}`);
      }
      const converted = values.map((value, index) => toWasm(parameters[index] ?? 'u', value));
      return fromWasm(
        signature[0] as string,
        run(() => target(...converted)),
      );
    };
  }
  return bound as Native;
}
