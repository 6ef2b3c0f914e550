/*
 * The packets behind VmbChannelSendSynchronousRequest with WAIT_FOR_COMPLETION (kmcl-facts 2.6); the waiting is
 * TypeScript's.
 */
#include "library.h"

struct vsp_packet *vsp_sync_send(struct vsp_channel *channel, const void *buffer, uint32_t length, void *mdl,
                                 uint32_t flags)
{
    struct vsp_sync_request *request = vsp_allocate(VSP_ARENA_HOST, sizeof *request);
    struct vsp_packet *packet = &request->packet;
    packet->magic = VSP_PACKET_MAGIC;
    packet->origin = VSP_ORIGIN_ALLOCATE; /* no routine needed */
    packet->state = VSP_PACKET_IDLE;
    packet->channel = channel;
    packet->record = VSP_NONE;
    packet->flags = VSP_PACKET_SYNC;
    if (mdl != NULL || vsp_check_send(packet, length, flags) < 0) {
        packet->magic = 0;
        vsp_free(VSP_ARENA_HOST, request, sizeof *request);
        return NULL;
    }
    vsp_check_read(buffer, length);
    vsp_send_now(packet, buffer, length, flags, VSP_API_VMB_CHANNEL_SEND_SYNCHRONOUS_REQUEST);
    return packet;
}

void vsp_sync_completed(struct vsp_packet *packet, vsp_status status, const void *buffer, uint32_t length)
{
    struct vsp_sync_request *request = (struct vsp_sync_request *)packet;
    vsp_packet_set_state(packet, VSP_PACKET_IDLE);
    request->done = 1;
    request->status = status;
    if (length != 0) {
        request->bytes = vsp_allocate(VSP_ARENA_HOST, length);
        request->length = length;
        vsp_copy(request->bytes, buffer, length);
    }
}

uint32_t vsp_sync_done(struct vsp_packet *packet)
{
    return ((const struct vsp_sync_request *)packet)->done;
}

vsp_status vsp_sync_status(struct vsp_packet *packet)
{
    return ((const struct vsp_sync_request *)packet)->status;
}

uint32_t vsp_sync_finish(struct vsp_packet *packet, void *to, uint32_t capacity)
{
    struct vsp_sync_request *request = (struct vsp_sync_request *)packet;
    const uint32_t size = request->length < capacity ? request->length : capacity;
    if (!request->done) {
        vsp_queue_drop(packet->channel, packet);
        vsp_table_remove(packet->channel, packet);
    }
    if (size != 0) {
        vsp_check_write(to, size);
        vsp_copy(to, request->bytes, size);
    }
    vsp_free(VSP_ARENA_HOST, request->bytes, request->length);
    packet->magic = 0;
    vsp_free(VSP_ARENA_HOST, request, sizeof *request);
    return size;
}
