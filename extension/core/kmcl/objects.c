/*
 * Which object of the library lies at an address, for the text of a finding (wdk/runtime/describe.h): handles are
 * pointers, and a driver that looks behind one finds memory it was never given.
 */
#include "../wdk/runtime/describe.h"
#include "library.h"

#define NEAR_BYTES 8u /* a store that goes this far beyond an inline context still means the context */

static void found_at(struct vsp_description *found, enum vsp_describe_kind kind, uint64_t address, const void *start,
                     uint64_t size)
{
    found->kind = kind;
    found->start = (uint64_t)(uintptr_t)start;
    found->size = size;
    found->offset = (int64_t)(address - found->start);
}

static void describe_packet(struct vsp_description *found, enum vsp_describe_kind kind, uint64_t address,
                            const struct vsp_packet *packet, uint64_t context_size)
{
    if (kind == VSP_DESCRIBE_CONTEXT) {
        found_at(found, kind, address, packet + 1, context_size);
    } else {
        found_at(found, kind, address, packet, sizeof *packet);
    }
    found->line = packet->location;
    found->freed_stack = packet->state == VSP_PACKET_FREE ? (uint32_t)packet->transaction : 0;
}

static void look_in_slab(struct vsp_slab *slab, uint64_t address, struct vsp_description *found)
{
    const uint64_t into = address - (uint64_t)(uintptr_t)(slab + 1);
    const uint64_t index = into / slab->shape;
    const uint64_t offset = into % slab->shape;
    if (address < (uint64_t)(uintptr_t)(slab + 1) || index > slab->used || (index == slab->used && offset >= NEAR_BYTES)) {
        return;
    }
    if (slab->context_size != 0 && index > 0 && (offset < NEAR_BYTES || index == slab->used)) {
        struct vsp_packet *before = vsp_slab_packet(slab, (uint32_t)index - 1);
        describe_packet(found, VSP_DESCRIBE_CONTEXT, address, before, slab->context_size);
    } else if (index < slab->used) {
        const enum vsp_describe_kind kind =
            slab->context_size != 0 && offset >= sizeof(struct vsp_packet) - NEAR_BYTES ? VSP_DESCRIBE_CONTEXT
                                                                                        : VSP_DESCRIBE_PACKET;
        describe_packet(found, kind, address, vsp_slab_packet(slab, (uint32_t)index), slab->context_size);
    }
}

void vsp_describe_object(uint64_t address, struct vsp_description *found)
{
    for (struct vsp_channel *channel = vsp_simulator()->channels; channel != NULL; channel = channel->next) {
        if (address - (uint64_t)(uintptr_t)channel < sizeof *channel) {
            found_at(found, VSP_DESCRIBE_CHANNEL, address, channel, sizeof *channel);
            return;
        }
        const struct vsp_incoming *lists[] = {channel->incoming, channel->incoming_free};
        for (uint32_t i = 0; i < 2; i++) {
            for (const struct vsp_incoming *incoming = lists[i]; incoming != NULL; incoming = incoming->next) {
                if (address - (uint64_t)(uintptr_t)incoming < sizeof *incoming) {
                    found_at(found, VSP_DESCRIBE_COMPLETION, address, incoming, sizeof *incoming);
                    return;
                }
            }
        }
        for (struct vsp_slab *slab = channel->slabs; slab != NULL; slab = slab->next) {
            if (address - (uint64_t)(uintptr_t)slab < slab->bytes) {
                look_in_slab(slab, address, found);
                return;
            }
        }
    }
}
