/*
 * The contract inside a module: between instrumented driver code, our C and TypeScript.
 *
 * Compiled for the MSVC x64 ABI and retargeted to wasm64 like the driver itself, and natively by gcc or clang for the
 * benchmark's other half, so nothing here may depend on the width of `long` or on compiler extensions.
 * extension/core/kmcl/layout.ts mirrors the structures below.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* ---- Positions and budget: written by instrumented code (toolchain/passes/instrument.ts) ------------------------- */

#define VSP_MAX_FRAMES 16384u
#define VSP_LIBRARY_FRAME 0x80000000u /* | enum vsp_api: a library function is on the stack here */

extern uint32_t vsp_frames[VSP_MAX_FRAMES]; /* location id of each live frame; slot 0 is never used */
extern uint32_t vsp_depth;                  /* index of the innermost live frame */
extern int64_t vsp_budget;                  /* units left; a back-edge or call costs one */
extern const void *vsp_called;              /* function pointer of the last call through one: a trap does not tell it */

_Noreturn void vsp_out_of_frames(void); /* depth reached VSP_MAX_FRAMES: run-stack-overflow */
_Noreturn void vsp_out_of_budget(void); /* run-timeout, at the loop's head */

/* What takes long in our C costs as much as a loop of the driver's that takes as long: a loop over it must end too. */
static inline void vsp_spend(uint64_t units)
{
    vsp_budget -= (int64_t)units;
    if (vsp_budget < 0) {
        vsp_out_of_budget();
    }
}

/* Before our C calls a function of the driver's through a pointer: chains of callbacks that never end must end too. */
static inline void vsp_calls(const void *function)
{
    vsp_called = function;
    vsp_spend(1);
}

/* ---- Faults and breaches ----------------------------------------------------------------------------------------- */

enum vsp_fault_kind {
    VSP_FAULT_OUT_OF_BOUNDS = 1, /* address, size, detail = VSP_ACCESS_* */
    VSP_FAULT_USE_AFTER_FREE = 2,
    VSP_FAULT_DOUBLE_FREE = 3, /* address = block */
    VSP_FAULT_NULL = 4,        /* address < 64 KiB */
    VSP_FAULT_WILD = 5,        /* outside everything that was ever handed out */
    VSP_FAULT_STACK_OVERFLOW = 6,
    VSP_FAULT_OUT_OF_MEMORY = 7, /* size = bytes asked for */
    VSP_FAULT_TIMEOUT = 8,
    VSP_FAULT_BUGCHECK = 9, /* address = code; parameters in vsp_lasting.bugcheck */
    VSP_FAULT_DEADLOCK = 10,
    VSP_FAULT_UNSUPPORTED = 11, /* address = PCSTR what */
    VSP_FAULT_BAD_FREE = 12,    /* never a block, or the tag differs (size = given tag, detail = block's tag) */
    VSP_FAULT_DIVIDE = 13,
    VSP_FAULT_ASSERT = 14, /* address = PCSTR text: NT_ASSERT, fast-fail, __debugbreak; size = VSP code */
};
/* Of an access the detail has, above these, how many of its bytes lie before the first that may not be touched. */
#define VSP_ACCESS_CLOSED_SHIFT 8u
#define VSP_ACCESS_READ 0u
#define VSP_ACCESS_WRITE 1u

/* Import. Ends the test: TypeScript throws through every wasm frame. */
_Noreturn void vsp_fault(uint32_t kind, uint64_t address, uint64_t size, uint64_t detail);

/* Import. A rule of kmcl-facts section 7 was broken; `rule` is an index of rules.h (generated from the catalogue).
 * Returns. */
void vsp_breach(uint32_t rule, uint64_t object, uint64_t detail);

/* Import. Text of DbgPrint and VSPLAB_LOG: `length` bytes of UTF-8. */
void vsp_print(const char *text, uint64_t length);

