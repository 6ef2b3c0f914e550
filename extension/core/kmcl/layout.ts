/**
 * Mirrors the structures of wdk/runtime/vsp.h: byte offsets on x64. layout.test.ts compares them with the compiler's
 * record layouts.
 */

/** struct vsp_lasting. */
export const LASTING = {
  time: 0,
  random: 8,
  bugcheck: 16,
  memory_limit: 56,
  records: 64,
  record_count: 72,
  capture_limit: 76,
  checks: 80,
  trace: 84,
  channel: 88,
  packet: 92,
  pass: 96,
  callback: 100,
  irql: 104,
  spin_locks: 108,
  in_library: 112,
  fail_skip: 116,
  fail_count: 120,
  modes: 124,
  fill: 380,
  chunk_buffer: 384,
  simulator: 392,
  save_buffer: 400,
  library_buffer: 408,
  save_size: 416,
  library_size: 420,
} as const;
export const LASTING_SIZE = 424;
export const LASTING_MODES = 64;

/** struct vsp_packet_record. */
export const PACKET_RECORD = {
  stream_offset: 0,
  channel: 8,
  kind: 12,
  flags: 16,
  query_status: 20,
  query_needed: 24,
  write_size: 28,
  write_status: 32,
  write_needed: 36,
  written: 40,
  uninitialised: 44,
  state_bytes: 48,
  library_bytes: 52,
  restore_status: 56,
  restore_read: 60,
} as const;
export const PACKET_RECORD_SIZE = 64;

/** VSP_RECORD_* bits of a packet record's flags. */
export const RECORD_FLAGS = {
  IN_FLIGHT: 0x1,
  WRITE_CALLED: 0x2,
  NEEDED_UNSET: 0x4,
  RESTORED: 0x8,
  STUBBED: 0x10,
  MEASURED: 0x20,
} as const;

/** struct vsp_store_run. */
export const STORE_RUN = { offset: 0, length: 4, stack: 8, store_offset: 12, store_size: 16 } as const;
export const STORE_RUN_SIZE = 20;

/** struct vsp_event_record. */
export const EVENT_RECORD = {
  kind: 0,
  api: 2,
  location: 4,
  object: 8,
  a: 16,
  b: 24,
  channel: 32,
  packet: 36,
} as const;
export const EVENT_RECORD_SIZE = 40;

/** VSP_NONE: no channel, no packet. */
export const NONE = 0xffffffff;
/** VSP_MAX_FRAMES. */
export const MAX_FRAMES = 16384;
/** VSP_LIBRARY_FRAME: this frame is a library function; the other bits are its api id. */
export const LIBRARY_FRAME = 0x80000000;

/** enum vsp_fault_kind. */
export const FAULT = {
  OUT_OF_BOUNDS: 1,
  USE_AFTER_FREE: 2,
  DOUBLE_FREE: 3,
  NULL: 4,
  WILD: 5,
  STACK_OVERFLOW: 6,
  OUT_OF_MEMORY: 7,
  TIMEOUT: 8,
  BUGCHECK: 9,
  DEADLOCK: 10,
  UNSUPPORTED: 11,
  BAD_FREE: 12,
  DIVIDE: 13,
  ASSERT: 14,
  /** Not in vsp.h: found by TypeScript alone. A wasm trap that has no better name, address = the pointer called. */
  TRAP: 100,
  /** A stub was called although stubs are denied. */
  STUB: 101,
} as const;
export type FaultKind = (typeof FAULT)[keyof typeof FAULT];

/** VSP_ACCESS_WRITE: detail of a memory fault; reads have 0. */
export const ACCESS_WRITE = 1;

/** enum vsp_pass. */
export const PASS = { NONE: 0, QUERY: 1, WRITE: 2, RESTORE: 3 } as const;
/** enum vsp_checks. */
export const CHECKS = { off: 0, contract: 1, full: 2 } as const;

/** enum vsp_event_kind. */
export const EVENT = {
  CALL: 1,
  RETURN: 2,
  CALLBACK: 3,
  CALLBACK_RETURN: 4,
  STATE: 5,
  PACKET: 6,
  CHUNK: 7,
  GUEST: 8,
  BREACH: 9,
  CHANNEL: 10,
} as const;

/** struct vsp_chunk_record of kmcl.h: one SaveContinue call. */
export const CHUNK_RECORD = { channel: 0, save: 4, buffer_size: 8, filled: 12, required: 16, status: 20 } as const;
export const CHUNK_RECORD_SIZE = 24;
/** struct vsp_save_record of kmcl.h: one SaveBegin that succeeded. */
export const SAVE_RECORD = {
  channel: 0,
  save: 4,
  packets: 8,
  record_base: 12,
  bytes: 16,
  save_callback: 24,
  restore_callback: 28,
} as const;
export const SAVE_RECORD_SIZE = 32;
/** enum vsp_log_id. */
export const LOG = { EVENTS: 0, CHUNKS: 1, SAVES: 2 } as const;

/** enum vsp_field. */
export const FIELD = {
  ENABLED: 1,
  OPEN: 2,
  STARTED: 3,
  TRANSMIT: 4,
  PROCESSING: 5,
  SUSPENDED: 6,
  SERVER: 10,
  PARENT: 11,
  MAX_PACKET_SIZE: 12,
  MAX_EXTERNAL_DATA: 13,
  MAX_CHAIN_LENGTH: 14,
  CLIENT_CONTEXT_SIZE: 15,
  INLINE_CONTEXT_SIZE: 16,
  MAX_PACKET_COUNT: 17,
  QUOTA: 18,
  PASSIVE: 19,
  FLAGS: 20,
  SERVER_FLAGS: 21,
  VTL: 22,
  RING_SIZE: 23,
  INDEX: 24,
  LOCATION: 25,
  POINTER: 40,
  OUTSTANDING: 41,
  IN_USE: 42,
  QUEUED: 43,
  FAILED: 44,
  SAVING: 45,
  RESTORING: 46,
  ALLOCATED: 47,
  RESTORED: 48,
  IN_CALLBACK: 49,
  PENDING_WORK: 50,
  SAVE_LOCATION: 51,
  ASKED_IN_VAIN: 52,
} as const;
export type Field = keyof typeof FIELD;

/** struct vsp_description of wdk/runtime/describe.h. */
export const DESCRIPTION = {
  kind: 0,
  tag: 4,
  start: 8,
  size: 16,
  offset: 24,
  allocated_stack: 32,
  freed_stack: 36,
  name: 40,
  name_length: 48,
  flags: 56,
  shadow: 60,
  line: 64,
  reserved: 72,
} as const;
export const DESCRIPTION_SIZE = 80;
/** enum vsp_describe_kind. */
export const DESCRIBED = {
  NOTHING: 0,
  BLOCK: 1,
  FREED: 2,
  GLOBAL: 3,
  STACK: 4,
  NULL: 5,
  RUNTIME: 6,
  LIBRARY: 7,
  CALLBACK: 8,
  CHANNEL: 9,
  PACKET: 10,
  CONTEXT: 11,
  COMPLETION: 12,
} as const;

/** enum vsp_arena. */
export const ARENA = { HOST: 0, LASTING: 1 } as const;

/** KIRQL. */
export const IRQL = { PASSIVE: 0, APC: 1, DISPATCH: 2 } as const;
