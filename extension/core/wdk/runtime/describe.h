/*
 * What lies at an address: exported to TypeScript as vsp_describe(address), which answers the address of one static
 * struct vsp_description, valid until the next call. All fields little-endian, 80 bytes.
 *
 * offset  bytes
 *      0      4  kind              enum vsp_describe_kind
 *      4      4  tag               pool tag as ULONG: 'abcd' reads dcba in memory
 *      8      8  start             first byte of the object
 *     16      8  size              bytes
 *     24      8  offset            address - start, signed: negative before it, >= size behind it
 *     32      4  allocated_stack   id for vsp_stack, 0 = unknown
 *     36      4  freed_stack       id for vsp_stack, 0 = unknown or live
 *     40      8  name              address of the name's bytes (UTF-8), 0 = none: globals and stack variables
 *     48      8  name_length
 *     56      4  flags             VSP_BLOCK_* of internal.h: 1 paged, 2 pool (else the library's), 0x10 reached
 *     60      4  shadow            shadow byte at the address
 *     64      8  line              of a stack variable, 0 = unknown; of a packet: location id of its allocation
 *     72      8  reserved
 */
#pragma once

#include "vsp.h"

enum vsp_describe_kind {
    VSP_DESCRIBE_NOTHING = 0,
    VSP_DESCRIBE_BLOCK = 1,    /* live pool block or buffer */
    VSP_DESCRIBE_FREED = 2,    /* freed block still in quarantine */
    VSP_DESCRIBE_GLOBAL = 3,   /* the driver's */
    VSP_DESCRIBE_STACK = 4,    /* local variable of a live frame */
    VSP_DESCRIBE_NULL = 5,     /* [0, 64 KiB) */
    VSP_DESCRIBE_RUNTIME = 6,  /* our globals, shadow memory */
    VSP_DESCRIBE_LIBRARY = 7,  /* inside a library object (VSP_POISON_INTERNAL) */
    VSP_DESCRIBE_CALLBACK = 8, /* buffer of a callback that returned (VSP_POISON_CALLBACK) */
    /* The library's, by kmcl/objects.c: */
    VSP_DESCRIBE_CHANNEL = 9,
    VSP_DESCRIBE_PACKET = 10,     /* its allocation is `line`, a location id */
    VSP_DESCRIBE_CONTEXT = 11,    /* a packet's inline context; likewise */
    VSP_DESCRIBE_COMPLETION = 12, /* what VMBPACKETCOMPLETION points to */
};

struct vsp_description {
    uint32_t kind;
    uint32_t tag;
    uint64_t start;
    uint64_t size;
    int64_t offset;
    uint32_t allocated_stack;
    uint32_t freed_stack;
    uint64_t name;
    uint64_t name_length;
    uint32_t flags;
    uint32_t shadow;
    uint64_t line;
    uint64_t reserved;
};

const struct vsp_description *vsp_describe(uint64_t address);
/* kmcl/objects.c: fills the description when the address lies in an object of the library. */
void vsp_describe_object(uint64_t address, struct vsp_description *found);

/*
 * The driver's live pool blocks, newest first, checks on: each answers a struct vsp_description (tag, start, size,
 * allocated_stack, flags; flag 0x10 = reached by the last vsp_mark_reachable) or 0 at the end. Nothing may be
 * allocated or freed between calls.
 */
const struct vsp_description *vsp_pool_first(void);
const struct vsp_description *vsp_pool_next(void);

/*
 * A kept call stack by its id: location ids as vsp_frames had them, outermost first. `skipped` outer frames were not
 * kept. Exported as vsp_stack(id), which answers the address of this struct, 0 for id 0.
 */
struct vsp_stack {
    uint64_t next;
    uint32_t hash;
    uint32_t skipped;
    uint32_t count;
    uint32_t frames[];
};
const struct vsp_stack *vsp_stack(uint32_t id);

/* What instrumented code hands to __asan_register_globals. */
struct vsp_asan_global {
    uint64_t address;
    uint64_t size;
    uint64_t size_with_redzone;
    uint64_t name; /* PCSTR */
    uint64_t module_name;
    uint64_t dynamic_initialiser;
    uint64_t location;
    uint64_t odr_indicator;
};
struct vsp_global_group {
    const struct vsp_global_group *next;
    const struct vsp_asan_global *globals;
    uint64_t count;
};
const struct vsp_global_group *vsp_global_groups(void);
