/*
 * The guest's end of the rings: it sends, takes, answers and stalls only when told (fixture functions VspLabGuest*).
 * A guest lives in the lasting arena; it belongs to a channel, and copies of it to saved states.
 */
#include "library.h"

#define ANSWERED 0x8000000000000000ull
#define RING_LIMIT (64u * 1024 * 1024)

/* ---- Life ---- */

struct vsp_guest *vsp_guest_create(uint32_t ring_size)
{
    struct vsp_simulator *simulator = vsp_simulator();
    struct vsp_guest *guest = vsp_allocate(VSP_ARENA_LASTING, sizeof *guest);
    vsp_ring_create(&guest->to_host, ring_size);
    vsp_ring_create(&guest->from_host, ring_size);
    guest->next_transaction = 1;
    guest->next = simulator->guests;
    simulator->guests = guest;
    return guest;
}

static void free_letters(struct vsp_letter *letter)
{
    while (letter != NULL) {
        struct vsp_letter *next = letter->next;
        vsp_free(VSP_ARENA_LASTING, letter, sizeof *letter + (uint64_t)letter->length);
        letter = next;
    }
}

static void free_contents(struct vsp_guest *guest)
{
    for (struct vsp_transaction_block *block = guest->unanswered; block != NULL;) {
        struct vsp_transaction_block *next = block->next;
        vsp_free(VSP_ARENA_LASTING, block, sizeof *block);
        block = next;
    }
    free_letters(guest->data);
    free_letters(guest->completions);
    guest->unanswered = guest->unanswered_tail = NULL;
    guest->data = guest->data_tail = NULL;
    guest->completions = guest->completions_tail = NULL;
    guest->unanswered_count = 0;
}

void vsp_guest_destroy(struct vsp_guest *guest)
{
    struct vsp_guest **link = &vsp_simulator()->guests;
    while (*link != NULL && *link != guest) {
        link = &(*link)->next;
    }
    if (*link == guest) {
        *link = guest->next;
    }
    free_contents(guest);
    vsp_ring_destroy(&guest->to_host);
    vsp_ring_destroy(&guest->from_host);
    vsp_free(VSP_ARENA_LASTING, guest, sizeof *guest);
}

void vsp_guest_forget(struct vsp_guest *guest)
{
    free_contents(guest);
    vsp_ring_reset(&guest->to_host);
    vsp_ring_reset(&guest->from_host);
}

static void append_letter(struct vsp_letter **first, struct vsp_letter **last, struct vsp_letter *letter)
{
    *(*first == NULL ? first : &(*last)->next) = letter;
    *last = letter;
}

static void copy_letters(const struct vsp_letter *letter, struct vsp_letter **first, struct vsp_letter **last)
{
    for (; letter != NULL; letter = letter->next) {
        const uint64_t size = sizeof *letter + (uint64_t)letter->length;
        struct vsp_letter *copy = vsp_allocate(VSP_ARENA_LASTING, size);
        vsp_copy(copy, letter, size);
        copy->next = NULL;
        append_letter(first, last, copy);
    }
}

static void append_owed(struct vsp_guest *guest, uint64_t transaction)
{
    struct vsp_transaction_block *block = guest->unanswered_tail;
    if (block == NULL || block->count == VSP_GUEST_BLOCK) {
        block = vsp_allocate(VSP_ARENA_LASTING, sizeof *block);
        *(guest->unanswered == NULL ? &guest->unanswered : &guest->unanswered_tail->next) = block;
        guest->unanswered_tail = block;
    }
    block->id[block->count++] = transaction;
    guest->unanswered_count++;
}

struct vsp_guest *vsp_guest_copy(const struct vsp_guest *guest)
{
    struct vsp_guest *copy = vsp_guest_create(guest->to_host.size);
    vsp_copy(copy->to_host.control, guest->to_host.control, vsp_ring_memory(&guest->to_host));
    vsp_copy(copy->from_host.control, guest->from_host.control, vsp_ring_memory(&guest->from_host));
    for (const struct vsp_transaction_block *block = guest->unanswered; block != NULL; block = block->next) {
        for (uint32_t i = block->first; i < block->count; i++) {
            if (!(block->id[i] & ANSWERED)) {
                append_owed(copy, block->id[i]);
            }
        }
    }
    copy_letters(guest->data, &copy->data, &copy->data_tail);
    copy_letters(guest->completions, &copy->completions, &copy->completions_tail);
    copy->next_transaction = guest->next_transaction;
    copy->synthesised = guest->synthesised;
    return copy;
}

