/** Mirrors wdk/runtime/debug.h; layout.test.ts compares the two. */
export const DEBUG_CONTROL = 0x1800;
export const DEBUG_FLAGS = 0x2000;
export const DEBUG_RING = 0x4000;
export const DEBUG_BASES = 0x8000;
export const DEBUG_FLAG_COUNT = 8192;
export const DEBUG_RING_SIZE = 2048;
export const DEBUG_WATCHES = 16;
export const DEBUG_WATCHED_BYTES = 64;
/** By all data breakpoints together. */
export const MOST_WATCHED_BYTES = DEBUG_WATCHES * DEBUG_WATCHED_BYTES;

export const FLAG_STOP = 1;
export const FLAG_DESCRIBED = 2;
/** Bit of a site: a call has come back. */
export const RESUME = 0x80000000;

/** VSP_DEBUG_AT_*. */
export const AT = { TARGET: 1, FLAG: 2, DEPTH: 4, WATCH: 8, RECORD: 16 } as const;

/** struct vsp_debug. */
export const CONTROL = {
  count: 0,
  next: 8,
  target: 16,
  records: 24,
  match: 32,
  match_depth: 40,
  depth: 44,
  active: 48,
  watches: 52,
  watched: 56,
} as const;
/** struct vsp_debug_watch. */
export const WATCH = { address: 0, size: 8, hit: 12, bytes: 16 } as const;
export const WATCH_SIZE = 80;
/** Lowest address of the stack: frames' bases are counted from here, in units of 16 bytes. */
export const STACK_BOTTOM = 65536;
