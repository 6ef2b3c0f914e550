/*
 * Outgoing packet objects (kmcl-facts 5.1-5.3): where they come from, the table of transactions, how they end.
 */
#include "library.h"
#include "../wdk/runtime/stress.h"

#define SLOT_LIMIT (1u << 26)

/* ---- Transaction table: slot = low half of the id - 1, so an answer finds its packet at once and the walk is in send
 * order --- */

static struct vsp_packet **slot_at(const struct vsp_channel *channel, uint32_t slot)
{
    return &channel->table[slot / VSP_TABLE_BLOCK][slot % VSP_TABLE_BLOCK];
}

static uint32_t slots(const struct vsp_channel *channel)
{
    return channel->table_blocks * VSP_TABLE_BLOCK;
}

static void grow_table(struct vsp_channel *channel)
{
    if (channel->table_blocks == channel->table_capacity) {
        const uint32_t capacity = channel->table_capacity == 0 ? 8 : channel->table_capacity * 2;
        struct vsp_packet ***table = vsp_allocate(VSP_ARENA_HOST, capacity * sizeof *table);
        vsp_copy(table, channel->table, channel->table_capacity * sizeof *table);
        vsp_free(VSP_ARENA_HOST, channel->table, channel->table_capacity * sizeof *table);
        channel->table = table;
        channel->table_capacity = capacity;
    }
    channel->table[channel->table_blocks++] =
        vsp_allocate(VSP_ARENA_HOST, VSP_TABLE_BLOCK * sizeof(struct vsp_packet *));
}

static void enter_table(struct vsp_channel *channel, struct vsp_packet *packet, uint32_t slot, uint64_t transaction)
{
    *slot_at(channel, slot) = packet;
    packet->transaction = transaction;
    packet->flags |= VSP_PACKET_SLOTTED;
    channel->in_use++;
    if (transaction > channel->last_transaction) {
        channel->last_transaction = transaction;
        channel->table_cursor = slot + 1;
        channel->epoch = transaction >> 32;
    }
}

void vsp_table_insert(struct vsp_channel *channel, struct vsp_packet *packet)
{
    for (;;) {
        if (channel->table_cursor == slots(channel)) {
            if (channel->in_use < slots(channel) / 2) {
                channel->table_cursor = 0;
                channel->epoch++;
            } else {
                grow_table(channel);
            }
        }
        if (*slot_at(channel, channel->table_cursor) == NULL) {
            break;
        }
        channel->table_cursor++;
    }
    const uint32_t slot = channel->table_cursor;
    enter_table(channel, packet, slot, channel->epoch << 32 | (slot + 1));
}

uint32_t vsp_table_claim(struct vsp_channel *channel, struct vsp_packet *packet, uint64_t transaction)
{
    const uint32_t slot = (uint32_t)transaction - 1;
    if (slot >= SLOT_LIMIT) {
        return 0;
    }
    while (slot >= slots(channel)) {
        grow_table(channel);
    }
    if (*slot_at(channel, slot) != NULL) {
        return 0;
    }
    enter_table(channel, packet, slot, transaction);
    return 1;
}

void vsp_table_remove(struct vsp_channel *channel, struct vsp_packet *packet)
{
    if (packet->flags & VSP_PACKET_SLOTTED) {
        *slot_at(channel, (uint32_t)packet->transaction - 1) = NULL;
        packet->flags &= ~VSP_PACKET_SLOTTED;
        channel->in_use--;
    }
}

struct vsp_packet *vsp_table_find(struct vsp_channel *channel, uint64_t transaction)
{
    const uint32_t slot = (uint32_t)transaction - 1;
    struct vsp_packet *packet = slot < slots(channel) ? *slot_at(channel, slot) : NULL;
    return packet != NULL && packet->transaction == transaction ? packet : NULL;
}

