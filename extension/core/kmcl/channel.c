/*
 * Channel objects and what every function of the library needs first: handle checks, planned failures, reports.
 */
#include "library.h"

/* Walk of vsp_packet_next. */
static struct vsp_slab *walk_slab;
static uint32_t walk_index;

struct vsp_simulator *vsp_simulator(void)
{
    if (VSP_UNLIKELY(vsp_lasting.simulator == 0)) {
        vsp_lasting.simulator = (uint64_t)(uintptr_t)vsp_allocate(VSP_ARENA_LASTING, sizeof(struct vsp_simulator));
    }
    return (struct vsp_simulator *)(uintptr_t)vsp_lasting.simulator;
}

/* ---- Reports ---- */

void vsp_misuse(uint32_t rule, const void *object, uint64_t detail)
{
    VSP_EVENT(VSP_EVENT_BREACH, 0, object, rule, detail);
    vsp_breach(rule, (uint64_t)(uintptr_t)object, detail);
}

void vsp_misuse_at_return(uint32_t rule, const void *object, uint64_t detail)
{
    vsp_depth++; /* the slot still holds where the callback returned */
    vsp_misuse(rule, object, detail);
    vsp_depth--;
}

/* These continue enum vsp_lock_breach of the runtime: a callback kept a spin lock, or gave one back it never took. */
#define LOCK_KEPT 6u
#define LOCK_FOREIGN 7u

void vsp_scope_unbalanced(struct vsp_scope *scope)
{
    if (vsp_lasting.spin_locks != scope->locks) {
        const uint32_t kept = vsp_lasting.spin_locks > scope->locks;
        vsp_misuse_at_return(VSP_RULE_LOCK_IRQL, NULL, kept ? LOCK_KEPT : LOCK_FOREIGN);
        vsp_spin_locks_forget(kept ? vsp_lasting.spin_locks - scope->locks : 0);
    } else {
        vsp_misuse_at_return(VSP_RULE_IRQL_CALL, NULL, vsp_lasting.irql);
    }
    vsp_lasting.spin_locks = scope->locks;
    vsp_lasting.irql = scope->called_irql;
}

void vsp_irql_at_most(uint32_t highest, const void *object)
{
    if (VSP_UNLIKELY(vsp_lasting.irql > highest)) {
        vsp_misuse(VSP_RULE_IRQL_CALL, object, vsp_lasting.irql);
    }
}

uint32_t vsp_in_save_callback(const void *object)
{
    if (VSP_LIKELY(vsp_lasting.pass != VSP_PASS_QUERY && vsp_lasting.pass != VSP_PASS_WRITE)) {
        return 0;
    }
    vsp_misuse(VSP_RULE_SAVEPKT_NO_PACKET_OPS, object, 0);
    return 1;
}

/* ---- Handles ---- */

uint32_t vsp_channel_valid(const void *handle)
{
    struct vsp_simulator *simulator = vsp_simulator();
    if (handle != NULL && handle == simulator->last_channel) {
        return 1;
    }
    for (struct vsp_channel *channel = simulator->channels; channel != NULL; channel = channel->next) {
        if (channel == handle) {
            simulator->last_channel = channel;
            return 1;
        }
    }
    return 0;
}

struct vsp_channel *vsp_channel_checked(const void *handle)
{
    if (VSP_LIKELY(vsp_channel_valid(handle))) {
        return (struct vsp_channel *)handle;
    }
    if ((uint64_t)(uintptr_t)handle < VSP_NULL_ZONE) {
        vsp_fault(VSP_FAULT_NULL, (uint64_t)(uintptr_t)handle, 8, VSP_ACCESS_READ);
    }
    vsp_misuse(VSP_RULE_STATE_NO_USE_AFTER_CLEANUP, handle, 0);
    return NULL;
}

