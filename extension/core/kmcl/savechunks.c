/*
 * Writing the chunks of a saved stream (save.h has the format).
 */
#include "vary.h"

static void emit_chunk_head(struct vsp_save *save, uint8_t *to, uint32_t kind, uint32_t library_size,
                            uint32_t state_size, uint32_t buffer_size)
{
    const uint32_t check = vsp_chunk_check(library_size, state_size, buffer_size, save->chunks++);
    const uint64_t words[2] = {vsp_pack(kind | check << 16, library_size),
                               vsp_pack(state_size, buffer_size)};
    __builtin_memcpy(to, &words[0], 8);
    __builtin_memcpy(to + 8, &words[1], 8);
}

void vsp_emit_head(const struct vsp_channel *channel, struct vsp_save *save, uint8_t *to)
{
    uint64_t words[VSP_SAVED_CHANNEL_WORDS] = {
        vsp_pack(channel->index, save->number),
        vsp_pack(save->count, save->completions),
        vsp_pack(channel->max_packet_size, channel->server_flags),
        0,
    };
    emit_chunk_head(save, to, VSP_CHUNK_CHANNEL, sizeof words, 0, 0);
    vsp_store_record(to + VSP_CHUNK_HEAD, words, VSP_SAVED_CHANNEL_WORDS, NULL, 0);
}

uint32_t vsp_library_bytes(const struct vsp_packet *packet)
{
    return VSP_SAVED_PACKET_BYTES + (packet->state == VSP_PACKET_QUEUED ? packet->link.queued->length : 0);
}

static void pad(uint8_t *from, uint64_t size)
{
    while (size % 8 != 0) {
        from[size++] = 0;
    }
}

/* Runs the write pass straight into the chunk's place. */
vsp_status vsp_emit_packet(struct vsp_channel *channel, struct vsp_save *save, uint8_t *to, uint64_t *size)
{
    struct vsp_packet *packet = save->packet;
    const struct vsp_queued *queued = packet->state == VSP_PACKET_QUEUED ? packet->link.queued : NULL;
    const uint32_t library_size = vsp_library_bytes(packet);
    uint8_t *library = to + VSP_CHUNK_HEAD;
    uint8_t *state = library + vsp_round_up(library_size, 8);
    uint32_t state_size = 0;
    const uint32_t writes = save->query.status < 0;
    if (writes) {
        const vsp_status status = vsp_write_packet(channel, save, state, &state_size);
        if (status < 0) {
            return status;
        }
    }
    const uint32_t flags =
        (queued != NULL ? VSP_SAVED_QUEUED : 0) | (packet->flags & VSP_PACKET_WAIT ? VSP_SAVED_WAIT : 0);
    const uint32_t length = queued != NULL ? queued->length : 0;
    uint64_t words[VSP_SAVED_PACKET_WORDS] = {
        vsp_pack(VSP_STREAM_VERSION | flags << 16, library_size),
        packet->transaction,
        vsp_pack(length, channel->max_packet_size),
        packet->record == VSP_NONE ? VSP_NONE : packet->record - channel->record_base,
    };
    emit_chunk_head(save, to, VSP_CHUNK_PACKET, library_size, state_size, writes ? save->buffer_size : 0);
    vsp_store_record(library, words, VSP_SAVED_PACKET_WORDS, queued + 1, length);
    if (queued != NULL) {
        vsp_copy(library + VSP_SAVED_PACKET_BYTES, queued + 1, length);
    }
    pad(library, library_size);
    if (VSP_UNLIKELY(vsp_vary.watch)) {
        vsp_vary_saved(channel, save, state, state_size, writes);
    }
    pad(state, state_size);
    *size = VSP_CHUNK_HEAD + vsp_round_up(library_size, 8) + vsp_round_up(state_size, 8);
    if (save->first) {
        struct vsp_packet_record *record = vsp_record_at(packet->record);
        record->stream_offset = save->offset;
        record->state_bytes = state_size;
        record->library_bytes = library_size;
        if (packet->record < vsp_lasting.capture_limit) {
            vsp_capture_state(packet->record, state, state_size);
            if (writes && save->noted) {
                vsp_touched_hand_out(packet->record, state_size);
            }
        }
    }
    return STATUS_SUCCESS;
}

void vsp_emit_completion(struct vsp_save *save, uint8_t *to)
{
    const struct vsp_queued *queued = save->next_completion;
    uint64_t words[VSP_SAVED_COMPLETION_WORDS] = {queued->transaction, queued->length};
    uint8_t *library = to + VSP_CHUNK_HEAD;
    emit_chunk_head(save, to, VSP_CHUNK_COMPLETION, VSP_SAVED_COMPLETION_BYTES + queued->length, 0, 0);
    vsp_store_record(library, words, VSP_SAVED_COMPLETION_WORDS, queued + 1, queued->length);
    vsp_copy(library + VSP_SAVED_COMPLETION_BYTES, queued + 1, queued->length);
    pad(library, VSP_SAVED_COMPLETION_BYTES + (uint64_t)queued->length);
}
