/*
 * External data of incoming packets (kmcl-facts 5.5): the guest's pages as MDLs, GetExternalData.
 */
#include "library.h"

#define TAG_MDL 0x4D426D56u /* 'VmBM' */
#define EXTERNAL_FLAGS 0x1u

/* ---- MDLs as the driver sees them (wdm, x64) ---- */

struct mdl {
    struct mdl *next;
    int16_t size;
    int16_t flags;
    void *process;
    void *mapped;
    void *start;
    uint32_t byte_count;
    uint32_t byte_offset;
};
#define MDL_PAGES_LOCKED 0x2

struct gpa_range { /* 9.3; page numbers follow */
    uint32_t byte_count;
    uint32_t byte_offset;
};

static uint32_t range_pages(const struct gpa_range *range)
{
    return (uint32_t)(((uint64_t)range->byte_offset + range->byte_count + VSP_PAGE - 1) / VSP_PAGE);
}

static struct mdl *build_mdls(const struct vsp_incoming *incoming)
{
    struct mdl *first = NULL;
    struct mdl **link = &first;
    uint32_t count;
    vsp_copy(&count, incoming->ranges + 4, 4);
    const uint8_t *at = incoming->ranges + 8;
    for (uint32_t i = 0; i < count; i++) {
        struct gpa_range range;
        vsp_copy(&range, at, sizeof range);
        const uint32_t pages = range_pages(&range);
        const uint64_t size = sizeof(struct mdl) + pages * 8ull;
        struct mdl *mdl = vsp_user_allocate(VSP_ARENA_HOST, size, TAG_MDL);
        uint64_t page = 0;
        vsp_copy(&page, at + sizeof range, pages != 0 ? 8 : 0);
        *mdl = (struct mdl){
            .size = (int16_t)size,
            .flags = MDL_PAGES_LOCKED,
            .start = (void *)(uintptr_t)(page * VSP_PAGE),
            .byte_count = range.byte_count,
            .byte_offset = range.byte_offset,
        };
        vsp_copy(mdl + 1, at + sizeof range, pages * 8ull);
        *link = mdl;
        link = &mdl->next;
        at += sizeof range + pages * 8ull;
    }
    return first;
}

uint32_t vsp_external_fits(const struct vsp_channel *channel, const uint8_t *ranges)
{
    uint32_t count;
    uint64_t total = 0;
    vsp_copy(&count, ranges + 4, 4);
    const uint8_t *at = ranges + 8;
    for (uint32_t i = 0; i < count; i++) {
        struct gpa_range range;
        vsp_copy(&range, at, sizeof range);
        total += range.byte_count;
        at += sizeof range + range_pages(&range) * 8ull;
    }
    return total <= channel->max_external_data && count <= channel->max_chain_length;
}

void vsp_external_free(struct vsp_incoming *incoming)
{
    for (struct mdl *mdl = incoming->mdl; mdl != NULL;) {
        struct mdl *next = mdl->next;
        vsp_user_free(VSP_ARENA_HOST, mdl);
        mdl = next;
    }
    incoming->mdl = NULL;
}

void vsp_external_check_mappings(const struct vsp_incoming *incoming)
{
    for (struct mdl *mdl = incoming->mdl; mdl != NULL; mdl = mdl->next) {
        if (vsp_block_of(mdl)->mappings != 0) {
            vsp_misuse(VSP_RULE_IN_MDL_UNMAP_FIRST, incoming, 0);
        }
    }
}

uint32_t vsp_external_pending(const struct vsp_incoming *incoming)
{
    vsp_status planned;
    if (incoming->ranges == NULL || incoming->answered_pending) {
        return 0;
    }
    return vsp_mode_of(VSP_MODE_EXTERNAL) == VSP_EXTERNAL_PENDING ||
           (vsp_planned_status(VSP_FAILS_VmbChannelPacketGetExternalData, &planned) && planned == STATUS_PENDING);
}

static void pend(struct vsp_incoming *incoming)
{
    incoming->answered_pending = 1;
    incoming->state = VSP_INCOMING_PENDING;
    vsp_side_effects_pending();
}

vsp_status VmbChannelPacketGetExternalData(void *handle, uint32_t flags, void **mdl)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_PACKET_GET_EXTERNAL_DATA, handle, flags, 0);
    vsp_status status = STATUS_INVALID_PARAMETER_1;
    struct vsp_incoming *incoming = vsp_incoming_live(handle, VSP_RULE_IN_NO_USE_AFTER_COMPLETE);
    const uint32_t planned = incoming != NULL && vsp_fail_taken(VSP_FAILS_VmbChannelPacketGetExternalData, &status);
    if (planned && status == STATUS_PENDING && incoming->ranges != NULL && incoming->state == VSP_INCOMING_DELIVERED) {
        pend(incoming);
    }
    if (incoming != NULL && !planned) {
        if (incoming->ranges == NULL) {
            vsp_misuse(VSP_RULE_IN_EXTERNAL_FLAG, handle, 0);
            status = STATUS_INVALID_DEVICE_REQUEST;
        } else if (flags & ~EXTERNAL_FLAGS) {
            status = STATUS_INVALID_PARAMETER_2;
        } else if (vsp_mode_of(VSP_MODE_EXTERNAL) == VSP_EXTERNAL_FAIL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
        } else if (vsp_mode_of(VSP_MODE_EXTERNAL) == VSP_EXTERNAL_PENDING && !incoming->answered_pending &&
                   incoming->state == VSP_INCOMING_DELIVERED) {
            pend(incoming);
            status = STATUS_PENDING;
        } else {
            vsp_check_write(mdl, sizeof *mdl);
            if (incoming->mdl == NULL) {
                incoming->mdl = build_mdls(incoming);
            }
            *mdl = incoming->mdl; /* the same chain each time */
            status = STATUS_SUCCESS;
        }
    }
    VSP_RETURN(VSP_API_VMB_CHANNEL_PACKET_GET_EXTERNAL_DATA, handle, status);
    return status;
}