struct vsp_packet *vsp_packet_checked(const void *handle)
{
    const uint64_t address = (uint64_t)(uintptr_t)handle;
    if (VSP_UNLIKELY(address < VSP_NULL_ZONE)) {
        vsp_fault(VSP_FAULT_NULL, address, 8, VSP_ACCESS_READ);
    }
    struct vsp_packet *packet = (struct vsp_packet *)handle;
    if (VSP_UNLIKELY((address & 7) != 0 || address + sizeof *packet > vsp_kept.end)) {
        vsp_fault(VSP_FAULT_WILD, address, sizeof *packet, VSP_ACCESS_READ);
    }
    if (VSP_UNLIKELY(packet->magic != VSP_PACKET_MAGIC)) {
        const uint32_t freed = vsp_shadow_at(address) == VSP_POISON_FREED;
        vsp_fault(freed ? VSP_FAULT_USE_AFTER_FREE : VSP_FAULT_WILD, address, sizeof *packet, VSP_ACCESS_READ);
    }
    return packet;
}

/* ---- Life ---- */

struct vsp_channel *vsp_channel_create(void *parent, uint32_t server, void *memory)
{
    struct vsp_channel *channel = memory;
    if (vsp_allocation_fails()) {
        return NULL;
    }
    if (channel == NULL) {
        channel = vsp_allocate(VSP_ARENA_HOST, sizeof *channel);
    } else {
        vsp_set(channel, 0, sizeof *channel);
        vsp_poison(channel, sizeof *channel, VSP_POISON_INTERNAL);
        channel->own_memory = 1;
    }
    channel->magic = VSP_CHANNEL_MAGIC;
    channel->index = vsp_simulator()->next_channel++;
    channel->parent = parent;
    channel->server = server != 0;
    channel->ring_size = VSP_RING_DEFAULT;
    channel->max_packet_size = 512; /* default parameters are not published */
    channel->record_base = VSP_NONE;
    channel->location = vsp_user_location();
    struct vsp_channel **end = &vsp_simulator()->channels;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = channel;
    return channel;
}

void vsp_channel_destroy(struct vsp_channel *channel)
{
    struct vsp_channel **link = &vsp_simulator()->channels;
    while (*link != channel) {
        link = &(*link)->next;
    }
    *link = channel->next;
    vsp_simulator()->last_channel = NULL;
    walk_slab = NULL;
    vsp_save_destroy(channel);
    vsp_restore_destroy(channel);
    vsp_queue_drop_completions(channel);
    vsp_incoming_destroy(channel);
    vsp_packets_destroy(channel);
    if (channel->guest != NULL) {
        vsp_guest_destroy(channel->guest);
    }
    const uint32_t own = channel->own_memory;
    vsp_set(channel, 0, sizeof *channel);
    if (own) {
        vsp_unpoison(channel, sizeof *channel);
    } else {
        vsp_free(VSP_ARENA_HOST, channel, sizeof *channel);
    }
}

void vsp_channels_abandon(void)
{
    struct vsp_simulator *simulator = vsp_simulator();
    struct vsp_guest *guest = simulator->guests;
    while (guest != NULL) {
        struct vsp_guest *next = guest->next;
        if (!guest->kept) {
            vsp_guest_destroy(guest);
        }
        guest = next;
    }
    simulator->channels = NULL;
    simulator->last_channel = NULL;
    walk_slab = NULL;
}

struct vsp_channel *vsp_channel_next(struct vsp_channel *channel)
{
    return channel == NULL ? vsp_simulator()->channels : channel->next;
}

void vsp_mark_stubbed(void)
{
    const struct vsp_channel *channel = vsp_simulator()->channels;
    while (channel != NULL && channel->index != vsp_lasting.channel) {
        channel = channel->next;
    }
    if (channel != NULL && channel->record_base != VSP_NONE && vsp_lasting.packet < channel->record_count) {
        vsp_record_at(channel->record_base + vsp_lasting.packet)->flags |= VSP_RECORD_STUBBED;
    }
}

void vsp_channel_open(struct vsp_channel *channel)
{
    if (channel->guest == NULL) {
        channel->guest = vsp_guest_create(channel->ring_size);
    }
}

void vsp_channel_close(struct vsp_channel *channel)
{
    if (channel->guest != NULL) {
        vsp_guest_forget(channel->guest);
        if (channel->guest->to_host.size != channel->ring_size) {
            vsp_guest_destroy(channel->guest);
            channel->guest = NULL;
        }
    }
    vsp_queue_drop_completions(channel);
    vsp_incoming_destroy(channel);
    channel->failed = 0;
    channel->quota_blocked = 0;
}

/* ---- Fields ---- */

