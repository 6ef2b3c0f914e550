/*
 * Saved states as a fixture holds them (PVSPLAB_STATE): the pieces SaveContinue gave, and the guest as it was at
 * SaveEnd. They lie in the lasting arena and survive VspLabRestartHost.
 */
#include "stress.h"

#define CHUNK_DEFAULT 4096u
#define BLOCK_LIMIT (1024u * 1024)
#define VSP_TAG_STATE 0x53626C56u /* 'VlbS' */

struct piece_block { /* pieces follow: size, then bytes padded to 8 */
    struct piece_block *next;
    uint64_t capacity;
    uint64_t used;
};

struct piece {
    uint32_t size;
    uint32_t reserved;
};

struct vsp_state {
    struct vsp_state *next;
    struct piece_block *blocks;
    struct piece_block *tail;
    struct vsp_guest *guest; /* NULL for a state from bytes */
    uint8_t *bytes;          /* what VspLabStateBytes handed out; a fixture may have written into it */
    uint64_t total;
    uint32_t tampered; /* the bytes are the fixture's: a damaged row of chunks is not the driver's fault */
    uint32_t channel;  /* whose save it is, and which one */
    uint32_t save;
    uint32_t location; /* user position of its VspLabSave or VspLabStateFromBytes; leaks.ts reads it */
};

/* ---- Guests kept at SaveEnd ---- */

struct snapshot {
    struct snapshot *next;
    struct vsp_guest *guest;
    uint32_t channel;
    uint32_t save;
};

static struct snapshot **snapshot_of(uint32_t channel)
{
    struct snapshot **link = (struct snapshot **)&vsp_simulator()->snapshots;
    while (*link != NULL && (*link)->channel != channel) {
        link = &(*link)->next;
    }
    return link;
}

void vsp_snapshot_keep(uint32_t channel, uint32_t save, struct vsp_guest *guest)
{
    struct snapshot **link = snapshot_of(channel);
    if (*link == NULL) {
        *link = vsp_allocate(VSP_ARENA_LASTING, sizeof **link);
    } else if ((*link)->guest != NULL) {
        vsp_guest_destroy((*link)->guest);
    }
    (*link)->channel = channel;
    (*link)->save = save;
    (*link)->guest = vsp_guest_copy(guest);
    (*link)->guest->kept = 1;
}

struct vsp_guest *vsp_snapshot_find(uint32_t channel, uint32_t save)
{
    const struct snapshot *snapshot = *snapshot_of(channel);
    if (snapshot != NULL && snapshot->save == save && snapshot->guest != NULL) {
        return snapshot->guest;
    }
    for (const struct vsp_state *state = vsp_simulator()->states; state != NULL; state = state->next) {
        if (state->guest != NULL && state->channel == channel && state->save == save) {
            return state->guest;
        }
    }
    return NULL;
}

struct vsp_guest *vsp_snapshot_take(uint32_t channel, uint32_t save)
{
    struct snapshot *snapshot = *snapshot_of(channel);
    if (snapshot == NULL || snapshot->save != save) {
        return NULL;
    }
    struct vsp_guest *guest = snapshot->guest;
    snapshot->guest = NULL;
    return guest;
}

void vsp_install_guest(struct vsp_channel *channel, struct vsp_guest *guest)
{
    if (channel->guest != NULL) {
        vsp_guest_destroy(channel->guest);
    }
    channel->guest = guest;
    channel->ring_size = guest->to_host.size;
}

/* ---- Pieces ---- */

/* No memory for a chunk: the packet whose query asked for that much is named, at the place where its callback returned.
 */
static _Noreturn void no_room(const struct vsp_channel *channel, uint64_t bytes)
{
    const struct vsp_save *save = channel != NULL ? channel->saving : NULL;
    if (save != NULL && save->packet != NULL && save->phase == VSP_SAVE_PACKETS) {
        const struct vsp_packet *packet = save->packet;
        vsp_lasting.channel = channel->index;
        vsp_lasting.packet = packet->record == VSP_NONE ? VSP_NONE : packet->record - channel->record_base;
        vsp_lasting.pass = VSP_PASS_QUERY;
        vsp_lasting.callback = VSP_API_EVT_VMB_CHANNEL_SAVE_PACKET;
        vsp_depth += 2; /* the slots still hold SaveContinue's and the callback's frames */
    }
    vsp_fault(VSP_FAULT_OUT_OF_MEMORY, 0, bytes, 0);
}