struct vsp_packet *vsp_table_walk(struct vsp_channel *channel, uint32_t *cursor)
{
    const uint32_t count = slots(channel);
    while (*cursor < count) {
        const uint64_t slot = (uint64_t)channel->table_cursor + (*cursor)++;
        struct vsp_packet *packet = *slot_at(channel, (uint32_t)(slot >= count ? slot - count : slot));
        if (packet != NULL && (packet->state == VSP_PACKET_QUEUED || packet->state == VSP_PACKET_IN_FLIGHT)) {
            return packet;
        }
    }
    return NULL;
}

/* ---- Life ---- */

void vsp_packet_set_state(struct vsp_packet *packet, enum vsp_packet_state state)
{
    VSP_EVENT(VSP_EVENT_PACKET, 0, packet, packet->state, state);
    packet->state = (uint8_t)state;
}

void vsp_packets_destroy(struct vsp_channel *channel)
{
    uint32_t cursor = 0;
    for (struct vsp_packet *packet = vsp_table_walk(channel, &cursor); packet != NULL;
         packet = vsp_table_walk(channel, &cursor)) {
        vsp_queue_drop(channel, packet);
        packet->magic = 0;
    }
    vsp_slabs_destroy(channel);
    for (uint32_t i = 0; i < channel->table_blocks; i++) {
        vsp_free(VSP_ARENA_HOST, channel->table[i], VSP_TABLE_BLOCK * sizeof(struct vsp_packet *));
    }
    vsp_free(VSP_ARENA_HOST, channel->table, channel->table_capacity * sizeof *channel->table);
    channel->table = NULL;
    channel->table_blocks = 0;
    channel->table_capacity = 0;
}

static void start_packet(struct vsp_packet *packet, struct vsp_channel *channel, enum vsp_packet_origin origin)
{
    packet->magic = VSP_PACKET_MAGIC;
    packet->origin = (uint8_t)origin;
    packet->flags = 0;
    packet->channel = channel;
    packet->link.next_free = NULL;
    packet->routine = NULL;
    packet->context = NULL;
    packet->pointer = NULL;
    packet->transaction = 0;
    packet->record = VSP_NONE;
    packet->location = vsp_user_location();
    packet->state = VSP_PACKET_FREE;
    vsp_packet_set_state(packet, VSP_PACKET_IDLE);
}

static uint32_t fails_by_stress(void)
{
    return VSP_UNLIKELY(vsp_stress.watch) && vsp_stress_fails(VSP_STRESS_PACKET_ALLOCATE);
}

struct vsp_packet *VmbPacketAllocate(struct vsp_channel *handle)
{
    VSP_CALL(VSP_API_VMB_PACKET_ALLOCATE, handle, 0, 0);
    vsp_status status;
    struct vsp_channel *channel = vsp_channel_checked(handle);
    struct vsp_packet *packet = NULL;
    vsp_irql_at_most(VSP_DISPATCH_LEVEL, handle);
    if (channel != NULL && !fails_by_stress() && !vsp_planned_allocation_fails() &&
        !vsp_fail_taken(VSP_FAILS_VmbPacketAllocate, &status)) {
        vsp_hostile_touch(channel);
        packet = vsp_packet_take(channel);
        channel->allocated++;
        start_packet(packet, channel, VSP_ORIGIN_ALLOCATE);
        packet->flags |= vsp_lasting.pass == VSP_PASS_RESTORE ? VSP_PACKET_IN_RESTORE : 0;
        if (channel->inline_context_size != 0) {
            vsp_set(packet + 1, (uint8_t)vsp_lasting.fill, channel->inline_context_size);
        }
    }
    VSP_EVENT(VSP_EVENT_RETURN, VSP_API_VMB_PACKET_ALLOCATE, handle, (uintptr_t)packet, 0);
    return packet;
}

uint32_t VmbChannelSizeofPacket(struct vsp_channel *handle)
{
    const struct vsp_channel *channel = vsp_channel_checked(handle);
    const uint64_t payload = channel == NULL ? 0 : channel->max_packet_size;
    /* More than the maximum packet size plus one pointer (K8). */
    return (uint32_t)vsp_round_up(sizeof(struct vsp_packet) + payload + sizeof(void *) + 1, 16);
}