static uint32_t pending_work(const struct vsp_channel *channel)
{
    struct vsp_descriptor descriptor;
    if (channel->completing != NULL) {
        return 1;
    }
    if (channel->guest == NULL || !channel->open) {
        return 0;
    }
    if (channel->processing && !channel->failed) {
        for (const struct vsp_incoming *incoming = channel->incoming; incoming != NULL; incoming = incoming->next) {
            if (incoming->state == VSP_INCOMING_DEFERRED || incoming->state == VSP_INCOMING_PENDING) {
                return 1;
            }
        }
        if (!channel->quota_blocked && vsp_ring_peek(&channel->guest->to_host, &descriptor)) {
            return 1;
        }
    }
    return channel->transmit && channel->queue != NULL &&
           vsp_ring_bytes(0, channel->queue->length) <= vsp_ring_free_bytes(&channel->guest->from_host);
}

uint64_t vsp_channel_get(struct vsp_channel *channel, uint32_t field)
{
    switch (field) {
    case VSP_FIELD_ENABLED: return channel->enabled;
    case VSP_FIELD_OPEN: return channel->open;
    case VSP_FIELD_STARTED: return channel->started;
    case VSP_FIELD_TRANSMIT: return channel->transmit;
    case VSP_FIELD_PROCESSING: return channel->processing;
    case VSP_FIELD_SUSPENDED: return channel->suspended;
    case VSP_FIELD_SERVER: return channel->server;
    case VSP_FIELD_PARENT: return (uint64_t)(uintptr_t)channel->parent;
    case VSP_FIELD_MAX_PACKET_SIZE: return channel->max_packet_size;
    case VSP_FIELD_MAX_EXTERNAL_DATA: return channel->max_external_data;
    case VSP_FIELD_MAX_CHAIN_LENGTH: return channel->max_chain_length;
    case VSP_FIELD_CLIENT_CONTEXT_SIZE: return channel->client_context_size;
    case VSP_FIELD_INLINE_CONTEXT_SIZE: return channel->inline_context_size;
    case VSP_FIELD_MAX_PACKET_COUNT: return channel->max_packet_count;
    case VSP_FIELD_QUOTA: return channel->quota;
    case VSP_FIELD_PASSIVE: return channel->passive;
    case VSP_FIELD_FLAGS: return channel->flags;
    case VSP_FIELD_SERVER_FLAGS: return channel->server_flags;
    case VSP_FIELD_VTL: return channel->vtl;
    case VSP_FIELD_RING_SIZE: return channel->ring_size;
    case VSP_FIELD_INDEX: return channel->index;
    case VSP_FIELD_LOCATION: return channel->location;
    case VSP_FIELD_POINTER: return (uint64_t)(uintptr_t)channel->pointer;
    case VSP_FIELD_OUTSTANDING: return channel->outstanding;
    case VSP_FIELD_IN_USE: return channel->in_use;
    case VSP_FIELD_QUEUED: return channel->queued;
    case VSP_FIELD_FAILED: return channel->failed;
    case VSP_FIELD_SAVING: return channel->saving != NULL;
    case VSP_FIELD_RESTORING: return vsp_restore_progress(channel);
    case VSP_FIELD_ALLOCATED: return channel->allocated;
    case VSP_FIELD_RESTORED: return channel->restored;
    case VSP_FIELD_IN_CALLBACK: return channel->in_callback;
    case VSP_FIELD_PENDING_WORK: return pending_work(channel);
    case VSP_FIELD_SAVE_LOCATION: return vsp_save_location(channel);
    case VSP_FIELD_ASKED_IN_VAIN: return channel->asked_in_vain;
    default: return 0;
    }
}

