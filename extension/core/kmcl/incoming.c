/*
 * Incoming packets (kmcl-facts 5.4): delivery from the ring, Complete, Fail, Defer, client context.
 */
#include "../wdk/runtime/variant.h"
#include "save.h"

#define TAG_PACKET 0x4B426D56u /* 'VmBK' */
#define TAG_ANSWER 0x43426D56u /* 'VmBC' */
#define TAG_CLIENT 0x58426D56u /* 'VmBX' */
#define KEEP_COMPLETED 256u    /* completed handles stay recognisable for so many packets */
#define DEFER_LIMIT 10000u     /* more deferrals than this are an endless loop */

/* ---- Objects ---- */

static struct vsp_incoming *new_incoming(struct vsp_channel *channel)
{
    struct vsp_incoming *incoming;
    if (channel->incoming_free_count > KEEP_COMPLETED) {
        incoming = channel->incoming_free;
        channel->incoming_free = incoming->next;
        channel->incoming_free_count--;
        vsp_set(incoming, 0, sizeof *incoming);
    } else {
        incoming = vsp_allocate(VSP_ARENA_HOST, sizeof *incoming);
    }
    incoming->magic = VSP_INCOMING_MAGIC;
    incoming->channel = channel;
    incoming->previous = channel->incoming_tail;
    *(channel->incoming_tail == NULL ? &channel->incoming : &channel->incoming_tail->next) = incoming;
    channel->incoming_tail = incoming;
    channel->outstanding++;
    return incoming;
}

/* Ends the packet's life: what it held goes back, its handle stays recognisable for a while. */
static void retire(struct vsp_incoming *incoming, enum vsp_incoming_state state)
{
    struct vsp_channel *channel = incoming->channel;
    *(incoming->previous == NULL ? &channel->incoming : &incoming->previous->next) = incoming->next;
    *(incoming->next == NULL ? &channel->incoming_tail : &incoming->next->previous) = incoming->previous;
    channel->outstanding--;
    channel->quota_blocked = 0;
    vsp_user_free(VSP_ARENA_HOST, incoming->buffer);
    if (incoming->client_context != NULL) {
        vsp_user_free(VSP_ARENA_HOST, incoming->client_context);
    }
    vsp_external_free(incoming);
    vsp_free(VSP_ARENA_HOST, incoming->ranges, incoming->ranges_length);
    incoming->buffer = NULL;
    incoming->client_context = NULL;
    incoming->ranges = NULL;
    incoming->state = (uint8_t)state;
    incoming->next = NULL;
    incoming->previous = NULL;
    *(channel->incoming_free == NULL ? &channel->incoming_free : &channel->incoming_free_tail->next) = incoming;
    channel->incoming_free_tail = incoming;
    channel->incoming_free_count++;
}

void vsp_incoming_destroy(struct vsp_channel *channel)
{
    while (channel->incoming != NULL) {
        retire(channel->incoming, VSP_INCOMING_FAILED);
    }
    if (vsp_channel_valid(channel)) {
        return; /* a close: handles stay recognisable */
    }
    while (channel->incoming_free != NULL) {
        struct vsp_incoming *next = channel->incoming_free->next;
        channel->incoming_free->magic = 0;
        vsp_free(VSP_ARENA_HOST, channel->incoming_free, sizeof *next);
        channel->incoming_free = next;
    }
}

/* ---- Delivery ---- */