/* A place of `size` bytes for the next piece's bytes; the piece counts only once it is committed. */
static uint8_t *room_for(const struct vsp_channel *channel, struct vsp_state *state, uint32_t size)
{
    const uint64_t need = sizeof(struct piece) + vsp_round_up(size, 8);
    struct piece_block *block = state->tail;
    if (block == NULL || block->capacity - block->used < need) {
        uint64_t capacity = state->total * 2 < BLOCK_LIMIT ? state->total * 2 : BLOCK_LIMIT;
        capacity = capacity < need ? need : capacity;
        block = vsp_try_allocate(VSP_ARENA_LASTING, sizeof *block + capacity, 0);
        if (block == NULL) {
            no_room(channel, capacity);
        }
        block->next = NULL;
        block->used = 0;
        block->capacity = capacity;
        *(state->tail == NULL ? &state->blocks : &state->tail->next) = block;
        state->tail = block;
    }
    return (uint8_t *)(block + 1) + block->used + sizeof(struct piece);
}

static void commit(struct vsp_state *state, uint32_t size)
{
    struct piece_block *block = state->tail;
    ((struct piece *)((uint8_t *)(block + 1) + block->used))->size = size;
    block->used += sizeof(struct piece) + vsp_round_up(size, 8);
    state->total += size;
}

struct walk {
    const struct piece_block *block;
    uint64_t at;
    uint64_t flat; /* offset in the stream */
};

/* The next piece's bytes, NULL at the end. */
static const uint8_t *next_piece(const struct vsp_state *state, struct walk *walk, uint32_t *size)
{
    while (walk->block != NULL && walk->at == walk->block->used) {
        walk->block = walk->block->next;
        walk->at = 0;
    }
    if (walk->block == NULL) {
        return NULL;
    }
    const struct piece *piece = (const struct piece *)((const uint8_t *)(walk->block + 1) + walk->at);
    const uint8_t *bytes = state->bytes != NULL ? state->bytes + walk->flat : (const uint8_t *)(piece + 1);
    *size = piece->size;
    walk->at += sizeof *piece + vsp_round_up(piece->size, 8);
    walk->flat += piece->size;
    return bytes;
}

/* ---- Life ---- */

static struct vsp_state *new_state(void)
{
    struct vsp_state *state = vsp_allocate(VSP_ARENA_LASTING, sizeof *state);
    state->location = vsp_user_location();
    struct vsp_state **end = &vsp_simulator()->states;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = state;
    return state;
}

void vsp_state_free(struct vsp_state *state)
{
    struct vsp_state **link = &vsp_simulator()->states;
    while (*link != NULL && *link != state) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        return;
    }
    *link = state->next;
    for (struct piece_block *block = state->blocks; block != NULL;) {
        struct piece_block *next = block->next;
        vsp_free(VSP_ARENA_LASTING, block, sizeof *block + block->capacity);
        block = next;
    }
    if (state->guest != NULL) {
        vsp_guest_destroy(state->guest);
    }
    vsp_user_free(VSP_ARENA_LASTING, state->bytes);
    vsp_free(VSP_ARENA_LASTING, state, sizeof *state);
}

struct vsp_state *vsp_state_next(struct vsp_state *state)
{
    return state == NULL ? vsp_simulator()->states : state->next;
}

/* The state behind a handle; anything else ends the test. */
static struct vsp_state *checked(struct vsp_state *handle)
{
    for (struct vsp_state *state = vsp_simulator()->states; state != NULL; state = state->next) {
        if (state == handle) {
            return state;
        }
    }
    const uint64_t address = (uint64_t)(uintptr_t)handle;
    vsp_fault(address < VSP_NULL_ZONE ? VSP_FAULT_NULL : VSP_FAULT_USE_AFTER_FREE, address, 8, VSP_ACCESS_READ);
}

/* ---- Save ---- */

/* What takes the pieces: a state, or a comparison. */
typedef uint32_t take_fn(void *taker, const uint8_t *piece, uint32_t size);

