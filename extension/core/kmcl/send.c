/*
 * VmbPacketSend* (kmcl-facts 2.4, 5.2): limits and flags, the queue in front of the ring, inline completion.
 */
#include "library.h"

#define FLAG_FORCE_MDL_LENGTH 0x2u
#define FLAG_PAGED_BUFFER 0x4u
#define FLAGS_KNOWN 0x1Fu
#define HEADER_LIMIT 32u /* packet header, at most (hdr17763+) */

uint32_t vsp_ring_size_of(const struct vsp_channel *channel)
{
    return channel->guest != NULL ? channel->guest->from_host.size : channel->ring_size;
}

static uint32_t may_transmit(const struct vsp_channel *channel)
{
    return channel->open && channel->transmit && channel->guest != NULL;
}

/* ---- Queue ---- */

void vsp_queue_append(struct vsp_channel *channel, struct vsp_packet *packet, uint64_t transaction, uint32_t type,
                      uint32_t flags, const void *bytes, uint32_t length)
{
    struct vsp_queued *queued = vsp_allocate(VSP_ARENA_HOST, sizeof *queued + (uint64_t)length);
    queued->packet = packet;
    queued->transaction = transaction;
    queued->type = (uint16_t)type;
    queued->flags = (uint16_t)flags;
    queued->length = length;
    vsp_copy(queued + 1, bytes, length);
    *(channel->queue == NULL ? &channel->queue : &channel->queue_tail->next) = queued;
    channel->queue_tail = queued;
    if (packet != NULL) {
        packet->link.queued = queued;
        channel->queued++;
        vsp_packet_set_state(packet, VSP_PACKET_QUEUED);
    }
}

static void discard(struct vsp_queued *queued)
{
    vsp_free(VSP_ARENA_HOST, queued, sizeof *queued + (uint64_t)queued->length);
}

void vsp_queue_drop(struct vsp_channel *channel, struct vsp_packet *packet)
{
    if (packet->state != VSP_PACKET_QUEUED || packet->link.queued == NULL) {
        return;
    }
    struct vsp_queued *previous = NULL;
    for (struct vsp_queued *queued = channel->queue; queued != NULL; previous = queued, queued = queued->next) {
        if (queued == packet->link.queued) {
            *(previous == NULL ? &channel->queue : &previous->next) = queued->next;
            if (channel->queue_tail == queued) {
                channel->queue_tail = previous;
            }
            packet->link.queued = NULL;
            channel->queued--;
            discard(queued);
            return;
        }
    }
}

void vsp_queue_drop_completions(struct vsp_channel *channel)
{
    struct vsp_queued **link = &channel->queue;
    struct vsp_queued *last = NULL;
    while (*link != NULL) {
        struct vsp_queued *queued = *link;
        if (queued->packet == NULL) {
            *link = queued->next;
            discard(queued);
        } else {
            last = queued;
            link = &queued->next;
        }
    }
    channel->queue_tail = last;
}

static uint32_t put(struct vsp_channel *channel, uint32_t type, uint32_t flags, uint64_t transaction, const void *bytes,
                    uint32_t length)
{
    uint32_t signal;
    if (!vsp_ring_write(&channel->guest->from_host, type, flags, transaction, NULL, 0, bytes, length, &signal)) {
        return 0;
    }
    channel->guest->interrupts_from_host += signal;
    return 1;
}

/* The packet lies in the ring: in flight, or complete already. */
static void placed(struct vsp_channel *channel, struct vsp_packet *packet, uint32_t api)
{
    packet->link.queued = NULL;
    if (packet->flags & VSP_PACKET_WAIT) {
        vsp_packet_set_state(packet, VSP_PACKET_IN_FLIGHT);
        return;
    }
    if (vsp_mode_of(VSP_MODE_A13) == VSP_A13_DEFERRED) {
        vsp_table_remove(channel, packet);
        vsp_packet_set_state(packet, VSP_PACKET_COMPLETING);
        packet->link.next_free = NULL;
        *(channel->completing == NULL ? &channel->completing : &channel->completing_tail->link.next_free) = packet;
        channel->completing_tail = packet;
        return;
    }
    const uint32_t irql = vsp_lasting.irql < VSP_DISPATCH_LEVEL ? vsp_lasting.irql : VSP_DISPATCH_LEVEL;
    vsp_packet_complete(packet, STATUS_SUCCESS, NULL, 0, irql, api);
}

uint32_t vsp_completions_run(struct vsp_channel *channel)
{
    uint32_t count = 0;
    while (channel->completing != NULL) {
        struct vsp_packet *packet = channel->completing;
        channel->completing = packet->link.next_free;
        packet->link.next_free = NULL;
        vsp_packet_complete(packet, STATUS_SUCCESS, NULL, 0, VSP_DISPATCH_LEVEL, VSP_API_VMB_PACKET_SEND);
        count++;
    }
    return count;
}

