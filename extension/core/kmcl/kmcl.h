/*
 * The C half of the channel simulator: everything a packet touches on its way. Structures, and the functions TypeScript
 * calls.
 *
 * Rooms: channel.c (objects and fields), packet.c, send.c, incoming.c, ring.c, guest.c, save.c, restore.c, state.c,
 * interface.c, events.c. extension/core/kmcl/layout.ts mirrors what TypeScript reads; it needs vsp_field, the state
 * enums and the record structures only, as channels and packets are reached through the functions below.
 */
#pragma once

#include "api.h"
#include "modes.h"
#include "../wdk/runtime/vsp.h"

typedef int32_t vsp_status; /* NTSTATUS */

/* ---- Callback types the C half calls (kmcl-facts 3.1, 3.5) ---- */

struct vsp_channel;
struct vsp_packet;
struct vsp_incoming;

typedef void vsp_process_fn(struct vsp_channel *, struct vsp_incoming *, void *, uint32_t, uint32_t);
typedef void vsp_process_ex_fn(struct vsp_channel *, void *, struct vsp_incoming *, void *, uint32_t, uint32_t);
typedef void vsp_batch_fn(struct vsp_channel *, uint32_t);
typedef void vsp_batch_ex_fn(struct vsp_channel *, void *, uint32_t);
typedef vsp_status vsp_save_fn(struct vsp_channel *, struct vsp_packet *, void *, uint32_t, uint32_t *);
typedef vsp_status vsp_save_ex_fn(struct vsp_channel *, void *, struct vsp_packet *, void *, uint32_t, uint32_t *);
typedef vsp_status vsp_restore_fn(struct vsp_channel *, void *, uint32_t, void *, uint32_t);
typedef vsp_status vsp_restore_ex_fn(struct vsp_channel *, void *, void *, uint32_t, void *, uint32_t);
typedef void vsp_completion_fn(struct vsp_packet *, vsp_status, void *, uint32_t);
typedef void vsp_completion_ex_fn(struct vsp_packet *, void *, vsp_status, void *, uint32_t);

/* ---- Rings (9.4) ---- */

#define VSP_RING_PAGE 4096u
#define VSP_RING_DEFAULT 65536u /* data bytes per direction */
#define VSP_MTU 524280u         /* largest len8 * 8 (9.1) */

struct vsp_ring_control { /* the ring's first page */
    uint32_t in;
    uint32_t out;
    uint32_t interrupt_mask;
    uint32_t pending_send_size;
    uint32_t reserved1[12];
    uint32_t feature_bits;
    uint8_t reserved2[4028];
};

struct vsp_ring {
    struct vsp_ring_control *control; /* data follows it */
    uint32_t size;                    /* data bytes, multiple of 4096 */
};

struct vsp_descriptor { /* 9.1 */
    uint16_t type;
    uint16_t offset8;
    uint16_t length8;
    uint16_t flags;
    uint64_t transaction;
};
#define VSP_TYPE_DATA_INBAND 0x6u
#define VSP_TYPE_DATA_GPA_DIRECT 0x9u
#define VSP_TYPE_COMPLETION 0xBu
#define VSP_FLAG_COMPLETION_REQUESTED 0x1u

/* ---- Guest: lasting arena; owned by a channel or by a saved state ---- */

#define VSP_GUEST_BLOCK 4094u
struct vsp_transaction_block { /* unanswered transactions, ascending; top bit = answered already */
    struct vsp_transaction_block *next;
    uint32_t first;
    uint32_t count;
    uint64_t id[VSP_GUEST_BLOCK];
};

struct vsp_letter { /* a packet the guest has taken out of the ring but nobody has asked for yet */
    struct vsp_letter *next;
    uint64_t transaction;
    uint32_t length;
    uint32_t flags; /* VSP_FLAG_COMPLETION_REQUESTED */
};

