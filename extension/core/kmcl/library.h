/*
 * What the C files of the simulator share among themselves: statuses, misuse reports, the way into driver callbacks,
 * internals.
 */
#pragma once

#include "kmcl.h"
#include "../wdk/runtime/failures.h"
#include "../wdk/runtime/internal.h"
#include "../wdk/runtime/rules.h"

/* ---- Statuses (8.1) ---- */

#define VSP_STATUS(value) ((vsp_status)(uint32_t)(value))
#define STATUS_SUCCESS VSP_STATUS(0x00000000u)
#define STATUS_PENDING VSP_STATUS(0x00000103u)
#define STATUS_BUFFER_OVERFLOW VSP_STATUS(0x80000005u)
#define STATUS_UNSUCCESSFUL VSP_STATUS(0xC0000001u)
#define STATUS_INVALID_PARAMETER VSP_STATUS(0xC000000Du)
#define STATUS_INVALID_DEVICE_REQUEST VSP_STATUS(0xC0000010u)
#define STATUS_MORE_PROCESSING_REQUIRED VSP_STATUS(0xC0000016u)
#define STATUS_BUFFER_TOO_SMALL VSP_STATUS(0xC0000023u)
#define STATUS_INSUFFICIENT_RESOURCES VSP_STATUS(0xC000009Au)
#define STATUS_DEVICE_NOT_CONNECTED VSP_STATUS(0xC000009Du)
#define STATUS_NOT_SUPPORTED VSP_STATUS(0xC00000BBu)
#define STATUS_INVALID_PARAMETER_1 VSP_STATUS(0xC00000EFu)
#define STATUS_INVALID_PARAMETER_2 VSP_STATUS(0xC00000F0u)
#define STATUS_INVALID_PARAMETER_3 VSP_STATUS(0xC00000F1u)
#define STATUS_INVALID_PARAMETER_4 VSP_STATUS(0xC00000F2u)
#define STATUS_INVALID_PARAMETER_5 VSP_STATUS(0xC00000F3u)
#define STATUS_INVALID_PARAMETER_6 VSP_STATUS(0xC00000F4u)
#define STATUS_CANCELLED VSP_STATUS(0xC0000120u)
#define STATUS_INVALID_DEVICE_STATE VSP_STATUS(0xC0000184u)
#define STATUS_INVALID_BUFFER_SIZE VSP_STATUS(0xC0000206u)

#define VSP_DISPATCH_LEVEL 2u
#define VSP_PASSIVE_LEVEL 0u

#define VSP_SEND_WAIT 0x1u /* VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION */
#define VSP_FORCE_NEW_CHANNEL 0x8u
#define VSP_EXTERNAL_DATA 0x1u

/* ---- Modes, events, misuse ---- */

static inline uint32_t vsp_mode_of(enum vsp_mode mode)
{
    return vsp_lasting.modes[mode];
}

#define VSP_EVENT(kind, api, object, a, b)                                                                             \
    do {                                                                                                               \
        if (VSP_UNLIKELY(vsp_lasting.trace != 0)) {                                                                    \
            vsp_event((kind), (api), (uint64_t)(uintptr_t)(object), (uint64_t)(a), (uint64_t)(b));                     \
        }                                                                                                              \
    } while (0)

/* A driver's call and its answer. */
#define VSP_CALL(api, object, a, b)                                                                                    \
    do {                                                                                                               \
        vsp_budget -= VSP_CALL_COST;                                                                                   \
        VSP_EVENT(VSP_EVENT_CALL, api, object, a, b);                                                                  \
    } while (0)
/* Units of the budget: a library call takes as long as that many loop turns. The caller's next turn or call notices. */
#define VSP_CALL_COST 32
#define VSP_RETURN(api, object, value) VSP_EVENT(VSP_EVENT_RETURN, api, object, (uint32_t)(value), 0)

/* Id of the innermost position in user code, 0 outside. */
uint32_t vsp_user_location(void);

void vsp_misuse(uint32_t rule, const void *object, uint64_t detail);
/* In the detail of out-size-limit: the size is that of an answer to the guest. */
#define VSP_DETAIL_ANSWER 0x100000000ull