static vsp_status drive_save(struct vsp_channel *channel, uint32_t chunk, struct vsp_state *into, uint8_t *buffer,
                             take_fn *take, void *taker)
{
    uint32_t size = chunk;
    vsp_status status = vsp_save_begin(channel);
    if (status < 0) {
        return status;
    }
    do {
        uint32_t filled;
        uint32_t required;
        uint8_t *place = into != NULL ? room_for(channel, into, size) : buffer;
        status = vsp_save_continue(channel, place, size, &filled, &required);
        if (channel->saving->phase == VSP_SAVE_FAILED) {
            status = channel->saving->failure;
            break;
        }
        if (filled != 0 && into != NULL) {
            commit(into, filled);
        } else if (filled != 0) {
            take(taker, place, filled);
        }
        if (required > size) {
            if (into == NULL) {
                vsp_free(VSP_ARENA_LASTING, buffer, size);
                buffer = vsp_allocate(VSP_ARENA_LASTING, required);
            }
            size = required;
        }
    } while (status != STATUS_SUCCESS);
    if (into == NULL) {
        vsp_free(VSP_ARENA_LASTING, buffer, size);
    }
    vsp_save_end(channel);
    return status;
}

static uint32_t chunk_size(uint32_t chunk)
{
    if (VSP_UNLIKELY(vsp_stress.force_chunk)) {
        return vsp_stress.chunk_bytes;
    }
    if (chunk != 0) {
        return chunk;
    }
    return vsp_lasting.chunk_buffer != 0 ? vsp_lasting.chunk_buffer : CHUNK_DEFAULT;
}

vsp_status vsp_state_save(struct vsp_channel *channel, uint32_t chunk, struct vsp_state **result)
{
    struct vsp_state *state = new_state();
    vsp_lasting.in_library++;
    const vsp_status status = drive_save(channel, chunk_size(chunk), state, NULL, NULL, NULL);
    vsp_lasting.in_library--;
    if (status < 0) {
        vsp_state_free(state);
        state = NULL;
    } else {
        state->channel = channel->index;
        state->save = channel->saves - 1;
        state->guest = vsp_snapshot_take(state->channel, state->save);
    }
    *result = state;
    return status;
}

/* ---- Restore ---- */

vsp_status vsp_state_restore(struct vsp_channel *channel, struct vsp_state *state)
{
    struct walk walk = {.block = state->blocks};
    uint32_t size;
    uint32_t done = 0;
    vsp_status status = STATUS_INVALID_PARAMETER;
    if (state->guest != NULL && !(channel->enabled && channel->started)) {
        vsp_install_guest(channel, vsp_guest_copy(state->guest));
    }
    vsp_lasting.in_library++;
    for (const uint8_t *piece; (piece = next_piece(state, &walk, &size)) != NULL;) {
        if (done) {
            status = STATUS_INVALID_PARAMETER; /* pieces left over: the state is damaged */
            break;
        }
        status = vsp_restore_piece(channel, piece, size, state->tampered);
        if (status < 0 && status != STATUS_MORE_PROCESSING_REQUIRED) {
            break;
        }
        done = status == STATUS_SUCCESS;
    }
    vsp_lasting.in_library--;
    return status;
}

/* ---- Compare ---- */

struct comparison {
    const struct vsp_state *state;
    struct walk walk;
    const uint8_t *piece; /* the old stream's current piece */
    uint32_t size;
    uint32_t at;
    uint32_t packet;
    uint32_t difference;
    uint32_t offset;
};

/* The next packet chunk of the old stream, NULL at the end. */
static const uint8_t *old_packet(struct comparison *comparison, struct vsp_stream_chunk *chunk)
{
    for (;;) {
        if (comparison->piece == NULL || comparison->at == comparison->size) {
            comparison->piece = next_piece(comparison->state, &comparison->walk, &comparison->size);
            comparison->at = 0;
            if (comparison->piece == NULL) {
                return NULL;
            }
        }
        const uint8_t *at = comparison->piece + comparison->at;
        vsp_copy(chunk, at, sizeof *chunk);
        comparison->at += (uint32_t)vsp_chunk_size(chunk);
        if (chunk->kind == VSP_CHUNK_PACKET) {
            return at;
        }
    }
}

static uint32_t compare_piece(void *taker, const uint8_t *piece, uint32_t size)
{
    struct comparison *comparison = taker;
    struct vsp_stream_chunk chunk;
    for (uint32_t at = 0; at < size && comparison->difference == VSP_NONE; at += (uint32_t)vsp_chunk_size(&chunk)) {
        vsp_copy(&chunk, piece + at, sizeof chunk);
        if (chunk.kind != VSP_CHUNK_PACKET) {
            continue;
        }
        struct vsp_stream_chunk other = {0};
        const uint8_t *old = old_packet(comparison, &other);
        const uint8_t *mine = piece + at + sizeof chunk + vsp_round_up(chunk.library_size, 8);
        uint32_t same = 0;
        const uint32_t common = old == NULL                           ? 0
                                : other.state_size < chunk.state_size ? other.state_size
                                                                      : chunk.state_size;
        if (old != NULL) {
            old += sizeof other + vsp_round_up(other.library_size, 8);
            while (same < common && old[same] == mine[same]) {
                same++;
            }
        }
        /* With whole buffers persisted (S-10) the slack at the end is no difference. */
        const uint32_t sized = vsp_mode_of(VSP_MODE_S10) != VSP_S10_BUFFER && chunk.state_size != other.state_size;
        if (old == NULL || same < common || sized) {
            comparison->difference = comparison->packet;
            comparison->offset = same;
        }
        comparison->packet++;
    }
    return 1;
}