struct vsp_guest {
    struct vsp_guest *next; /* list of all guests */
    struct vsp_ring to_host;
    struct vsp_ring from_host;
    struct vsp_transaction_block *unanswered;
    struct vsp_transaction_block *unanswered_tail;
    struct vsp_letter *data; /* taken while looking for a completion */
    struct vsp_letter *data_tail;
    struct vsp_letter *completions;
    struct vsp_letter *completions_tail;
    uint64_t next_transaction; /* of the guest's own packets */
    uint64_t unanswered_count;
    uint32_t interrupts_to_host; /* signals sent, both counts for tests and views */
    uint32_t interrupts_from_host;
    uint32_t synthesised; /* made for a state without a guest: learns its transactions from VmbPacketRestore */
    uint32_t kept;        /* belongs to a saved state, not to a channel */
};

/* ---- Outgoing packets (5.1): 64 bytes ---- */

enum vsp_packet_state {
    VSP_PACKET_FREE = 0, /* on the channel's lookaside list */
    VSP_PACKET_IDLE = 1, /* the driver's */
    VSP_PACKET_QUEUED = 2,
    VSP_PACKET_IN_FLIGHT = 3,
    VSP_PACKET_COMPLETING = 4, /* completion routine is running or about to run */
};
enum vsp_packet_origin { VSP_ORIGIN_ALLOCATE = 0, VSP_ORIGIN_INITIALIZE = 1 };
#define VSP_PACKET_EX 0x1u       /* routine is a completion_ex */
#define VSP_PACKET_WAIT 0x2u     /* sent with WAIT_FOR_COMPLETION */
#define VSP_PACKET_SENT 0x4u     /* was sent or restored at least once */
#define VSP_PACKET_RESTORED 0x8u /* came through VmbPacketRestore */
#define VSP_PACKET_DEFAULT 0x10u /* freed last by the default routine */
#define VSP_PACKET_SLOTTED 0x20u /* has an entry in the transaction table */
#define VSP_PACKET_SYNC 0x40u    /* a synchronous request's: struct vsp_sync_request */
#define VSP_PACKET_OWNED 0x80u   /* its context is the fixture-less sequence's and dies with the transaction */
#define VSP_PACKET_IN_RESTORE 0x100u /* allocated by a restore callback */
#define VSP_PACKET_TOLD 0x200u       /* a finding about that callback tells of it: no leak of its own */
#define VSP_PACKET_MAGIC 0x564Bu

struct vsp_queued;
struct vsp_slab;
struct vsp_packet {
    uint16_t magic;
    uint8_t state;  /* enum vsp_packet_state */
    uint8_t origin; /* enum vsp_packet_origin */
    uint32_t flags; /* VSP_PACKET_* */
    struct vsp_channel *channel;
    union {
        struct vsp_packet *next_free;
        struct vsp_queued *queued;
    } link;
    void *routine; /* NULL: default routine (Allocate) or none yet (Initialize) */
    void *context; /* of an Ex routine */
    void *pointer; /* VmbPacketSetPointer */
    uint64_t transaction; /* of a free one: vsp_stack id of where it was freed */
    uint32_t record;   /* index into the vsp_packet_record array, VSP_NONE without one */
    uint32_t location; /* location id of the allocation */
};

/* A packet or completion waiting for room in the ring; its bytes follow. */
struct vsp_queued {
    struct vsp_queued *next;
    struct vsp_packet *packet; /* NULL: a completion packet for the guest */
    uint64_t transaction;
    uint32_t length;
    uint16_t type;
    uint16_t flags;
};

/* ---- Incoming packets (5.4) ---- */

enum vsp_incoming_state {
    VSP_INCOMING_FREE = 0,
    VSP_INCOMING_DELIVERED = 1, /* callback is running */
    VSP_INCOMING_PENDING = 2,   /* GetExternalData answered STATUS_PENDING */
    VSP_INCOMING_DEFERRED = 3,
    VSP_INCOMING_HELD = 4,
    VSP_INCOMING_COMPLETED = 5,
    VSP_INCOMING_FAILED = 6,
};
#define VSP_INCOMING_MAGIC 0x4956u

struct vsp_incoming {
    uint16_t magic;
    uint8_t state;        /* enum vsp_incoming_state */
    uint8_t wants_answer; /* the guest asked for a completion */
    uint32_t flags;       /* of ProcessPacket: 0x1 external data */
    struct vsp_channel *channel;
    struct vsp_incoming *next;
    struct vsp_incoming *previous;
    uint64_t transaction;
    uint8_t *buffer; /* what the driver sees */
    uint32_t length;
    uint32_t exact_length;
    void *client_context;
    void *mdl;       /* chain built by GetExternalData */
    uint8_t *ranges; /* GPA ranges as they lay in the ring */
    uint32_t ranges_length;
    uint32_t deliveries;
    uint32_t defers;
    uint32_t answered_pending; /* GetExternalData said STATUS_PENDING once */
};

