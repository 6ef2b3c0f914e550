/*
 * The RestorePacket call and VmbPacketRestore (kmcl-facts 6.6, S-17, S-26 to S-31, S-38).
 */
#include "stress.h"

/* ---- The call ---- */

struct handed { /* what the callback gets */
    uint8_t *library;
    uint8_t *state;
    uint32_t state_size;
    void *library_block;
    void *state_block;
};

/* A misaligned copy of `size` bytes that ends where its block ends (S-28). */
static uint8_t *misaligned_copy(const uint8_t *from, uint32_t size, uint32_t tag, void **block)
{
    uint8_t *base =
        vsp_block_allocate(VSP_ARENA_HOST, (uint64_t)size + 1, tag, VSP_BLOCK_PAGED | VSP_BLOCK_LATE, 0);
    *block = base;
    vsp_copy(base + 1, from, size);
    return base + 1;
}

static uint8_t *scratch_of(struct vsp_restore *restore, uint32_t size)
{
    if (size > restore->scratch_size || restore->scratch == NULL) {
        vsp_user_free(VSP_ARENA_HOST, restore->scratch);
        restore->scratch_size = size < 4096 ? 4096 : size;
        restore->scratch = vsp_user_allocate(VSP_ARENA_HOST, restore->scratch_size, VSP_TAG_SAVE);
    }
    return restore->scratch;
}

/* SaveBufSize that the callback sees (S-10, S-35). */
static uint32_t handed_size(const struct vsp_stream_chunk *chunk, uint32_t index)
{
    uint32_t size = chunk->state_size;
    if (vsp_mode_of(VSP_MODE_S10) == VSP_S10_ALTERNATE && (index & 1) != 0 && chunk->buffer_size > size) {
        size = chunk->buffer_size;
    }
    switch (vsp_mode_of(VSP_MODE_S35)) {
    case VSP_S35_TRUNCATE: return size == 0 ? 0 : (uint32_t)((vsp_random() >> 33) % size);
    case VSP_S35_EMPTY: return 0;
    default: return size;
    }
}

/* `state` has `real` bytes; of them, or of them and zeros behind them, the callback gets `size`. */
static void hand_out(struct vsp_restore *restore, const struct vsp_stream_chunk *chunk, const uint8_t *library,
                     const uint8_t *state, uint32_t size, uint32_t real, struct handed *handed)
{
    *handed = (struct handed){.library = (uint8_t *)library, .state = (uint8_t *)state, .state_size = size};
    const uint32_t flip = vsp_mode_of(VSP_MODE_S35) == VSP_S35_FLIP && size != 0;
    if (vsp_checking) {
        handed->library = misaligned_copy(library, chunk->library_size, VSP_TAG_LIBRARY, &handed->library_block);
    }
    if (size == 0) {
        const uint32_t mode = vsp_mode_of(VSP_MODE_S17);
        if (mode == VSP_S17_NULL || (mode == VSP_S17_ALTERNATE && (restore->packets & 1) == 0)) {
            handed->state = NULL;
        } else if (vsp_checking) {
            handed->state = misaligned_copy(state, 0, VSP_TAG_SAVE, &handed->state_block);
        }
        return;
    }
    if (vsp_checking) {
        uint8_t *base = vsp_block_allocate(VSP_ARENA_HOST, (uint64_t)size + 1, VSP_TAG_SAVE,
                                           VSP_BLOCK_PAGED | VSP_BLOCK_LATE, 1);
        handed->state_block = base;
        handed->state = base + 1;
        vsp_copy(handed->state, state, real);
    } else if (size != real || flip) {
        handed->state = scratch_of(restore, size);
        vsp_copy(handed->state, state, real);
        vsp_set(handed->state + real, 0, size - real);
    }
    if (flip) {
        handed->state[vsp_random() % size] ^= (uint8_t)(1u << (vsp_random() & 7));
    }
}

static vsp_status call(struct vsp_channel *channel, const struct handed *handed, uint32_t library_size)
{
    vsp_status status;
    vsp_lasting.save_buffer = (uint64_t)(uintptr_t)handed->state;
    vsp_lasting.save_size = handed->state_size;
    vsp_lasting.library_buffer = (uint64_t)(uintptr_t)handed->library;
    vsp_lasting.library_size = library_size;
    VSP_EVENT(VSP_EVENT_CALLBACK, VSP_API_EVT_VMB_CHANNEL_RESTORE_PACKET, channel, library_size, handed->state_size);
    vsp_calls(channel->restore);
    if (channel->save_ex) {
        status = ((vsp_restore_ex_fn *)channel->restore)(channel, channel->save_context, handed->library, library_size,
                                                         handed->state, handed->state_size);
    } else {
        status = ((vsp_restore_fn *)channel->restore)(channel, handed->library, library_size, handed->state,
                                                      handed->state_size);
    }
    VSP_EVENT(VSP_EVENT_CALLBACK_RETURN, VSP_API_EVT_VMB_CHANNEL_RESTORE_PACKET, channel, (uint32_t)status, 0);
    vsp_scope_returned(&channel->restoring->scope);
    if (VSP_UNLIKELY(vsp_vary.watch)) {
        vsp_flow_status((uint32_t)status);
    }
    return status;
}

