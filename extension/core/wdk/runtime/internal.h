/*
 * What the files of this folder share. Nothing here is visible to drivers.
 */
#pragma once

#include "describe.h"
#include "vsp.h"

#if defined(_MSC_VER)
#define VSP_MODULE 1 /* wasm64 through the MSVC front end; else the benchmark's native build */
#else
#define VSP_MODULE 0
#endif

#define VSP_CHUNK 65536u
#define VSP_PAGE 4096u
#define VSP_NULL_ZONE 65536u

#define VSP_LIKELY(e) __builtin_expect(!!(e), 1)
#define VSP_UNLIKELY(e) __builtin_expect(!!(e), 0)

static inline uint64_t vsp_round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

/* ---- Unchecked twins of the C library: the runtime's own code never calls memcpy and its kin by name ---- */

/* memory.copy and memory.fill leave compiled code, so short runs are cheaper word by word. */
#define VSP_INLINE_BYTES 128u

static inline void vsp_copy(void *to, const void *from, uint64_t size)
{
    if (size > VSP_INLINE_BYTES) {
        __builtin_memmove(to, from, size);
        return;
    }
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t > f && t < f + size) {
        while (size-- > 0) {
            t[size] = f[size];
        }
        return;
    }
    for (; size >= 8; size -= 8, t += 8, f += 8) {
        uint64_t word;
        __builtin_memcpy(&word, f, 8);
        __builtin_memcpy(t, &word, 8);
    }
    for (; size > 0; size--) {
        *t++ = *f++;
    }
}

static inline void vsp_set(void *to, uint8_t value, uint64_t size)
{
    if (size > VSP_INLINE_BYTES) {
        __builtin_memset(to, value, size);
        return;
    }
    unsigned char *t = to;
    const uint64_t word = 0x0101010101010101ull * value;
    for (; size >= 8; size -= 8, t += 8) {
        __builtin_memcpy(t, &word, 8);
    }
    for (; size > 0; size--) {
        *t++ = value;
    }
}

static inline uint64_t vsp_length(const char *text)
{
    uint64_t n = 0;
    while (text[n] != 0) {
        n++;
    }
    return n;
}

/* ---- State that survives vsp_restart_host, as vsp_lasting, vsp_frames, vsp_depth and vsp_budget do (state.c) ---- */

#define VSP_CLASSES 104u /* of small blocks: 64 of 16 bytes each, then eight per doubling up to 32 KiB */

struct vsp_arena_state {
    uint8_t *bump; /* rest of the current chunk */
    uint8_t *bump_end;
    uint64_t bump_dirty;
    struct vsp_free_block {
        struct vsp_free_block *next;
    } *free[VSP_CLASSES];
};

#define VSP_STACK_BUCKETS 1024u

/* Freed blocks that wait before their memory is used again, the oldest first. */
struct vsp_quarantine {
    struct vsp_block *first;
    struct vsp_block *last;
    uint64_t bytes;
};

/* touched.c: the callback that is followed now. */
struct vsp_touched {
    uint64_t base; /* of its SaveBuf, 0: none is followed */
    uint64_t size;
    uint64_t access;   /* VSP_ACCESS_WRITE: a struct vsp_store per byte; VSP_ACCESS_READ: 1 for each byte loaded */
#define VSP_ACCESS_REFUSED 2u /* nothing is noted: the first access is told, vsp_query_touched */
    void *notes;
    uint64_t capacity; /* bytes */
};

#define VSP_PLANNED_LIMIT 64u
struct vsp_planned_failure {
    uint32_t function; /* enum vsp_failable (failures.h) */
    int32_t status;
};