vsp_status VmbPacketInitialize(struct vsp_channel *handle, struct vsp_packet *packet, uint32_t size)
{
    VSP_CALL(VSP_API_VMB_PACKET_INITIALIZE, handle, (uintptr_t)packet, size);
    vsp_status status = STATUS_INVALID_PARAMETER_1;
    struct vsp_channel *channel = vsp_channel_checked(handle);
    vsp_irql_at_most(VSP_DISPATCH_LEVEL, handle);
    if (channel != NULL && !vsp_fail_taken(VSP_FAILS_VmbPacketInitialize, &status)) {
        vsp_check_write(packet, size);
        if (size < VmbChannelSizeofPacket(handle)) {
            vsp_misuse(VSP_RULE_OUT_INIT_SIZE, packet, size);
            status = STATUS_INVALID_PARAMETER_3;
        } else if (packet->magic == VSP_PACKET_MAGIC && packet->channel == channel &&
                   packet->flags & VSP_PACKET_SLOTTED && vsp_table_find(channel, packet->transaction) == packet) {
            vsp_misuse(VSP_RULE_OUT_NO_REUSE_IN_USE, packet, 0);
            status = STATUS_INVALID_PARAMETER_2;
        } else {
            if (vsp_is_paged(packet)) {
                vsp_misuse(VSP_RULE_OUT_INIT_SIZE, packet, 0);
            }
            vsp_initialized_packets++;
            start_packet(packet, channel, VSP_ORIGIN_INITIALIZE);
            status = STATUS_SUCCESS;
        }
    }
    VSP_RETURN(VSP_API_VMB_PACKET_INITIALIZE, handle, status);
    return status;
}

void vsp_memory_freed(const void *memory, uint64_t size)
{
    const uint64_t start = (uint64_t)(uintptr_t)memory;
    for (struct vsp_channel *channel = vsp_simulator()->channels; channel != NULL; channel = channel->next) {
        for (uint32_t slot = 0; slot < slots(channel); slot++) {
            struct vsp_packet *packet = *slot_at(channel, slot);
            if ((uint64_t)(uintptr_t)packet - start < size && packet->origin == VSP_ORIGIN_INITIALIZE) {
                vsp_misuse(VSP_RULE_OUT_INIT_NOT_FREED, packet, packet->state);
                vsp_queue_drop(channel, packet);
                vsp_table_remove(channel, packet); /* its memory is gone: no answer may find it */
            }
        }
    }
}

void VmbPacketFree(struct vsp_packet *handle)
{
    VSP_CALL(VSP_API_VMB_PACKET_FREE, handle, 0, 0);
    struct vsp_packet *packet = vsp_packet_checked(handle);
    vsp_irql_at_most(VSP_DISPATCH_LEVEL, handle);
    if (packet->origin == VSP_ORIGIN_INITIALIZE) {
        vsp_misuse(VSP_RULE_OUT_INIT_NOT_FREED, packet, 0);
    } else if (packet->state == VSP_PACKET_FREE) {
        const uint32_t by_default = packet->flags & VSP_PACKET_DEFAULT;
        vsp_misuse(by_default ? VSP_RULE_OUT_NO_FREE_DEFAULT : VSP_RULE_OUT_FREE_CUSTOM, packet, 0);
    } else if (!vsp_in_save_callback(packet)) {
        if (packet->state != VSP_PACKET_IDLE) {
            vsp_misuse(VSP_RULE_OUT_NO_REUSE_IN_USE, packet, packet->state);
        } else {
            vsp_packet_release(packet);
        }
    }
}

/* ---- Properties ---- */

/* Set* on a packet in use is misuse, but for a restored one while the channel stands still (S-26). Answers 0 in a save
 * callback, where the call has no effect: what it would change is being saved. */
