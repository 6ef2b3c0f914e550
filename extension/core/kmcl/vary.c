/*
 * What a differential run does to packets besides what the test asks for, and what it keeps of them (wdk/runtime/variant.h).
 */
#include "vary.h"

static uint32_t index_of(const struct vsp_channel *channel, const struct vsp_packet *packet)
{
    return packet->record == VSP_NONE ? VSP_NONE : packet->record - channel->record_base;
}

/* Where the callback that just ended returned. */
static uint32_t return_location(void)
{
    return vsp_frames[vsp_depth + 1];
}

static void append_padded(struct vsp_bytes *to, const void *bytes, uint64_t size)
{
    const uint64_t zero = 0;
    vsp_bytes_append(to, bytes, size);
    vsp_bytes_append(to, &zero, vsp_round_up(size, 8) - size);
}

/* ---- Records ---- */

void vsp_vary_saved(struct vsp_channel *channel, struct vsp_save *save, const uint8_t *state, uint32_t size,
                    uint32_t writes)
{
    struct vsp_vary *vary = &vsp_vary;
    const uint64_t hash = vsp_checksum(VSP_CHECKSUM_SEED, state, size);
    if (vary->again & VSP_AGAIN_SAVE && vary->saved_channel == channel->index) {
        const struct vsp_saved_once once = {.hash = hash, .size = size, .writes = writes};
        vsp_bytes_append(&vary->saved, &once, sizeof once);
    }
    if (vary->again & VSP_AGAIN_ROUND_TRIP || vary->context_types != 0) {
        const struct vsp_record_hash record = {
            .channel = channel->index, .packet = index_of(channel, save->packet), .hash = hash};
        vsp_bytes_append(&vary->records, &record, sizeof record);
    }
    if (!writes) {
        return;
    }
    if (vary->writes >= vary->keep_from && vary->writes < vary->keep_to) {
        const struct vsp_written written = {
            .channel = channel->index,
            .save = save->number,
            .packet = index_of(channel, save->packet),
            .size = size,
            .location = return_location(),
            .steps = vary->steps,
        };
        vsp_bytes_append(&vary->kept, &written, sizeof written);
        append_padded(&vary->kept, state, size);
    }
    vary->writes++;
    vary->window = (vary->window ^ hash) * VSP_CHECKSUM_FACTOR;
    if (vary->writes % VSP_WRITE_WINDOW == 0) {
        vsp_bytes_append(&vary->windows, &vary->window, sizeof vary->window);
        vary->window = 0;
    }
}

/* ---- Saving once more ---- */

/* One packet's two passes with memory of their own. *state has *size bytes, and `room` is to be freed. */
vsp_status vsp_save_alone(struct vsp_channel *channel, struct vsp_save *save, struct vsp_packet *packet,
                           uint8_t **state, uint32_t *size, uint64_t *room)
{
    *state = NULL;
    *size = 0;
    *room = 0;
    save->packet = packet;
    save->queried = 0;
    vsp_status status = vsp_query_packet(channel, save, packet, &save->query);
    if (status < 0 || save->query.status >= 0) {
        return status;
    }
    save->queried = 1;
    vsp_choose_buffer(save, save->query.needed);
    do {
        vsp_free(VSP_ARENA_HOST, *state, *room);
        *room = save->bound;
        *state = vsp_allocate(VSP_ARENA_HOST, *room);
        status = vsp_write_packet(channel, save, *state, size);
    } while (status == STATUS_RETRY);
    return status;
}

void vsp_save_alone_open(struct vsp_channel *channel, struct vsp_save *save)
{
    save->needed = vsp_block_allocate(VSP_ARENA_HOST, sizeof *save->needed, VSP_TAG_NEEDED, VSP_BLOCK_PAGED, 0);
    save->probe = vsp_block_allocate(VSP_ARENA_HOST, VSP_PROBE_BYTES, VSP_TAG_SAVE, VSP_BLOCK_PAGED, 0);
    vsp_set(save->probe, VSP_FILL, VSP_PROBE_BYTES);
    channel->saving = save;
    vsp_scope_enter(&save->scope, channel, VSP_API_VMB_CHANNEL_SAVE_CONTINUE, VSP_API_EVT_VMB_CHANNEL_SAVE_PACKET,
                    VSP_NONE, VSP_PASS_NONE, VSP_PASSIVE_LEVEL);
    vsp_lasting.in_library++;
}