struct vsp_kept {
    /* memory.c */
    uint64_t start; /* of chunk 0 */
    uint64_t end;   /* of the linear memory we have */
    uint64_t limit; /* `end` may reach this */
    struct vsp_chunk *chunks;
    uint64_t chunk_count; /* in [start, end) */
    uint64_t free_count;
    uint64_t free_hint; /* no free chunk below this one */
    struct vsp_arena_state arenas[2];
    uint8_t *snapshot; /* of the globals, in the lasting arena */
    /* blocks.c */
    struct vsp_block *newest; /* live list, newest first */
    struct vsp_quarantine pool;
    struct vsp_quarantine lent; /* the library's buffers: many, each soon missed when it is still used */
    /* depot.c */
    struct vsp_stack *stacks[VSP_STACK_BUCKETS];
    /* shadow.c */
    uint64_t checked_end;    /* no address from here on has a shadow byte; 0 when checks are off */
    uint64_t closed;         /* from here on, the first shadow and the chunk table: closed without shadow bytes of */
    uint64_t closed_size;    /* their own, which nobody would read but every test would have to write */
    uint64_t covered;        /* `end` may reach this before the shadow must move; the limit when checks are off */
    uint64_t shadow;         /* where it lies now, */
    uint64_t first_shadow;   /* and where it lay first: frames of driver code may still hold that base */
    uint64_t first_shadow_size;
    uint32_t paged_reported; /* last location of a paged access at DISPATCH_LEVEL */
    /* Answers of vsp_describe and vsp_pool_next: here, so that the leak search does not take them for roots. */
    struct vsp_description described;
    struct vsp_description listed;
    /* failures.c: oldest first */
    struct vsp_planned_failure planned[VSP_PLANNED_LIMIT];
    uint32_t planned_count;
    /* debug.c: the stack has grown into the null zone, where the hooks keep their notes. */
    uint32_t debug_over;
    struct vsp_touched touched;
};
extern struct vsp_kept vsp_kept;

/* [begin, end) */
struct vsp_span {
    uint64_t begin;
    uint64_t end;
};
/* Where all that survives lies, in order of address. */
#define VSP_KEPT_PARTS 7u
const struct vsp_span *vsp_kept_parts(void);

/* ---- memory.c ---- */

/* As vsp_allocate, but NULL when the memory limit is reached; zeroes only when asked. */
void *vsp_try_allocate(enum vsp_arena arena, uint64_t size, int zero);

/* End of the linear memory that is in use, and its first chunk. */
uint64_t vsp_memory_end(void);
uint64_t vsp_memory_start(void);

/* The globals of driver and runtime, the stack not included. */
struct vsp_span vsp_all_globals(void);
/* All but the kept parts, from the snapshot if there is one. */
void vsp_restore_globals(void);

/* ---- shadow.c ---- */

/* Nonzero when memory checks are on. */
extern uint8_t vsp_checking;

/* Read by instrumented code: address >> 3 plus this is the shadow byte. */
extern uint64_t __asan_shadow_memory_dynamic_address;
#define VSP_SHADOW(address) ((uint8_t *)(((address) >> 3) + __asan_shadow_memory_dynamic_address))

/* Ends the test unless all of [address, address + size) may be touched; checks are on. */
void vsp_check_range(uint64_t address, uint64_t size, uint64_t access);

/* Places the first shadow at `base`; answers its size in bytes, 0 when checks are off. */
uint64_t vsp_shadow_reserve(uint64_t base, uint64_t limit);
/* Moves the shadow to `base`, where there is fresh memory for the shadow of [0, limit). */
void vsp_shadow_move(uint64_t base, uint64_t size);
/* A new host has the globals of the start, the base of the shadow among them. */
void vsp_shadow_restart(void);
/* Poisons what no driver may ever touch; the shadow's memory exists by now. */
void vsp_shadow_start(void);
/* A run of chunks came or went: nothing in it may be touched. */
void vsp_shadow_close(uint64_t address, uint64_t size);
/* Whether an address lies where no shadow bytes are kept because all of it is closed. */
#define VSP_IN_CLOSED(address) ((address) - vsp_kept.closed < vsp_kept.closed_size)
/* The shadow byte of an address (0 when checks are off or the address has none). */
uint8_t vsp_shadow_at(uint64_t address);
static inline int vsp_is_paged(const void *p) /* paged pool; 0 when checks are off */
{
    return (vsp_shadow_at((uint64_t)(uintptr_t)p) & 0xF8u) == 0xE0u;
}
void vsp_shadow_set(uint64_t address, uint64_t size, uint8_t value); /* whole granules */