/* ---- The way into a driver callback ---- */

struct vsp_scope {
    uint32_t depth;
    uint32_t channel;
    uint32_t packet;
    uint32_t pass;
    uint32_t callback;
    uint32_t irql;
    uint32_t locks;
    uint32_t called_irql;
};

/* Pushes the library's frame `api` and makes `callback` the running one. */
static inline void vsp_scope_enter(struct vsp_scope *scope, struct vsp_channel *channel, uint32_t api,
                                   uint32_t callback, uint32_t packet, uint32_t pass, uint32_t irql)
{
    if (VSP_UNLIKELY(vsp_depth + 2 >= VSP_MAX_FRAMES)) {
        vsp_out_of_frames();
    }
    scope->depth = vsp_depth;
    scope->channel = vsp_lasting.channel;
    scope->packet = vsp_lasting.packet;
    scope->pass = vsp_lasting.pass;
    scope->callback = vsp_lasting.callback;
    scope->irql = vsp_lasting.irql;
    scope->locks = vsp_lasting.spin_locks;
    scope->called_irql = irql;
    vsp_frames[++vsp_depth] = VSP_LIBRARY_FRAME | api;
    vsp_lasting.channel = channel->index;
    vsp_lasting.packet = packet;
    vsp_lasting.pass = pass;
    vsp_lasting.callback = callback;
    vsp_lasting.irql = irql;
    channel->in_callback++;
}

void vsp_scope_unbalanced(struct vsp_scope *scope);

/* The callback has returned: IRQL and locks must be as they were. The context stays the callback's until
 * vsp_scope_leave, and its last frame can still be told (vsp_misuse_at_return). */
static inline void vsp_scope_returned(struct vsp_scope *scope)
{
    if (VSP_UNLIKELY(vsp_lasting.irql != scope->called_irql || vsp_lasting.spin_locks != scope->locks)) {
        vsp_scope_unbalanced(scope);
    }
}

static inline void vsp_scope_leave(struct vsp_scope *scope, struct vsp_channel *channel)
{
    channel->in_callback--;
    vsp_depth = scope->depth;
    vsp_lasting.channel = scope->channel;
    vsp_lasting.packet = scope->packet;
    vsp_lasting.pass = scope->pass;
    vsp_lasting.callback = scope->callback;
    vsp_lasting.irql = scope->irql;
}

/* Misuse decided when a callback returned: reported with the callback's frame still on the stack, at its return
 * statement. */
void vsp_misuse_at_return(uint32_t rule, const void *object, uint64_t detail);

/* ---- channel.c ---- */

struct vsp_simulator *vsp_simulator(void);
/* The live channel behind a handle, else NULL and state-no-use-after-cleanup. */
struct vsp_channel *vsp_channel_checked(const void *handle);
/* The live outgoing packet behind a handle; a handle that never was one ends the test. */
struct vsp_packet *vsp_packet_checked(const void *handle);
/* irql-call unless at or below `highest`. */
void vsp_irql_at_most(uint32_t highest, const void *object);
/* Inside a save or restore callback no packet may be worked on (S-16): reports and answers nonzero in a save callback.
 */
uint32_t vsp_in_save_callback(const void *object);

void vsp_log_append(struct vsp_log *log, uint32_t record_size, const void *record);

/* ---- ring.c ---- */

/* Bytes of the control page, the data and the padding table beside them. */
static inline uint64_t vsp_ring_memory(const struct vsp_ring *ring)
{
    return (uint64_t)VSP_RING_PAGE + ring->size + ring->size / 8;
}
void vsp_ring_create(struct vsp_ring *ring, uint32_t size);
void vsp_ring_destroy(struct vsp_ring *ring);
void vsp_ring_reset(struct vsp_ring *ring);
uint32_t vsp_ring_free_bytes(const struct vsp_ring *ring);
/* Ring bytes of a packet with `header` bytes of extended header and `length` bytes of payload, footer included. */
static inline uint64_t vsp_ring_bytes(uint64_t header, uint64_t length)
{
    return vsp_round_up(sizeof(struct vsp_descriptor) + header + length, 8) + 8;
}
/* Writes one packet; 0 = no room. *signal: the reader must be signalled. */
uint32_t vsp_ring_write(struct vsp_ring *ring, uint32_t type, uint32_t flags, uint64_t transaction, const void *header,
                        uint32_t header_length, const void *payload, uint32_t length, uint32_t *signal);
