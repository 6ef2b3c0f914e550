/*
 * The globals of vsp.h that instrumented code, C and TypeScript share.
 */
#include "internal.h"
#include "stress.h"

uint32_t vsp_frames[VSP_MAX_FRAMES];
uint32_t vsp_depth;
int64_t vsp_budget;
const void *vsp_called;
struct vsp_lasting vsp_lasting;
struct vsp_kept vsp_kept;

const struct vsp_span *vsp_kept_parts(void)
{
    static struct vsp_span parts[VSP_KEPT_PARTS];
    const struct vsp_span unsorted[VSP_KEPT_PARTS] = {
        {(uint64_t)vsp_frames, (uint64_t)vsp_frames + sizeof vsp_frames},
        {(uint64_t)&vsp_depth, (uint64_t)&vsp_depth + sizeof vsp_depth},
        {(uint64_t)&vsp_budget, (uint64_t)&vsp_budget + sizeof vsp_budget},
        {(uint64_t)&vsp_lasting, (uint64_t)&vsp_lasting + sizeof vsp_lasting},
        {(uint64_t)&vsp_kept, (uint64_t)&vsp_kept + sizeof vsp_kept},
        {(uint64_t)&vsp_vary, (uint64_t)&vsp_vary + sizeof vsp_vary},
        {(uint64_t)&vsp_stress, (uint64_t)&vsp_stress + sizeof vsp_stress},
    };
    for (uint32_t i = 0; i < VSP_KEPT_PARTS; i++) {
        uint32_t rank = 0;
        for (uint32_t j = 0; j < VSP_KEPT_PARTS; j++) {
            rank += unsorted[j].begin < unsorted[i].begin;
        }
        parts[rank] = unsorted[i];
    }
    return parts;
}

struct vsp_lasting *vsp_lasting_address(void)
{
    return &vsp_lasting;
}

uint32_t *vsp_frames_address(void)
{
    return vsp_frames;
}

uint32_t *vsp_depth_address(void)
{
    return &vsp_depth;
}

int64_t *vsp_budget_address(void)
{
    return &vsp_budget;
}

const void **vsp_called_address(void)
{
    return &vsp_called;
}

_Noreturn void vsp_out_of_frames(void)
{
    vsp_fault(VSP_FAULT_STACK_OVERFLOW, 0, 0, 0);
}

_Noreturn void vsp_out_of_budget(void)
{
    vsp_fault(VSP_FAULT_TIMEOUT, 0, 0, 0);
}

uint64_t vsp_random(void)
{
    uint64_t x = vsp_lasting.random != 0 ? vsp_lasting.random : 0x9E3779B97F4A7C15ull;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    vsp_lasting.random = x;
    return x * 0x2545F4914F6CDD1Dull;
}