static uint32_t same_bytes(const uint8_t *a, const uint8_t *b, uint32_t size)
{
    uint32_t at = 0;
    uint64_t words[2];
    for (; size - at >= 8; at += 8) {
        __builtin_memcpy(&words[0], a + at, 8);
        __builtin_memcpy(&words[1], b + at, 8);
        if (words[0] != words[1]) {
            return 0;
        }
    }
    for (; at < size; at++) {
        if (a[at] != b[at]) {
            return 0;
        }
    }
    return 1;
}

/* 6.6: what the callback owed; answers 1 when it did not give it. */
static uint32_t judge(struct vsp_channel *channel, const struct vsp_restore *restore, vsp_status status,
                  uint32_t allocated_before, uint32_t state_size)
{
    const struct vsp_packet *packet = restore->packet;
    const uint32_t restored = packet != NULL;
    if (status < 0) {
        if (channel->allocated > allocated_before + restored) {
            vsp_misuse_at_return(VSP_RULE_RESTOREPKT_FREE_ON_FAILURE, channel, channel->allocated - allocated_before);
            return 1;
        }
    } else if (status != STATUS_SUCCESS || (restore->restores != 0 && restore->result < 0 && !restored)) {
        vsp_misuse_at_return(VSP_RULE_RESTOREPKT_PROPAGATE, channel, (uint32_t)status);
        return 1;
    } else if (!restored) {
        vsp_misuse_at_return(VSP_RULE_RESTOREPKT_LIBBUF, channel, VSP_LIBBUF_UNUSED);
        return 1;
    } else if (state_size != 0 && packet->routine == NULL && packet->state != VSP_PACKET_FREE) { /* S-26 */
        vsp_misuse_at_return(VSP_RULE_RESTOREPKT_ROUTINE, packet, 0);
        return 1;
    }
    return 0;
}

/* Packets that the callback just reported leaves behind. */
static void tell_leftovers(struct vsp_channel *channel)
{
    for (struct vsp_packet *packet = vsp_packet_next(channel, NULL); packet != NULL;
         packet = vsp_packet_next(channel, packet)) {
        if (packet->state == VSP_PACKET_IDLE && packet->flags & VSP_PACKET_IN_RESTORE) {
            packet->flags |= VSP_PACKET_TOLD;
        }
    }
}

/* The pool block that was allocated last, as a number; 0 without one. */
static uint64_t newest_pool(void)
{
    const struct vsp_block *block = vsp_checking ? vsp_block_newest() : NULL;
    while (block != NULL && !(block->flags & VSP_BLOCK_POOL)) {
        block = vsp_checked_of(block)->older;
    }
    return (uint64_t)(uintptr_t)block;
}

vsp_status vsp_call_restore(struct vsp_channel *channel, struct vsp_restore *restore,
                            const struct vsp_stream_chunk *chunk, const uint8_t *library)
{
    if (VSP_UNLIKELY(vsp_stress.watch)) {
        return vsp_stress_restore(channel, restore, chunk, library);
    }
    return vsp_restore_once(channel, restore, chunk, library, NULL);
}