vsp_status vsp_state_compare(struct vsp_channel *channel, struct vsp_state *state, uint32_t chunk, uint32_t *difference,
                             uint32_t *offset)
{
    struct comparison comparison = {.state = state, .walk = {.block = state->blocks}, .difference = VSP_NONE};
    const uint32_t size = chunk_size(chunk);
    struct vsp_stream_chunk left;
    vsp_lasting.in_library++;
    const vsp_status status =
        drive_save(channel, size, NULL, vsp_allocate(VSP_ARENA_LASTING, size), compare_piece, &comparison);
    vsp_lasting.in_library--;
    if (status >= 0 && comparison.difference == VSP_NONE && old_packet(&comparison, &left) != NULL) {
        comparison.difference = comparison.packet;
    }
    *difference = comparison.difference;
    *offset = comparison.offset;
    return status;
}

/* ---- The fixture's calls ---- */

static uint32_t push_frame(uint32_t api)
{
    const uint32_t depth = vsp_depth;
    if (depth + 2 >= VSP_MAX_FRAMES) {
        vsp_out_of_frames();
    }
    vsp_frames[++vsp_depth] = VSP_LIBRARY_FRAME | api;
    return depth;
}

vsp_status VspLabSave(struct vsp_channel *handle, uint32_t chunk, struct vsp_state **result)
{
    struct vsp_channel *channel = vsp_channel_checked(handle);
    struct vsp_state *state = NULL;
    vsp_check_write(result, sizeof *result);
    VSP_CALL(VSP_API_VSP_LAB_SAVE, handle, chunk, 0);
    const uint32_t depth = push_frame(VSP_API_VSP_LAB_SAVE);
    const vsp_status status = channel == NULL ? STATUS_INVALID_PARAMETER_1 : vsp_state_save(channel, chunk, &state);
    vsp_depth = depth;
    *result = state;
    VSP_RETURN(VSP_API_VSP_LAB_SAVE, handle, status);
    return status;
}

vsp_status VspLabRestore(struct vsp_channel *handle, struct vsp_state *state_handle)
{
    struct vsp_channel *channel = vsp_channel_checked(handle);
    struct vsp_state *state = checked(state_handle);
    VSP_CALL(VSP_API_VSP_LAB_RESTORE, handle, (uintptr_t)state, 0);
    const uint32_t depth = push_frame(VSP_API_VSP_LAB_RESTORE);
    const vsp_status status = channel == NULL ? STATUS_INVALID_PARAMETER_1 : vsp_state_restore(channel, state);
    vsp_depth = depth;
    VSP_RETURN(VSP_API_VSP_LAB_RESTORE, handle, status);
    return status;
}

vsp_status VspLabStateFromBytes(void *bytes, uint32_t length, struct vsp_state **result)
{
    vsp_check_read(bytes, length);
    vsp_check_write(result, sizeof *result);
    struct vsp_state *state = new_state();
    state->tampered = 1;
    vsp_copy(room_for(NULL, state, length), bytes, length);
    commit(state, length);
    *result = state;
    return STATUS_SUCCESS;
}

uint32_t VspLabStateSize(struct vsp_state *handle)
{
    return (uint32_t)checked(handle)->total;
}

void *VspLabStateBytes(struct vsp_state *handle)
{
    struct vsp_state *state = checked(handle);
    if (state->bytes == NULL) {
        uint8_t *bytes = vsp_user_allocate(VSP_ARENA_LASTING, state->total, VSP_TAG_STATE);
        struct walk walk = {.block = state->blocks};
        uint32_t size;
        uint64_t at = 0;
        for (const uint8_t *piece; (piece = next_piece(state, &walk, &size)) != NULL; at += size) {
            vsp_copy(bytes + at, piece, size);
        }
        state->bytes = bytes;
        state->tampered = 1;
    }
    return state->bytes;
}

void VspLabFreeState(struct vsp_state *handle)
{
    vsp_state_free(checked(handle));
}