static uint32_t check_settable(const struct vsp_packet *packet)
{
    vsp_irql_at_most(VSP_DISPATCH_LEVEL, packet);
    if (vsp_in_save_callback(packet)) {
        return 0;
    }
    if (packet->state == VSP_PACKET_FREE) {
        vsp_misuse(VSP_RULE_OUT_NO_TOUCH_AFTER_SEND, packet, 0);
    } else if (packet->state != VSP_PACKET_IDLE &&
               !(packet->flags & VSP_PACKET_RESTORED && !packet->channel->processing && !packet->channel->transmit)) {
        vsp_misuse(VSP_RULE_OUT_NO_REUSE_IN_USE, packet, packet->state);
    }
    return 1;
}

static void check_readable(const struct vsp_packet *packet)
{
    if (packet->state == VSP_PACKET_FREE) {
        vsp_misuse(VSP_RULE_OUT_NO_TOUCH_AFTER_SEND, packet, 0);
    }
}

void VmbPacketSetCompletionRoutine(struct vsp_packet *handle, void *routine)
{
    VSP_CALL(VSP_API_VMB_PACKET_SET_COMPLETION_ROUTINE, handle, (uintptr_t)routine, 0);
    struct vsp_packet *packet = vsp_packet_checked(handle);
    if (!check_settable(packet)) {
        return;
    }
    packet->routine = routine;
    packet->context = NULL;
    packet->flags &= ~VSP_PACKET_EX;
}

void VmbPacketSetCompletionRoutineEx(struct vsp_packet *handle, void *context, void *routine)
{
    VSP_CALL(VSP_API_VMB_PACKET_SET_COMPLETION_ROUTINE_EX, handle, (uintptr_t)routine, (uintptr_t)context);
    struct vsp_packet *packet = vsp_packet_checked(handle);
    if (!check_settable(packet)) {
        return;
    }
    packet->routine = routine;
    packet->context = context;
    packet->flags |= VSP_PACKET_EX;
}

void VmbPacketSetPointer(struct vsp_packet *handle, void *pointer)
{
    VSP_CALL(VSP_API_VMB_PACKET_SET_POINTER, handle, (uintptr_t)pointer, 0);
    struct vsp_packet *packet = vsp_packet_checked(handle);
    if (!check_settable(packet)) {
        return;
    }
    packet->pointer = pointer;
}

void *VmbPacketGetPointer(struct vsp_packet *handle)
{
    struct vsp_packet *packet = vsp_packet_checked(handle);
    check_readable(packet);
    VSP_CALL(VSP_API_VMB_PACKET_GET_POINTER, handle, (uintptr_t)packet->pointer, 0);
    return packet->pointer;
}

struct vsp_channel *VmbPacketGetChannel(struct vsp_packet *handle)
{
    struct vsp_packet *packet = vsp_packet_checked(handle);
    check_readable(packet);
    VSP_CALL(VSP_API_VMB_PACKET_GET_CHANNEL, handle, (uintptr_t)packet->channel, 0);
    return packet->channel;
}

void *VmbPacketGetInlinePacketContextPointer(struct vsp_packet *handle)
{
    struct vsp_packet *packet = vsp_packet_checked(handle);
    check_readable(packet);
    VSP_CALL(VSP_API_VMB_PACKET_GET_INLINE_PACKET_CONTEXT_POINTER, handle, 0, 0);
    return packet->origin == VSP_ORIGIN_ALLOCATE && packet->channel->inline_context_size != 0 ? packet + 1 : NULL;
}

/* ---- End of a transaction ---- */

