/*
 * Where the library's own files tell a stress run what happens; called only while vsp_stress.watch is set.
 */
#pragma once

#include "../wdk/runtime/stress.h"
#include "vary.h"

/* State bytes that a RestorePacket call gets instead of those that were saved. */
struct vsp_given {
    const uint8_t *bytes;
    uint32_t size;
};

/* restorepacket.c: one RestorePacket call; `given` NULL: what was saved. */
vsp_status vsp_restore_once(struct vsp_channel *channel, struct vsp_restore *restore,
                            const struct vsp_stream_chunk *chunk, const uint8_t *library,
                            const struct vsp_given *given);

/* The RestorePacket calls of one saved packet: its record, another one, or others before it. */
vsp_status vsp_stress_restore(struct vsp_channel *channel, struct vsp_restore *restore,
                              const struct vsp_stream_chunk *chunk, const uint8_t *library);
/* The channel is about to start: saves what was restored once more. */
void vsp_stress_starts(struct vsp_channel *channel);