vsp_status vsp_restore_once(struct vsp_channel *channel, struct vsp_restore *restore,
                            const struct vsp_stream_chunk *chunk, const uint8_t *library,
                            const struct vsp_given *given)
{
    const uint8_t *state = given != NULL ? given->bytes : library + vsp_round_up(chunk->library_size, 8);
    const uint32_t state_size = given != NULL ? given->size : chunk->state_size;
    const uint32_t size = given != NULL ? given->size : handed_size(chunk, restore->packets);
    const uint32_t real = size < state_size ? size : state_size;
    if (channel->restore == NULL) {
        vsp_misuse(VSP_RULE_SAVE_CALLBACKS_REGISTERED, channel, 1);
        return STATUS_NOT_SUPPORTED;
    }
    struct handed handed;
    uint32_t index;
    if (chunk->library_size < VSP_SAVED_PACKET_BYTES) {
        return STATUS_INVALID_PARAMETER;
    }
    vsp_copy(&index, library + (VSP_SAVED_PACKET_WORDS - 1) * 8, sizeof index);
    hand_out(restore, chunk, library, state, size, real, &handed);
    restore->given = library;
    restore->given_size = chunk->library_size;
    restore->restores = 0;
    restore->told = 0;
    restore->result = STATUS_SUCCESS;
    restore->packet = NULL;
    const uint32_t allocated = channel->allocated;
    const uint32_t known = channel->record_base != VSP_NONE && index < channel->record_count;
    vsp_lasting.packet = known ? index : VSP_NONE;
    vsp_lasting.pass = VSP_PASS_RESTORE;
    const uint64_t newest = vsp_stress.watch ? newest_pool() : 0;
    const uint32_t noted = known && vsp_touched_begin(handed.state, handed.state_size, VSP_ACCESS_READ);
    const vsp_status status = call(channel, &handed, chunk->library_size);
    uint32_t bytes_read = vsp_checking && handed.state_size == 0 ? 0 : VSP_NONE;
    if (noted) {
        vsp_touched_end();
        bytes_read = vsp_touched_count(real);
    }
    if (vsp_checking) {
        if (!restore->told && !same_bytes(handed.library, library, chunk->library_size)) {
            vsp_misuse_at_return(VSP_RULE_RESTOREPKT_LIBBUF, channel, VSP_LIBBUF_WRITTEN);
        }
        if (handed.state != NULL && vsp_mode_of(VSP_MODE_S35) != VSP_S35_FLIP &&
            !same_bytes(handed.state, state, real)) {
            vsp_misuse_at_return(VSP_RULE_RESTOREPKT_COPY, channel, 0);
        }
    }
    if (judge(channel, restore, status, allocated, handed.state_size)) {
        tell_leftovers(channel);
    }
    if (VSP_UNLIKELY(vsp_stress.watch) && status < 0 && newest_pool() != newest) {
        vsp_stress_refused();
    }
    if (VSP_UNLIKELY(vsp_vary.watch) && status >= 0 && restore->packet != NULL) {
        vsp_vary_restored(channel, restore->packet, state, chunk->state_size);
    }
    if (vsp_checking) {
        vsp_user_free(VSP_ARENA_HOST, handed.library_block);
        vsp_user_free(VSP_ARENA_HOST, handed.state_block);
    }
    restore->given = NULL;
    if (known) {
        struct vsp_packet_record *record = vsp_record_at(channel->record_base + index);
        record->flags |= VSP_RECORD_RESTORED;
        record->restore_status = (uint32_t)status;
        record->restore_read = bytes_read;
    }
    return status < 0 ? status : STATUS_SUCCESS;
}

/* ---- VmbPacketRestore ---- */

/* Restored queued packets stand in their original order (S-31), whatever the order of the calls. */
static void sort_last_queued(struct vsp_channel *channel)
{
    struct vsp_queued *added = channel->queue_tail;
    struct vsp_queued **link = &channel->queue;
    while ((*link)->transaction < added->transaction && *link != added) {
        link = &(*link)->next;
    }
    if (*link == added) {
        return;
    }
    struct vsp_queued *previous = *link;
    while (previous->next != added) {
        previous = previous->next;
    }
    previous->next = NULL;
    channel->queue_tail = previous;
    added->next = *link;
    *link = added;
}

static uint32_t load_saved(const uint8_t *given, uint32_t given_size, struct vsp_saved_packet *saved)
{
    uint64_t words[VSP_SAVED_PACKET_WORDS];
    const uint8_t *payload = given + VSP_SAVED_PACKET_BYTES;
    const uint32_t sound =
        vsp_load_record(given, words, VSP_SAVED_PACKET_WORDS, payload, given_size - VSP_SAVED_PACKET_BYTES);
    *saved = (struct vsp_saved_packet){
        .version = words[0] & 0xFFFF,
        .flags = (uint32_t)words[0] >> 16,
        .size = (uint32_t)(words[0] >> 32),
        .transaction = words[1],
        .length = (uint32_t)words[2],
        .max_packet_size = (uint32_t)(words[2] >> 32),
        .index = (uint32_t)words[3],
    };
    return sound && saved->version == VSP_STREAM_VERSION && saved->size == given_size &&
           saved->length == given_size - VSP_SAVED_PACKET_BYTES;
}

