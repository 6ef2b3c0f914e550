/*
 * The fixture-less sequence's packets: many alike, each with a context of its own, which dies with the packet's
 * transaction.
 */
#include "library.h"

#define PAYLOAD_LIMIT 64u
#define TAG_CONTEXT 0x74736554u /* 'Test' */

struct vsp_packet *VmbPacketAllocate(struct vsp_channel *handle);

static uint32_t send_one(struct vsp_channel *channel, uint32_t index, uint32_t length, void *routine, void *context,
                         uint32_t owned)
{
    uint64_t words[PAYLOAD_LIMIT / 8] = {index};
    struct vsp_packet *packet = VmbPacketAllocate(channel);
    if (packet == NULL) {
        return 0;
    }
    length = length < PAYLOAD_LIMIT ? length : PAYLOAD_LIMIT;
    packet->routine = routine;
    packet->pointer = context;
    packet->flags |= owned;
    if (vsp_check_send(packet, length, VSP_SEND_WAIT) < 0) {
        vsp_packet_release(packet);
        return 0;
    }
    vsp_send_now(packet, words, length, VSP_SEND_WAIT, VSP_API_VMB_PACKET_SEND);
    if (packet->state == VSP_PACKET_QUEUED) {
        vsp_guest_take_all(channel);
    }
    return 1;
}

uint32_t vsp_packets_send(struct vsp_channel *channel, uint32_t count, uint32_t length, void *routine,
                          void *const *contexts)
{
    uint32_t i = 0;
    while (i < count && send_one(channel, i, length, routine, contexts == NULL ? NULL : contexts[i], 0)) {
        i++;
    }
    vsp_guest_take_all(channel);
    return i;
}

static void fix(uint8_t *context, uint32_t index, const struct vsp_fixup *fixup)
{
    const uint64_t self = (uint64_t)(uintptr_t)context;
    const uint64_t link = self + fixup->offset;
    const uint64_t wide = fixup->kind == VSP_FIXUP_SELF ? self + fixup->value : index;
    switch (fixup->kind) {
    case VSP_FIXUP_LIST:
        vsp_copy(context + fixup->offset, &link, 8);
        vsp_copy(context + fixup->offset + 8, &link, 8);
        break;
    case VSP_FIXUP_INDEX32: vsp_copy(context + fixup->offset, &index, 4); break;
    default: vsp_copy(context + fixup->offset, &wide, 8); break;
    }
}

uint32_t vsp_packets_send_cloned(struct vsp_channel *channel, uint32_t count, uint32_t length, void *routine,
                                 const void *const *templates, uint32_t template_count, uint64_t context_size,
                                 const struct vsp_fixup *fixups, uint32_t fixup_count)
{
    uint32_t i = 0;
    for (; i < count; i++) {
        uint8_t *context = vsp_user_allocate(VSP_ARENA_HOST, context_size, TAG_CONTEXT);
        vsp_copy(context, templates[i % template_count], context_size);
        for (uint32_t j = 0; j < fixup_count; j++) {
            fix(context, i, &fixups[j]);
        }
        if (!send_one(channel, i, length, routine, context, VSP_PACKET_OWNED)) {
            vsp_user_free(VSP_ARENA_HOST, context);
            break;
        }
    }
    vsp_guest_take_all(channel);
    return i;
}

void vsp_packet_drop_context(struct vsp_packet *packet)
{
    const struct vsp_block *block = vsp_block_find(packet->pointer);
    if (block != NULL && block->state == VSP_BLOCK_LIVE && block->tag == TAG_CONTEXT) {
        vsp_user_free(VSP_ARENA_HOST, packet->pointer);
    }
    packet->pointer = NULL;
    packet->flags &= ~VSP_PACKET_OWNED;
}

void vsp_packets_forget_contexts(void)
{
    for (struct vsp_channel *channel = vsp_simulator()->channels; channel != NULL; channel = channel->next) {
        uint32_t cursor = 0;
        for (struct vsp_packet *packet = vsp_table_walk(channel, &cursor); packet != NULL;
             packet = vsp_table_walk(channel, &cursor)) {
            if (packet->flags & VSP_PACKET_OWNED) {
                vsp_packet_drop_context(packet);
            }
        }
    }
}
