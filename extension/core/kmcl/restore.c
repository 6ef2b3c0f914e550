/*
 * VmbChannelRestoreFromBuffer (kmcl-facts 6.5, S-21 to S-25, S-32): whole chunks in, one RestorePacket per saved
 * packet.
 */
#include "vary.h"

/* ---- Which packet of the report a restored one is ---- */

static const struct vsp_save_record *first_save_of(uint32_t channel, uint32_t *saves)
{
    const struct vsp_log *log = &vsp_simulator()->saves;
    const struct vsp_save_record *found = NULL;
    *saves = 0;
    for (uint64_t i = 0; i < log->count; i++) {
        const struct vsp_save_record *block =
            (const struct vsp_save_record *)(uintptr_t)log->blocks[i / log->per_block];
        const struct vsp_save_record *record = &block[i % log->per_block];
        if (record->channel == channel) {
            *saves += 1;
            found = record->record_base != VSP_NONE ? record : found;
        }
    }
    return found;
}

/* The restored channel carries on as the one that was saved, unless that one still lives. */
static void adopt(struct vsp_channel *channel, const struct vsp_saved_channel *head)
{
    uint32_t saves;
    const struct vsp_save_record *origin = first_save_of(head->channel, &saves);
    if (origin == NULL || channel->record_base != VSP_NONE) {
        return;
    }
    channel->record_base = origin->record_base;
    channel->record_count = origin->packets;
    for (const struct vsp_channel *other = vsp_simulator()->channels; other != NULL; other = other->next) {
        if (other != channel && other->index == head->channel) {
            return;
        }
    }
    channel->index = head->channel;
    channel->saves = saves;
}

static uint32_t is_pristine(const struct vsp_guest *guest)
{
    return guest->to_host.control->in == 0 && guest->from_host.control->in == 0 && guest->next_transaction == 1 &&
           guest->unanswered == NULL;
}

/* A restore without a state object finds the guest by itself: the copy kept at SaveEnd, else one that learns as packets
 * come. */
static void find_guest(struct vsp_channel *channel, const struct vsp_saved_channel *head)
{
    if (channel->guest != NULL && !is_pristine(channel->guest)) {
        return;
    }
    const struct vsp_guest *kept = vsp_snapshot_find(head->channel, head->save);
    if (kept != NULL) {
        vsp_install_guest(channel, vsp_guest_copy(kept));
    } else if (channel->guest == NULL) {
        channel->guest = vsp_guest_create(channel->ring_size);
        channel->guest->synthesised = 1;
    } else {
        channel->guest->synthesised = 1;
    }
}

/* ---- Pieces ---- */

/* Every piece is a row of whole chunks (C3, S-21) that begins where the last piece ended; nothing is consumed
 * otherwise. */
static uint32_t count_chunks(const struct vsp_restore *restore, const uint8_t *bytes, uint32_t size)
{
    const uint32_t consumed = restore->started + restore->packets + restore->completions;
    uint32_t count = 0;
    struct vsp_stream_chunk chunk;
    for (uint64_t at = 0; at < size; at += vsp_chunk_size(&chunk), count++) {
        if (size - at < sizeof chunk) {
            return 0;
        }
        vsp_copy(&chunk, bytes + at, sizeof chunk);
        const uint32_t known =
            chunk.kind == VSP_CHUNK_CHANNEL || chunk.kind == VSP_CHUNK_PACKET || chunk.kind == VSP_CHUNK_COMPLETION;
        const uint16_t check =
            vsp_chunk_check(chunk.library_size, chunk.state_size, chunk.buffer_size, consumed + count);
        if (!known || chunk.check != check || vsp_chunk_size(&chunk) > size - at) {
            return 0;
        }
    }
    return count;
}