/* Import. Runs everything runnable at the simulated time (unless held): called by C after the guest has acted. */
void vsp_run_pending(void);

/* ---- State TypeScript and C share -------------------------------------------------------------------------------- */

enum vsp_pass { VSP_PASS_NONE = 0, VSP_PASS_QUERY = 1, VSP_PASS_WRITE = 2, VSP_PASS_RESTORE = 3 };
enum vsp_checks { VSP_CHECKS_OFF = 0, VSP_CHECKS_CONTRACT = 1, VSP_CHECKS_FULL = 2 };

/* Survives VspLabRestartHost. TypeScript finds it through the export vsp_lasting_address(). */
struct vsp_lasting {
    uint64_t time;            /* simulated interrupt time, 100 ns units */
    uint64_t random;          /* state of the seeded generator (never 0) */
    uint64_t bugcheck[5];     /* code and four parameters of KeBugCheckEx */
    uint64_t memory_limit;    /* bytes of linear memory, set by TypeScript before vsp_initialize */
    uint64_t records;         /* address of the first save's struct vsp_packet_record array */
    uint32_t record_count;    /* entries in it (over all channels) */
    uint32_t capture_limit;   /* packets whose state bytes are handed out by vsp_capture_state */
    uint32_t checks;          /* enum vsp_checks */
    uint32_t trace;           /* nonzero: vsp_event records */
    uint32_t channel;         /* context of the callback now running: channel index, VSP_NONE outside */
    uint32_t packet;          /* packet index within the channel's first save, VSP_NONE outside */
    uint32_t pass;            /* enum vsp_pass */
    uint32_t callback;        /* enum vsp_api of the callback now running, 0 outside */
    uint32_t irql;            /* KIRQL */
    uint32_t spin_locks;      /* spin locks held */
    uint32_t in_library;      /* nesting of save/restore/pause calls: > 0 inside a library call that calls back */
    uint32_t fail_skip;       /* VspLabFailAllocations: allocations that still succeed... */
    uint32_t fail_count;      /* ...and then fail */
    uint32_t modes[64];       /* chosen reading of each ambiguity, indexed by enum vsp_mode (modes.h) */
    uint32_t fill;            /* byte that fresh memory is filled with */
    uint32_t chunk_buffer;    /* used where VspLabSave got 0; 0 = 4096 and growing */
    uint64_t simulator;       /* address of struct vsp_simulator (kmcl/kmcl.h), 0 before first use */
    uint64_t save_buffer;     /* SaveBuf of the save or restore callback now running, 0 outside... */
    uint64_t library_buffer;  /* ...LibBuf of a restore callback... */
    uint32_t save_size;       /* ...and their sizes: a fault's address can be told by them */
    uint32_t library_size;
};
#define VSP_NONE 0xFFFFFFFFu
extern struct vsp_lasting vsp_lasting;

/* What the first save and its restore measured of one packet; one 64-byte entry per packet, in save order. */
struct vsp_packet_record {
    uint64_t stream_offset;  /* of this packet's chunk in the channel's save stream */
    uint32_t channel;        /* channel index */
    uint32_t kind;           /* completion routine as function-table index */
    uint32_t flags;          /* VSP_RECORD_* */
    uint32_t query_status;
    uint32_t query_needed;   /* BytesNeeded after the query */
    uint32_t write_size;     /* SaveBufSize of the write pass */
    uint32_t write_status;
    uint32_t write_needed;
    uint32_t written;        /* distinct bytes stored in [0, needed) */
    uint32_t uninitialised;  /* persisted bytes never written */
    uint32_t state_bytes;    /* bytes persisted for the VSP */
    uint32_t library_bytes;  /* bytes persisted for the library (simulated format) */
    uint32_t restore_status;
    uint32_t restore_read;   /* distinct saved bytes read by RestorePacket, VSP_NONE: not measured */
};
#define VSP_RECORD_IN_FLIGHT 0x1u       /* else queued */
#define VSP_RECORD_WRITE_CALLED 0x2u    /* the second pass happened */
#define VSP_RECORD_NEEDED_UNSET 0x4u    /* query left BytesNeeded untouched (S-06) */
#define VSP_RECORD_RESTORED 0x8u        /* restore_* are valid */
#define VSP_RECORD_STUBBED 0x10u        /* a stub was called for this packet */
#define VSP_RECORD_MEASURED 0x20u       /* written and uninitialised were measured (checks on) */