/* The next packet's descriptor; 0 = ring empty. */
uint32_t vsp_ring_peek(const struct vsp_ring *ring, struct vsp_descriptor *descriptor);
/* Bytes of padding behind the next packet's payload, 0 to 7 (known beside the ring, A-20). */
uint32_t vsp_ring_padding(const struct vsp_ring *ring);
/* Copies bytes [offset, offset + size) of the next packet, counted from its descriptor. */
void vsp_ring_copy(const struct vsp_ring *ring, uint32_t offset, void *to, uint32_t size);
/* Takes the next packet away; *signal: the writer waits for room and must be signalled. */
void vsp_ring_advance(struct vsp_ring *ring, uint32_t *signal);

/* ---- packet.c, send.c ---- */

/* Packets of Allocate lie in slabs behind this head. */
struct vsp_slab {
    struct vsp_slab *next;
    uint32_t shape; /* bytes per packet, inline context included */
    uint32_t capacity;
    uint32_t used; /* handed out at least once */
    uint32_t context_size;
    uint64_t bytes;
};
static inline struct vsp_packet *vsp_slab_packet(struct vsp_slab *slab, uint32_t index)
{
    return (struct vsp_packet *)((uint8_t *)(slab + 1) + (uint64_t)index * slab->shape);
}

void vsp_table_insert(struct vsp_channel *channel, struct vsp_packet *packet); /* next transaction id */
/* Claims the slot of a restored id; 0 = taken or absurd. */
uint32_t vsp_table_claim(struct vsp_channel *channel, struct vsp_packet *packet, uint64_t transaction);
void vsp_table_remove(struct vsp_channel *channel, struct vsp_packet *packet);
struct vsp_packet *vsp_table_find(struct vsp_channel *channel, uint64_t transaction);
/* In-use packets in send order: *cursor counts table entries from 0; NULL at the end. */
struct vsp_packet *vsp_table_walk(struct vsp_channel *channel, uint32_t *cursor);

void vsp_packets_destroy(struct vsp_channel *channel);
/* packetmemory.c: memory for a packet, and where it goes back to. */
struct vsp_packet *vsp_packet_take(struct vsp_channel *channel);
void vsp_packet_release(struct vsp_packet *packet);
/* The address lies in a slab whose packets have inline contexts. */
uint32_t vsp_is_inline_context(const struct vsp_channel *channel, const void *address);
void vsp_slabs_destroy(struct vsp_channel *channel);
void vsp_packet_set_state(struct vsp_packet *packet, enum vsp_packet_state state);
/* Ends a transaction: completion routine or, by default, the lookaside list. */
void vsp_packet_complete(struct vsp_packet *packet, vsp_status status, void *buffer, uint32_t length, uint32_t irql,
                         uint32_t api);

void vsp_packet_drop_context(struct vsp_packet *packet); /* sequence.c: of a packet with VSP_PACKET_OWNED */

/* A synchronous request's packet (sync.c). */
struct vsp_sync_request {
    struct vsp_packet packet;
    uint8_t *bytes;
    uint32_t length;
    uint32_t done;
    vsp_status status;
};
void vsp_sync_completed(struct vsp_packet *packet, vsp_status status, const void *buffer, uint32_t length);

/* Appends to the channel's queue; `packet` NULL for a completion packet. */
void vsp_queue_append(struct vsp_channel *channel, struct vsp_packet *packet, uint64_t transaction, uint32_t type,
                      uint32_t flags, const void *bytes, uint32_t length);