uint32_t vsp_guest_set_ring_size(struct vsp_channel *channel, uint32_t bytes)
{
    if (channel->open || bytes == 0 || bytes % VSP_RING_PAGE != 0 || bytes > RING_LIMIT) {
        return 0;
    }
    if (channel->guest != NULL && channel->guest->to_host.size != bytes) {
        vsp_guest_destroy(channel->guest);
        channel->guest = NULL;
    }
    channel->ring_size = bytes;
    return 1;
}

/* ---- What the guest owes ---- */

void vsp_guest_owes(struct vsp_guest *guest, uint64_t transaction)
{
    append_owed(guest, transaction);
}

/* The entry of an unanswered transaction: ids ascend within a block and from block to block, mostly the first one is
 * meant. */
static uint64_t *find_owed(struct vsp_guest *guest, uint64_t transaction)
{
    if (guest->synthesised) { /* in the order of RestorePacket calls */
        for (struct vsp_transaction_block *block = guest->unanswered; block != NULL; block = block->next) {
            for (uint32_t i = block->first; i < block->count; i++) {
                if (block->id[i] == transaction) {
                    return &block->id[i];
                }
            }
        }
        return NULL;
    }
    for (struct vsp_transaction_block *block = guest->unanswered; block != NULL; block = block->next) {
        if (block->first == block->count || (block->id[block->count - 1] & ~ANSWERED) < transaction) {
            continue;
        }
        uint32_t low = block->first;
        uint32_t high = block->count;
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            if ((block->id[middle] & ~ANSWERED) < transaction) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < block->count && block->id[low] == transaction ? &block->id[low] : NULL;
    }
    return NULL;
}

/* Drops answered entries at the head; 1 and the oldest open one if there is any. */
static uint32_t oldest_owed(struct vsp_guest *guest, uint64_t *transaction)
{
    struct vsp_transaction_block *block;
    while ((block = guest->unanswered) != NULL) {
        while (block->first < block->count && block->id[block->first] & ANSWERED) {
            block->first++;
        }
        if (block->first < block->count) {
            *transaction = block->id[block->first];
            return 1;
        }
        guest->unanswered = block->next;
        if (guest->unanswered == NULL) {
            guest->unanswered_tail = NULL;
        }
        vsp_free(VSP_ARENA_LASTING, block, sizeof *block);
    }
    return 0;
}

static void settle(struct vsp_guest *guest, uint64_t transaction)
{
    uint64_t *entry = find_owed(guest, transaction);
    if (entry != NULL) {
        *entry |= ANSWERED;
        guest->unanswered_count--;
    }
}

/* ---- Taking ---- */

static struct vsp_guest *guest_of(struct vsp_channel *handle, uint32_t api)
{
    struct vsp_channel *channel = vsp_channel_checked(handle);
    VSP_EVENT(VSP_EVENT_GUEST, api, handle, 0, 0);
    return channel != NULL && channel->open ? channel->guest : NULL;
}

/* Takes the next packet out of the host's ring, its payload into a letter with room for the bytes; NULL = ring empty.
 */
static struct vsp_letter *take_letter(struct vsp_guest *guest, uint32_t *type)
{
    struct vsp_descriptor descriptor;
    uint32_t signal;
    if (!vsp_ring_peek(&guest->from_host, &descriptor)) {
        return NULL;
    }
    uint32_t length = (descriptor.length8 - descriptor.offset8) * 8u;
    if (vsp_mode_of(VSP_MODE_A20) == VSP_A20_EXACT) {
        length -= vsp_ring_padding(&guest->from_host);
    }
    struct vsp_letter *letter = vsp_allocate(VSP_ARENA_LASTING, sizeof *letter + (uint64_t)length);
    const uint32_t answerable =
        descriptor.type == VSP_TYPE_COMPLETION || descriptor.flags & VSP_FLAG_COMPLETION_REQUESTED;
    letter->transaction = answerable ? descriptor.transaction : 0;
    letter->length = length;
    letter->flags = descriptor.flags;
    *type = descriptor.type;
    vsp_ring_copy(&guest->from_host, descriptor.offset8 * 8u, letter + 1, length);
    vsp_ring_advance(&guest->from_host, &signal);
    guest->interrupts_to_host += signal;
    if (descriptor.type != VSP_TYPE_COMPLETION && descriptor.flags & VSP_FLAG_COMPLETION_REQUESTED) {
        append_owed(guest, descriptor.transaction);
    }
    return letter;
}