void vsp_save_alone_close(struct vsp_channel *channel, struct vsp_save *save, struct vsp_save *outer)
{
    vsp_lasting.in_library--;
    vsp_lasting.save_buffer = 0;
    vsp_lasting.save_size = 0;
    vsp_scope_leave(&save->scope, channel);
    channel->saving = outer;
    vsp_user_free(VSP_ARENA_HOST, save->needed);
    vsp_user_free(VSP_ARENA_HOST, save->probe);
    vsp_user_free(VSP_ARENA_HOST, save->scratch);
}

/* The nth packet of a save. */
static struct vsp_packet *packet_at(struct vsp_channel *channel, const struct vsp_save *save, uint32_t index,
                                    uint32_t *cursor)
{
    return save->order != NULL ? save->order[index] : vsp_table_walk(channel, cursor);
}

void vsp_vary_save_again(struct vsp_channel *channel)
{
    struct vsp_save *first = channel->saving;
    const struct vsp_saved_once *before = (const struct vsp_saved_once *)(uintptr_t)vsp_vary.saved.at;
    const uint64_t count = vsp_vary.saved_channel == channel->index ? vsp_vary.saved.used / sizeof *before : 0;
    struct vsp_save save = {.number = first->number, .count = first->count};
    uint32_t cursor = 0;
    vsp_save_alone_open(channel, &save);
    for (uint32_t i = 0; i < count; i++) {
        struct vsp_packet *packet = packet_at(channel, first, i, &cursor);
        uint8_t *state;
        uint32_t size;
        uint64_t room;
        if (packet == NULL) {
            break;
        }
        const vsp_status status = vsp_save_alone(channel, &save, packet, &state, &size, &room);
        if (status < 0 || (save.query.status < 0) != before[i].writes) {
            vsp_misuse_at_return(VSP_RULE_SAVEPKT_IDEMPOTENT, packet, VSP_DETAIL_ANSWERS);
        } else if (size != before[i].size || vsp_checksum(VSP_CHECKSUM_SEED, state, size) != before[i].hash) {
            vsp_misuse_at_return(VSP_RULE_SAVEPKT_IDEMPOTENT, packet, VSP_DETAIL_BYTES);
        }
        vsp_free(VSP_ARENA_HOST, state, room);
    }
    vsp_save_alone_close(channel, &save, first);
}

/* ---- Saving what was restored ---- */

/* Whether the packet was saved as that very record. Packets are saved and restored in one order, so the search goes on
 * from where it last ended. */
static uint32_t is_genuine(uint32_t channel, uint32_t packet, const uint8_t *state, uint32_t size)
{
    static uint64_t hint;
    const struct vsp_record_hash *records = (const struct vsp_record_hash *)(uintptr_t)vsp_vary.records.at;
    const uint64_t count = vsp_vary.records.used / sizeof *records;
    const uint64_t hash = vsp_checksum(VSP_CHECKSUM_SEED, state, size);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t at = (hint + i) % count;
        if (records[at].hash == hash && records[at].channel == channel && records[at].packet == packet) {
            hint = at + 1;
            return 1;
        }
    }
    return 0;
}

void vsp_vary_restored(const struct vsp_channel *channel, const struct vsp_packet *packet, const uint8_t *state,
                       uint32_t size)
{
    const uint32_t bytes = vsp_vary.again & VSP_AGAIN_ROUND_TRIP ? size : 0;
    if ((!(vsp_vary.again & VSP_AGAIN_ROUND_TRIP) && vsp_vary.context_types == 0) ||
        !is_genuine(channel->index, index_of(channel, packet), state, size)) {
        return;
    }
    const struct vsp_restored_once restored = {
        .channel = channel->index,
        .packet = index_of(channel, packet),
        .size = bytes,
        .location = return_location(),
    };
    vsp_bytes_append(&vsp_vary.restored, &restored, sizeof restored);
    append_padded(&vsp_vary.restored, state, bytes);
}

/* What was restored as that packet, NULL when nothing was. Packets are restored and saved in one order, so the search
 * goes on from where it last ended. */
static const struct vsp_restored_once *restored_as(const struct vsp_channel *channel, uint32_t packet, uint64_t *hint)
{
    const uint64_t end = vsp_vary.restored.used;
    uint64_t at = *hint;
    for (uint64_t seen = 0; seen < end;) {
        at = at >= end ? 0 : at;
        const struct vsp_restored_once *restored =
            (const struct vsp_restored_once *)(uintptr_t)(vsp_vary.restored.at + at);
        const uint64_t bytes = sizeof *restored + vsp_round_up(restored->size, 8);
        at += bytes;
        seen += bytes;
        if (restored->channel == channel->index && restored->packet == packet) {
            *hint = at;
            return restored;
        }
    }
    return NULL;
}

/* Offset of the first byte that differs, VSP_NONE when all are the same. With whole buffers persisted (S-10) the slack
 * at the end is no difference. */
