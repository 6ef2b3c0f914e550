/*
 * Memory of packets that VmbPacketAllocate hands out: slabs, and what was freed, which waits before it is used again.
 */
#include "library.h"

#define SLAB_FIRST 4096u
#define SLAB_BYTES 65536u
#define FREED_KEPT 64u /* freed packets that wait until their memory is another packet's; checks on */

static struct vsp_packet *fresh_packet(struct vsp_channel *channel)
{
    const uint32_t shape =
        (uint32_t)vsp_round_up(sizeof(struct vsp_packet) + (uint64_t)channel->inline_context_size, 16);
    struct vsp_slab *slab = channel->slab_tail;
    if (slab == NULL || slab->used == slab->capacity || slab->context_size != channel->inline_context_size) {
        uint64_t bytes = slab == NULL ? SLAB_FIRST : SLAB_BYTES;
        if (bytes < sizeof *slab + shape) {
            bytes = sizeof *slab + shape;
        }
        struct vsp_slab *added = vsp_allocate(VSP_ARENA_HOST, bytes);
        added->shape = shape;
        added->capacity = (uint32_t)((bytes - sizeof *added) / shape);
        added->context_size = channel->inline_context_size;
        added->bytes = bytes;
        *(slab == NULL ? &channel->slabs : &slab->next) = added;
        channel->slab_tail = added;
        if (slab == NULL || slab->context_size != added->context_size) {
            channel->free = NULL; /* those are of another shape */
            channel->free_count = 0;
        }
        slab = added;
    }
    struct vsp_packet *packet = vsp_slab_packet(slab, slab->used++);
    if (channel->inline_context_size != 0) {
        vsp_unpoison(packet + 1, channel->inline_context_size);
    }
    return packet;
}

/* A packet that was freed before, NULL when a fresh one is to be taken. */
static struct vsp_packet *freed_packet(struct vsp_channel *channel)
{
    struct vsp_packet *packet = channel->free;
    if (packet == NULL || channel->slab_tail->context_size != channel->inline_context_size ||
        (vsp_checking && channel->free_count <= FREED_KEPT)) {
        return NULL;
    }
    channel->free = packet->link.next_free;
    if (vsp_checking) {
        channel->free_count--;
        vsp_unpoison(packet + 1, channel->inline_context_size);
    }
    return packet;
}

struct vsp_packet *vsp_packet_take(struct vsp_channel *channel)
{
    struct vsp_packet *packet = freed_packet(channel);
    return packet != NULL ? packet : fresh_packet(channel);
}

void vsp_packet_release(struct vsp_packet *packet)
{
    struct vsp_channel *channel = packet->channel;
    vsp_packet_set_state(packet, VSP_PACKET_FREE);
    channel->allocated--;
    if (!vsp_checking) {
        packet->link.next_free = channel->free;
        channel->free = packet;
        return;
    }
    /* A quarantine: the last to be freed is the last to be taken again, and not before some others were. */
    packet->transaction = vsp_stack_capture();
    packet->link.next_free = NULL;
    *(channel->free == NULL ? &channel->free : &channel->free_last->link.next_free) = packet;
    channel->free_last = packet;
    channel->free_count++;
    if (channel->inline_context_size != 0) {
        vsp_poison(packet + 1, channel->inline_context_size, VSP_POISON_FREED);
    }
}

uint32_t vsp_is_inline_context(const struct vsp_channel *channel, const void *address)
{
    const uint64_t at = (uint64_t)(uintptr_t)address;
    for (const struct vsp_slab *slab = channel->slabs; slab != NULL; slab = slab->next) {
        if (slab->context_size != 0 && at - (uint64_t)(uintptr_t)slab < slab->bytes) {
            return 1;
        }
    }
    return 0;
}

void vsp_slabs_destroy(struct vsp_channel *channel)
{
    for (struct vsp_slab *slab = channel->slabs; slab != NULL;) {
        struct vsp_slab *next = slab->next;
        for (uint32_t i = 0; i < slab->used; i++) {
            vsp_slab_packet(slab, i)->magic = 0;
        }
        if (slab->context_size != 0) {
            vsp_poison(slab, slab->bytes, VSP_POISON_INTERNAL);
        }
        vsp_free(VSP_ARENA_HOST, slab, slab->bytes);
        slab = next;
    }
    channel->slabs = NULL;
    channel->slab_tail = NULL;
    channel->free = NULL;
    channel->free_count = 0;
}
