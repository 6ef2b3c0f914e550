/*
 * The two-pass SavePacket call (kmcl-facts 6.3, rows M1-M17, with S-05 to S-14): one query, one write, and what is
 * wrong with them.
 */
#include "stress.h"

#define CANARY 0xC5C5C5C5C5C5C5C5ull
#define GUARD ((uint8_t *)(uintptr_t)0xFFFF900000000000ull) /* mapped nowhere: an access traps whatever the checks */
#define SLACK_MASK 31u

static uint32_t index_of(const struct vsp_channel *channel, const struct vsp_packet *packet)
{
    return packet->record == VSP_NONE ? VSP_NONE : packet->record - channel->record_base;
}

#define CONTEXT_LIMIT 65536u /* larger ones are not looked through */

/* What the packet's context holds, as a number; 0 when it has none or nobody knows how long it is. */
static uint64_t context_hash(const struct vsp_packet *packet)
{
    uint64_t hash = 0;
    if (!vsp_checking) {
        return 0;
    }
    const struct vsp_block *block = packet->pointer == NULL ? NULL : vsp_block_find(packet->pointer);
    if (block != NULL && block->state == VSP_BLOCK_LIVE && vsp_block_size(block) <= CONTEXT_LIMIT) {
        hash = vsp_checksum(VSP_CHECKSUM_SEED, packet->pointer, vsp_block_size(block));
    }
    if (packet->origin == VSP_ORIGIN_ALLOCATE && packet->channel->inline_context_size != 0) {
        hash = vsp_checksum(hash, packet + 1, packet->channel->inline_context_size);
    }
    return hash;
}

static vsp_status call(struct vsp_channel *channel, struct vsp_save *save, struct vsp_packet *packet, uint8_t *buffer,
                       uint32_t size, uint32_t pass)
{
    vsp_status status;
    const uint64_t before = context_hash(packet);
    *save->needed = VSP_UNSET;
    vsp_lasting.packet = index_of(channel, packet);
    vsp_lasting.pass = pass;
    vsp_lasting.save_buffer = (uint64_t)(uintptr_t)buffer;
    vsp_lasting.save_size = size;
    VSP_EVENT(VSP_EVENT_CALLBACK, VSP_API_EVT_VMB_CHANNEL_SAVE_PACKET, packet, (uintptr_t)buffer, size);
    vsp_calls(channel->save);
    if (channel->save_ex) {
        status = ((vsp_save_ex_fn *)channel->save)(channel, channel->save_context, packet, buffer, size, save->needed);
    } else {
        status = ((vsp_save_fn *)channel->save)(channel, packet, buffer, size, save->needed);
    }
    VSP_EVENT(VSP_EVENT_CALLBACK_RETURN, VSP_API_EVT_VMB_CHANNEL_SAVE_PACKET, packet, (uint32_t)status, *save->needed);
    vsp_scope_returned(&save->scope);
    if (VSP_UNLIKELY(vsp_vary.watch)) {
        vsp_flow_status((uint32_t)status);
    }
    const uint64_t after = before == 0 ? 0 : context_hash(packet);
    if (after != 0 && after != before) {
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_IDEMPOTENT, packet, VSP_DETAIL_CONTEXT);
    }
    return status;
}

/* M7: STATUS_SUCCESS or an error-severity code, nothing between. */
static void check_severity(const struct vsp_packet *packet, vsp_status status)
{
    const uint32_t severity = (uint32_t)status >> 30;
    if (severity == 1 || severity == 2 || (severity == 0 && status != STATUS_SUCCESS)) {
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_STATUS_SEVERITY, packet, (uint32_t)status);
    }
}

/* ---- Query ---- */

static uint8_t *query_buffer(const struct vsp_save *save)
{
    uint32_t choice = vsp_mode_of(VSP_MODE_S05);
    if (choice == VSP_S05_RANDOM) {
        choice = VSP_S05_NULL + (uint32_t)(vsp_random() >> 33) % 3;
    }
    return choice == VSP_S05_NULL ? NULL : choice == VSP_S05_GUARD ? GUARD : save->probe;
}

static uint32_t repetitions(void)
{
    switch (vsp_mode_of(VSP_MODE_S14)) {
    case VSP_S14_ONCE: return 1;
    case VSP_S14_THRICE: return 3;
    default: return vsp_checking ? 1 + (uint32_t)(vsp_random() >> 33) % 3 : 1;
    }
}

static void record_query(const struct vsp_packet *packet, const struct vsp_query *query)
{
    struct vsp_packet_record *record = vsp_record_at(packet->record);
    record->query_status = (uint32_t)query->status;
    record->query_needed = query->needed;
    if (query->needed == VSP_UNSET) {
        record->flags |= VSP_RECORD_NEEDED_UNSET;
    }
}