/* ---- Channel ---- */

/* Fields of vsp_channel_get/set. Booleans are 0 or 1, pointers 64-bit. */
enum vsp_field {
    /* axes (4.2); TypeScript's state machine writes them */
    VSP_FIELD_ENABLED = 1,
    VSP_FIELD_OPEN = 2,
    VSP_FIELD_STARTED = 3,    /* run request */
    VSP_FIELD_TRANSMIT = 4,   /* queued sends may move into the ring: set just before Started, cleared at Suspend */
    VSP_FIELD_PROCESSING = 5, /* incoming queue on: set after Started, cleared before Suspend */
    VSP_FIELD_SUSPENDED = 6,  /* from Suspend to the next Started: sends are out of order */
    /* configuration */
    VSP_FIELD_SERVER = 10,
    VSP_FIELD_PARENT = 11,
    VSP_FIELD_MAX_PACKET_SIZE = 12,
    VSP_FIELD_MAX_EXTERNAL_DATA = 13,
    VSP_FIELD_MAX_CHAIN_LENGTH = 14,
    VSP_FIELD_CLIENT_CONTEXT_SIZE = 15,
    VSP_FIELD_INLINE_CONTEXT_SIZE = 16,
    VSP_FIELD_MAX_PACKET_COUNT = 17, /* 0 = unlimited */
    VSP_FIELD_QUOTA = 18,            /* 0 = unlimited (default) */
    VSP_FIELD_PASSIVE = 19,          /* SetIncomingProcessingAtPassive */
    VSP_FIELD_FLAGS = 20,
    VSP_FIELD_SERVER_FLAGS = 21,
    VSP_FIELD_VTL = 22,
    VSP_FIELD_RING_SIZE = 23, /* of the next open; data bytes per direction */
    VSP_FIELD_INDEX = 24,     /* channel index in the report */
    VSP_FIELD_LOCATION = 25,  /* location id of the allocation */
    /* read only */
    VSP_FIELD_POINTER = 40,
    VSP_FIELD_OUTSTANDING = 41,  /* delivered incoming packets not completed (failed ones not counted) */
    VSP_FIELD_IN_USE = 42,       /* outgoing packets queued or in flight */
    VSP_FIELD_QUEUED = 43,       /* of those, waiting for the ring */
    VSP_FIELD_FAILED = 44,       /* incoming queue stopped by PacketFail; Pause+Start or close resets it */
    VSP_FIELD_SAVING = 45,       /* between SaveBegin and SaveEnd */
    VSP_FIELD_RESTORING = 46,    /* 1 between the first and the last piece, 2 after a piece that failed */
    VSP_FIELD_ALLOCATED = 47,    /* packets from Allocate not freed */
    VSP_FIELD_RESTORED = 48,     /* a restore ran to its end since creation */
    VSP_FIELD_IN_CALLBACK = 49,  /* nesting of callbacks called by C on this channel */
    VSP_FIELD_PENDING_WORK = 50, /* vsp_channel_process would do something */
    VSP_FIELD_SAVE_LOCATION = 51, /* location id of the SaveBegin that SAVING tells of */
    VSP_FIELD_ASKED_IN_VAIN = 52, /* a callback asked for the pointer, and none was ever set */
};

#define VSP_CHANNEL_MAGIC 0x4C4E4843u
#define VSP_TABLE_BLOCK 512u

struct vsp_channel {
    uint32_t magic;
    uint32_t index;
    struct vsp_channel *next;
    void *parent;
    void *pointer;
    struct vsp_guest *guest;

    void *process;
    void *processing_complete;
    void *process_context;
    void *save;
    void *restore;
    void *save_context;
    uint8_t process_ex;
    uint8_t save_ex;
    uint8_t server;
    uint8_t own_memory; /* from VmbChannelInitialize */