static void discard(struct vsp_letter *letter)
{
    vsp_free(VSP_ARENA_LASTING, letter, sizeof *letter + (uint64_t)letter->length);
}

/* Empties the ring: data packets and completions are kept or dropped; number of data packets. */
static uint64_t take_ring(struct vsp_guest *guest, int keep_data)
{
    struct vsp_letter *letter;
    uint32_t type;
    uint64_t count = 0;
    while ((letter = take_letter(guest, &type)) != NULL) {
        if (type == VSP_TYPE_COMPLETION) {
            append_letter(&guest->completions, &guest->completions_tail, letter);
            continue;
        }
        count++;
        if (keep_data) {
            append_letter(&guest->data, &guest->data_tail, letter);
        } else {
            discard(letter);
        }
    }
    return count;
}

uint64_t vsp_guest_take_all(struct vsp_channel *channel)
{
    uint64_t count = 0;
    if (channel->guest != NULL && channel->open) {
        uint64_t taken;
        while ((taken = take_ring(channel->guest, 0)) != 0) {
            count += taken;
            vsp_queue_flush(channel);
        }
    }
    return count;
}

/* Length and as many bytes as fit, to where the caller wants them. */
static void hand_out(const struct vsp_letter *letter, void *buffer, uint32_t capacity, uint32_t *length)
{
    const uint32_t copied = letter->length < capacity ? letter->length : capacity;
    if (buffer != NULL) {
        vsp_check_write(buffer, copied);
        vsp_copy(buffer, letter + 1, copied);
    }
    if (length != NULL) {
        vsp_check_write(length, sizeof *length);
        *length = letter->length;
    }
}

uint8_t VspLabGuestReceive(struct vsp_channel *handle, void *buffer, uint32_t capacity, uint32_t *length,
                           uint64_t *transaction)
{
    struct vsp_guest *guest = guest_of(handle, VSP_API_VSP_LAB_GUEST_RECEIVE);
    if (guest == NULL) {
        return 0;
    }
    struct vsp_letter *letter = guest->data;
    if (letter != NULL) {
        guest->data = letter->next;
    } else {
        uint32_t type;
        while ((letter = take_letter(guest, &type)) != NULL && type == VSP_TYPE_COMPLETION) {
            append_letter(&guest->completions, &guest->completions_tail, letter);
        }
    }
    if (letter == NULL) {
        vsp_run_pending();
        return 0;
    }
    hand_out(letter, buffer, capacity, length);
    if (transaction != NULL) {
        vsp_check_write(transaction, sizeof *transaction);
        *transaction = letter->transaction;
    }
    discard(letter);
    vsp_run_pending();
    return 1;
}

uint8_t VspLabGuestGetCompletion(struct vsp_channel *handle, uint64_t transaction, void *buffer, uint32_t capacity,
                                 uint32_t *length)
{
    struct vsp_guest *guest = guest_of(handle, VSP_API_VSP_LAB_GUEST_GET_COMPLETION);
    if (guest == NULL) {
        return 0;
    }
    take_ring(guest, 1);
    struct vsp_letter *previous = NULL;
    struct vsp_letter *letter = guest->completions;
    while (letter != NULL && letter->transaction != transaction) {
        previous = letter;
        letter = letter->next;
    }
    if (letter != NULL) {
        *(previous == NULL ? &guest->completions : &previous->next) = letter->next;
        if (guest->completions_tail == letter) {
            guest->completions_tail = previous;
        }
        hand_out(letter, buffer, capacity, length);
        discard(letter);
    }
    vsp_run_pending();
    return letter != NULL;
}

/* ---- Sending ---- */

