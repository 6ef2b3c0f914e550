/*
 * Other records for the restore callback, and what it makes of them (kmcl-facts S-10, S-17, S-27, S-35).
 */
#include "stress.h"

#define RESAVED_LIMIT 4096u /* restored packets that are saved once more */

static void append_padded(struct vsp_bytes *to, const void *bytes, uint64_t size)
{
    const uint64_t zero = 0;
    vsp_bytes_append(to, bytes, size);
    vsp_bytes_append(to, &zero, vsp_round_up(size, 8) - size);
}

/* ---- Saving once more ---- */

static struct vsp_stress_resaved save_again(struct vsp_channel *channel, struct vsp_packet *packet)
{
    struct vsp_stress_resaved resaved = {0};
    struct vsp_save save = {.count = 1};
    struct vsp_save *outer = channel->saving;
    uint8_t *state;
    uint32_t size;
    uint64_t room;
    vsp_save_alone_open(channel, &save);
    resaved.status = (uint32_t)vsp_save_alone(channel, &save, packet, &state, &size, &room);
    resaved.size = size;
    resaved.hash = vsp_checksum(VSP_CHECKSUM_SEED, state, size);
    vsp_free(VSP_ARENA_LASTING, state, room);
    vsp_save_alone_close(channel, &save, outer);
    return resaved;
}

static uint32_t is_live(struct vsp_channel *channel, const struct vsp_packet *packet)
{
    return packet->magic == VSP_PACKET_MAGIC && packet->channel == channel && packet->flags & VSP_PACKET_SLOTTED &&
           vsp_table_find(channel, packet->transaction) == packet;
}

void vsp_stress_starts(struct vsp_channel *channel)
{
    struct vsp_stress *stress = &vsp_stress;
    if (!channel->restored || channel->save == NULL || channel->saving != NULL) {
        return;
    }
    const uint64_t count = stress->restored.used / sizeof(struct vsp_stress_restored);
    for (uint64_t i = 0; i < count; i++) {
        struct vsp_stress_restored *entry = (struct vsp_stress_restored *)(uintptr_t)stress->restored.at + i;
        struct vsp_packet *packet = (struct vsp_packet *)(uintptr_t)entry->packet;
        if (entry->channel != (uint64_t)(uintptr_t)channel) {
            continue;
        }
        entry->channel = 0;
        if (is_live(channel, packet)) {
            struct vsp_stress_resaved resaved = save_again(channel, packet);
            resaved.at = entry->at;
            vsp_bytes_append(&stress->resaved, &resaved, sizeof resaved);
        }
    }
}

/* ---- Records ---- */

static void note_record(const struct vsp_channel *channel, const struct vsp_restore *restore,
                        const struct vsp_stream_chunk *chunk, const uint8_t *state, uint32_t at, vsp_status status)
{
    const uint32_t known = restore->packet != NULL && restore->packet->record != VSP_NONE;
    const struct vsp_stress_record record = {
        .at = at,
        .channel = channel->index,
        .packet = known ? restore->packet->record - channel->record_base : VSP_NONE,
        .size = chunk->state_size,
        .status = (uint32_t)status,
        .callback = (uint32_t)(uintptr_t)channel->restore,
    };
    vsp_bytes_append(&vsp_stress.records, &record, sizeof record);
    append_padded(&vsp_stress.records, state, chunk->state_size);
}

static void note_restored(const struct vsp_channel *channel, const struct vsp_restore *restore, uint32_t at)
{
    if (restore->packet != NULL && vsp_stress.restored.used < RESAVED_LIMIT * sizeof(struct vsp_stress_restored)) {
        const struct vsp_stress_restored restored = {
            .channel = (uint64_t)(uintptr_t)channel, .packet = (uint64_t)(uintptr_t)restore->packet, .at = at};
        vsp_bytes_append(&vsp_stress.restored, &restored, sizeof restored);
    }
}