static uint32_t difference(const struct vsp_restored_once *before, const uint8_t *state, uint32_t size)
{
    const uint8_t *bytes = (const uint8_t *)(before + 1);
    const uint32_t common = size < before->size ? size : before->size;
    for (uint32_t i = 0; i < common; i++) {
        if (bytes[i] != state[i]) {
            return i;
        }
    }
    return size == before->size || vsp_mode_of(VSP_MODE_S10) == VSP_S10_BUFFER ? VSP_NONE : common;
}

void vsp_vary_round_trip(struct vsp_channel *channel)
{
    if (!(vsp_vary.again & VSP_AGAIN_ROUND_TRIP) || !channel->restored || channel->save == NULL ||
        channel->saving != NULL) {
        return;
    }
    struct vsp_save save = {.count = channel->in_use};
    uint32_t cursor = 0;
    uint64_t hint = 0;
    vsp_save_alone_open(channel, &save);
    for (uint32_t i = 0; i < save.count; i++) {
        struct vsp_packet *packet = vsp_table_walk(channel, &cursor);
        const struct vsp_restored_once *before =
            packet == NULL || packet->record == VSP_NONE ? NULL
                                                         : restored_as(channel, index_of(channel, packet), &hint);
        uint8_t *state;
        uint32_t size;
        uint64_t room;
        if (before == NULL) {
            continue;
        }
        const vsp_status status = vsp_save_alone(channel, &save, packet, &state, &size, &room);
        const uint32_t at = status < 0 ? 0 : difference(before, state, size);
        if (at != VSP_NONE) {
            vsp_misuse_at_return(VSP_RULE_ROUNDTRIP_DIFFERS, packet, at);
        }
        vsp_free(VSP_ARENA_HOST, state, room);
    }
    vsp_save_alone_close(channel, &save, NULL);
    vsp_vary.restored.used = 0;
}

/* ---- Contexts ---- */

/* Which of the record types a packet's context is: the one of its block's size, else the only one that fits. VSP_NONE
 * when that cannot be told. */
static uint32_t type_of_size(uint64_t size, uint64_t room)
{
    uint32_t exact = VSP_NONE;
    uint32_t fitting = VSP_NONE;
    for (uint32_t i = 0; i < vsp_vary.context_types; i++) {
        if (vsp_vary.context_sizes[i] == size) {
            exact = exact == VSP_NONE ? i : VSP_CONTEXT_TYPES;
        }
        if (vsp_vary.context_sizes[i] <= room) {
            fitting = fitting == VSP_NONE ? i : VSP_CONTEXT_TYPES;
        }
    }
    const uint32_t found = exact != VSP_NONE ? exact : fitting;
    return found == VSP_CONTEXT_TYPES ? VSP_NONE : found;
}

static uint32_t type_of(const void *context)
{
    const struct vsp_block *block = vsp_block_find(context);
    const uint64_t address = (uint64_t)(uintptr_t)context;
    uint64_t size = 0;
    uint64_t room = 0;
    if (block != NULL) {
        size = block->state == VSP_BLOCK_LIVE ? vsp_block_size(block) : 0;
        room = size;
    } else if (address >= VSP_NULL_ZONE && address < vsp_memory_end()) { /* part of an array, or a global */
        room = vsp_memory_end() - address;
    }
    return type_of_size(size, room);
}

/* The packet's context and its type: what VmbPacketSetPointer was given, else the inline one (V5). NULL: none known. */
static void *context_of(const struct vsp_packet *packet, uint32_t *type)
{
    const uint64_t inline_size = packet->origin == VSP_ORIGIN_ALLOCATE ? packet->channel->inline_context_size : 0;
    void *context = packet->pointer;
    *type = context == NULL ? VSP_NONE : type_of(context);
    if (*type == VSP_NONE && inline_size != 0) {
        context = (void *)(packet + 1);
        *type = type_of_size(inline_size, inline_size);
    }
    return *type == VSP_NONE ? NULL : context;
}

static const struct vsp_context_seen *context_at(uint64_t offset)
{
    return (const struct vsp_context_seen *)(uintptr_t)(vsp_vary.contexts.at + offset);
}

static uint64_t context_bytes(const struct vsp_context_seen *seen)
{
    return sizeof *seen + vsp_round_up(vsp_vary.context_sizes[seen->type], 8);
}

static void keep_context(const struct vsp_channel *channel, const void *context, uint32_t index, uint32_t type,
                         uint32_t restored)
{
    const struct vsp_context_seen seen = {
        .address = (uint64_t)(uintptr_t)context,
        .type = type,
        .channel = channel->index,
        .packet = index,
        .restored = restored,
    };
    vsp_bytes_append(&vsp_vary.contexts, &seen, sizeof seen);
    append_padded(&vsp_vary.contexts, context, vsp_vary.context_sizes[type]);
}