static vsp_status take_head(struct vsp_channel *channel, struct vsp_restore *restore,
                            const struct vsp_stream_chunk *chunk, const uint8_t *library)
{
    struct vsp_saved_channel *head = &restore->head;
    uint64_t words[VSP_SAVED_CHANNEL_WORDS];
    if (restore->started || chunk->library_size != sizeof words ||
        !vsp_load_record(library, words, VSP_SAVED_CHANNEL_WORDS, NULL, 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    *head = (struct vsp_saved_channel){
        .channel = (uint32_t)words[0],
        .save = (uint32_t)(words[0] >> 32),
        .packets = (uint32_t)words[1],
        .completions = (uint32_t)(words[1] >> 32),
        .max_packet_size = (uint32_t)words[2],
        .server_flags = (uint32_t)(words[2] >> 32),
    };
    restore->started = 1;
    adopt(channel, head);
    vsp_lasting.channel = channel->index; /* the scope was entered under the old one */
    find_guest(channel, head);
    return STATUS_SUCCESS;
}

static vsp_status take_completion(struct vsp_channel *channel, const struct vsp_stream_chunk *chunk,
                                  const uint8_t *library)
{
    uint64_t words[VSP_SAVED_COMPLETION_WORDS];
    const uint8_t *bytes = library + VSP_SAVED_COMPLETION_BYTES;
    const uint32_t length = chunk->library_size - VSP_SAVED_COMPLETION_BYTES;
    if (chunk->library_size < VSP_SAVED_COMPLETION_BYTES ||
        !vsp_load_record(library, words, VSP_SAVED_COMPLETION_WORDS, bytes, length) || words[1] != length) {
        return STATUS_INVALID_PARAMETER;
    }
    vsp_queue_append(channel, NULL, words[0], VSP_TYPE_COMPLETION, 0, bytes, length);
    return STATUS_SUCCESS;
}

static vsp_status take_chunk(struct vsp_channel *channel, struct vsp_restore *restore, const uint8_t *at)
{
    struct vsp_stream_chunk chunk;
    vsp_copy(&chunk, at, sizeof chunk);
    const uint8_t *library = at + sizeof chunk;
    if (chunk.kind == VSP_CHUNK_CHANNEL) {
        return take_head(channel, restore, &chunk, library);
    }
    if (!restore->started) {
        return STATUS_INVALID_PARAMETER;
    }
    if (chunk.kind == VSP_CHUNK_COMPLETION) {
        return restore->completions++ < restore->head.completions ? take_completion(channel, &chunk, library)
                                                                  : STATUS_INVALID_PARAMETER;
    }
    if (restore->packets >= restore->head.packets) {
        return STATUS_INVALID_PARAMETER;
    }
    vsp_status status = STATUS_SUCCESS;
    const uint32_t dropped = (channel->server_flags | restore->head.server_flags) & VSP_FORCE_NEW_CHANNEL;
    if (!dropped || vsp_mode_of(VSP_MODE_S32) == VSP_S32_KEEP) {
        status = vsp_call_restore(channel, restore, &chunk, library);
    }
    restore->packets++;
    return status;
}

/* The saved piece that these bytes begin with: the longest one. */
static const struct vsp_piece_record *piece_at(const uint8_t *bytes, uint32_t size)
{
    const struct vsp_log *log = &vsp_simulator()->pieces;
    const struct vsp_piece_record *found = NULL;
    for (uint64_t i = 0; i < log->count; i++) {
        const struct vsp_piece_record *block =
            (const struct vsp_piece_record *)(uintptr_t)log->blocks[i / log->per_block];
        const struct vsp_piece_record *piece = &block[i % log->per_block];
        if (piece->filled <= size && (found == NULL || piece->filled > found->filled) &&
            vsp_checksum(VSP_CHECKSUM_SEED, bytes, piece->filled) == piece->checksum) {
            found = piece;
        }
    }
    return found;
}

/* Are these the first bytes of another chunk, at this place of the stream? */
static uint32_t begins_chunk(const uint8_t *bytes, uint32_t size)
{
    struct vsp_stream_chunk chunk;
    if (size < sizeof chunk) {
        return size != 0 && (bytes[0] == 'V');
    }
    vsp_copy(&chunk, bytes, sizeof chunk);
    return chunk.kind == VSP_CHUNK_PACKET || chunk.kind == VSP_CHUNK_COMPLETION || chunk.kind == VSP_CHUNK_CHANNEL;
}

/*
 * Which rule a buffer breaks that is no row of whole chunks: a piece with what its buffer held behind it, the beginning
 * of a piece behind a whole one, or neither: a piece left out, repeated or torn apart.
 */
static void report_refused(struct vsp_channel *channel, const uint8_t *bytes, uint32_t size)
{
    const struct vsp_piece_record *piece = piece_at(bytes, size);
    const uint32_t rest = piece == NULL ? 0 : size - piece->filled;
    if (rest == 0) {
        vsp_misuse(VSP_RULE_RESTORE_ORDER, channel, size);
    } else {
        const uint64_t detail = (uint64_t)(rest < VSP_DETAIL_REST ? rest : VSP_DETAIL_REST) << 32 | piece->filled;
        const uint32_t begins = begins_chunk(bytes + piece->filled, rest);
        vsp_misuse(begins ? VSP_RULE_SAVE_BOUNDARIES : VSP_RULE_SAVE_PERSIST_FILLED, channel, detail);
    }
}

/* S-25: the chunks of one buffer in another order, the head first. */
static vsp_status take_shuffled(struct vsp_channel *channel, struct vsp_restore *restore, const uint8_t *bytes,
                                uint32_t count)
{
    const uint64_t size = count * sizeof(uint64_t);
    uint64_t *offsets = vsp_allocate(VSP_ARENA_HOST, size);
    uint64_t at = 0;
    struct vsp_stream_chunk chunk;
    for (uint32_t i = 0; i < count; i++) {
        vsp_copy(&chunk, bytes + at, sizeof chunk);
        offsets[i] = at;
        at += vsp_chunk_size(&chunk);
    }
    const uint32_t fixed = restore->started ? 0 : 1;
    for (uint32_t i = count; i > fixed + 1; i--) {
        const uint32_t other = fixed + (uint32_t)(vsp_random() % (i - fixed));
        const uint64_t offset = offsets[i - 1];
        offsets[i - 1] = offsets[other];
        offsets[other] = offset;
    }
    vsp_status status = STATUS_SUCCESS;
    for (uint32_t i = 0; i < count && status >= 0; i++) {
        status = take_chunk(channel, restore, bytes + offsets[i]);
    }
    vsp_free(VSP_ARENA_HOST, offsets, size);
    return status;
}

static vsp_status check_restore(struct vsp_channel *channel, uint32_t size)
{
    if (!channel->server) { /* S-37 */
        vsp_misuse(VSP_RULE_INIT_SERVER_ONLY_ON_SERVER, channel, 0);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (channel->enabled && channel->started) { /* S-23 */
        vsp_misuse(VSP_RULE_RESTORE_BEFORE_ACTIVE, channel, 0);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (channel->restored || (channel->restoring != NULL && channel->restoring->finished)) { /* S-24 */
        vsp_misuse(VSP_RULE_RESTORE_FINISH, channel, 0);
        return STATUS_INVALID_PARAMETER;
    }
    return size == 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

vsp_status vsp_restore_piece(struct vsp_channel *channel, const void *buffer, uint32_t size, uint32_t tampered)
{
    vsp_status status = check_restore(channel, size);
    if (status < 0) {
        return status;
    }
    if (channel->restoring == NULL) {
        channel->restoring = vsp_allocate(VSP_ARENA_HOST, sizeof *channel->restoring);
    }
    struct vsp_restore *restore = channel->restoring;
    const uint8_t *bytes = buffer;
    const uint32_t count = count_chunks(restore, bytes, size);
    if (count == 0) {
        if (!tampered && !restore->refused) {
            report_refused(channel, bytes, size);
        }
        restore->refused = 1; /* what follows is fed out of order, whatever it is */
        return STATUS_INVALID_PARAMETER;
    }
    vsp_scope_enter(&restore->scope, channel, VSP_API_VMB_CHANNEL_RESTORE_FROM_BUFFER,
                    VSP_API_EVT_VMB_CHANNEL_RESTORE_PACKET, VSP_NONE, VSP_PASS_NONE, VSP_PASSIVE_LEVEL);
    if (vsp_mode_of(VSP_MODE_S25_ORDER) == VSP_S25_SHUFFLE) {
        status = take_shuffled(channel, restore, bytes, count);
    } else {
        for (uint64_t at = 0; at < size && status >= 0;) {
            struct vsp_stream_chunk chunk;
            vsp_copy(&chunk, bytes + at, sizeof chunk);
            status = take_chunk(channel, restore, bytes + at);
            at += vsp_chunk_size(&chunk);
        }
    }
    vsp_lasting.save_buffer = 0;
    vsp_lasting.save_size = 0;
    vsp_lasting.library_buffer = 0;
    vsp_lasting.library_size = 0;
    vsp_scope_leave(&restore->scope, channel);
    if (status < 0) {
        restore->finished = 1;
        return status;
    }
    if (restore->packets < restore->head.packets || restore->completions < restore->head.completions) {
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    vsp_restore_destroy(channel);
    channel->restored = 1;
    if (VSP_UNLIKELY(vsp_vary.watch)) {
        vsp_vary_all_restored(channel);
    }
    return STATUS_SUCCESS;
}

uint32_t vsp_restore_progress(const struct vsp_channel *channel)
{
    return channel->restoring == NULL ? 0 : 1 + (channel->restoring->finished != 0);
}

void vsp_restore_destroy(struct vsp_channel *channel)
{
    if (channel->restoring != NULL) {
        vsp_user_free(VSP_ARENA_HOST, channel->restoring->scratch);
        vsp_free(VSP_ARENA_HOST, channel->restoring, sizeof *channel->restoring);
        channel->restoring = NULL;
    }
}

vsp_status VmbChannelRestoreFromBuffer(struct vsp_channel *handle, void *buffer, uint32_t size)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_RESTORE_FROM_BUFFER, handle, (uintptr_t)buffer, size);
    vsp_status status = STATUS_INVALID_PARAMETER_1;
    struct vsp_channel *channel = vsp_channel_checked(handle);
    if (vsp_lasting.irql > VSP_PASSIVE_LEVEL || vsp_lasting.spin_locks > 0) {
        vsp_misuse(VSP_RULE_STATE_PASSIVE_BLOCKING, handle, vsp_lasting.irql);
    }
    if (channel != NULL && !vsp_fail_taken(VSP_FAILS_VmbChannelRestoreFromBuffer, &status)) {
        vsp_check_read(buffer, size);
        vsp_lasting.in_library++;
        status = vsp_restore_piece(channel, buffer, size, 0);
        vsp_lasting.in_library--;
    }
    VSP_RETURN(VSP_API_VMB_CHANNEL_RESTORE_FROM_BUFFER, handle, status);
    return status;
}