static void deliver(struct vsp_channel *channel, struct vsp_incoming *incoming, uint32_t irql)
{
    struct vsp_scope scope;
    struct vsp_incoming *outer = channel->current;
    incoming->state = VSP_INCOMING_DELIVERED;
    incoming->deliveries++;
    channel->current = incoming;
    if (VSP_UNLIKELY(vsp_checking && vsp_external_pending(incoming))) {
        vsp_side_effects_watch();
    }
    vsp_scope_enter(&scope, channel, 0, VSP_API_EVT_VMB_CHANNEL_PROCESS_PACKET, VSP_NONE, VSP_PASS_NONE, irql);
    VSP_EVENT(VSP_EVENT_CALLBACK, VSP_API_EVT_VMB_CHANNEL_PROCESS_PACKET, incoming, incoming->length, incoming->flags);
    vsp_calls(channel->process);
    if (channel->process_ex) {
        ((vsp_process_ex_fn *)channel->process)(channel, channel->process_context, incoming, incoming->buffer,
                                                incoming->length, incoming->flags);
    } else {
        ((vsp_process_fn *)channel->process)(channel, incoming, incoming->buffer, incoming->length, incoming->flags);
    }
    VSP_EVENT(VSP_EVENT_CALLBACK_RETURN, VSP_API_EVT_VMB_CHANNEL_PROCESS_PACKET, incoming, incoming->state, 0);
    vsp_scope_returned(&scope);
    if (VSP_UNLIKELY(incoming->state == VSP_INCOMING_PENDING)) {
        vsp_side_effects_returned(incoming);
    }
    vsp_scope_leave(&scope, channel);
    channel->current = outer;
    if (incoming->state == VSP_INCOMING_DELIVERED) {
        incoming->state = VSP_INCOMING_HELD;
    }
}

static uint32_t ring_irql(const struct vsp_channel *channel)
{
    return channel->passive ? VSP_PASSIVE_LEVEL : VSP_DISPATCH_LEVEL;
}

/* The next ring packet is a completion for one of our transactions; one for an unknown transaction is dropped. */
static void take_completion(struct vsp_channel *channel, const struct vsp_descriptor *descriptor, uint32_t length)
{
    struct vsp_packet *packet = vsp_table_find(channel, descriptor->transaction);
    void *buffer = NULL;
    uint32_t signal;
    const uint32_t wanted = packet != NULL && packet->state == VSP_PACKET_IN_FLIGHT;
    if (wanted && (packet->routine != NULL || packet->flags & VSP_PACKET_SYNC) && length != 0) {
        buffer = vsp_user_allocate(VSP_ARENA_HOST, length, TAG_ANSWER);
        vsp_ring_copy(&channel->guest->to_host, descriptor->offset8 * 8u, buffer, length);
    }
    vsp_ring_advance(&channel->guest->to_host, &signal);
    if (wanted) {
        vsp_packet_complete(packet, STATUS_SUCCESS, buffer, buffer != NULL ? length : 0, ring_irql(channel), 0);
    }
    if (buffer != NULL) {
        vsp_user_free(VSP_ARENA_HOST, buffer);
    }
}

static void answer(struct vsp_channel *channel, uint64_t transaction, const void *bytes, uint32_t length)
{
    if (channel->open && channel->guest != NULL) {
        vsp_queue_append(channel, NULL, transaction, VSP_TYPE_COMPLETION, 0, bytes, length);
        vsp_queue_flush(channel);
    }
}

void vsp_guest_bend(uint32_t packet, uint32_t offset)
{
    vsp_simulator()->bent_packet = packet;
    vsp_simulator()->bent_offset = offset;
}

uint32_t vsp_guest_packets(void)
{
    return vsp_simulator()->guest_packets;
}

uint32_t vsp_guest_packet_length(void)
{
    return vsp_simulator()->guest_length;
}

static void count_packet(const struct vsp_incoming *incoming)
{
    struct vsp_simulator *simulator = vsp_simulator();
    simulator->guest_length = incoming->length;
    if (VSP_UNLIKELY(++simulator->guest_packets == simulator->bent_packet)) {
        uint32_t word;
        vsp_copy(&word, incoming->buffer + simulator->bent_offset, sizeof word);
        word++;
        vsp_copy(incoming->buffer + simulator->bent_offset, &word, sizeof word);
    }
}