void vsp_packet_complete(struct vsp_packet *packet, vsp_status status, void *buffer, uint32_t length, uint32_t irql,
                         uint32_t api)
{
    struct vsp_channel *channel = packet->channel;
    vsp_table_remove(channel, packet);
    if (VSP_UNLIKELY(packet->flags & VSP_PACKET_SYNC)) {
        vsp_sync_completed(packet, status, buffer, length);
        return;
    }
    if (VSP_UNLIKELY(packet->flags & VSP_PACKET_OWNED)) {
        vsp_packet_drop_context(packet);
    }
    if (packet->routine == NULL) {
        if (packet->origin == VSP_ORIGIN_ALLOCATE) {
            packet->flags |= VSP_PACKET_DEFAULT;
            vsp_packet_release(packet);
        } else {
            vsp_packet_set_state(packet, VSP_PACKET_IDLE);
        }
        return;
    }
    const uint32_t index = packet->record == VSP_NONE ? VSP_NONE : packet->record - channel->record_base;
    void *routine = packet->routine;
    struct vsp_scope scope;
    vsp_packet_set_state(packet, VSP_PACKET_IDLE);
    vsp_scope_enter(&scope, channel, api, VSP_API_EVT_VMB_PACKET_COMPLETION_ROUTINE, index, VSP_PASS_NONE, irql);
    VSP_EVENT(VSP_EVENT_CALLBACK, VSP_API_EVT_VMB_PACKET_COMPLETION_ROUTINE, packet, (uint32_t)status, length);
    vsp_calls(routine);
    if (packet->flags & VSP_PACKET_EX) {
        ((vsp_completion_ex_fn *)routine)(packet, packet->context, status, buffer, length);
    } else {
        ((vsp_completion_fn *)routine)(packet, status, buffer, length);
    }
    VSP_EVENT(VSP_EVENT_CALLBACK_RETURN, VSP_API_EVT_VMB_PACKET_COMPLETION_ROUTINE, packet, 0, 0);
    vsp_scope_returned(&scope);
    vsp_scope_leave(&scope, channel);
}

void vsp_channel_cancel(struct vsp_channel *channel, vsp_status status)
{
    /* Routines may send anew: only what was in use at the call is completed. */
    const uint64_t last = channel->last_transaction;
    const uint32_t start = channel->table_cursor;
    const uint32_t count = slots(channel);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t slot = (uint64_t)start + i;
        struct vsp_packet *packet = *slot_at(channel, (uint32_t)(slot >= count ? slot - count : slot));
        if (packet == NULL || packet->transaction > last ||
            (packet->state != VSP_PACKET_QUEUED && packet->state != VSP_PACKET_IN_FLIGHT)) {
            continue;
        }
        vsp_queue_drop(channel, packet);
        vsp_packet_complete(packet, status, NULL, 0, VSP_DISPATCH_LEVEL, VSP_API_VMB_CHANNEL_DISABLE);
    }
}

uint32_t VspLabInFlight(struct vsp_channel *handle)
{
    const struct vsp_channel *channel = vsp_channel_checked(handle);
    return channel == NULL ? 0 : channel->in_use;
}

/* ---- Channel pointers live here as they are as hot as packet pointers ---- */

void VmbChannelSetPointer(struct vsp_channel *handle, void *pointer)
{
    VSP_CALL(VSP_API_VMB_CHANNEL_SET_POINTER, handle, (uintptr_t)pointer, 0);
    struct vsp_channel *channel = vsp_channel_checked(handle);
    if (channel == NULL) {
        return;
    }
    const uint32_t in_callback = vsp_lasting.callback != 0 && vsp_lasting.channel == channel->index;
    if (pointer != NULL && channel->enabled && !channel->had_pointer && !in_callback) {
        vsp_misuse(VSP_RULE_INIT_CONTEXT_BEFORE_ENABLE, handle, 0); /* Opened may have run already (O8) */
    }
    channel->had_pointer |= pointer != NULL;
    channel->pointer = pointer;
}

void *VmbChannelGetPointer(struct vsp_channel *handle)
{
    struct vsp_channel *channel = vsp_channel_checked(handle);
    void *pointer = channel == NULL ? NULL : channel->pointer;
    VSP_CALL(VSP_API_VMB_CHANNEL_GET_POINTER, handle, (uintptr_t)pointer, 0);
    if (channel != NULL) {
        channel->asked_in_vain |= !channel->had_pointer && vsp_lasting.callback != 0;
        vsp_hostile_touch(channel);
    }
    return pointer;
}

uint32_t VmbSizeofChannel(void)
{
    return (uint32_t)sizeof(struct vsp_channel);
}