#define VSP_SHADOW_NULL 0xF0u         /* [0, 64 KiB) */
#define VSP_SHADOW_STACK_LEFT 0xF1u   /* by instrumented code, as the next three */
#define VSP_SHADOW_STACK_MID 0xF2u
#define VSP_SHADOW_STACK_RIGHT 0xF3u
#define VSP_SHADOW_STACK_SCOPE 0xF8u
#define VSP_SHADOW_HEADER 0xF4u       /* first granule of a block's header */
#define VSP_SHADOW_RUNTIME 0xF5u      /* runtime globals, the shadow itself */
#define VSP_SHADOW_GLOBAL 0xF9u       /* redzone behind a global */
#define VSP_SHADOW_ALLOCA_LEFT 0xCAu
#define VSP_SHADOW_ALLOCA_RIGHT 0xCBu
#define VSP_SHADOW_PAGED 0xE0u        /* 0xE0: granule of paged pool; 0xE1-0xE7: its first 1-7 bytes */
#define VSP_SHADOW_LATE 0xE8u         /* the same, but for the granule's first byte, which is closed */

/* ---- locks.c: the locks that are held ---- */

enum vsp_lock_kind {
    VSP_LOCK_KIND_SPIN = 0,
    VSP_LOCK_KIND_SPIN_SHARED = 1,
    VSP_LOCK_KIND_SPIN_EXCLUSIVE = 2,
    VSP_LOCK_KIND_MUTEX = 3, /* fast or guarded */
    VSP_LOCK_KIND_RESOURCE = 4,
    VSP_LOCK_KIND_PUSH = 5,
    VSP_LOCK_KIND_WAIT = 6, /* of WDF */
};
/* As core/debug/picture.ts reads it. */
struct vsp_held_lock {
    uint64_t address;
    uint32_t location; /* of the driver's call that took it; 0 unknown */
    uint16_t kind;     /* enum vsp_lock_kind */
    uint16_t irql;     /* before it was taken */
};
void vsp_lock_taken(const volatile void *lock, uint32_t kind, uint32_t irql);
/* The hold of it that was taken last, if there is one. */
void vsp_lock_dropped(const volatile void *lock);
/* Releases the `count` spin locks taken last: a callback returned with them. */
void vsp_spin_locks_forget(uint32_t count);
/* Address of a struct vsp_held_lock, oldest first; 0 behind the last. */
uint64_t vsp_held_lock(uint32_t index);

/* ---- spinlock.c ---- */

/* Takes one hold of it away, without asking whose it is. */
void vsp_spin_lock_free(uint64_t lock, uint32_t kind);

/* ---- blocks.c: memory the driver may touch ---- */

/* Directly before the first user byte. */
struct vsp_block {
    uint32_t size_low;
    uint8_t size_high;
    uint8_t state;
    uint8_t flags;
    uint8_t mappings; /* of an MDL of the library's: explicit ones not undone */
    uint32_t tag;
    uint32_t stack; /* of the allocation, vsp_stack id; 0 when checks are off */
};
#define VSP_BLOCK_LIVE 0xA5u
#define VSP_BLOCK_FREED 0x5Au
#define VSP_BLOCK_PAGED 0x01u   /* paged pool */
#define VSP_BLOCK_POOL 0x02u    /* allocated by the driver; else by the library on its behalf */
#define VSP_BLOCK_LASTING 0x04u
#define VSP_BLOCK_ALIGNED 0x08u /* page aligned: 8 bytes before the header lies the distance to the raw memory */
#define VSP_BLOCK_REACHED 0x10u /* by the last vsp_mark_reachable */
#define VSP_BLOCK_EXEMPT 0x20u  /* never a leak of its own: WDF contexts, lookaside caches */
#define VSP_BLOCK_LATE 0x40u    /* paged; the driver is given what follows the first byte, which is closed (S-28) */