uint32_t vsp_queue_flush(struct vsp_channel *channel)
{
    uint32_t count = 0;
    while (channel->queue != NULL && may_transmit(channel)) {
        struct vsp_queued *queued = channel->queue;
        if (!put(channel, queued->type, queued->flags, queued->transaction, queued + 1, queued->length)) {
            break;
        }
        channel->queue = queued->next;
        if (channel->queue == NULL) {
            channel->queue_tail = NULL;
        }
        struct vsp_packet *packet = queued->packet;
        discard(queued);
        count++;
        if (packet != NULL) {
            channel->queued--;
            placed(channel, packet, VSP_API_VMB_PACKET_SEND);
        }
    }
    return count;
}

uint32_t vsp_channel_write_now(struct vsp_channel *channel, const void *buffer, uint32_t length)
{
    return may_transmit(channel) && channel->queue == NULL && put(channel, VSP_TYPE_DATA_INBAND, 0, 0, buffer, length);
}

/* ---- Send ---- */

vsp_status vsp_check_send(struct vsp_packet *packet, uint32_t length, uint32_t flags)
{
    struct vsp_channel *channel = packet->channel;
    if (vsp_in_save_callback(packet)) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (packet->state == VSP_PACKET_FREE) {
        vsp_misuse(VSP_RULE_OUT_NO_TOUCH_AFTER_SEND, packet, 0);
        return STATUS_INVALID_PARAMETER_1;
    }
    if (packet->state != VSP_PACKET_IDLE) {
        const uint32_t restored = packet->flags & VSP_PACKET_RESTORED;
        vsp_misuse(restored ? VSP_RULE_RESTOREPKT_NO_SEND : VSP_RULE_OUT_NO_REUSE_IN_USE, packet, packet->state);
        return STATUS_INVALID_PARAMETER_1;
    }
    if (packet->origin == VSP_ORIGIN_INITIALIZE && packet->routine == NULL) {
        vsp_misuse(VSP_RULE_OUT_INIT_ROUTINE, packet, 0);
        return STATUS_INVALID_PARAMETER_1;
    }
    if (length > channel->max_packet_size || HEADER_LIMIT + (uint64_t)length >= vsp_ring_size_of(channel) ||
        HEADER_LIMIT + (uint64_t)length >= VSP_MTU) {
        vsp_misuse(VSP_RULE_OUT_SIZE_LIMIT, packet, length);
        return STATUS_INVALID_PARAMETER_3;
    }
    if (channel->max_packet_count != 0 && channel->in_use >= channel->max_packet_count) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (vsp_mode_of(VSP_MODE_A08) == VSP_A08_FAIL && !channel->open) {
        return STATUS_DEVICE_NOT_CONNECTED;
    }
    if (channel->saving != NULL) {
        vsp_misuse(VSP_RULE_SAVE_QUIESCED, packet, 0);
    } else if (channel->suspended) {
        vsp_misuse(VSP_RULE_STATE_NO_SEND_SUSPENDED, packet, 0);
    }
    vsp_irql_at_most(VSP_DISPATCH_LEVEL, packet);
    if (flags & FLAG_PAGED_BUFFER && vsp_lasting.irql >= VSP_DISPATCH_LEVEL) {
        vsp_misuse(VSP_RULE_OUT_PAGED_FLAG, packet, vsp_lasting.irql);
    }
    return STATUS_SUCCESS;
}

void vsp_send_now(struct vsp_packet *packet, const void *buffer, uint32_t length, uint32_t flags, uint32_t api)
{
    struct vsp_channel *channel = packet->channel;
    const uint32_t wait = flags & VSP_SEND_WAIT;
    packet->flags = (packet->flags & ~(uint32_t)(VSP_PACKET_WAIT | VSP_PACKET_RESTORED)) | VSP_PACKET_SENT |
                    (wait ? VSP_PACKET_WAIT : 0);
    packet->record = VSP_NONE;
    vsp_table_insert(channel, packet);
    const uint32_t wire = wait ? VSP_FLAG_COMPLETION_REQUESTED : 0;
    if (channel->queue == NULL && may_transmit(channel) &&
        put(channel, VSP_TYPE_DATA_INBAND, wire, packet->transaction, buffer, length)) {
        placed(channel, packet, api);
    } else {
        vsp_queue_append(channel, packet, packet->transaction, VSP_TYPE_DATA_INBAND, wire, buffer, length);
    }
}

