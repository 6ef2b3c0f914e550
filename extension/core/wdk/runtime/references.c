/*
 * Who holds what: references of the driver's to objects that count them (rundown protection, remove locks, framework
 * objects), each with the place and the callback that took it. Checks on only.
 */
#include "references.h"

static struct vsp_reference *newest;

void vsp_reference_take(const void *object)
{
    if (!vsp_checking) {
        return;
    }
    struct vsp_reference *reference = vsp_allocate(VSP_ARENA_HOST, sizeof *reference);
    reference->object = (uint64_t)object;
    reference->callback = vsp_lasting.callback;
    reference->stack = vsp_stack_capture();
    reference->next = (uint64_t)newest;
    newest = reference;
}

/* The link to the reference that is given back: the latest one that this callback took, else the oldest of all. */
static struct vsp_reference **dropped(const void *object)
{
    struct vsp_reference **oldest = NULL;
    for (struct vsp_reference **link = &newest; *link != NULL; link = (struct vsp_reference **)&(*link)->next) {
        if ((*link)->object != (uint64_t)object) {
            continue;
        }
        if ((*link)->callback == vsp_lasting.callback) {
            return link;
        }
        oldest = link;
    }
    return oldest;
}

void vsp_reference_drop(const void *object)
{
    struct vsp_reference **link = dropped(object);
    if (link != NULL) {
        struct vsp_reference *reference = *link;
        *link = (struct vsp_reference *)reference->next;
        vsp_free(VSP_ARENA_HOST, reference, sizeof *reference);
    }
}

const struct vsp_reference *vsp_reference_next(const struct vsp_reference *reference)
{
    return reference == NULL ? newest : (const struct vsp_reference *)reference->next;
}