static void change_field(uint8_t *field, const struct vsp_change *change)
{
    uint64_t value = 0;
    if (change->how == VSP_CHANGE_EACH) {
        for (uint32_t i = 0; i < change->size; i++) {
            field[i] ^= (uint8_t)change->value;
        }
        return;
    }
    const uint32_t size = change->size < sizeof value ? change->size : sizeof value;
    vsp_copy(&value, field, size);
    switch (change->how) {
    case VSP_CHANGE_DOWN: value = value == 0 ? change->value : value - 1; break;
    case VSP_CHANGE_SET: {
        const uint64_t wanted = change->value & 0xFFFFFFFFu;
        const uint64_t mask = size >= 4 ? 0xFFFFFFFFu : (1u << 8 * size) - 1;
        value = (value & mask) == (wanted & mask) ? change->value >> 32 : wanted;
        break;
    }
    default: value ^= change->value; break;
    }
    vsp_copy(field, &value, size);
}

void vsp_vary_save_begins(struct vsp_channel *channel, struct vsp_save *save)
{
    const struct vsp_change *changes = (const struct vsp_change *)(uintptr_t)vsp_vary.changes;
    uint32_t cursor = 0;
    vsp_vary.saved.used = 0;
    vsp_vary.saved_channel = channel->index;
    if (!save->first || vsp_vary.context_types == 0) {
        return;
    }
    for (uint32_t i = 0; i < save->count; i++) {
        struct vsp_packet *packet = packet_at(channel, save, i, &cursor);
        uint32_t type = VSP_NONE;
        void *context = packet == NULL ? NULL : context_of(packet, &type);
        if (context == NULL || vsp_vary.context_counts[type] >= VSP_CONTEXTS_TAKEN) {
            continue;
        }
        vsp_vary.context_counts[type]++;
        keep_context(channel, context, i, type, 0);
        for (uint32_t j = 0; j < vsp_vary.change_count; j++) {
            if (changes[j].type == type) {
                change_field((uint8_t *)context + changes[j].offset, &changes[j]);
            }
        }
    }
}

/* Gives changed fields their own values back, so that only the saved record tells of the change. */
void vsp_vary_save_ends(const struct vsp_channel *channel)
{
    const struct vsp_change *changes = (const struct vsp_change *)(uintptr_t)vsp_vary.changes;
    const struct vsp_context_seen *seen;
    if (!channel->saving->first) {
        return;
    }
    for (uint64_t at = 0; at < vsp_vary.contexts.used; at += context_bytes(seen)) {
        seen = context_at(at);
        void *context = (void *)(uintptr_t)seen->address;
        if (seen->restored || seen->channel != channel->index ||
            (type_of(context) != seen->type && !vsp_is_inline_context(channel, context))) {
            continue;
        }
        for (uint32_t j = 0; j < vsp_vary.change_count; j++) {
            if (changes[j].type == seen->type) {
                vsp_copy((uint8_t *)context + changes[j].offset,
                         (const uint8_t *)(seen + 1) + changes[j].offset, changes[j].size);
            }
        }
    }
}

/* The original's entry of a packet, NULL when its context was not taken. */
static const struct vsp_context_seen *original_of(uint32_t channel, uint32_t packet)
{
    const struct vsp_context_seen *seen;
    for (uint64_t at = 0; at < vsp_vary.contexts.used; at += context_bytes(seen)) {
        seen = context_at(at);
        if (!seen->restored && seen->channel == channel && seen->packet == packet) {
            return seen;
        }
    }
    return NULL;
}

void vsp_vary_all_restored(struct vsp_channel *channel)
{
    uint32_t cursor = 0;
    uint64_t hint = 0;
    if (vsp_vary.context_types == 0) {
        return;
    }
    for (struct vsp_packet *packet = vsp_table_walk(channel, &cursor); packet != NULL;
         packet = vsp_table_walk(channel, &cursor)) {
        uint32_t type = VSP_NONE;
        void *context = packet->record == VSP_NONE ? NULL : context_of(packet, &type);
        if (context == NULL) {
            continue;
        }
        const struct vsp_context_seen *original = original_of(channel->index, index_of(channel, packet));
        if (restored_as(channel, index_of(channel, packet), &hint) == NULL) {
            continue;
        }
        if (original != NULL && type == original->type) {
            keep_context(channel, context, index_of(channel, packet), type, 1);
        }
    }
}
