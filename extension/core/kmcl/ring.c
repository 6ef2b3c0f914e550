/*
 * Byte-exact rings (kmcl-facts 9.1, 9.4): descriptor, footer, padding to 8, wrap, signalling. One writer, one reader.
 */
#include "library.h"

static uint8_t *data_of(const struct vsp_ring *ring)
{
    return (uint8_t *)ring->control + VSP_RING_PAGE;
}

/* Not part of the ring: padding bytes of the packet that starts at each 8-byte slot. */
static uint8_t *padding_of(const struct vsp_ring *ring, uint32_t at)
{
    return data_of(ring) + ring->size + at / 8;
}

#define FEATURES 1u /* pending_send_size is honoured */

void vsp_ring_create(struct vsp_ring *ring, uint32_t size)
{
    ring->size = size;
    /* Allocated memory holds zeros: clearing a ring once more would touch all its pages for nothing. */
    ring->control = vsp_allocate(VSP_ARENA_LASTING, vsp_ring_memory(ring));
    ring->control->feature_bits = FEATURES;
}

void vsp_ring_destroy(struct vsp_ring *ring)
{
    vsp_free(VSP_ARENA_LASTING, ring->control, vsp_ring_memory(ring));
    ring->control = NULL;
}

void vsp_ring_reset(struct vsp_ring *ring)
{
    vsp_set(ring->control, 0, vsp_ring_memory(ring));
    ring->control->feature_bits = FEATURES;
}

uint32_t vsp_ring_free_bytes(const struct vsp_ring *ring)
{
    const uint32_t in = ring->control->in;
    const uint32_t out = ring->control->out;
    return out > in ? out - in - 8 : ring->size - (in - out) - 8;
}

static uint32_t wrapped(const struct vsp_ring *ring, uint64_t position)
{
    return (uint32_t)(position >= ring->size ? position - ring->size : position);
}

/* Stores `size` bytes at ring offset `at` (< ring size); answers the offset behind them. */
static uint32_t store(const struct vsp_ring *ring, uint32_t at, const void *from, uint32_t size)
{
    const uint32_t first = ring->size - at < size ? ring->size - at : size;
    vsp_copy(data_of(ring) + at, from, first);
    if (first < size) {
        vsp_copy(data_of(ring), (const uint8_t *)from + first, size - first);
    }
    return wrapped(ring, (uint64_t)at + size);
}

static void load(const struct vsp_ring *ring, uint32_t at, void *to, uint32_t size)
{
    const uint32_t first = ring->size - at < size ? ring->size - at : size;
    vsp_copy(to, data_of(ring) + at, first);
    if (first < size) {
        vsp_copy((uint8_t *)to + first, data_of(ring), size - first);
    }
}

uint32_t vsp_ring_write(struct vsp_ring *ring, uint32_t type, uint32_t flags, uint64_t transaction, const void *header,
                        uint32_t header_length, const void *payload, uint32_t length, uint32_t *signal)
{
    struct vsp_ring_control *control = ring->control;
    const uint64_t bytes = vsp_ring_bytes(header_length, length);
    *signal = 0;
    if (bytes > vsp_ring_free_bytes(ring)) {
        control->pending_send_size = (uint32_t)bytes;
        return 0;
    }
    const uint32_t start = control->in;
    const int was_empty = start == control->out;
    const struct vsp_descriptor descriptor = {
        .type = (uint16_t)type,
        .offset8 = (uint16_t)((sizeof descriptor + header_length) / 8),
        .length8 = (uint16_t)((bytes - 8) / 8),
        .flags = (uint16_t)flags,
        .transaction = transaction,
    };
    static const uint8_t zeros[8];
    uint32_t at = store(ring, start, &descriptor, sizeof descriptor);
    at = store(ring, at, header, header_length);
    at = store(ring, at, payload, length);
    at = store(ring, at, zeros, (8 - length % 8) % 8);
    *padding_of(ring, start) = (uint8_t)((8 - length % 8) % 8);
    const uint64_t footer = (uint64_t)start << 32;
    control->in = store(ring, at, &footer, sizeof footer);
    control->pending_send_size = 0;
    *signal = control->interrupt_mask == 0 && was_empty;
    return 1;
}

uint32_t vsp_ring_peek(const struct vsp_ring *ring, struct vsp_descriptor *descriptor)
{
    if (ring->control->in == ring->control->out) {
        return 0;
    }
    load(ring, ring->control->out, descriptor, sizeof *descriptor);
    return 1;
}

uint32_t vsp_ring_padding(const struct vsp_ring *ring)
{
    return *padding_of(ring, ring->control->out);
}

void vsp_ring_copy(const struct vsp_ring *ring, uint32_t offset, void *to, uint32_t size)
{
    load(ring, wrapped(ring, (uint64_t)ring->control->out + offset), to, size);
}

void vsp_ring_advance(struct vsp_ring *ring, uint32_t *signal)
{
    struct vsp_ring_control *control = ring->control;
    struct vsp_descriptor descriptor;
    vsp_ring_peek(ring, &descriptor);
    const uint32_t before = vsp_ring_free_bytes(ring);
    control->out = wrapped(ring, (uint64_t)control->out + descriptor.length8 * 8u + 8u);
    const uint32_t wanted = control->pending_send_size & ~7u;
    *signal = wanted != 0 && before < wanted && vsp_ring_free_bytes(ring) >= wanted;
}