/* Takes one data packet out of the ring and delivers it; 0 = it was refused. */
static uint32_t take_data(struct vsp_channel *channel, const struct vsp_descriptor *descriptor, uint32_t length,
                          uint32_t exact)
{
    struct vsp_ring *ring = &channel->guest->to_host;
    const uint32_t header = descriptor->offset8 * 8u - (uint32_t)sizeof *descriptor;
    uint8_t *ranges = NULL;
    uint32_t signal;
    if (descriptor->type == VSP_TYPE_DATA_GPA_DIRECT) {
        ranges = vsp_allocate(VSP_ARENA_HOST, header);
        vsp_ring_copy(ring, sizeof *descriptor, ranges, header);
    }
    if (channel->process == NULL || (ranges != NULL && !vsp_external_fits(channel, ranges))) {
        vsp_misuse(ranges != NULL && channel->process != NULL ? VSP_RULE_INIT_EXTERNAL_LIMITS
                                                              : VSP_RULE_INIT_PROCESS_CALLBACK,
                   channel, length);
        vsp_free(VSP_ARENA_HOST, ranges, header);
        vsp_ring_advance(ring, &signal);
        if (descriptor->flags & VSP_FLAG_COMPLETION_REQUESTED) {
            answer(channel, descriptor->transaction, NULL, 0);
        }
        return 0;
    }
    struct vsp_incoming *incoming = new_incoming(channel);
    incoming->wants_answer = (descriptor->flags & VSP_FLAG_COMPLETION_REQUESTED) != 0;
    incoming->transaction = descriptor->transaction;
    incoming->flags = ranges != NULL ? VSP_EXTERNAL_DATA : 0;
    incoming->ranges = ranges;
    incoming->ranges_length = ranges != NULL ? header : 0;
    incoming->length = length;
    incoming->exact_length = exact;
    incoming->buffer = vsp_user_allocate(VSP_ARENA_HOST, length, TAG_PACKET);
    vsp_ring_copy(ring, descriptor->offset8 * 8u, incoming->buffer, length);
    vsp_ring_advance(ring, &signal);
    count_packet(incoming);
    if (channel->client_context_size != 0) {
        incoming->client_context = vsp_user_allocate(VSP_ARENA_HOST, channel->client_context_size, TAG_CLIENT);
    }
    deliver(channel, incoming, ring_irql(channel));
    return 1;
}

/* One packet off the ring. Answers 1 for a data packet, 2 for anything else, 0 when nothing may be taken. */
static uint32_t take_one(struct vsp_channel *channel)
{
    struct vsp_descriptor descriptor;
    if (!channel->open || !channel->processing || channel->failed || channel->guest == NULL) {
        return 0;
    }
    if (channel->quota_blocked || !vsp_ring_peek(&channel->guest->to_host, &descriptor)) {
        return 0;
    }
    if (channel->quota != 0 && channel->outstanding >= channel->quota) {
        channel->quota_blocked = 1; /* only a Complete restarts it */
        return 0;
    }
    const uint32_t rounded = (descriptor.length8 - descriptor.offset8) * 8u;
    const uint32_t exact = rounded - vsp_ring_padding(&channel->guest->to_host);
    const uint32_t length = vsp_mode_of(VSP_MODE_A20) == VSP_A20_EXACT ? exact : rounded;
    if (descriptor.type == VSP_TYPE_COMPLETION) {
        take_completion(channel, &descriptor, length);
        return 2;
    }
    return take_data(channel, &descriptor, length, exact) ? 1 : 2;
}

static uint32_t waits(const struct vsp_incoming *incoming)
{
    return incoming->state == VSP_INCOMING_DEFERRED || incoming->state == VSP_INCOMING_PENDING;
}