    uint8_t enabled;
    uint8_t open;
    uint8_t started;
    uint8_t transmit;
    uint8_t processing;
    uint8_t suspended;
    uint8_t passive;
    uint8_t failed;

    uint32_t max_packet_size;
    uint32_t max_external_data;
    uint32_t max_chain_length;
    uint32_t client_context_size;
    uint32_t inline_context_size;
    uint32_t max_packet_count;
    uint32_t quota;
    uint32_t flags;
    uint32_t server_flags;
    uint32_t vtl;
    uint32_t ring_size;
    uint32_t location;

    /* outgoing */
    struct vsp_packet *free;
    struct vsp_packet *free_last; /* checks on: the quarantine's end, and how many wait in it */
    uint64_t free_count;
    struct vsp_slab *slabs; /* newest last */
    struct vsp_slab *slab_tail;
    uint32_t allocated;
    uint32_t in_use;
    struct vsp_packet ***table; /* by slot: blocks of VSP_TABLE_BLOCK entries */
    uint32_t table_blocks;
    uint32_t table_capacity; /* directory entries */
    uint32_t table_cursor;   /* slot the next send tries first */
    uint32_t reserved0;
    uint64_t epoch; /* of transaction ids: epoch << 32 | slot + 1 */
    uint64_t last_transaction;
    struct vsp_queued *queue;
    struct vsp_queued *queue_tail;
    uint32_t queued;
    uint32_t deferred_completions;
    struct vsp_packet *completing; /* A-13 deferred: chain by link.next_free */
    struct vsp_packet *completing_tail;

    /* incoming */
    struct vsp_incoming *incoming; /* delivered and not completed, in delivery order */
    struct vsp_incoming *incoming_tail;
    struct vsp_incoming *incoming_free;
    struct vsp_incoming *incoming_free_tail;
    uint32_t incoming_free_count;
    uint32_t outstanding;
    uint32_t quota_blocked;
    uint32_t in_callback;
    uint32_t processing_now;
    uint32_t reserved;
    struct vsp_incoming *current; /* whose ProcessPacket is running */

    /* save and restore (save.h) */
    struct vsp_save *saving;
    struct vsp_restore *restoring;
    uint32_t record_base; /* of the first save; VSP_NONE before */
    uint32_t record_count;
    uint32_t saves;
    uint32_t restored;
    uint32_t save_ended; /* SaveEnd was the last of SaveBegin and SaveEnd */
    uint8_t had_pointer;
    uint8_t asked_in_vain;
    uint8_t reserved1[2];
};

/* ---- Logs in the lasting arena ---- */

/* One SaveContinue call, 24 bytes. */
struct vsp_chunk_record {
    uint32_t channel;
    uint32_t save; /* running number of the channel's saves, from 0 */
    uint32_t buffer_size;
    uint32_t filled;
    uint32_t required;
    uint32_t status;
};

/* One SaveBegin that succeeded, 32 bytes. */
struct vsp_save_record {
    uint32_t channel;
    uint32_t save;
    uint32_t packets;
    uint32_t record_base; /* VSP_NONE unless it is the channel's first save */
    uint64_t bytes;
    uint32_t save_callback; /* of the channel's packets, as function-table indices */
    uint32_t restore_callback;
};

/* A piece that VmbChannelSaveContinue handed to the driver, checks on: how a buffer that is fed back is recognised. */
struct vsp_piece_record {
    uint64_t checksum; /* of the bytes filled */
    uint32_t filled;
    uint32_t buffer_size;
};

/* A log of fixed-size records: blocks that never move. */
struct vsp_log {
    uint64_t *blocks; /* addresses of blocks */
    uint32_t block_count;
    uint32_t block_capacity;
    uint32_t record_size;
    uint32_t per_block;
    uint64_t count;
};

/* The log of events ends here: 80 MB are more than anyone reads, and memory is the driver's. */
#define VSP_EVENT_LIMIT 2000000u