/* Before struct vsp_block when checks are on. */
struct vsp_checked_block {
    struct vsp_block *newer; /* live list, or the quarantine's next */
    struct vsp_block *older;
    uint32_t freed_stack; /* vsp_stack id, 0 while live */
    uint32_t reserved[3];
};

static inline struct vsp_block *vsp_block_of(const void *user)
{
    return (struct vsp_block *)((uint64_t)user - sizeof(struct vsp_block));
}
static inline struct vsp_checked_block *vsp_checked_of(const struct vsp_block *block)
{
    return (struct vsp_checked_block *)((uint64_t)block - sizeof(struct vsp_checked_block));
}
static inline uint64_t vsp_block_size(const struct vsp_block *block)
{
    return block->size_low | (uint64_t)block->size_high << 32;
}
static inline void *vsp_block_user(const struct vsp_block *block)
{
    return (void *)((uint64_t)block + sizeof(struct vsp_block));
}

/* Ends the test when the memory limit is reached. `zero`: zeroed instead of filled. */
void *vsp_block_allocate(enum vsp_arena arena, uint64_t size, uint32_t tag, uint32_t flags, int zero);
void vsp_block_free(struct vsp_block *block);
/* kmcl/save.c: the address is SaveBuf's or *BytesNeeded's, and the save callback runs. */
uint32_t vsp_is_save_memory(uint64_t address);
/* kmcl/packet.c: pool memory is about to be freed; packets of VmbPacketInitialize in it must not be in use. */
void vsp_memory_freed(const void *memory, uint64_t size);
/* VmbPacketInitialize calls that succeeded: without one there is nothing to look for. */
extern uint32_t vsp_initialized_packets;
/* The block whose first user byte this is, live or (checks on) in quarantine; else NULL. */
struct vsp_block *vsp_block_find(const void *user);
struct vsp_block *vsp_block_newest(void); /* live list, checks on */
/* Host arena goes away: its blocks leave the lists. */
void vsp_blocks_restart(void);

/* ---- depot.c: call stacks, each kept once ---- */

uint32_t vsp_stack_capture(void); /* id of the present stack; 0 when checks are off or there is none */

/* Ends the test for an access of `size` bytes at `address`; the byte at `closed` is its first that may not be touched
 * (shadow.c). */
_Noreturn void vsp_access_fault(uint64_t address, uint64_t closed, uint64_t size, uint64_t access);

/* ---- touched.c: who stores the bytes of SaveBuf, and how many a restore loads ---- */

/* The store that wrote a byte last; size 0: none has. */
struct vsp_store {
    uint32_t stack;  /* vsp_stack id */
    uint32_t offset; /* where in SaveBuf it began... */
    uint32_t size;   /* ...and how many bytes it wrote */
};

/* From here to vsp_touched_end accesses of one kind to the `size` bytes of a SaveBuf are noted; 0: they are not. */
uint32_t vsp_touched_begin(const void *buffer, uint32_t size, uint32_t access);
void vsp_touched_end(void);
/* From here to vsp_touched_end nothing of the buffer may be accessed: SaveBuf of a query. */
uint32_t vsp_touched_refuse(const void *buffer, uint32_t size); /* 0: another buffer is followed */
/* kmcl/savepacket.c: a query accesses `size` bytes of its SaveBuf. */
void vsp_query_touched(uint64_t size, uint64_t access);
/* An access that begins in the followed buffer; it was found sound. */
void vsp_touched(uint64_t address, uint64_t size, uint64_t access);
/* After vsp_touched_end, of the buffer followed last: distinct bytes loaded; runs of the first `size` bytes by store. */
uint32_t vsp_touched_count(uint32_t size);
void vsp_touched_hand_out(uint32_t index, uint32_t size);

/* ---- reach.c ---- */

void vsp_mark_range(const void *start, uint64_t size); /* every aligned word in it is a root */
void vsp_wdf_visit_roots(void);                        /* wdfobject.c: contexts of living WDF objects */