/* Presents deferred and pended packets once more, at PASSIVE_LEVEL. */
static uint32_t redeliver(struct vsp_channel *channel)
{
    uint32_t left = 0;
    uint32_t count = 0;
    for (struct vsp_incoming *incoming = channel->incoming; incoming != NULL; incoming = incoming->next) {
        left += waits(incoming);
    }
    const int shuffle = vsp_mode_of(VSP_MODE_A37) == VSP_A37_SHUFFLE;
    for (; left > 0 && channel->processing && !channel->failed; left--) {
        uint32_t skip = shuffle ? (uint32_t)(vsp_random() % left) : 0;
        struct vsp_incoming *incoming = channel->incoming;
        while (incoming != NULL && (!waits(incoming) || skip-- > 0)) {
            incoming = incoming->next;
        }
        if (incoming == NULL) {
            break;
        }
        if (++incoming->defers > DEFER_LIMIT) {
            vsp_fault(VSP_FAULT_TIMEOUT, (uint64_t)(uintptr_t)incoming, 0, 0);
        }
        /* A packet deferred anew waits for the next round: it moves behind the others. */
        deliver(channel, incoming, VSP_PASSIVE_LEVEL);
        count++;
        if (waits(incoming) && incoming->next != NULL) {
            *(incoming->previous == NULL ? &channel->incoming : &incoming->previous->next) = incoming->next;
            incoming->next->previous = incoming->previous;
            incoming->previous = channel->incoming_tail;
            incoming->next = NULL;
            channel->incoming_tail->next = incoming;
            channel->incoming_tail = incoming;
        }
    }
    return count;
}

static void end_batch(struct vsp_channel *channel, uint32_t delivered)
{
    struct vsp_scope scope;
    if (delivered == 0 || channel->processing_complete == NULL) {
        return;
    }
    vsp_scope_enter(&scope, channel, 0, VSP_API_EVT_VMB_CHANNEL_PROCESSING_COMPLETE, VSP_NONE, VSP_PASS_NONE,
                    ring_irql(channel));
    VSP_EVENT(VSP_EVENT_CALLBACK, VSP_API_EVT_VMB_CHANNEL_PROCESSING_COMPLETE, channel, delivered, 0);
    vsp_calls(channel->processing_complete);
    if (channel->process_ex) {
        ((vsp_batch_ex_fn *)channel->processing_complete)(channel, channel->process_context, delivered);
    } else {
        ((vsp_batch_fn *)channel->processing_complete)(channel, delivered);
    }
    VSP_EVENT(VSP_EVENT_CALLBACK_RETURN, VSP_API_EVT_VMB_CHANNEL_PROCESSING_COMPLETE, channel, 0, 0);
    vsp_scope_returned(&scope);
    vsp_scope_leave(&scope, channel);
}

uint32_t vsp_channel_process(struct vsp_channel *channel)
{
    uint32_t total = 0;
    uint32_t delivered = 0;
    uint32_t kind;
    if (channel->processing_now) {
        return 0;
    }
    channel->processing_now = 1;
    total += vsp_completions_run(channel);
    total += vsp_queue_flush(channel);
    const int passive = vsp_lasting.irql < VSP_DISPATCH_LEVEL;
    const int shuffle = vsp_mode_of(VSP_MODE_A37) == VSP_A37_SHUFFLE;
    if (passive && !shuffle && channel->processing) {
        delivered += redeliver(channel);
    }
    if (passive || !channel->passive) {
        while ((kind = take_one(channel)) != 0) {
            total++;
            delivered += kind == 1;
        }
    }
    if (passive && shuffle && channel->processing) {
        delivered += redeliver(channel);
    }
    end_batch(channel, delivered);
    total += delivered + vsp_queue_flush(channel);
    channel->processing_now = 0;
    return total;
}

uint32_t vsp_channels_process(void)
{
    uint32_t total = 0;
    for (struct vsp_channel *channel = vsp_simulator()->channels; channel != NULL; channel = channel->next) {
        total += vsp_channel_process(channel);
    }
    return total;
}

/* ---- The driver's calls ---- */

