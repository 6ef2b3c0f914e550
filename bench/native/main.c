/*
 * The native half of the save-restore figure: the simulator's C and bench/callbacks.c under the machine's own compiler,
 * with stubs for what TypeScript provides inside a module. Prints nanoseconds per packet for saving and restoring them
 * all.
 *
 *   main [packets] [rounds]   prints one line per round: "<save ns> <restore ns> <sum ns>" per packet
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../extension/core/kmcl/library.h"
#include "../../extension/core/wdk/runtime/describe.h"

#define MEMORY_LIMIT (4ull << 30)
#define TAG 0x42526571u

/* ---- What TypeScript provides ---- */

_Noreturn void vsp_fault(uint32_t kind, uint64_t address, uint64_t size, uint64_t detail)
{
    fprintf(stderr, "fault %u at %llx, %llu bytes, detail %llu\n", kind, (unsigned long long)address,
            (unsigned long long)size, (unsigned long long)detail);
    exit(1);
}

void vsp_breach(uint32_t rule, uint64_t object, uint64_t detail)
{
    fprintf(stderr, "rule %u broken by %llx (%llu)\n", rule, (unsigned long long)object, (unsigned long long)detail);
    exit(1);
}

void vsp_capture_state(uint32_t index, const void *bytes, uint64_t size)
{
    (void)index;
    (void)bytes;
    (void)size;
}

void vsp_capture_stores(uint32_t index, const struct vsp_store_run *runs, uint64_t count)
{
    (void)index;
    (void)runs;
    (void)count;
}

void vsp_stress_refused(void)
{
}

void vsp_run_pending(void)
{
    while (vsp_channels_process() != 0) {
    }
}

void vsp_print(const char *text, uint64_t length)
{
    fwrite(text, 1, length, stderr);
}

/* Nothing is instrumented here: no global has told its place. */
const struct vsp_global_group *vsp_global_groups(void)
{
    return NULL;
}

/* Says what lies at a faulting address: nothing here faults. */
const struct vsp_description *vsp_describe(uint64_t address)
{
    (void)address;
    return NULL;
}

/* ---- The pool as bench/callbacks.c uses it (wdk/runtime/pool.c needs the driver's headers) ---- */

void vsp_spin_locks_forget(uint32_t count)
{
    (void)count;
}

int vsp_allocation_fails(void)
{
    return 0;
}

int vsp_planned_allocation_fails(void)
{
    return 0;
}

#ifdef POOL_IS_MALLOC /* with the callbacks under the address sanitizer, which replaces malloc and free */
void *ExAllocatePool2(uint64_t flags, size_t size, uint32_t tag)
{
    (void)flags;
    (void)tag;
    return calloc(1, size);
}

void ExFreePoolWithTag(void *block, uint32_t tag)
{
    (void)tag;
    free(block);
}
#else
void *ExAllocatePool2(uint64_t flags, size_t size, uint32_t tag)
{
    (void)flags;
    return vsp_block_allocate(VSP_ARENA_HOST, size, tag, VSP_BLOCK_POOL, 1);
}

void ExFreePoolWithTag(void *block, uint32_t tag)
{
    (void)tag;
    vsp_block_free(vsp_block_of(block));
}
#endif

/* ---- The run ---- */

vsp_status EvtVmbChannelSavePacket(struct vsp_channel *, struct vsp_packet *, void *, uint32_t, uint32_t *);
vsp_status EvtVmbChannelRestorePacket(struct vsp_channel *, void *, uint32_t, void *, uint32_t);
void RequestCompleted(struct vsp_packet *, vsp_status, void *, uint32_t);

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static struct vsp_channel *fresh_channel(void)
{
    struct vsp_channel *channel = vsp_channel_create(NULL, 1, NULL);
    vsp_channel_set(channel, VSP_FIELD_MAX_PACKET_SIZE, 256);
    vsp_channel_set_save_callbacks(channel, 0, NULL, (void *)(uintptr_t)EvtVmbChannelSavePacket,
                                   (void *)(uintptr_t)EvtVmbChannelRestorePacket);
    vsp_channel_set(channel, VSP_FIELD_ENABLED, 1);
    return channel;
}

static void set_running(struct vsp_channel *channel, uint64_t running)
{
    vsp_channel_set(channel, VSP_FIELD_STARTED, running);
    vsp_channel_set(channel, VSP_FIELD_TRANSMIT, running);
    vsp_channel_set(channel, VSP_FIELD_PROCESSING, running);
}

static void destroy(struct vsp_channel *channel)
{
    vsp_channel_cancel(channel, STATUS_CANCELLED);
    vsp_channel_destroy(channel);
}

static void **make_contexts(uint32_t count)
{
    void **contexts = malloc(count * sizeof *contexts);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *words = ExAllocatePool2(0, 40, TAG);
        words[0] = i;
        contexts[i] = words;
    }
    return contexts;
}

static void round_of(uint32_t count)
{
    struct vsp_channel *channel = fresh_channel();
    vsp_channel_open(channel);
    vsp_channel_set(channel, VSP_FIELD_OPEN, 1);
    set_running(channel, 1);
    void **contexts = make_contexts(count);
    vsp_packets_send(channel, count, 16, (void *)(uintptr_t)RequestCompleted, contexts);
    free(contexts);
    set_running(channel, 0);

    struct vsp_state *state;
    const uint64_t start = now();
    const vsp_status saved = vsp_state_save(channel, 0, &state);
    const uint64_t middle = now();
    destroy(channel);
    struct vsp_channel *fresh = fresh_channel();
    const uint64_t again = now();
    const vsp_status restored = saved < 0 ? saved : vsp_state_restore(fresh, state);
    const uint64_t end = now();
    if (restored < 0) {
        fprintf(stderr, "save %08x, restore %08x\n", (uint32_t)saved, (uint32_t)restored);
        exit(1);
    }
    destroy(fresh);
    vsp_state_free(state);
    vsp_lasting.record_count = 0; /* each round is a run of its own */
    const double save_ns = (double)(middle - start) / count;
    const double restore_ns = (double)(end - again) / count;
    printf("%.2f %.2f %.2f\n", save_ns, restore_ns, save_ns + restore_ns);
}

int main(int argc, char **argv)
{
    const uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    const uint32_t rounds = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 5;
    vsp_lasting.memory_limit = MEMORY_LIMIT;
    vsp_lasting.random = 1;
    vsp_budget = INT64_MAX;
    vsp_initialize();
    for (uint32_t i = 0; i < rounds; i++) {
        round_of(count);
    }
    return 0;
}