static uint32_t put(struct vsp_guest *guest, uint32_t type, uint32_t flags, uint64_t transaction, const void *header,
                    uint32_t header_length, const void *bytes, uint32_t length)
{
    uint32_t signal;
    if (vsp_ring_bytes(header_length, length) - 8 > VSP_MTU ||
        !vsp_ring_write(&guest->to_host, type, flags, transaction, header, header_length, bytes, length, &signal)) {
        return 0;
    }
    guest->interrupts_to_host += signal;
    return 1;
}

uint64_t VspLabGuestSend(struct vsp_channel *handle, const void *buffer, uint32_t length, uint8_t wants_completion)
{
    struct vsp_guest *guest = guest_of(handle, VSP_API_VSP_LAB_GUEST_SEND);
    if (guest == NULL) {
        return 0;
    }
    vsp_check_read(buffer, length);
    uint64_t transaction = guest->next_transaction;
    const uint32_t flags = wants_completion ? VSP_FLAG_COMPLETION_REQUESTED : 0;
    if (!put(guest, VSP_TYPE_DATA_INBAND, flags, transaction, NULL, 0, buffer, length)) {
        transaction = 0;
    } else {
        guest->next_transaction++;
    }
    vsp_run_pending();
    return transaction;
}

uint64_t VspLabGuestSendExternal(struct vsp_channel *handle, const void *buffer, uint32_t length, void *data,
                                 uint32_t data_length, uint8_t wants_completion)
{
    struct vsp_guest *guest = guest_of(handle, VSP_API_VSP_LAB_GUEST_SEND_EXTERNAL);
    if (guest == NULL) {
        return 0;
    }
    vsp_check_read(buffer, length);
    vsp_check_read(data, data_length);
    /* One GPA range (9.3): pages are identity-mapped, so the driver's MDL ends up at `data`. */
    const uint64_t address = (uint64_t)(uintptr_t)data;
    const uint32_t offset = (uint32_t)(address % VSP_PAGE);
    const uint32_t pages = (uint32_t)(((uint64_t)offset + data_length + VSP_PAGE - 1) / VSP_PAGE);
    const uint32_t header_length = 16 + pages * 8;
    uint64_t *header = vsp_allocate(VSP_ARENA_LASTING, header_length);
    header[0] = 1ull << 32; /* reserved, range_count */
    header[1] = (uint64_t)offset << 32 | data_length;
    for (uint32_t i = 0; i < pages; i++) {
        header[2 + i] = address / VSP_PAGE + i;
    }
    uint64_t transaction = guest->next_transaction;
    const uint32_t flags = wants_completion ? VSP_FLAG_COMPLETION_REQUESTED : 0;
    if (!put(guest, VSP_TYPE_DATA_GPA_DIRECT, flags, transaction, header, header_length, buffer, length)) {
        transaction = 0;
    } else {
        guest->next_transaction++;
    }
    vsp_free(VSP_ARENA_LASTING, header, header_length);
    vsp_run_pending();
    return transaction;
}

/* ---- Answering ---- */

void VspLabGuestComplete(struct vsp_channel *handle, uint64_t transaction, const void *buffer, uint32_t length)
{
    struct vsp_guest *guest = guest_of(handle, VSP_API_VSP_LAB_GUEST_COMPLETE);
    if (guest == NULL) {
        return;
    }
    vsp_check_read(buffer, length);
    if (!put(guest, VSP_TYPE_COMPLETION, 0, transaction, NULL, 0, buffer, length)) {
        vsp_run_pending(); /* room, if the host takes anything */
        if (!put(guest, VSP_TYPE_COMPLETION, 0, transaction, NULL, 0, buffer, length)) {
            return;
        }
    }
    settle(guest, transaction);
    vsp_run_pending();
}

void VspLabGuestCompleteAll(struct vsp_channel *handle)
{
    struct vsp_guest *guest = guest_of(handle, VSP_API_VSP_LAB_GUEST_COMPLETE_ALL);
    while (guest != NULL) {
        uint64_t acted = take_ring(guest, 0);
        uint64_t transaction;
        while (oldest_owed(guest, &transaction) && put(guest, VSP_TYPE_COMPLETION, 0, transaction, NULL, 0, NULL, 0)) {
            settle(guest, transaction);
            acted++;
        }
        vsp_run_pending();
        /* The driver may have closed the channel meanwhile. */
        guest = vsp_channel_valid(handle) && handle->open ? handle->guest : NULL;
        if (acted == 0) {
            break;
        }
    }
}