static vsp_status restore_object(struct vsp_packet *packet)
{
    struct vsp_channel *channel = packet->channel;
    struct vsp_restore *restore = channel->restoring;
    struct vsp_saved_packet saved;
    const uint8_t *payload = restore->given + VSP_SAVED_PACKET_BYTES;
    if (!load_saved(restore->given, restore->given_size, &saved)) {
        return STATUS_INVALID_PARAMETER_2; /* the stream was damaged */
    }
    if (saved.max_packet_size > channel->max_packet_size) { /* S-38 */
        vsp_misuse(VSP_RULE_RESTORE_SAME_CONFIG, channel, saved.max_packet_size);
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (!vsp_table_claim(channel, packet, saved.transaction)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    packet->flags |= VSP_PACKET_SENT | VSP_PACKET_RESTORED | (saved.flags & VSP_SAVED_WAIT ? VSP_PACKET_WAIT : 0);
    if (channel->record_base != VSP_NONE && saved.index < channel->record_count) {
        packet->record = channel->record_base + saved.index;
    }
    restore->packet = packet;
    if (saved.flags & VSP_SAVED_QUEUED) {
        const uint32_t flags = saved.flags & VSP_SAVED_WAIT ? VSP_FLAG_COMPLETION_REQUESTED : 0;
        vsp_queue_append(channel, packet, saved.transaction, VSP_TYPE_DATA_INBAND, flags, payload, saved.length);
        if (vsp_mode_of(VSP_MODE_S25_ORDER) == VSP_S25_SHUFFLE || vsp_mode_of(VSP_MODE_S04) == VSP_S04_SHUFFLE) {
            sort_last_queued(channel);
        }
    } else {
        vsp_packet_set_state(packet, VSP_PACKET_IN_FLIGHT);
        if (channel->guest != NULL && channel->guest->synthesised) {
            vsp_guest_owes(channel->guest, saved.transaction);
        }
    }
    if (vsp_mode_of(VSP_MODE_S29) == VSP_S29_AT_ONCE) {
        vsp_queue_drop(channel, packet);
        vsp_packet_complete(packet, STATUS_CANCELLED, NULL, 0, VSP_DISPATCH_LEVEL, VSP_API_VMB_PACKET_RESTORE);
    }
    return STATUS_SUCCESS;
}

vsp_status VmbPacketRestore(struct vsp_packet *handle, void *buffer, uint32_t size)
{
    VSP_CALL(VSP_API_VMB_PACKET_RESTORE, handle, (uintptr_t)buffer, size);
    struct vsp_packet *packet = vsp_packet_checked(handle);
    struct vsp_restore *restore = packet->channel->restoring;
    vsp_status status = STATUS_INVALID_DEVICE_REQUEST;
    vsp_irql_at_most(VSP_PASSIVE_LEVEL, handle);
    if (vsp_lasting.pass != VSP_PASS_RESTORE || restore == NULL || restore->given == NULL) {
        const uint32_t elsewhere = vsp_lasting.pass == VSP_PASS_RESTORE;
        vsp_misuse(elsewhere ? VSP_RULE_RESTOREPKT_ALLOCATE : VSP_RULE_RESTOREPKT_LIBBUF, handle, VSP_LIBBUF_OUTSIDE);
    } else if (restore->restores++, restore->packet != NULL) {
        vsp_misuse(VSP_RULE_RESTOREPKT_LIBBUF, handle, VSP_LIBBUF_TWICE);
        status = STATUS_INVALID_DEVICE_STATE;
    } else if (packet->origin != VSP_ORIGIN_ALLOCATE) {
        vsp_misuse(VSP_RULE_RESTOREPKT_ALLOCATE, handle, packet->origin);
        status = STATUS_INVALID_PARAMETER_1;
    } else if (packet->state != VSP_PACKET_IDLE) {
        const uint32_t rule =
            packet->state == VSP_PACKET_FREE ? VSP_RULE_RESTOREPKT_ALLOCATE : VSP_RULE_OUT_NO_REUSE_IN_USE;
        vsp_misuse(rule, handle, packet->state);
        status = STATUS_INVALID_PARAMETER_1;
    } else {
        vsp_check_read(buffer, size);
        if (size != restore->given_size || !same_bytes(buffer, restore->given, size)) {
            vsp_misuse(VSP_RULE_RESTOREPKT_LIBBUF, handle, VSP_LIBBUF_OTHER);
            restore->told = 1;
            status = STATUS_INVALID_PARAMETER_2;
        } else if (VSP_UNLIKELY(vsp_stress.watch) && vsp_stress_fails(VSP_STRESS_PACKET_RESTORE)) {
            status = (vsp_status)vsp_stress.fail_status;
        } else if (!vsp_fail_taken(VSP_FAILS_VmbPacketRestore, &status)) {
            status = restore_object(packet);
        }
        restore->result = status;
    }
    VSP_RETURN(VSP_API_VMB_PACKET_RESTORE, handle, status);
    return status;
}