/* The packet whose query must leave SaveBuf alone. */
static const struct vsp_packet *queried;

/* M8, at the access itself. */
void vsp_query_touched(uint64_t size, uint64_t access)
{
    vsp_misuse(VSP_RULE_SAVEPKT_ZERO_SIZE_NO_WRITE, queried, size << 1 | access);
    queried = NULL;
}

vsp_status vsp_query_packet(struct vsp_channel *channel, struct vsp_save *save, struct vsp_packet *packet,
                            struct vsp_query *query)
{
    const uint32_t again = save->queried && save->packet == packet;
    for (uint32_t left = repetitions(), round = again; left > 0; left--, round++) {
        uint8_t *buffer = query_buffer(save);
        const struct vsp_query before = *query;
        queried = packet;
        const uint32_t refused = buffer == save->probe && vsp_touched_refuse(buffer, VSP_PROBE_BYTES);
        query->status = call(channel, save, packet, buffer, 0, VSP_PASS_QUERY);
        const uint32_t told = queried == NULL;
        if (refused) {
            vsp_touched_end();
        }
        query->needed = *save->needed;
        if (buffer == save->probe) {
            uint32_t touched = 0;
            for (uint32_t i = 0; i < VSP_PROBE_BYTES; i++) {
                touched |= save->probe[i] ^ VSP_FILL;
            }
            if (touched) { /* M8 */
                if (!told) {
                    vsp_misuse_at_return(VSP_RULE_SAVEPKT_ZERO_SIZE_NO_WRITE, packet, 0);
                }
                vsp_set(save->probe, VSP_FILL, VSP_PROBE_BYTES);
            }
        }
        if (round != 0 && (before.status != query->status || before.needed != query->needed)) { /* S-14 */
            vsp_misuse_at_return(VSP_RULE_SAVEPKT_IDEMPOTENT, packet, VSP_DETAIL_ANSWERS);
        }
    }
    check_severity(packet, query->status);
    if (query->status < 0 && query->needed != VSP_UNSET && query->needed > vsp_lasting.memory_limit) {
        vsp_depth++; /* where it returned, as in vsp_misuse_at_return */
        vsp_fault(VSP_FAULT_OUT_OF_MEMORY, 0, query->needed, 0);
    }
    vsp_status result = STATUS_SUCCESS;
    if (query->needed == VSP_UNSET) { /* M6 */
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_BYTESNEEDED_WRITTEN, packet, VSP_PASS_QUERY);
        result = query->status < 0 ? query->status : STATUS_UNSUCCESSFUL;
    } else if (query->status >= 0) {
        if (query->needed != 0) { /* M3 */
            vsp_misuse_at_return(VSP_RULE_SAVEPKT_QUERY_MUST_FAIL, packet, query->needed);
        }
    } else if (query->needed == 0) { /* M5 */
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_QUERY_SUCCEED_EMPTY, packet, (uint32_t)query->status);
        result = vsp_mode_of(VSP_MODE_S08) == VSP_S08_CALL_AGAIN ? STATUS_SUCCESS : query->status;
    }
    if (save->first) {
        record_query(packet, query);
    }
    return result;
}

/* ---- Write ---- */

void vsp_choose_buffer(struct vsp_save *save, uint32_t needed)
{
    const uint32_t mode = vsp_mode_of(VSP_MODE_S10);
    uint64_t size = needed;
    if (mode != VSP_S10_EXACT) {
        size = vsp_round_up(size, 8) + ((vsp_random() >> 33) & SLACK_MASK);
        size = size > 0xFFFFFFF8u ? needed : size;
    }
    if (VSP_UNLIKELY(vsp_stress.larger != 0) && needed <= 0xFFFFFFF8u - vsp_stress.larger) {
        size = needed + vsp_stress.larger;
        vsp_stress.injected++;
    }
    save->buffer_size = (uint32_t)size;
    save->bound = mode == VSP_S10_BUFFER ? save->buffer_size : needed;
}

/* SaveBuf of a write pass, filled. With checks off one block serves every packet. */
static uint8_t *open_buffer(struct vsp_save *save, uint8_t fill)
{
    const uint32_t size = save->buffer_size;
    uint8_t *buffer;
    if (vsp_checking) {
        buffer = vsp_block_allocate(VSP_ARENA_HOST, size, VSP_TAG_SAVE, VSP_BLOCK_PAGED, 0);
        vsp_set(buffer, fill, size);
        return buffer;
    }
    if (save->scratch == NULL || size > save->scratch_size) {
        vsp_user_free(VSP_ARENA_HOST, save->scratch);
        save->scratch_size = size < 4096 ? 4096 : size;
        save->scratch = vsp_block_allocate(VSP_ARENA_HOST, (uint64_t)save->scratch_size + 8, VSP_TAG_SAVE, 0, 0);
    }
    const uint64_t canary = CANARY;
    vsp_set(save->scratch, fill, size);
    vsp_copy(save->scratch + size, &canary, 8);
    return save->scratch;
}

