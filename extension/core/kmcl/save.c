/*
 * VmbChannelSaveBegin, SaveContinue, SaveEnd (kmcl-facts 6.2): whole chunks, as many as fit, resumed where it stopped.
 */
#include "vary.h"

/* ---- Begin ---- */

/* Room for `count` more entries in the one array of records. */
static void reserve_records(uint32_t count)
{
    struct vsp_simulator *simulator = vsp_simulator();
    const uint32_t wanted = vsp_lasting.record_count + count;
    if (wanted <= simulator->record_capacity) {
        return;
    }
    const uint64_t size = sizeof(struct vsp_packet_record);
    struct vsp_packet_record *records = vsp_allocate(VSP_ARENA_LASTING, wanted * size);
    vsp_copy(records, (void *)(uintptr_t)vsp_lasting.records, vsp_lasting.record_count * size);
    vsp_free(VSP_ARENA_LASTING, (void *)(uintptr_t)vsp_lasting.records, simulator->record_capacity * size);
    vsp_lasting.records = (uint64_t)(uintptr_t)records;
    simulator->record_capacity = wanted;
}

static void start_record(const struct vsp_channel *channel, struct vsp_packet *packet, uint32_t index)
{
    packet->record = index;
    struct vsp_packet_record *record = vsp_record_at(index);
    *record = (struct vsp_packet_record){
        .channel = channel->index,
        .kind = (uint32_t)(uintptr_t)packet->routine,
        .flags = packet->state == VSP_PACKET_IN_FLIGHT ? VSP_RECORD_IN_FLIGHT : 0,
        .restore_read = VSP_NONE,
    };
}

static void shuffle(struct vsp_packet **order, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        const uint32_t other = (uint32_t)(vsp_random() % i);
        struct vsp_packet *packet = order[i - 1];
        order[i - 1] = order[other];
        order[other] = packet;
    }
}

/* The packet save->index in save order; a first save starts its record here. */
static struct vsp_packet *next_packet(struct vsp_channel *channel, struct vsp_save *save)
{
    struct vsp_packet *packet;
    if (save->order != NULL) {
        packet = save->index < save->count ? save->order[save->index] : NULL;
    } else {
        packet = vsp_table_walk(channel, &save->cursor);
    }
    if (packet != NULL && save->first && packet->record != channel->record_base + save->index) {
        start_record(channel, packet, channel->record_base + save->index);
    }
    return packet;
}

/* A save that ended early: the packets it never reached have records, too. */
static void start_other_records(struct vsp_channel *channel, struct vsp_save *save)
{
    if (save->first) {
        save->index += save->packet != NULL;
        while (next_packet(channel, save) != NULL) {
            save->index++;
        }
    }
}

static uint32_t forces_new(const struct vsp_channel *channel)
{
    return channel->server_flags & VSP_FORCE_NEW_CHANNEL && vsp_mode_of(VSP_MODE_S32) == VSP_S32_DROP;
}