/* Import. State bytes of record `index`, once its write pass is through; called for index <
 * vsp_lasting.capture_limit. */
void vsp_capture_state(uint32_t index, const void *bytes, uint64_t size);

/* Neighbouring bytes of SaveBuf that one store wrote last, or stores from one place side by side. */
struct vsp_store_run {
    uint32_t offset;
    uint32_t length;
    uint32_t stack;        /* vsp_stack id of the store */
    uint32_t store_offset; /* what it wrote, later stores over it disregarded */
    uint32_t store_size;
};
/* Import. By offset, gaps were never written; called after vsp_capture_state where stores were noted. */
void vsp_capture_stores(uint32_t index, const struct vsp_store_run *runs, uint64_t count);

/* ---- Event log: the run as binary columns; time is an index into it ---------------------------------------------- */

/* One event, 40 bytes. `kind` is enum vsp_event_kind, `api` enum vsp_api. */
struct vsp_event_record {
    uint16_t kind;
    uint16_t api;
    uint32_t location; /* innermost user location id when it happened, 0 outside user code */
    uint64_t object;   /* channel, packet, block ... handle */
    uint64_t a;
    uint64_t b;
    uint32_t channel;  /* channel index or VSP_NONE */
    uint32_t packet;   /* packet index or VSP_NONE */
};
enum vsp_event_kind {
    VSP_EVENT_CALL = 1,     /* driver called api; object = handle, a and b = first arguments that matter */
    VSP_EVENT_RETURN = 2,   /* ...and it answered a (status or value) */
    VSP_EVENT_CALLBACK = 3, /* library calls callback api; a, b = arguments that matter */
    VSP_EVENT_CALLBACK_RETURN = 4, /* a = status, b = BytesNeeded for save callbacks */
    VSP_EVENT_STATE = 5,    /* channel object changed axes: a = old, b = new (enum vsp_axis bits) */
    VSP_EVENT_PACKET = 6,   /* outgoing packet object changed state: a = old, b = new (enum vsp_packet_state) */
    VSP_EVENT_CHUNK = 7,    /* SaveContinue emitted: a = bytes, b = status */
    VSP_EVENT_GUEST = 8,    /* guest acted: api = fixture function */
    VSP_EVENT_BREACH = 9,   /* a = rule index, b = detail */
    VSP_EVENT_CHANNEL = 10, /* a channel came to be: object = handle, a = its index, b = server */
};
void vsp_event(uint32_t kind, uint32_t api, uint64_t object, uint64_t a, uint64_t b);

/* ---- Memory (wdk/runtime/memory.c, shadow.c) --------------------------------------------------------------------- */

enum vsp_arena { VSP_ARENA_HOST = 0, VSP_ARENA_LASTING = 1 };

/* Once per instance, before constructors; memory_limit, checks, fill and random are set. */
void vsp_initialize(void);
/* Once, after the constructors. */
void vsp_snapshot_globals(void);
/* Gives back the host arena and rewrites all globals from the snapshot, except vsp_lasting, frames, depth, budget and
 * struct vsp_kept of wdk/runtime/internal.h. */
void vsp_restart_host(void);
struct vsp_lasting *vsp_lasting_address(void); /* exports for TypeScript, as the next four */
uint32_t *vsp_frames_address(void);
uint32_t *vsp_depth_address(void);
int64_t *vsp_budget_address(void);
const void **vsp_called_address(void);