static void close_buffer(uint8_t *buffer)
{
    if (vsp_checking) {
        vsp_user_free(VSP_ARENA_HOST, buffer);
    }
}

/* Another write pass with the same SaveBuf, filled with `fill`; *needed is its BytesNeeded. */
static vsp_status write_again(struct vsp_channel *channel, struct vsp_save *save, uint8_t *buffer, uint8_t fill,
                              uint32_t *needed)
{
    vsp_set(buffer, fill, save->buffer_size);
    const vsp_status status = call(channel, save, save->packet, buffer, save->buffer_size, VSP_PASS_WRITE);
    *needed = *save->needed;
    return status;
}

/* A copy of what the first pass stored, in memory that is kept for the next packet. */
static const uint8_t *keep_first_pass(struct vsp_save *save, const uint8_t *buffer)
{
    const uint32_t size = save->buffer_size;
    if (save->first_pass == NULL || size > save->first_pass_size) {
        vsp_free(VSP_ARENA_HOST, save->first_pass, save->first_pass_size);
        save->first_pass_size = size < 4096 ? 4096 : size;
        save->first_pass = vsp_allocate(VSP_ARENA_HOST, save->first_pass_size);
    }
    vsp_copy(save->first_pass, buffer, size);
    return save->first_pass;
}

struct measured {
    uint32_t written; /* of the bytes that BytesNeeded announced */
    uint32_t missing; /* persisted bytes that were not written, or depend on what SaveBuf held */
    uint32_t changed; /* bytes that differ and were written */
    uint32_t beyond;  /* behind the announced ones something was written that is not zero */
};

static uint32_t same_word(const uint8_t *a, const uint8_t *b)
{
    uint64_t words[2];
    vsp_copy(&words[0], a, sizeof words[0]);
    vsp_copy(&words[1], b, sizeof words[1]);
    return words[0] == words[1];
}

/* Compares the results of two write passes with different fills: a byte that kept both fills was never stored. */
static struct measured compare(const struct vsp_save *save, const uint8_t *first, const uint8_t *second,
                               uint32_t needed, uint32_t persisted)
{
    struct measured measured = {0};
    for (uint32_t i = 0; i < save->buffer_size; i++) {
        if ((i & 7) == 0 && i + 8 <= needed && same_word(first + i, second + i)) {
            measured.written += 8; /* the fills have no byte in common */
            i += 7;
            continue;
        }
        const uint32_t untouched = first[i] == VSP_FILL && second[i] == VSP_FILL_AGAIN;
        if (i < needed) {
            measured.written += !untouched;
        } else {
            measured.beyond |= !untouched && first[i] != 0;
        }
        measured.missing += untouched && i < persisted;
        measured.changed += !untouched && first[i] != second[i];
    }
    return measured;
}

/* Whether the bytes differ because the fills do: with the second fill they come out the same once more. A bit-field
 * written into a byte that nobody initialised is of that kind, a counter is not. */
static uint32_t follows_fill(struct vsp_channel *channel, struct vsp_save *save, uint8_t *buffer)
{
    uint32_t needed;
    const uint64_t second = vsp_checksum(VSP_CHECKSUM_SEED, buffer, save->buffer_size);
    write_again(channel, save, buffer, VSP_FILL_AGAIN, &needed);
    return vsp_checksum(VSP_CHECKSUM_SEED, buffer, save->buffer_size) == second;
}

static void measure(struct vsp_channel *channel, struct vsp_save *save, uint8_t *buffer, vsp_status first_status,
                    uint32_t needed, uint32_t persisted)
{
    struct vsp_packet *packet = save->packet;
    uint32_t needed_again;
    const uint8_t *first = keep_first_pass(save, buffer);
    const vsp_status status = write_again(channel, save, buffer, VSP_FILL_AGAIN, &needed_again);
    struct measured measured = compare(save, first, buffer, needed, persisted);
    const uint32_t answers = status != first_status || needed_again != needed;
    if (measured.changed != 0 && !answers && follows_fill(channel, save, buffer)) {
        measured.missing += measured.changed;
        measured.changed = 0;
    }
    if (answers || measured.changed != 0) {
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_IDEMPOTENT, packet,
                             measured.changed != 0 ? VSP_DETAIL_BYTES : VSP_DETAIL_ANSWERS);
    }
    if (measured.missing != 0) { /* M11 */
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_FULL_INIT, packet, measured.missing);
    }
    if (measured.written != needed || measured.beyond) {
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_SIZE_EXACT, packet, measured.written);
    }
    if (save->first) {
        struct vsp_packet_record *record = vsp_record_at(packet->record);
        record->written = measured.written;
        record->uninitialised = measured.missing;
        record->flags |= VSP_RECORD_MEASURED;
    }
}

