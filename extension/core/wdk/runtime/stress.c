/*
 * Calls that a stress run makes fail, and where such calls are.
 */
#include "stress.h"

struct vsp_stress vsp_stress = {.fail_what = VSP_NONE, .restore_at = VSP_NONE, .current = VSP_NONE};

struct vsp_stress *vsp_stress_address(void)
{
    return &vsp_stress;
}

struct vsp_stress_change *vsp_stress_changes(uint32_t count)
{
    struct vsp_stress_change *changes = vsp_allocate(VSP_ARENA_LASTING, count * sizeof *changes);
    vsp_stress.changes = (uint64_t)changes;
    vsp_stress.change_count = count;
    return changes;
}

uint8_t *vsp_stress_literal(uint32_t size)
{
    uint8_t *bytes = vsp_allocate(VSP_ARENA_LASTING, size + 1ull);
    vsp_stress.literal = (uint64_t)bytes;
    return bytes;
}

static void note_site(uint32_t what, uint32_t at)
{
    const uint32_t stack = vsp_stack_capture();
    const struct vsp_stress_site *sites = (const struct vsp_stress_site *)vsp_stress.sites.at;
    for (uint64_t i = 0; i < vsp_stress.sites.used / sizeof *sites; i++) {
        if (sites[i].stack == stack && sites[i].what == what) {
            return;
        }
    }
    const struct vsp_stress_site site = {what, at, stack, vsp_lasting.callback};
    vsp_bytes_append(&vsp_stress.sites, &site, sizeof site);
}

uint32_t vsp_stress_fails(uint32_t what)
{
    const uint32_t at = vsp_stress.counts[what]++;
    if (vsp_stress.note) {
        note_site(what, at);
    }
    const uint32_t fails = vsp_stress.fail_what == what && vsp_stress.fail_at == at;
    vsp_stress.injected += fails;
    return fails;
}
