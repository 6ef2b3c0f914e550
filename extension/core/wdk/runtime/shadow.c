/*
 * Shadow memory: one byte per granule of 8 bytes. 0: all 8 may be touched; 1-7: the first so many; from 0xC0: none, see
 * VSP_POISON_* and VSP_SHADOW_*.
 */
#include "describe.h"
#include "internal.h"
#include "rules.h"

uint8_t vsp_checking;

uint64_t __asan_shadow_memory_dynamic_address;

#define DISPATCH_LEVEL 2u

/* ---- Set-up ---- */

/*
 * Covered at first; most tests never need more. The engine collects garbage for every few dozen megabytes that memory
 * grows by: with the shadow of a limit of 1 GiB from the start each test took 10 ms longer.
 */
#define FIRST_COVERED (64ull << 20)

uint64_t vsp_shadow_reserve(uint64_t base, uint64_t limit)
{
    vsp_checking = VSP_MODULE && vsp_lasting.checks != VSP_CHECKS_OFF;
    vsp_kept.checked_end = 0;
    vsp_kept.closed_size = 0;
    vsp_kept.covered = vsp_checking && limit > FIRST_COVERED ? FIRST_COVERED : limit;
    vsp_kept.shadow = base;
    vsp_kept.first_shadow = base;
    vsp_kept.first_shadow_size = vsp_checking ? vsp_kept.covered / 8 : 0;
    __asan_shadow_memory_dynamic_address = base;
    return vsp_kept.first_shadow_size;
}

void vsp_shadow_move(uint64_t base, uint64_t size)
{
    vsp_copy((void *)base, (const void *)vsp_kept.shadow, vsp_kept.checked_end / 8);
    vsp_kept.shadow = base;
    vsp_shadow_restart();
    vsp_kept.checked_end = base + size;
    vsp_shadow_set(base, size, VSP_SHADOW_RUNTIME);
}

void vsp_shadow_restart(void)
{
    __asan_shadow_memory_dynamic_address = vsp_kept.shadow;
}

/* Whole granules only: neighbours of the runtime's globals belong to the driver. */
static void close_inside(struct vsp_span span)
{
    const uint64_t begin = vsp_round_up(span.begin, 8);
    const uint64_t end = span.end & ~7ull;
    if (begin < end) {
        vsp_shadow_set(begin, end - begin, VSP_SHADOW_RUNTIME);
    }
}

void vsp_shadow_start(void)
{
    if (!vsp_checking) {
        return;
    }
    vsp_kept.checked_end = vsp_memory_end();
    vsp_shadow_set(0, VSP_NULL_ZONE, VSP_SHADOW_NULL);
    for (uint32_t i = 0; i < VSP_KEPT_PARTS; i++) {
        close_inside(vsp_kept_parts()[i]);
    }
    /* From the last global to the first chunk. */
    vsp_kept.closed = vsp_round_up(vsp_all_globals().end, 8);
    vsp_kept.closed_size = vsp_memory_start() - vsp_kept.closed;
}

void vsp_shadow_close(uint64_t address, uint64_t size)
{
    if (!vsp_checking) {
        return;
    }
    vsp_shadow_set(address, size, VSP_POISON_HEAP);
    if (address + size > vsp_kept.checked_end) {
        vsp_kept.checked_end = address + size;
    }
}

uint8_t vsp_shadow_at(uint64_t address)
{
    if (!vsp_checking || address >= vsp_kept.checked_end) {
        return 0;
    }
    return VSP_IN_CLOSED(address) ? VSP_SHADOW_RUNTIME : *VSP_SHADOW(address);
}

void vsp_shadow_set(uint64_t address, uint64_t size, uint8_t value)
{
    if (vsp_checking && size != 0) {
        __builtin_memset(VSP_SHADOW(address), value, vsp_round_up(size, 8) / 8);
    }
}

/* ---- Poisoning any range of bytes ---- */

void vsp_unpoison(const void *p, uint64_t size)
{
    const uint64_t address = (uint64_t)p;
    if (!vsp_checking || size == 0) {
        return;
    }
    const uint64_t end = address + size;
    vsp_shadow_set(address & ~7ull, (end & ~7ull) - (address & ~7ull), 0);
    if ((end & 7) != 0) {
        uint8_t *last = VSP_SHADOW(end);
        /* Never take away what more of the granule was open already. */
        if (*last > 7 || (*last != 0 && *last < (end & 7))) {
            *last = (uint8_t)(end & 7);
        }
    }
}

void vsp_poison(const void *p, uint64_t size, uint8_t why)
{
    uint64_t address = (uint64_t)p;
    if (!vsp_checking || size == 0) {
        return;
    }
    const uint64_t end = address + size;
    if ((address & 7) != 0) {
        uint8_t *first = VSP_SHADOW(address);
        const uint64_t open = *first == 0 ? 8 : *first < 8 ? *first : 0;
        const uint64_t granule_end = (address & ~7ull) + 8;
        /* The bytes before stay open; those behind the range would need a hole: then nothing is poisoned. */
        if (end >= granule_end || (address & ~7ull) + open <= end) {
            if (open > (address & 7)) {
                *first = (uint8_t)(address & 7);
            }
        }
        address = granule_end;
    }
    if (address >= end) {
        return;
    }
    vsp_shadow_set(address, (end - address) & ~7ull, why);
    if ((end & 7) != 0) {
        uint8_t *last = VSP_SHADOW(end);
        if (*last != 0 && (*last > 7 || *last <= (end & 7))) {
            *last = why;
        }
    }
}