/* What lives as long as the run; address in vsp_lasting.simulator. */
struct vsp_simulator {
    struct vsp_log events;
    struct vsp_log chunks;
    struct vsp_log saves;
    struct vsp_log pieces;
    struct vsp_guest *guests;
    struct vsp_state *states;
    void *snapshots; /* guests as they were at the last SaveEnd of each channel (state.c) */
    uint64_t events_dropped;
    uint32_t next_channel;
    uint32_t record_capacity;
    /* Of the present host; here and not in globals, since every global is a root of the leak search. */
    struct vsp_channel *channels;
    struct vsp_channel *last_channel; /* the handle checked last */
    /* Guest packets delivered so far, and the length of the last; one word of one of them may be changed by one. */
    uint32_t guest_packets;
    uint32_t guest_length;
    uint32_t bent_packet; /* 1 = the first; 0 = none */
    uint32_t bent_offset;
};

/* ---- Exports: what TypeScript calls ---- */

/* Life of channel objects. `memory` is 0 or the driver's memory (VmbChannelInitialize, at least VmbSizeofChannel
 * bytes). Answers 0 when an injected allocation failure strikes. */
struct vsp_channel *vsp_channel_create(void *parent, uint32_t server, void *memory);
void vsp_channel_destroy(struct vsp_channel *channel); /* guest included; packets still allocated are given back */
uint32_t vsp_channel_valid(const void *handle);        /* is it a live channel? never faults */
struct vsp_channel *vsp_channel_next(struct vsp_channel *channel); /* 0 = first; in order of creation; 0 at the end */
/* A stub was called: the record of the packet whose callback is running says so, if there is one. */
void vsp_mark_stubbed(void);
uint64_t vsp_channel_get(struct vsp_channel *channel, uint32_t field);
void vsp_channel_set(struct vsp_channel *channel, uint32_t field, uint64_t value);
void vsp_channel_set_process_callbacks(struct vsp_channel *channel, uint32_t ex, void *context, void *process,
                                       void *complete);
void vsp_channel_set_save_callbacks(struct vsp_channel *channel, uint32_t ex, void *context, void *save, void *restore);

/* Attaches the guest's rings: those a restored state brought, else fresh ones of RING_SIZE. Does not touch the axes. */
void vsp_channel_open(struct vsp_channel *channel);
void vsp_channel_close(
    struct vsp_channel *channel); /* drops the rings' contents and incoming leftovers; clears FAILED */

/* Delivers everything deliverable: deferred and pended packets, ring packets (ProcessPacket, completion routines in
 * ring order), ProcessingComplete at the end of a batch, then moves queued sends into the ring. Runs callbacks at
 * DISPATCH_LEVEL, or PASSIVE_LEVEL where required (deferred ones, PASSIVE). At irql >= DISPATCH on entry deferred
 * packets stay. Answers the number of callbacks and queued sends moved; 0 = nothing to do. */
uint32_t vsp_channel_process(struct vsp_channel *channel);
uint32_t vsp_channels_process(void); /* the same for all channels, in order of creation; sum */

/* Completes every outgoing packet that is queued or in flight with `status` in send order. */
void vsp_channel_cancel(struct vsp_channel *channel, vsp_status status);

/* Puts one in-band packet into the ring if it fits now (synchronous requests, 2.6). Nonzero: done. */
uint32_t vsp_channel_write_now(struct vsp_channel *channel, const void *buffer, uint32_t length);

/* Iteration over outgoing packet objects of Allocate: cursor 0 starts; answers 0 at the end. */
struct vsp_packet *vsp_packet_next(struct vsp_channel *channel, struct vsp_packet *packet);
struct vsp_incoming *vsp_incoming_next(struct vsp_channel *channel, struct vsp_incoming *incoming);

/* Every pointer to driver memory that the library holds: channel and packet pointers, callback contexts, inline
 * contexts. */
void vsp_kmcl_visit_roots(void (*value)(uint64_t pointer), void (*range)(const void *start, uint64_t size));

/* Forgets all channels and guests, frees what of them lies in the lasting arena; call before vsp_restart_host. */
void vsp_channels_abandon(void);

/* Guest, beyond what the fixtures offer (guest.c holds VspLabGuest*). */
uint64_t
vsp_guest_take_all(struct vsp_channel *channel); /* takes data packets, answers none, lets queued ones follow; count */
uint32_t vsp_guest_set_ring_size(struct vsp_channel *channel,
                                 uint32_t bytes); /* 0 = refused (open or no multiple of 4096) */