static vsp_status send_inline(struct vsp_packet *packet, const void *buffer, uint32_t length, uint32_t flags,
                              uint32_t api)
{
    vsp_status status = vsp_check_send(packet, length, flags);
    if (status < 0 || vsp_fail_taken(VSP_FAILS_VmbPacketSend, &status)) {
        return status;
    }
    vsp_check_read(buffer, length);
    if (vsp_checking && !(flags & FLAG_PAGED_BUFFER) && vsp_lasting.irql < VSP_DISPATCH_LEVEL &&
        vsp_is_paged(buffer)) {
        vsp_misuse(VSP_RULE_OUT_PAGED_FLAG, packet, vsp_lasting.irql);
    }
    const int strict = vsp_mode_of(VSP_MODE_A14) == VSP_A14_STRICT && (uint64_t)(uintptr_t)buffer >= vsp_memory_start();
    vsp_send_now(packet, buffer, length, flags, api);
    if (strict) {
        vsp_poison(buffer, length, VSP_POISON_CALLBACK);
    }
    return STATUS_SUCCESS;
}

vsp_status VmbPacketSend(struct vsp_packet *handle, void *buffer, uint32_t length, void *mdl, uint32_t flags)
{
    VSP_CALL(VSP_API_VMB_PACKET_SEND, handle, length, flags);
    struct vsp_packet *packet = vsp_packet_checked(handle);
    struct vsp_channel *channel = packet->channel;
    vsp_status status;
    if (mdl != NULL) {
        /* External data is the guest's to send. */
        vsp_misuse(VSP_RULE_OUT_SERVER_NO_EXTERNAL, packet, 0);
        status = STATUS_INVALID_PARAMETER_4;
    } else if (flags & (FLAG_FORCE_MDL_LENGTH | ~FLAGS_KNOWN)) {
        vsp_misuse(VSP_RULE_OUT_FLAGS, packet, flags);
        status = STATUS_INVALID_PARAMETER_5;
    } else {
        if (vsp_channel_valid(channel)) {
            vsp_hostile_touch(channel);
        }
        status = send_inline(packet, buffer, length, flags, VSP_API_VMB_PACKET_SEND);
    }
    VSP_RETURN(VSP_API_VMB_PACKET_SEND, handle, status);
    return status;
}

/* Both external variants: never for a server, always with WAIT_FOR_COMPLETION. */
static vsp_status refuse_external(struct vsp_packet *handle, uint32_t flags, uint32_t api, enum vsp_failable function)
{
    struct vsp_packet *packet = vsp_packet_checked(handle);
    vsp_status status = STATUS_INVALID_PARAMETER;
    if (packet->channel->server) {
        vsp_misuse(VSP_RULE_OUT_SERVER_NO_EXTERNAL, packet, 0);
        if (!(flags & VSP_SEND_WAIT)) {
            vsp_misuse(VSP_RULE_OUT_EXTERNAL_WAIT, packet, flags);
        }
    } else if (flags & ~FLAGS_KNOWN ||
               (flags & FLAG_FORCE_MDL_LENGTH && api == VSP_API_VMB_PACKET_SEND_WITH_EXTERNAL_PFNS)) {
        vsp_misuse(VSP_RULE_OUT_FLAGS, packet, flags);
    } else if (!(flags & VSP_SEND_WAIT)) {
        vsp_misuse(VSP_RULE_OUT_EXTERNAL_WAIT, packet, flags);
    } else if (!vsp_fail_taken(function, &status)) {
        status = STATUS_NOT_SUPPORTED; /* a client endpoint has no simulated host side */
    }
    VSP_RETURN(api, handle, status);
    return status;
}

vsp_status VmbPacketSendWithExternalMdl(struct vsp_packet *handle, void *buffer, uint32_t length, void *mdl,
                                        uint32_t offset, uint32_t mdl_length, uint32_t flags)
{
    (void)buffer;
    (void)mdl;
    (void)offset;
    (void)mdl_length;
    VSP_CALL(VSP_API_VMB_PACKET_SEND_WITH_EXTERNAL_MDL, handle, length, flags);
    return refuse_external(handle, flags, VSP_API_VMB_PACKET_SEND_WITH_EXTERNAL_MDL,
                           VSP_FAILS_VmbPacketSendWithExternalMdl);
}

vsp_status VmbPacketSendWithExternalPfns(struct vsp_packet *handle, void *buffer, uint32_t length, void *pfns,
                                         uint32_t pfn_length, uint32_t flags)
{
    (void)buffer;
    (void)pfns;
    (void)pfn_length;
    VSP_CALL(VSP_API_VMB_PACKET_SEND_WITH_EXTERNAL_PFNS, handle, length, flags);
    return refuse_external(handle, flags, VSP_API_VMB_PACKET_SEND_WITH_EXTERNAL_PFNS,
                           VSP_FAILS_VmbPacketSendWithExternalPfns);
}
