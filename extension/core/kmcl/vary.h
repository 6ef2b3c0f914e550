/*
 * Where the library's own files tell a differential run what happens; called only while vsp_vary.watch is set.
 */
#pragma once

#include "../wdk/runtime/variant.h"
#include "save.h"

/* Both passes of one packet outside a save of its channel, with memory of their own: `open` before the first, `close`
 * after the last. *state has *size bytes, and `room` is to be freed (VSP_ARENA_LASTING). */
void vsp_save_alone_open(struct vsp_channel *channel, struct vsp_save *save);
vsp_status vsp_save_alone(struct vsp_channel *channel, struct vsp_save *save, struct vsp_packet *packet,
                          uint8_t **state, uint32_t *size, uint64_t *room);
void vsp_save_alone_close(struct vsp_channel *channel, struct vsp_save *save, struct vsp_save *outer);

/* A packet's chunk was written: `size` state bytes at `state`, from a write pass or, when `writes` is 0, none. */
void vsp_vary_saved(struct vsp_channel *channel, struct vsp_save *save, const uint8_t *state, uint32_t size,
                    uint32_t writes);
/* A save that is to begin has its packets; one that ended, however it did, has given them back. */
void vsp_vary_save_begins(struct vsp_channel *channel, struct vsp_save *save);
void vsp_vary_save_ends(const struct vsp_channel *channel);
/* The save is complete: asks every packet once more and compares. */
void vsp_vary_save_again(struct vsp_channel *channel);
/* A restore callback took these state bytes and restored the packet. */
void vsp_vary_restored(const struct vsp_channel *channel, const struct vsp_packet *packet, const uint8_t *state,
                       uint32_t size);
/* The whole state is restored. */
void vsp_vary_all_restored(struct vsp_channel *channel);
/* The channel is about to start: saves what was restored and compares. */
void vsp_vary_round_trip(struct vsp_channel *channel);
