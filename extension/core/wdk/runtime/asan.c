/*
 * The run-time half of -fsanitize=kernel-address with outlined calls: what instrumented driver code calls. Code made for
 * checks runs with them off, too: differential runs do not check.
 */
#include "describe.h"
#include "internal.h"

/* ---- Accesses ---- */

#define CHECK(name, size, access)                                                                                      \
    void __asan_##name(uint64_t address)                                                                               \
    {                                                                                                                  \
        if (VSP_UNLIKELY(address >= vsp_kept.checked_end || VSP_IN_CLOSED(address) || *VSP_SHADOW(address) != 0 ||     \
                         (address & 7) + (size) > 8)) {                                                                \
            vsp_check_range(address, size, access);                                                                    \
        }                                                                                                              \
    }                                                                                                                  \
    void __asan_##name##_noabort(uint64_t address)                                                                     \
    {                                                                                                                  \
        __asan_##name(address);                                                                                        \
    }

CHECK(load1, 1, VSP_ACCESS_READ)
CHECK(load2, 2, VSP_ACCESS_READ)
CHECK(load4, 4, VSP_ACCESS_READ)
CHECK(load8, 8, VSP_ACCESS_READ)
CHECK(load16, 16, VSP_ACCESS_READ)
CHECK(store1, 1, VSP_ACCESS_WRITE)
CHECK(store2, 2, VSP_ACCESS_WRITE)
CHECK(store4, 4, VSP_ACCESS_WRITE)
CHECK(store8, 8, VSP_ACCESS_WRITE)
CHECK(store16, 16, VSP_ACCESS_WRITE)

void __asan_loadN(uint64_t address, uint64_t size)
{
    vsp_check_range(address, size, VSP_ACCESS_READ);
}

void __asan_storeN(uint64_t address, uint64_t size)
{
    vsp_check_range(address, size, VSP_ACCESS_WRITE);
}

void __asan_loadN_noabort(uint64_t address, uint64_t size)
{
    vsp_check_range(address, size, VSP_ACCESS_READ);
}

void __asan_storeN_noabort(uint64_t address, uint64_t size)
{
    vsp_check_range(address, size, VSP_ACCESS_WRITE);
}

/* ---- Stack frames ---- */

/* A frame reads the base of the shadow when it begins; the shadow may have moved since. */
static uint64_t shadow_now(uint64_t shadow)
{
    const uint64_t offset = shadow - vsp_kept.first_shadow;
    return offset < vsp_kept.first_shadow_size ? vsp_kept.shadow + offset : shadow;
}

#define SET_SHADOW(digits, value)                                                                                      \
    void __asan_set_shadow_##digits(uint64_t shadow, uint64_t size)                                                    \
    {                                                                                                                  \
        if (vsp_checking) {                                                                                            \
            vsp_set((void *)shadow_now(shadow), value, size);                                                          \
        }                                                                                                              \
    }

SET_SHADOW(00, 0x00)
SET_SHADOW(01, 0x01)
SET_SHADOW(02, 0x02)
SET_SHADOW(03, 0x03)
SET_SHADOW(04, 0x04)
SET_SHADOW(05, 0x05)
SET_SHADOW(06, 0x06)
SET_SHADOW(07, 0x07)
SET_SHADOW(f1, VSP_SHADOW_STACK_LEFT)
SET_SHADOW(f2, VSP_SHADOW_STACK_MID)
SET_SHADOW(f3, VSP_SHADOW_STACK_RIGHT)
SET_SHADOW(f5, 0xF5)
SET_SHADOW(f8, VSP_SHADOW_STACK_SCOPE)

void __asan_alloca_poison(uint64_t address, uint64_t size)
{
    const uint64_t redzone = 32;
    const uint64_t behind = vsp_round_up(address + size, 8);
    vsp_shadow_set(address - redzone, redzone, VSP_SHADOW_ALLOCA_LEFT);
    if (vsp_checking && (size & 7) != 0) {
        *VSP_SHADOW(address + size) = (uint8_t)((address + size) & 7);
    }
    vsp_shadow_set(behind, vsp_round_up(address + size, redzone) + redzone - behind, VSP_SHADOW_ALLOCA_RIGHT);
}

void __asan_allocas_unpoison(uint64_t top, uint64_t bottom)
{
    if (top != 0 && top <= bottom) {
        vsp_shadow_set(top & ~7ull, bottom - (top & ~7ull), 0);
    }
}

void __asan_poison_stack_memory(uint64_t address, uint64_t size)
{
    vsp_poison((void *)address, size, VSP_SHADOW_STACK_SCOPE);
}

void __asan_unpoison_stack_memory(uint64_t address, uint64_t size)
{
    vsp_unpoison((void *)address, size);
}

/* Nothing returns past us: a fault ends the instance's test. */
void __asan_handle_no_return(void)
{
}

/* ---- Globals ---- */

#define VSP_LEFT_REDZONE 32u /* REDZONE of passes/globalRedzones.ts */

static struct vsp_global_group *groups;

void __asan_register_globals(struct vsp_asan_global *globals, uint64_t count)
{
    if (!vsp_checking) {
        return;
    }
    struct vsp_global_group *group = vsp_allocate(VSP_ARENA_LASTING, sizeof *group);
    group->next = groups;
    group->globals = globals;
    group->count = count;
    groups = group;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t end = globals[i].address + globals[i].size;
        const uint64_t redzone = vsp_round_up(end, 8);
        if ((end & 7) != 0) {
            *VSP_SHADOW(end) = (uint8_t)(end & 7);
        }
        vsp_shadow_set(redzone, globals[i].address + globals[i].size_with_redzone - redzone, VSP_SHADOW_GLOBAL);
    }
}

/* What passes/globalRedzones.ts puts before the first global of a unit: left of it nothing else is closed. */
void vsp_left_redzone(uint64_t address)
{
    vsp_shadow_set(address, VSP_LEFT_REDZONE, VSP_SHADOW_GLOBAL);
}

/* Around the dynamic initialisers of a C++ module: the order of initialisation is not checked. */
void __asan_before_dynamic_init(uint64_t module_name)
{
    (void)module_name;
}

void __asan_after_dynamic_init(void)
{
}

/* Only at the module's end, which never comes. */
void __asan_unregister_globals(struct vsp_asan_global *globals, uint64_t count)
{
    (void)globals;
    (void)count;
}

const struct vsp_global_group *vsp_global_groups(void)
{
    return groups;
}
