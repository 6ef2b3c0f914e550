/*
 * Whose memory is it? For the text of a finding, so only as fast as a fault needs.
 */
#include "describe.h"
#include "internal.h"

#define FRAME_MAGIC 0x41B58AB3u
#define SEARCH_BYTES (256ull << 20)
#define NEAR_BYTES 64 /* farther from every object than this: nothing */

static struct vsp_description *const found = &vsp_kept.described;

/* Bytes between the address and [start, start + size). */
static uint64_t distance(uint64_t address, uint64_t start, uint64_t size)
{
    return address < start ? start - address : address < start + size ? 0 : address - (start + size) + 1;
}

static void describe_as(enum vsp_describe_kind kind, uint64_t address, uint64_t start, uint64_t size)
{
    found->kind = kind;
    found->start = start;
    found->size = size;
    found->offset = (int64_t)(address - start);
}

/* ---- Heap ---- */

static struct vsp_block *block_at_header(uint64_t address)
{
    return (struct vsp_block *)(address + sizeof(struct vsp_checked_block));
}

/* The block whose header lies last at or before the address. */
static struct vsp_block *block_before(uint64_t address)
{
    const uint64_t start = vsp_memory_start();
    const uint64_t lowest = address - start > SEARCH_BYTES ? address - SEARCH_BYTES : start;
    for (uint64_t granule = address & ~7ull; granule >= lowest; granule -= 8) {
        if (vsp_shadow_at(granule) == VSP_SHADOW_HEADER) {
            return block_at_header(granule);
        }
    }
    return NULL;
}

static struct vsp_block *block_behind(uint64_t address)
{
    for (uint64_t granule = (address & ~7ull) + 8; granule < address + 2 * NEAR_BYTES; granule += 8) {
        if (vsp_shadow_at(granule) == VSP_SHADOW_HEADER) {
            return block_at_header(granule);
        }
    }
    return NULL;
}

static uint64_t block_distance(uint64_t address, const struct vsp_block *block)
{
    return block == NULL ? UINT64_MAX : distance(address, (uint64_t)vsp_block_user(block), vsp_block_size(block));
}

static void describe_heap(uint64_t address)
{
    struct vsp_block *block = block_before(address);
    uint64_t away = block_distance(address, block);
    if (block != NULL && address < (uint64_t)vsp_block_user(block)) {
        /* Left of it; perhaps behind the end of the one before, which is nearer. */
        struct vsp_block *other = block_before((uint64_t)vsp_checked_of(block) - 8);
        if (block_distance(address, other) < away) {
            away = block_distance(address, other);
            block = other;
        }
    } else if (away != 0) {
        struct vsp_block *other = block_behind(address);
        if (block_distance(address, other) < away) {
            away = block_distance(address, other);
            block = other;
        }
    }
    if (away > NEAR_BYTES) {
        return;
    }
    const uint64_t late = block->flags & VSP_BLOCK_LATE ? 1 : 0;
    describe_as(block->state == VSP_BLOCK_LIVE ? VSP_DESCRIBE_BLOCK : VSP_DESCRIBE_FREED, address,
                (uint64_t)vsp_block_user(block) + late, vsp_block_size(block) - late);
    found->tag = block->tag;
    found->flags = block->flags;
    found->allocated_stack = block->stack;
    found->freed_stack = vsp_checked_of(block)->freed_stack;
}

/* ---- Globals ---- */

static void describe_global(uint64_t address)
{
    uint64_t best = NEAR_BYTES + 1;
    for (const struct vsp_global_group *group = vsp_global_groups(); group != NULL; group = group->next) {
        for (uint64_t i = 0; i < group->count; i++) {
            const struct vsp_asan_global *global = &group->globals[i];
            const int in_redzone = address - global->address < global->size_with_redzone;
            uint64_t away = distance(address, global->address, global->size);
            if (in_redzone && away > NEAR_BYTES) {
                away = NEAR_BYTES;
            }
            if (away < best) {
                best = away;
                describe_as(VSP_DESCRIBE_GLOBAL, address, global->address, global->size);
                found->name = global->name;
                found->name_length = vsp_length((const char *)global->name);
            }
        }
    }
}

/* ---- Stack: a frame begins with a magic word and the address of its description ---- */

static uint64_t read_number(const char **text)
{
    uint64_t value = 0;
    while (**text >= '0' && **text <= '9') {
        value = value * 10 + (uint64_t)(*(*text)++ - '0');
    }
    return value;
}