struct vsp_incoming *vsp_incoming_live(void *handle, uint32_t dead_rule)
{
    struct vsp_incoming *incoming = handle;
    const uint64_t address = (uint64_t)(uintptr_t)handle;
    if (address < VSP_NULL_ZONE) {
        vsp_fault(VSP_FAULT_NULL, address, 8, VSP_ACCESS_READ);
    }
    if ((address & 7) != 0 || address + sizeof *incoming > vsp_memory_end() || incoming->magic != VSP_INCOMING_MAGIC) {
        vsp_fault(VSP_FAULT_WILD, address, sizeof *incoming, VSP_ACCESS_READ);
    }
    vsp_irql_at_most(VSP_DISPATCH_LEVEL, handle);
    uint32_t rule;
    switch (incoming->state) {
    case VSP_INCOMING_DELIVERED:
    case VSP_INCOMING_HELD: return incoming;
    case VSP_INCOMING_PENDING: rule = VSP_RULE_IN_EXTERNAL_PENDING; break;
    case VSP_INCOMING_DEFERRED: rule = VSP_RULE_IN_DEFER_INLINE; break;
    case VSP_INCOMING_FAILED: rule = VSP_RULE_IN_FAIL_TERMINAL; break;
    default: rule = dead_rule; break;
    }
    vsp_misuse(rule, handle, incoming->state);
    return NULL;
}

void VmbChannelPacketComplete(void *handle, void *buffer, uint32_t size)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_PACKET_COMPLETE, handle, (uintptr_t)buffer, size);
    struct vsp_incoming *incoming = vsp_incoming_live(handle, VSP_RULE_IN_COMPLETE_ONCE);
    if (incoming == NULL) {
        incoming = handle;
        if (incoming->state != VSP_INCOMING_DEFERRED || incoming->channel->current != incoming) {
            return;
        }
        /* Deferred a moment ago: the misuse is told, and presenting it for ever would not tell more. */
    }
    struct vsp_channel *channel = incoming->channel;
    if ((buffer == NULL) != (size == 0)) {
        vsp_misuse(VSP_RULE_IN_COMPLETION_ARGS, handle, size);
        size = 0;
    }
    if (size > channel->max_packet_size) { /* */
        vsp_misuse(VSP_RULE_OUT_SIZE_LIMIT, handle, VSP_DETAIL_ANSWER | size);
        size = channel->max_packet_size;
    }
    vsp_check_read(buffer, size);
    if (VSP_UNLIKELY(vsp_vary.watch) && size != 0) {
        /* Another answer with other fresh memory is the breach: run/differential.ts compares. */
        vsp_misuse(VSP_RULE_IN_COMPLETION_INIT, handle, (uint32_t)vsp_checksum(VSP_CHECKSUM_SEED, buffer, size));
    }
    vsp_external_check_mappings(incoming);
    const uint32_t wanted = incoming->wants_answer;
    const uint64_t transaction = incoming->transaction;
    if (wanted) {
        answer(channel, transaction, buffer, size); /* before the buffer, which may be the packet's own, dies */
    }
    retire(incoming, VSP_INCOMING_COMPLETED);
}

void VmbChannelPacketFail(void *handle)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_PACKET_FAIL, handle, 0, 0);
    struct vsp_incoming *incoming = vsp_incoming_live(handle, VSP_RULE_IN_NO_USE_AFTER_COMPLETE);
    if (incoming != NULL) {
        incoming->channel->failed = 1;
        retire(incoming, VSP_INCOMING_FAILED);
    }
}

void VmbChannelPacketDeferToPassive(void *handle)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_PACKET_DEFER_TO_PASSIVE, handle, 0, 0);
    struct vsp_incoming *incoming = vsp_incoming_live(handle, VSP_RULE_IN_DEFER_INLINE);
    if (incoming == NULL) {
        return;
    }
    if (incoming->state != VSP_INCOMING_DELIVERED || incoming->channel->current != incoming) {
        vsp_misuse(VSP_RULE_IN_DEFER_INLINE, handle, incoming->state);
        return;
    }
    incoming->state = VSP_INCOMING_DEFERRED;
}

void *VmbChannelPacketGetClientContext(void *handle)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_PACKET_GET_CLIENT_CONTEXT, handle, 0, 0);
    const struct vsp_incoming *incoming = vsp_incoming_live(handle, VSP_RULE_IN_NO_USE_AFTER_COMPLETE);
    return incoming == NULL ? NULL : incoming->client_context;
}