static vsp_status check_begin(struct vsp_channel *channel)
{
    if (!channel->server) { /* S-37 */
        vsp_misuse(VSP_RULE_INIT_SERVER_ONLY_ON_SERVER, channel, 0);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (channel->saving != NULL) { /* S-22 */
        vsp_misuse(VSP_RULE_SAVE_END_ALWAYS, channel, 0);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (channel->in_use != 0 && channel->save == NULL) { /* S-18 */
        vsp_misuse(VSP_RULE_SAVE_CALLBACKS_REGISTERED, channel, channel->in_use);
        return STATUS_NOT_SUPPORTED;
    }
    if ((channel->open && channel->started) || channel->outstanding != 0) { /* S-02, S-34 */
        vsp_misuse(VSP_RULE_SAVE_QUIESCED, channel, channel->outstanding);
        if (vsp_mode_of(VSP_MODE_S02) == VSP_S02_STRICT) {
            return STATUS_INVALID_DEVICE_STATE;
        }
    }
    if (forces_new(channel) && channel->in_use != 0) { /* S-32 */
        vsp_misuse(VSP_RULE_RESTORE_FORCE_NEW, channel, channel->in_use);
    }
    return STATUS_SUCCESS;
}

/* A row of SavePacket calls begins or ends; each call sets packet and pass itself. */
static void enter_callbacks(struct vsp_channel *channel, struct vsp_save *save, uint32_t api)
{
    vsp_scope_enter(&save->scope, channel, api, VSP_API_EVT_VMB_CHANNEL_SAVE_PACKET, VSP_NONE, VSP_PASS_NONE,
                    VSP_PASSIVE_LEVEL);
}

static void leave_callbacks(struct vsp_channel *channel, struct vsp_save *save)
{
    vsp_lasting.save_buffer = 0;
    vsp_lasting.save_size = 0;
    vsp_scope_leave(&save->scope, channel);
}

/* S-03 begin: all queries now. */
static vsp_status query_all(struct vsp_channel *channel, struct vsp_save *save)
{
    vsp_status status = STATUS_SUCCESS;
    save->queries = vsp_allocate(VSP_ARENA_HOST, save->count * sizeof *save->queries);
    enter_callbacks(channel, save, VSP_API_VMB_CHANNEL_SAVE_BEGIN);
    for (save->index = 0; save->index < save->count && status >= 0; save->index++) {
        status = vsp_query_packet(channel, save, next_packet(channel, save), &save->queries[save->index]);
    }
    leave_callbacks(channel, save);
    if (status >= 0) {
        save->index = 0;
        save->cursor = 0;
    }
    return status;
}

vsp_status vsp_save_begin(struct vsp_channel *channel)
{
    vsp_status status = check_begin(channel);
    channel->save_ended = 0;
    if (status < 0) {
        return status;
    }
    struct vsp_save *save = vsp_allocate(VSP_ARENA_HOST, sizeof *save);
    channel->saving = save;
    save->number = channel->saves++;
    save->count = channel->in_use;
    save->location = vsp_user_location();
    save->needed = vsp_block_allocate(VSP_ARENA_HOST, sizeof *save->needed, VSP_TAG_NEEDED, VSP_BLOCK_PAGED, 0);
    save->probe = vsp_block_allocate(VSP_ARENA_HOST, VSP_PROBE_BYTES, VSP_TAG_SAVE, VSP_BLOCK_PAGED, 0);
    vsp_set(save->probe, VSP_FILL, VSP_PROBE_BYTES);
    for (struct vsp_queued *queued = channel->queue; queued != NULL; queued = queued->next) {
        save->completions += queued->packet == NULL;
    }
    save->next_completion = channel->queue;
    if (vsp_mode_of(VSP_MODE_S04) == VSP_S04_SHUFFLE) {
        struct vsp_packet **order = vsp_allocate(VSP_ARENA_HOST, save->count * sizeof *order);
        for (uint32_t i = 0; i < save->count; i++) {
            order[i] = vsp_table_walk(channel, &save->cursor);
        }
        shuffle(order, save->count);
        save->order = order;
        save->cursor = 0;
    }
    if (channel->record_base == VSP_NONE) {
        save->first = 1;
        reserve_records(save->count);
        channel->record_base = vsp_lasting.record_count;
        channel->record_count = save->count;
        vsp_lasting.record_count += save->count;
    }
    if (VSP_UNLIKELY(vsp_vary.watch)) {
        vsp_vary_save_begins(channel, save);
    }
    const struct vsp_save_record record = {
        .channel = channel->index,
        .save = save->number,
        .packets = save->count,
        .record_base = save->first ? channel->record_base : VSP_NONE,
        .save_callback = (uint32_t)(uintptr_t)channel->save,
        .restore_callback = (uint32_t)(uintptr_t)channel->restore,
    };
    save->log = (uint32_t)vsp_simulator()->saves.count;
    vsp_log_append(&vsp_simulator()->saves, sizeof record, &record);
    if (vsp_mode_of(VSP_MODE_S03) == VSP_S03_BEGIN) {
        status = query_all(channel, save);
        if (status < 0) {
            start_other_records(channel, save);
            vsp_save_destroy(channel);
        }
    }
    return status;
}

/* ---- Continue ---- */

static struct vsp_save_record *save_log(const struct vsp_save *save)
{
    const struct vsp_log *log = &vsp_simulator()->saves;
    struct vsp_save_record *block = (struct vsp_save_record *)(uintptr_t)log->blocks[save->log / log->per_block];
    return &block[save->log % log->per_block];
}

/* The current packet has a query answer and a buffer size. */
static vsp_status prepare_packet(struct vsp_channel *channel, struct vsp_save *save)
{
    vsp_status status = STATUS_SUCCESS;
    if (save->packet == NULL) {
        save->packet = next_packet(channel, save);
        save->queried = 0;
    }
    if (save->packet == NULL) {
        return STATUS_SUCCESS;
    }
    if (save->queried == 0 && save->queries != NULL) {
        save->query = save->queries[save->index];
    } else if (save->queried == 0 ||
               (save->queried == 1 && vsp_checking && vsp_mode_of(VSP_MODE_S14) == VSP_S14_RANDOM)) {
        /* Asked anew after a Continue that was too small (S-14). */
        status = vsp_query_packet(channel, save, save->packet, &save->query);
    } else {
        return STATUS_SUCCESS;
    }
    save->queried = 1;
    save->bound = 0;
    if (save->query.status < 0) {
        vsp_choose_buffer(save, save->query.needed);
    }
    return status;
}

/* Bytes the next chunk can need at most; 0 = nothing is left. Queries the next packet on the way. */
static vsp_status next_need(struct vsp_channel *channel, struct vsp_save *save, uint64_t *need)
{
    *need = VSP_CHUNK_HEAD;
    if (save->phase == VSP_SAVE_HEAD) {
        *need += VSP_SAVED_CHANNEL_WORDS * 8u;
        return STATUS_SUCCESS;
    }
    if (save->phase == VSP_SAVE_PACKETS) {
        const vsp_status status = prepare_packet(channel, save);
        if (status < 0 || save->packet != NULL) {
            *need += vsp_round_up(status < 0 ? 0 : vsp_library_bytes(save->packet), 8) + vsp_round_up(save->bound, 8);
            return status;
        }
        save->phase = VSP_SAVE_COMPLETIONS;
    }
    while (save->next_completion != NULL && save->next_completion->packet != NULL) {
        save->next_completion = save->next_completion->next;
    }
    if (save->next_completion == NULL) {
        save->phase = VSP_SAVE_DONE;
        *need = 0;
    } else {
        *need += vsp_round_up(VSP_SAVED_COMPLETION_BYTES + (uint64_t)save->next_completion->length, 8);
    }
    return STATUS_SUCCESS;
}

static vsp_status emit(struct vsp_channel *channel, struct vsp_save *save, uint8_t *to, uint64_t *size)
{
    vsp_status status = STATUS_SUCCESS;
    switch (save->phase) {
    case VSP_SAVE_HEAD:
        vsp_emit_head(channel, save, to);
        save->phase = VSP_SAVE_PACKETS;
        break;
    case VSP_SAVE_PACKETS:
        status = vsp_emit_packet(channel, save, to, size);
        if (status >= 0) {
            save->packet = NULL;
            save->index++;
        }
        break;
    default:
        vsp_emit_completion(save, to);
        save->next_completion = save->next_completion->next;
        break;
    }
    return status;
}

static vsp_status fill(struct vsp_channel *channel, struct vsp_save *save, uint8_t *buffer, uint32_t size,
                       uint32_t *filled, uint32_t *required)
{
    for (;;) {
        uint64_t need;
        vsp_status status = next_need(channel, save, &need);
        if (status >= 0 && need == 0) {
            *required = 0;
            return STATUS_SUCCESS;
        }
        if (status >= 0 && need > size - *filled) {
            *required = need > 0xFFFFFFFFu ? 0xFFFFFFFFu : (uint32_t)need;
            return *filled != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
        }
        if (status >= 0) {
            status = emit(channel, save, buffer + *filled, &need);
        }
        if (status == STATUS_RETRY) {
            continue; /* the packet grew: look again whether it fits */
        }
        if (status < 0) {
            save->phase = VSP_SAVE_FAILED;
            save->failure = status;
            *filled = VSP_UNSET; /* S-20: undefined */
            *required = VSP_UNSET;
            /* A callback's size status must not pass for SaveContinue's own. */
            return status == STATUS_BUFFER_TOO_SMALL || status == STATUS_BUFFER_OVERFLOW ? STATUS_UNSUCCESSFUL : status;
        }
        *filled += (uint32_t)need;
        save->offset += need;
    }
}

vsp_status vsp_save_continue(struct vsp_channel *channel, void *buffer, uint32_t size, uint32_t *filled,
                             uint32_t *required)
{
    struct vsp_save *save = channel->saving;
    *filled = 0;
    *required = 0;
    if (save == NULL) {
        vsp_misuse(VSP_RULE_SAVE_BEGIN_CHECKED, channel, 0);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (save->phase >= VSP_SAVE_DONE) { /* S-19 */
        vsp_misuse(VSP_RULE_SAVE_CONTINUE_STATUSES, channel, save->phase);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (size < save->required) {
        vsp_misuse(VSP_RULE_SAVE_GROW, channel, save->required);
    }
    enter_callbacks(channel, save, VSP_API_VMB_CHANNEL_SAVE_CONTINUE);
    const vsp_status status = fill(channel, save, buffer, buffer == NULL ? 0 : size, filled, required);
    leave_callbacks(channel, save);
    if (VSP_UNLIKELY(vsp_vary.again & VSP_AGAIN_SAVE) && save->phase == VSP_SAVE_DONE) {
        vsp_vary_save_again(channel);
    }
    save->required = status < 0 && save->phase != VSP_SAVE_FAILED ? *required : 0;
    const struct vsp_chunk_record record = {
        .channel = channel->index,
        .save = save->number,
        .buffer_size = size,
        .filled = save->phase == VSP_SAVE_FAILED ? 0 : *filled,
        .required = save->phase == VSP_SAVE_FAILED ? 0 : *required,
        .status = (uint32_t)status,
    };
    vsp_log_append(&vsp_simulator()->chunks, sizeof record, &record);
    save_log(save)->bytes = save->offset;
    VSP_EVENT(VSP_EVENT_CHUNK, VSP_API_VMB_CHANNEL_SAVE_CONTINUE, channel, record.filled, record.status);
    return status;
}

uint32_t vsp_is_save_memory(uint64_t address)
{
    if (vsp_lasting.pass != VSP_PASS_QUERY && vsp_lasting.pass != VSP_PASS_WRITE) {
        return 0;
    }
    uint32_t found = address - vsp_lasting.save_buffer < vsp_lasting.save_size;
    for (const struct vsp_channel *channel = vsp_simulator()->channels; channel != NULL && !found;
         channel = channel->next) {
        const struct vsp_save *save = channel->saving;
        found = save != NULL && address - (uint64_t)(uintptr_t)save->needed < sizeof *save->needed;
    }
    return found;
}

/* ---- End ---- */

void vsp_save_destroy(struct vsp_channel *channel)
{
    struct vsp_save *save = channel->saving;
    if (save == NULL) {
        return;
    }
    if (VSP_UNLIKELY(vsp_vary.watch)) {
        vsp_vary_save_ends(channel);
    }
    vsp_user_free(VSP_ARENA_HOST, save->needed);
    vsp_user_free(VSP_ARENA_HOST, save->probe);
    vsp_user_free(VSP_ARENA_HOST, save->scratch);
    vsp_free(VSP_ARENA_HOST, save->first_pass, save->first_pass_size);
    vsp_free(VSP_ARENA_HOST, save->order, save->count * sizeof *save->order);
    vsp_free(VSP_ARENA_HOST, save->queries, save->count * sizeof *save->queries);
    vsp_free(VSP_ARENA_HOST, save, sizeof *save);
    channel->saving = NULL;
}

uint32_t vsp_save_location(const struct vsp_channel *channel)
{
    return channel->saving == NULL ? 0 : channel->saving->location;
}

void vsp_save_end(struct vsp_channel *channel)
{
    if (channel->saving == NULL) { /* S-22 */
        vsp_misuse(channel->save_ended ? VSP_RULE_SAVE_END_ALWAYS : VSP_RULE_SAVE_BEGIN_CHECKED, channel, 1);
        return;
    }
    channel->save_ended = 1;
    if (channel->saving->phase != VSP_SAVE_DONE) {
        start_other_records(channel, channel->saving);
    } else if (channel->guest != NULL) {
        vsp_snapshot_keep(channel->index, channel->saving->number, channel->guest);
    }
    vsp_save_destroy(channel);
}

/* ---- The driver's calls ---- */

static struct vsp_channel *checked(struct vsp_channel *handle)
{
    struct vsp_channel *channel = vsp_channel_checked(handle);
    if (vsp_lasting.irql > VSP_PASSIVE_LEVEL || vsp_lasting.spin_locks > 0) {
        vsp_misuse(VSP_RULE_SAVE_PASSIVE, handle, vsp_lasting.irql);
    }
    return channel;
}

vsp_status VmbChannelSaveBegin(struct vsp_channel *handle)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_SAVE_BEGIN, handle, 0, 0);
    vsp_status status = STATUS_INVALID_PARAMETER_1;
    struct vsp_channel *channel = checked(handle);
    if (channel != NULL) {
        channel->save_ended = 0;
    }
    if (channel != NULL && !vsp_fail_taken(VSP_FAILS_VmbChannelSaveBegin, &status)) {
        vsp_lasting.in_library++;
        status = vsp_save_begin(channel);
        vsp_lasting.in_library--;
    }
    VSP_RETURN(VSP_API_VMB_CHANNEL_SAVE_BEGIN, handle, status);
    return status;
}

vsp_status VmbChannelSaveContinue(struct vsp_channel *handle, void *buffer, uint32_t size, uint32_t *filled,
                                  uint32_t *required)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_SAVE_CONTINUE, handle, (uintptr_t)buffer, size);
    vsp_status status = STATUS_INVALID_PARAMETER_1;
    uint32_t filled_now = 0;
    uint32_t required_now = 0;
    struct vsp_channel *channel = checked(handle);
    vsp_check_write(filled, sizeof *filled);
    vsp_check_write(required, sizeof *required);
    if (channel != NULL && !vsp_fail_taken(VSP_FAILS_VmbChannelSaveContinue, &status)) {
        if (buffer != NULL) {
            vsp_check_write(buffer, size);
        }
        vsp_lasting.in_library++;
        status = vsp_save_continue(channel, buffer, size, &filled_now, &required_now);
        vsp_lasting.in_library--;
        if (vsp_checking && filled_now != 0 && channel->saving->phase != VSP_SAVE_FAILED) {
            const struct vsp_piece_record record = {
                vsp_checksum(VSP_CHECKSUM_SEED, buffer, filled_now), filled_now, size};
            vsp_log_append(&vsp_simulator()->pieces, sizeof record, &record);
        }
    }
    *filled = filled_now;
    *required = required_now;
    VSP_RETURN(VSP_API_VMB_CHANNEL_SAVE_CONTINUE, handle, status);
    return status;
}

void VmbChannelSaveEnd(struct vsp_channel *handle)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_SAVE_END, handle, 0, 0);
    struct vsp_channel *channel = checked(handle);
    if (channel != NULL) {
        vsp_save_end(channel);
    }
}