/* The record as a change has it, in memory of its own. */
static uint8_t *changed(const struct vsp_stress_change *change, const uint8_t *state, uint32_t saved)
{
    uint8_t *bytes = vsp_allocate(VSP_ARENA_LASTING, change->size + 1ull);
    vsp_copy(bytes, state, change->size < saved ? change->size : saved);
    if (change->offset < change->size) {
        bytes[change->offset] ^= (uint8_t)change->mask;
    }
    return bytes;
}

static vsp_status restore_changed(struct vsp_channel *channel, struct vsp_restore *restore,
                                  const struct vsp_stream_chunk *chunk, const uint8_t *library,
                                  const struct vsp_stress_change *change, const uint8_t *literal)
{
    const uint8_t *state = library + vsp_round_up(chunk->library_size, 8);
    uint8_t *own = literal == NULL ? changed(change, state, chunk->state_size) : NULL;
    const struct vsp_given given = {.bytes = own != NULL ? own : literal, .size = change->size};
    vsp_stress.injected++;
    const vsp_status status = vsp_restore_once(channel, restore, chunk, library, &given);
    vsp_stress.returned = vsp_frames[vsp_depth + 1];
    vsp_free(VSP_ARENA_LASTING, own, change->size + 1ull);
    return status;
}

/*
 * A record that was taken is given back as Disable does it (S-27), so that the next one can be tried; before that the
 * packet is saved once more.
 */
static void take_back(struct vsp_channel *channel, struct vsp_packet *packet, struct vsp_stress_outcome *outcome)
{
    if (channel->save != NULL) {
        const struct vsp_stress_resaved resaved = save_again(channel, packet);
        outcome->size = resaved.size;
        outcome->hash = (vsp_status)resaved.status < 0 ? 0 : resaved.hash;
    }
    if (is_live(channel, packet)) {
        vsp_queue_drop(channel, packet);
        vsp_packet_complete(packet, STATUS_CANCELLED, NULL, 0, VSP_DISPATCH_LEVEL, VSP_API_VMB_CHANNEL_DISABLE);
    }
}

static void probe(struct vsp_channel *channel, struct vsp_restore *restore, const struct vsp_stream_chunk *chunk,
                  const uint8_t *library)
{
    const struct vsp_stress_change *changes = (const struct vsp_stress_change *)(uintptr_t)vsp_stress.changes;
    for (uint32_t i = 0; i < vsp_stress.change_count; i++) {
        struct vsp_stress_outcome outcome = {.change = i};
        vsp_stress.current = i;
        const vsp_status status = restore_changed(channel, restore, chunk, library, &changes[i], NULL);
        outcome.status = (uint32_t)status;
        if (status >= 0 && restore->packet != NULL) {
            take_back(channel, restore->packet, &outcome);
        }
        vsp_bytes_append(&vsp_stress.outcomes, &outcome, sizeof outcome);
        vsp_stress.current = VSP_NONE;
    }
}

vsp_status vsp_stress_restore(struct vsp_channel *channel, struct vsp_restore *restore,
                              const struct vsp_stream_chunk *chunk, const uint8_t *library)
{
    const uint32_t at = vsp_stress.restores++;
    if (at == vsp_stress.restore_at && vsp_stress.probe) {
        probe(channel, restore, chunk, library);
    } else if (at == vsp_stress.restore_at) {
        const struct vsp_stress_change *change = (const struct vsp_stress_change *)(uintptr_t)vsp_stress.changes;
        const vsp_status status = restore_changed(channel, restore, chunk, library, change,
                                                  (const uint8_t *)(uintptr_t)vsp_stress.literal);
        if (status >= 0) {
            vsp_stress.accepted = 1;
            note_restored(channel, restore, at);
        }
        return status;
    }
    const vsp_status status = vsp_restore_once(channel, restore, chunk, library, NULL);
    if (vsp_stress.note) {
        note_record(channel, restore, chunk, library + vsp_round_up(chunk->library_size, 8), at, status);
        if (status >= 0) {
            note_restored(channel, restore, at);
        }
    }
    return status;
}