/* "count (offset size namelength name[:line])*", the name counted with its line. */
static void describe_frame(uint64_t address, uint64_t frame, const char *text)
{
    uint64_t best = UINT64_MAX;
    for (uint64_t count = read_number(&text); count > 0; count--) {
        text++;
        const uint64_t offset = read_number(&text);
        text++;
        const uint64_t size = read_number(&text);
        text++;
        uint64_t length = read_number(&text);
        text++;
        const char *name = text;
        text += length;
        const uint64_t away = distance(address, frame + offset, size);
        if (away >= best) {
            continue;
        }
        best = away;
        describe_as(VSP_DESCRIBE_STACK, address, frame + offset, size);
        found->name = (uint64_t)name;
        found->name_length = length;
        found->line = 0;
        for (uint64_t i = 0; i < length; i++) {
            if (name[i] == ':') {
                const char *line = name + i + 1;
                found->line = read_number(&line);
                found->name_length = i;
                break;
            }
        }
    }
}

/* Memory of alloca lies between redzones of its own; nothing tells the variable. */
static void describe_alloca(uint64_t address)
{
    static const char name[] = "alloca";
    uint64_t start = address & ~7ull;
    while (start > VSP_NULL_ZONE && vsp_shadow_at(start - 8) != VSP_SHADOW_ALLOCA_LEFT) {
        start -= 8;
    }
    uint64_t end = start;
    while (vsp_shadow_at(end) == 0) {
        end += 8;
    }
    end += vsp_shadow_at(end) < 8 ? vsp_shadow_at(end) : 0;
    describe_as(VSP_DESCRIBE_STACK, address, start, end - start);
    found->name = (uint64_t)name;
    found->name_length = sizeof name - 1;
}

static void describe_stack(uint64_t address, uint64_t stack_end)
{
    uint64_t granule = address & ~7ull;
    const uint8_t own = vsp_shadow_at(address);
    const uint8_t shadow = own < 8 ? vsp_shadow_at(granule + 8) : own;
    if (shadow == VSP_SHADOW_ALLOCA_LEFT || shadow == VSP_SHADOW_ALLOCA_RIGHT) {
        describe_alloca(shadow == VSP_SHADOW_ALLOCA_LEFT ? vsp_round_up(address + 1, 32) : address);
        found->offset = (int64_t)(address - found->start);
        return;
    }
    while (granule >= VSP_NULL_ZONE && vsp_shadow_at(granule) != VSP_SHADOW_STACK_LEFT) {
        granule -= 8;
    }
    while (granule > VSP_NULL_ZONE && vsp_shadow_at(granule - 8) == VSP_SHADOW_STACK_LEFT &&
           *(const uint32_t *)granule != FRAME_MAGIC) {
        granule -= 8;
    }
    if (granule >= VSP_NULL_ZONE && granule < stack_end && *(const uint64_t *)granule == FRAME_MAGIC) {
        describe_frame(address, granule, *(const char **)(granule + 8));
    }
}

const struct vsp_description *vsp_describe(uint64_t address)
{
    vsp_set(found, 0, sizeof *found);
    found->shadow = vsp_shadow_at(address);
    const struct vsp_span globals = vsp_all_globals();
    if (address < VSP_NULL_ZONE) {
        found->kind = VSP_DESCRIBE_NULL;
    } else if (!vsp_checking || address >= vsp_memory_end()) {
        found->kind = VSP_DESCRIBE_NOTHING;
    } else if (found->shadow == VSP_SHADOW_RUNTIME) {
        found->kind = VSP_DESCRIBE_RUNTIME;
    } else if (address < globals.begin) {
        describe_stack(address, globals.begin);
    } else if (address < globals.end) {
        describe_global(address);
    } else if (address >= vsp_memory_start()) {
        vsp_describe_object(address, found);
        if (found->kind == VSP_DESCRIBE_NOTHING) {
            describe_heap(address);
        }
        if (found->kind == VSP_DESCRIBE_NOTHING && found->shadow == VSP_POISON_INTERNAL) {
            found->kind = VSP_DESCRIBE_LIBRARY;
        } else if (found->kind == VSP_DESCRIBE_NOTHING && found->shadow == VSP_POISON_CALLBACK) {
            found->kind = VSP_DESCRIBE_CALLBACK;
        }
    }
    return found;
}