void vsp_channel_set(struct vsp_channel *channel, uint32_t field, uint64_t value)
{
    const uint32_t number = (uint32_t)value;
    const uint8_t flag = value != 0;
    switch (field) {
    case VSP_FIELD_ENABLED: channel->enabled = flag; break;
    case VSP_FIELD_OPEN: channel->open = flag; break;
    case VSP_FIELD_STARTED: channel->started = flag; break;
    case VSP_FIELD_TRANSMIT: channel->transmit = flag; break;
    case VSP_FIELD_PROCESSING:
        channel->processing = flag;
        channel->failed = flag ? 0 : channel->failed; /* Pause and Start restarts a failed queue */
        break;
    case VSP_FIELD_SUSPENDED: channel->suspended = flag; break;
    case VSP_FIELD_SERVER: channel->server = flag; break;
    case VSP_FIELD_PARENT: channel->parent = (void *)(uintptr_t)value; break;
    case VSP_FIELD_MAX_PACKET_SIZE: channel->max_packet_size = number; break;
    case VSP_FIELD_MAX_EXTERNAL_DATA: channel->max_external_data = number; break;
    case VSP_FIELD_MAX_CHAIN_LENGTH: channel->max_chain_length = number; break;
    case VSP_FIELD_CLIENT_CONTEXT_SIZE: channel->client_context_size = number; break;
    case VSP_FIELD_INLINE_CONTEXT_SIZE: channel->inline_context_size = number; break;
    case VSP_FIELD_MAX_PACKET_COUNT: channel->max_packet_count = number; break;
    case VSP_FIELD_QUOTA: channel->quota = number; break;
    case VSP_FIELD_PASSIVE: channel->passive = flag; break;
    case VSP_FIELD_FLAGS: channel->flags = number; break;
    case VSP_FIELD_SERVER_FLAGS: channel->server_flags = number; break;
    case VSP_FIELD_VTL: channel->vtl = number; break;
    case VSP_FIELD_RING_SIZE: channel->ring_size = number; break;
    case VSP_FIELD_INDEX: channel->index = number; break;
    case VSP_FIELD_LOCATION: channel->location = number; break;
    default: break;
    }
}

void vsp_channel_set_process_callbacks(struct vsp_channel *channel, uint32_t ex, void *context, void *process,
                                       void *complete)
{
    channel->process_ex = ex != 0;
    channel->process_context = context;
    channel->process = process;
    channel->processing_complete = complete;
}

void vsp_channel_set_save_callbacks(struct vsp_channel *channel, uint32_t ex, void *context, void *save, void *restore)
{
    channel->save_ex = ex != 0;
    channel->save_context = context;
    channel->save = save;
    channel->restore = restore;
}

/* ---- Iteration ---- */

struct vsp_packet *vsp_packet_next(struct vsp_channel *channel, struct vsp_packet *packet)
{
    if (packet == NULL) {
        walk_slab = channel->slabs;
        walk_index = 0;
    }
    for (; walk_slab != NULL; walk_slab = walk_slab->next, walk_index = 0) {
        while (walk_index < walk_slab->used) {
            struct vsp_packet *candidate = vsp_slab_packet(walk_slab, walk_index++);
            if (candidate->state != VSP_PACKET_FREE) {
                return candidate;
            }
        }
    }
    return NULL;
}

struct vsp_incoming *vsp_incoming_next(struct vsp_channel *channel, struct vsp_incoming *incoming)
{
    return incoming == NULL ? channel->incoming : incoming->next;
}

void vsp_kmcl_visit_roots(void (*value)(uint64_t pointer), void (*range)(const void *start, uint64_t size))
{
    for (struct vsp_channel *channel = vsp_simulator()->channels; channel != NULL; channel = channel->next) {
        value((uint64_t)(uintptr_t)channel->pointer);
        value((uint64_t)(uintptr_t)channel->process_context);
        value((uint64_t)(uintptr_t)channel->save_context);
        for (struct vsp_packet *packet = vsp_packet_next(channel, NULL); packet != NULL;
             packet = vsp_packet_next(channel, packet)) {
            value((uint64_t)(uintptr_t)packet->pointer);
            value((uint64_t)(uintptr_t)packet->context);
            if (walk_slab->shape > sizeof *packet) {
                range(packet + 1, walk_slab->shape - sizeof *packet);
            }
        }
        uint32_t cursor = 0;
        for (struct vsp_packet *packet = vsp_table_walk(channel, &cursor); packet != NULL;
             packet = vsp_table_walk(channel, &cursor)) {
            if (packet->origin == VSP_ORIGIN_INITIALIZE) {
                value((uint64_t)(uintptr_t)packet); /* the library holds the driver's memory */
                value((uint64_t)(uintptr_t)packet->pointer);
                value((uint64_t)(uintptr_t)packet->context);
            }
        }
        for (struct vsp_incoming *incoming = channel->incoming; incoming != NULL; incoming = incoming->next) {
            if (incoming->client_context != NULL) {
                range(incoming->client_context, channel->client_context_size);
            }
        }
    }
}