/* What the callback's answer means; *size = bytes to persist. */
static vsp_status judge(struct vsp_save *save, vsp_status status, uint32_t needed, uint32_t *size)
{
    const struct vsp_packet *packet = save->packet;
    *size = save->query.needed;
    check_severity(packet, status);
    if (needed == VSP_UNSET) {
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_BYTESNEEDED_WRITTEN, packet, VSP_PASS_WRITE);
        return status < 0 ? status : STATUS_SUCCESS;
    }
    if (status < 0) {
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_STABLE, packet, needed); /* M12, M15 */
        const uint32_t grew = status == STATUS_BUFFER_TOO_SMALL && needed > save->buffer_size;
        return grew && save->queried == 1 && vsp_mode_of(VSP_MODE_S12) == VSP_S12_RETRY ? STATUS_RETRY : status;
    }
    if (needed > save->buffer_size) { /* M13 */
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_NO_TRUNCATE, packet, needed);
        *size = save->buffer_size;
    } else {
        if (needed > save->query.needed) {
            vsp_misuse_at_return(VSP_RULE_SAVEPKT_STABLE, packet, needed);
        }
        *size = needed; /* M9, M10, M16 */
    }
    if (vsp_mode_of(VSP_MODE_S10) == VSP_S10_BUFFER) {
        *size = save->buffer_size;
    }
    if (*size > save->bound) {
        *size = save->bound;
    }
    return STATUS_SUCCESS;
}

/*
 * M12 to M14 as the callback sees them when a packet has grown since its query: a buffer below the present need. The
 * library promises at least what the query was answered, and a callback without side effects cannot know what that was.
 */
static void write_too_small(struct vsp_channel *channel, struct vsp_save *save)
{
    const uint32_t size = save->buffer_size;
    const uint32_t needed = save->query.needed;
    if (needed < 2) {
        return;
    }
    save->buffer_size = vsp_stress.smaller < needed ? needed - vsp_stress.smaller : 1;
    uint8_t *buffer = open_buffer(save, VSP_FILL);
    vsp_stress.injected++;
    const vsp_status status = call(channel, save, save->packet, buffer, save->buffer_size, VSP_PASS_WRITE);
    check_severity(save->packet, status);
    if (*save->needed == VSP_UNSET) {
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_BYTESNEEDED_WRITTEN, save->packet, VSP_PASS_WRITE);
    } else if (status >= 0) { /* M13 */
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_NO_TRUNCATE, save->packet, needed);
    }
    close_buffer(buffer);
    save->buffer_size = size;
}

vsp_status vsp_write_packet(struct vsp_channel *channel, struct vsp_save *save, uint8_t *to, uint32_t *size)
{
    struct vsp_packet *packet = save->packet;
    vsp_lasting.packet = index_of(channel, packet); /* whose query asked for that much */
    vsp_lasting.pass = VSP_PASS_QUERY;
    if (VSP_UNLIKELY(vsp_stress.smaller != 0) && save->queried == 1) {
        write_too_small(channel, save);
    }
    uint8_t *buffer = open_buffer(save, vsp_vary.watch ? (uint8_t)vsp_lasting.fill : VSP_FILL);
    const uint32_t captured = save->first && packet->record < vsp_lasting.capture_limit && !vsp_vary.watch;
    save->noted = captured && vsp_touched_begin(buffer, save->buffer_size, VSP_ACCESS_WRITE);
    const vsp_status answered = call(channel, save, packet, buffer, save->buffer_size, VSP_PASS_WRITE);
    if (save->noted) {
        vsp_touched_end();
    }
    const uint32_t needed = *save->needed;
    uint64_t canary = CANARY;
    if (!vsp_checking) {
        vsp_copy(&canary, buffer + save->buffer_size, 8);
    }
    if (canary != CANARY) { /* M14 */
        vsp_misuse_at_return(VSP_RULE_SAVEPKT_NO_OVERRUN, packet, save->buffer_size);
    }
    if (save->first) {
        struct vsp_packet_record *record = vsp_record_at(packet->record);
        record->flags |= VSP_RECORD_WRITE_CALLED;
        record->write_size = save->buffer_size;
        record->write_status = (uint32_t)answered;
        record->write_needed = needed;
    }
    vsp_status status = judge(save, answered, needed, size);
    if (status >= 0) {
        vsp_copy(to, buffer, *size);
        if (vsp_checking && needed <= save->buffer_size && !vsp_vary.watch) {
            measure(channel, save, buffer, answered, needed, *size);
        }
    } else if (status == STATUS_RETRY) {
        save->queried = 2;
        save->query.needed = needed;
        vsp_choose_buffer(save, needed);
    }
    close_buffer(buffer);
    return status;
}
