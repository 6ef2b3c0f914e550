/*
 * Differential runs: what a variant of a test does otherwise, and what it saw. run/differential.ts compares variants;
 * kmcl/vary.ts mirrors the structures below. Nothing here says anything in an ordinary run, where `watch` is 0.
 */
#pragma once

#include "internal.h"

/* Bytes in the lasting arena that grow by being appended to. */
struct vsp_bytes {
    uint64_t at;
    uint64_t used;
    uint64_t capacity;
};

#define VSP_CONTEXT_TYPES 8u

struct vsp_vary {
    /* Used by driver code that was compiled for differential runs (toolchain/passes/vary.ts): these four come first. */
    uint64_t fresh; /* each of its bytes: what fills a local variable when its scope begins */
    uint64_t flow;  /* hash of all steps so far */
    uint64_t steps; /* branches taken, and statuses that callbacks returned */
    uint64_t next;  /* vsp_flow_mark is called at this step */
    /* flow.c */
    uint64_t log_from; /* of the steps in [log_from, log_to) the values are logged */
    uint64_t log_to;
    uint64_t stop_at; /* the run ends before it takes this step, UINT64_MAX: it does not */
    struct vsp_bytes logged; /* uint64_t each */
    struct vsp_bytes marks;  /* `flow` after every VSP_FLOW_WINDOW steps */
    /* memory.c */
    uint64_t shift; /* added to the address of the first chunk: whole chunks */
    uint64_t skew;  /* and to the first block of every chunk: a multiple of 16 */
    /* kmcl/vary.c */
    uint32_t watch; /* nonzero: this is a variant */
    uint32_t again; /* VSP_AGAIN_* */
    uint64_t writes; /* records saved so far, of all channels and saves */
    uint64_t keep_from; /* of those in [keep_from, keep_to) the bytes are kept */
    uint64_t keep_to;
    uint64_t window;          /* hash of the present window */
    struct vsp_bytes windows; /* uint64_t each: hash of every VSP_WRITE_WINDOW records */
    struct vsp_bytes kept;    /* struct vsp_written and its bytes, padded to 8 */
    struct vsp_bytes saved;   /* struct vsp_saved_once, of the save that began last */
    struct vsp_bytes records;  /* struct vsp_record_hash, of every record saved */
    struct vsp_bytes restored; /* struct vsp_restored_once and its bytes, padded to 8 */
    uint32_t saved_channel;   /* whose save that is */
    uint32_t reserved;
    uint32_t context_types;   /* entries of the next two */
    uint32_t change_count;    /* of `changes` */
    uint32_t context_sizes[VSP_CONTEXT_TYPES]; /* bytes of each record type that packets may have as context */
    uint32_t context_counts[VSP_CONTEXT_TYPES]; /* taken so far, VSP_CONTEXTS_TAKEN at most */
    struct vsp_bytes contexts; /* struct vsp_context_seen and its bytes, padded to 8 */
    uint64_t changes;          /* struct vsp_change[change_count] */
};
extern struct vsp_vary vsp_vary;

#define VSP_AGAIN_SAVE 1u       /* after each save that went through, all packets are asked once more */
#define VSP_AGAIN_ROUND_TRIP 2u /* what was restored is saved once more before the channel starts */

#define VSP_FLOW_WINDOW 65536u
#define VSP_WRITE_WINDOW 1024u
#define VSP_CONTEXTS_TAKEN 32u

/* A record that a write pass saved. */
struct vsp_written {
    uint32_t channel;
    uint32_t save;     /* running number of the channel's saves */
    uint32_t packet;   /* index in the channel's first save, VSP_NONE for one that was not part of it */
    uint32_t size;     /* bytes that were persisted */
    uint32_t location; /* the return statement taken */
    uint32_t reserved;
    uint64_t steps; /* taken until then */
};

struct vsp_saved_once {
    uint64_t hash;
    uint32_t size;
    uint32_t writes; /* the query failed and the write pass ran */
};

/* What was saved of a packet: a record that is restored otherwise was crafted, and shows nothing. */
struct vsp_record_hash {
    uint32_t channel;
    uint32_t packet;
    uint64_t hash;
};

/* A packet that was restored from the very record it was saved as. */
struct vsp_restored_once {
    uint32_t channel;
    uint32_t packet;
    uint32_t size;     /* bytes kept of it: 0 unless it is to be saved once more */
    uint32_t location; /* the return statement taken */
};

/* The context of a packet, before it was saved or after it was restored. */
struct vsp_context_seen {
    uint64_t address;
    uint32_t type; /* index into context_sizes */
    uint32_t channel;
    uint32_t packet;
    uint32_t restored; /* 0: the original */
};

/* A field of contexts that is given another value before they are saved. */
struct vsp_change {
    uint32_t type;
    uint32_t offset;
    uint32_t size; /* 1 to 8 for all but VSP_CHANGE_EACH */
    uint32_t how;
    uint64_t value;
};
#define VSP_CHANGE_XOR 0u  /* with the value */
#define VSP_CHANGE_EACH 1u /* every byte ^ value */
#define VSP_CHANGE_DOWN 2u /* one less; what is 0 gets the value */
#define VSP_CHANGE_SET 3u  /* the value's low half, or its high half where it has that already */

struct vsp_vary *vsp_vary_address(void);
/* Room for `count` changes, which TypeScript fills in. */
struct vsp_change *vsp_vary_changes(uint32_t count);
void vsp_bytes_append(struct vsp_bytes *to, const void *bytes, uint64_t size);

/* ---- flow.c ---- */

/* Location id and outcome of a step as one value. A branch has 0 or 1 below, a switch 2 and the number of its target; a
 * status that a callback returned has VSP_FLOW_STATUS in the upper half. */
#define VSP_FLOW_STATUS 0x80000000u
void vsp_flow_mark(uint64_t value);
/* A callback returned `status`; its frame has just been left. */
void vsp_flow_status(uint32_t status);