/* Fixture-less sequence (sequence.c): sends `count` packets of `length` bytes with WAIT_FOR_COMPLETION; packet i has
 * the completion routine `routine` and the pointer contexts[i] (contexts 0: none). The guest takes them all. Answers
 * how many were sent. */
uint32_t vsp_packets_send(struct vsp_channel *channel, uint32_t count, uint32_t length, void *routine,
                          void *const *contexts);

enum vsp_fixup_kind {
    VSP_FIXUP_LIST = 1,    /* LIST_ENTRY at offset links to itself */
    VSP_FIXUP_INDEX32 = 2, /* 32-bit field = packet index */
    VSP_FIXUP_INDEX64 = 3, /* 64-bit field = packet index */
    VSP_FIXUP_SELF = 4,    /* pointer = the context's own address + value */
};
struct vsp_fixup {
    uint32_t offset;
    uint32_t kind; /* enum vsp_fixup_kind */
    uint64_t value;
};
/* As above; packet i has as context a block of its own, a copy of templates[i % template_count] with the fix-ups
 * applied. */
uint32_t vsp_packets_send_cloned(struct vsp_channel *channel, uint32_t count, uint32_t length, void *routine,
                                 const void *const *templates, uint32_t template_count, uint64_t context_size,
                                 const struct vsp_fixup *fixups, uint32_t fixup_count);
/* Frees the contexts made so of packets still in use; those of completed packets are gone with them. */
void vsp_packets_forget_contexts(void);

/* Synchronous requests that wait (2.6, sync.c): an internal packet, queued or in the ring; 0 = refused. */
struct vsp_packet *vsp_sync_send(struct vsp_channel *channel, const void *buffer, uint32_t length, void *mdl,
                                 uint32_t flags);
uint32_t vsp_sync_done(struct vsp_packet *packet); /* completed or cancelled by the channel */
vsp_status vsp_sync_status(struct vsp_packet *packet);
/* Copies the completion's bytes (at most `capacity`), frees the packet, cancelling it if it is not completed; bytes
 * copied. */
uint32_t vsp_sync_finish(struct vsp_packet *packet, void *to, uint32_t capacity);

/* Saved states (state.c holds VspLabSave...VspLabFreeState). */
struct vsp_state *vsp_state_next(struct vsp_state *state); /* 0 = first */
vsp_status vsp_state_save(struct vsp_channel *channel, uint32_t chunk, struct vsp_state **state);
vsp_status vsp_state_restore(struct vsp_channel *channel, struct vsp_state *state);
void vsp_state_free(struct vsp_state *state);

/* Saves again and compares with `state` while the bytes pass, storing nothing. *difference = index of the first packet
 * whose state bytes differ, VSP_NONE if none; *offset the byte within it. */
vsp_status vsp_state_compare(struct vsp_channel *channel, struct vsp_state *state, uint32_t chunk, uint32_t *difference,
                             uint32_t *offset);

/* Logs. Records of block b start at vsp_log_block(which, b); vsp_log_per_block(which) fit one block. */
enum vsp_log_id { VSP_LOG_EVENTS = 0, VSP_LOG_CHUNKS = 1, VSP_LOG_SAVES = 2 };
uint64_t vsp_log_count(uint32_t which);
uint64_t vsp_events_dropped(void); /* that came after VSP_EVENT_LIMIT others */
uint32_t vsp_log_per_block(uint32_t which);
const void *vsp_log_block(uint32_t which, uint32_t block);

/* Interface tables (interface.c): STATUS_NOT_SUPPORTED for an unknown type or a wrong pair. */
vsp_status vsp_kmcl_query_interface(const void *type, void *out, uint32_t size, uint32_t version);
/* run/tellGuest.ts: changes one 32-bit word of the guest packet delivered as the `packet`th (from 1) by one. */
void vsp_guest_bend(uint32_t packet, uint32_t offset);
uint32_t vsp_guest_packets(void);       /* delivered so far */
uint32_t vsp_guest_packet_length(void); /* of the last one */
uint32_t vsp_interface_references(void); /* queried and not dereferenced */
uint32_t vsp_interface_location(void);   /* location id of the first such query, 0 without one */