/* VspLabFailAllocations: counts one allocation and tells whether it is to fail (pool.c). */
int vsp_allocation_fails(void);
int vsp_planned_allocation_fails(void); /* the same, of one that stress counts by itself */

/* VspLabFailNext: plans that the next call of the function fails with `status`; 0 = no function of ours
 * (failures.h). */
uint32_t vsp_fail_next(const char *function, int32_t status);

/* Internal memory, 16-aligned, zeroed; never visible to the driver (its shadow stays poisoned). */
void *vsp_allocate(enum vsp_arena arena, uint64_t size);
void vsp_free(enum vsp_arena arena, void *block, uint64_t size);

/* Memory the driver may touch. Poisoned outside [p, p+size) when checks are on; filled with vsp_lasting.fill. */
void *vsp_user_allocate(enum vsp_arena arena, uint64_t size, uint32_t tag);
void vsp_user_free(enum vsp_arena arena, void *block); /* quarantined when checks are on */

void vsp_poison(const void *p, uint64_t size, uint8_t why); /* VSP_POISON_*; no-ops when checks are off */
void vsp_unpoison(const void *p, uint64_t size);
#define VSP_POISON_HEAP 0xFAu     /* redzone or never handed out */
#define VSP_POISON_FREED 0xFDu    /* freed pool block */
#define VSP_POISON_INTERNAL 0xFEu /* library object */
#define VSP_POISON_CALLBACK 0xFCu /* SaveBuf, LibBuf, packet buffer after its life ended */

/* A library function is about to touch driver memory: faults like an access of the driver's own (NULL even without
 * checks). */
void vsp_check_read(const void *p, uint64_t size);
void vsp_check_write(const void *p, uint64_t size);

/* Leak search, checks on (wdk/runtime/reach.c): vsp_mark_begin, vsp_mark_value for each root, vsp_mark_reachable, then
 * vsp_is_reached or the walk over pool blocks. Driver globals and WDF objects are roots of their own. */
void vsp_mark_begin(void);
/* After begin: an internal object whose handle the driver holds. */
void vsp_mark_object(const void *object, uint64_t size);
void vsp_mark_value(uint64_t value);                     /* a pointer something alive owns */
void vsp_mark_reachable(void);
uint32_t vsp_is_reached(const void *object); /* of a block or an announced object */

/* ---- Scheduler (kmcl/scheduler.ts): imports --------------------------------------------------------------------- */

/* Blocks the caller: runs pending work nested until ready(argument) answers nonzero (1) or the simulated time `timeout`
 * is over (0). timeout as KeWaitForSingleObject has it: negative relative, positive absolute 100 ns units, 0 = ask
 * once, NULL = for ever. run-deadlock when nothing can release it. ready must not call back. */
uint32_t vsp_wait(uint32_t (*ready)(void *), void *argument, const int64_t *timeout);

/* Queues routine(a, b, c, d), the first `count` of them, first in, first out. `object` names the work: while it is
 * queued a further call answers 0 and changes nothing (running does not count). What the routine returns is ignored. */
uint32_t vsp_work_queue(void *object, uint32_t irql, void *routine, uint32_t count, uint64_t a, uint64_t b, uint64_t c,
                        uint64_t d);
uint32_t vsp_work_cancel(void *object); /* 1: it was queued and will not run; also stops a timer of that object */
uint32_t vsp_work_state(void *object);  /* VSP_WORK_* */
#define VSP_WORK_QUEUED 0x1u
#define VSP_WORK_RUNNING 0x2u
#define VSP_WORK_TIMER 0x4u /* a timer waits */
/* The same after `due` (as a timeout: negative relative, else absolute), then every `period` milliseconds unless that
 * is 0. Sets a timer of that object anew; answers 1 when one was waiting. */
uint32_t vsp_work_timer(void *object, int64_t due, uint32_t period, uint32_t irql, void *routine, uint32_t count,
                        uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* Seeded generator: the next 64 bits (xorshift64*). */
uint64_t vsp_random(void);