/* ---- Faults ---- */

static int stack_is_gone(void)
{
    volatile char here = 0;
    (void)here;
    return (uint64_t)&here < VSP_NULL_ZONE;
}

_Noreturn void vsp_access_fault(uint64_t address, uint64_t closed, uint64_t size, uint64_t access)
{
    uint32_t kind = VSP_FAULT_WILD;
    if (VSP_MODULE && stack_is_gone()) {
        kind = VSP_FAULT_STACK_OVERFLOW;
    } else if (closed < VSP_NULL_ZONE || closed >= -(uint64_t)VSP_NULL_ZONE) { /* the members before, too */
        kind = VSP_FAULT_NULL;
    } else {
        switch (vsp_shadow_at(closed)) {
        case VSP_POISON_FREED:
        case VSP_POISON_CALLBACK:
        case VSP_SHADOW_STACK_SCOPE:
            kind = VSP_FAULT_USE_AFTER_FREE;
            break;
        case VSP_SHADOW_RUNTIME:
            break;
        default: {
            const struct vsp_description *found = vsp_describe(closed);
            if (found->kind != VSP_DESCRIBE_NOTHING) {
                kind = found->kind == VSP_DESCRIBE_FREED ? VSP_FAULT_USE_AFTER_FREE : VSP_FAULT_OUT_OF_BOUNDS;
            }
        }
        }
    }
    vsp_fault(kind, address, size, access | (closed - address) << VSP_ACCESS_CLOSED_SHIFT);
}

/* ---- Checks ---- */

/* How many bytes of the granule at `address` may be touched; paged pool counts while the IRQL allows it. */
static uint64_t open_bytes(uint64_t address)
{
    const uint8_t shadow = VSP_IN_CLOSED(address) ? VSP_SHADOW_RUNTIME : *VSP_SHADOW(address);
    if (shadow < 8) {
        return shadow == 0 ? 8 : shadow;
    }
    if ((shadow & 0xF0) != VSP_SHADOW_PAGED) {
        return 0;
    }
    if (vsp_lasting.irql >= DISPATCH_LEVEL && vsp_kept.paged_reported != vsp_frames[vsp_depth]) {
        vsp_kept.paged_reported = vsp_frames[vsp_depth];
        vsp_breach(vsp_is_save_memory(address) ? VSP_RULE_SAVEPKT_IRQL : VSP_RULE_MEM_NONPAGED_AT_DISPATCH,
                   address, vsp_lasting.irql);
    }
    return (shadow & 7) == 0 ? 8 : shadow & 7u;
}

/* Address of the first byte of [address, address + size) that may not be touched, or the range's end. */
static uint64_t first_closed(uint64_t address, uint64_t size)
{
    const uint64_t end = address + size;
    for (uint64_t granule = address & ~7ull; granule < end; granule += 8) {
        const uint64_t limit = granule + open_bytes(granule);
        if (granule >= address && (*VSP_SHADOW(granule) & 0xF8) == VSP_SHADOW_LATE && !VSP_IN_CLOSED(granule)) {
            return granule;
        }
        if (limit < granule + 8 && limit < end) {
            return limit > address ? limit : address;
        }
    }
    return end;
}

void vsp_check_range(uint64_t address, uint64_t size, uint64_t access)
{
    if (size == 0 || !vsp_checking) {
        return;
    }
    if (address >= vsp_kept.checked_end || size > vsp_kept.checked_end - address) {
        vsp_access_fault(address, address < vsp_kept.checked_end ? vsp_kept.checked_end : address, size, access);
    }
    const uint64_t closed = first_closed(address, size);
    if (closed != address + size) {
        vsp_access_fault(address, closed, size, access);
    }
    if (address - vsp_kept.touched.base < vsp_kept.touched.size) {
        vsp_touched(address, size, access);
    }
}

/* Of the budget: checking and copying so many bytes takes as long as one turn of a loop. */
#define BYTES_PER_UNIT 64u
/* More bytes than any memory has are a mistake in the driver, and end in a fault of their own. */
#define MOST_BYTES 0xFFFFFFFFull

static void check_access(uint64_t address, uint64_t size, uint32_t access)
{
    if (vsp_checking) {
        vsp_check_range(address, size, access);
    } else if (VSP_MODULE && address < VSP_NULL_ZONE && size != 0) {
        vsp_fault(VSP_FAULT_NULL, address, size, access);
    }
    vsp_spend(1 + (size <= MOST_BYTES ? size / BYTES_PER_UNIT : 0));
}

void vsp_check_read(const void *p, uint64_t size)
{
    check_access((uint64_t)p, size, VSP_ACCESS_READ);
}

void vsp_check_write(const void *p, uint64_t size)
{
    check_access((uint64_t)p, size, VSP_ACCESS_WRITE);
}