uint32_t vsp_queue_flush(struct vsp_channel *channel);     /* moves what fits into the ring; number moved */
uint32_t vsp_completions_run(struct vsp_channel *channel); /* A-13 deferred */
void vsp_queue_drop(struct vsp_channel *channel, struct vsp_packet *packet);
void vsp_queue_drop_completions(struct vsp_channel *channel);
/* May this packet be sent now? Else the status, misuse reported. */
vsp_status vsp_check_send(struct vsp_packet *packet, uint32_t length, uint32_t flags);
/* Into the ring or the queue; the packet was checked. */
void vsp_send_now(struct vsp_packet *packet, const void *buffer, uint32_t length, uint32_t flags, uint32_t api);
/* The rings' data size if they exist or will at the next open. */
uint32_t vsp_ring_size_of(const struct vsp_channel *channel);

/* ---- incoming.c ---- */

void vsp_incoming_destroy(struct vsp_channel *channel);
/* The packet behind a completion handle, or NULL after the report when it is dead. */
struct vsp_incoming *vsp_incoming_live(void *handle, uint32_t dead_rule);

/* ---- externaldata.c ---- */

/* Total bytes and number of ranges against the channel's limits (init-external-limits). */
uint32_t vsp_external_fits(const struct vsp_channel *channel, const uint8_t *ranges);
/* The guest's pages are not in yet, by the mode or by the test's plan: STATUS_PENDING will be the answer. */
uint32_t vsp_external_pending(const struct vsp_incoming *incoming);
/* in-mdl-unmap-first. */
void vsp_external_check_mappings(const struct vsp_incoming *incoming);
void vsp_external_free(struct vsp_incoming *incoming);

/* in-external-restartable, checks on: the callback is about to be called with a packet whose external data will be
 * pending; it has been told so; it has returned. */
void vsp_side_effects_watch(void);
void vsp_side_effects_pending(void);
void vsp_side_effects_returned(const void *packet);

/* A-19 hostile: the guest rewrites one byte of the buffer being processed whenever the driver calls the library. */
static inline void vsp_hostile_touch(struct vsp_channel *channel)
{
    struct vsp_incoming *incoming = channel->current;
    if (VSP_UNLIKELY(incoming != NULL && incoming->length != 0 && vsp_mode_of(VSP_MODE_A19) == VSP_A19_HOSTILE)) {
        incoming->buffer[vsp_random() % incoming->length] ^= (uint8_t)(1u << (vsp_random() & 7));
    }
}

/* ---- guest.c ---- */

struct vsp_guest *vsp_guest_create(uint32_t ring_size);
void vsp_guest_destroy(struct vsp_guest *guest);
struct vsp_guest *vsp_guest_copy(const struct vsp_guest *guest);
void vsp_guest_forget(struct vsp_guest *guest); /* closes: rings empty, nothing owed */
void vsp_guest_owes(struct vsp_guest *guest, uint64_t transaction);

/* ---- save.c, restore.c, state.c ---- */

vsp_status vsp_save_begin(struct vsp_channel *channel);
vsp_status vsp_save_continue(struct vsp_channel *channel, void *buffer, uint32_t size, uint32_t *filled,
                             uint32_t *required);
void vsp_save_end(struct vsp_channel *channel);
void vsp_save_destroy(struct vsp_channel *channel);
uint32_t vsp_save_location(const struct vsp_channel *channel);    /* VSP_FIELD_SAVE_LOCATION */
uint32_t vsp_restore_progress(const struct vsp_channel *channel); /* VSP_FIELD_RESTORING */
/* `tampered`: a damaged row of chunks is nobody's fault. */
vsp_status vsp_restore_piece(struct vsp_channel *channel, const void *buffer, uint32_t size, uint32_t tampered);
void vsp_restore_destroy(struct vsp_channel *channel);
/* The guest kept at a channel's SaveEnd, for restores that come without a state object. */
void vsp_snapshot_keep(uint32_t channel, uint32_t save, struct vsp_guest *guest);
struct vsp_guest *vsp_snapshot_find(uint32_t channel, uint32_t save);
struct vsp_guest *vsp_snapshot_take(uint32_t channel, uint32_t save);
void vsp_install_guest(struct vsp_channel *channel, struct vsp_guest *guest);

static inline struct vsp_packet_record *vsp_record_at(uint32_t index)
{
    return (struct vsp_packet_record *)(uintptr_t)vsp_lasting.records + index;
}
