/*
 * Objects, contexts, parents, references. Deleting disposes of the children first, then calls the object's own cleanup
 * callback; destroy callbacks come when the last reference is gone.
 */
#include "framework.h"
#include "references.h"

static struct wdf_object *living;

/* ---- Handles ---- */

struct wdf_object *wdf_of(const void *handle, enum wdf_type type)
{
    struct wdf_object *object = (struct wdf_object *)(uint64_t)handle;
    const uint64_t address = (uint64_t)handle;
    const uint64_t end = vsp_memory_end();
    if (address < vsp_memory_start() || (address & 15) != 0 || address > end - sizeof *object ||
        object->magic != WDF_MAGIC || (type != 0 && object->type != type)) {
        KeBugCheckEx(WDF_VIOLATION, 5, address, 0, 0);
    }
    return object;
}

void wdf_reference(struct wdf_object *object)
{
    object->references++;
}

/* ---- Contexts ---- */

static NTSTATUS add_context(struct wdf_object *object, PWDF_OBJECT_ATTRIBUTES attributes, void **memory)
{
    const PCWDF_OBJECT_CONTEXT_TYPE_INFO type = attributes->ContextTypeInfo;
    void *bytes = NULL;
    if (type != NULL) {
        vsp_check_read(type, sizeof *type);
        const size_t override = attributes->ContextSizeOverride;
        const size_t size = override > type->ContextSize ? override : type->ContextSize;
        bytes = vsp_block_allocate(VSP_ARENA_HOST, size, WDF_CONTEXT_TAG, VSP_BLOCK_EXEMPT, 1);
    } else if (attributes->EvtCleanupCallback == NULL && attributes->EvtDestroyCallback == NULL) {
        return STATUS_SUCCESS;
    }
    struct wdf_context *context = vsp_allocate(VSP_ARENA_HOST, sizeof *context);
    context->type = type;
    context->cleanup = attributes->EvtCleanupCallback;
    context->destroy = attributes->EvtDestroyCallback;
    context->memory = bytes;
    struct wdf_context **last = &object->contexts;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = context;
    if (memory != NULL) {
        *memory = bytes;
    }
    return STATUS_SUCCESS;
}

static struct wdf_context *find_context(const struct wdf_object *object, PCWDF_OBJECT_CONTEXT_TYPE_INFO type)
{
    for (struct wdf_context *context = object->contexts; context != NULL; context = context->next) {
        /* UniqueType: a header's type info may exist once per translation unit. */
        if (context->type != NULL && context->type->UniqueType == type->UniqueType) {
            return context;
        }
    }
    return NULL;
}

PVOID WdfObjectGetTypedContextWorker(WDFOBJECT Handle, PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo)
{
    const struct wdf_context *context = find_context(wdf_of(Handle, 0), TypeInfo);
    return context == NULL ? NULL : context->memory;
}

#define STATUS_OBJECT_NAME_EXISTS_ ((NTSTATUS)0x40000000L) /* this context was there already */

NTSTATUS WdfObjectAllocateContext(WDFOBJECT Handle, PWDF_OBJECT_ATTRIBUTES ContextAttributes, PVOID *Context)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfObjectAllocateContext);
    struct wdf_object *object = wdf_of(Handle, 0);
    vsp_check_read(ContextAttributes, sizeof *ContextAttributes);
    if (ContextAttributes->ContextTypeInfo == NULL) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    void *memory = NULL;
    NTSTATUS status = STATUS_OBJECT_NAME_EXISTS_;
    const struct wdf_context *context = find_context(object, ContextAttributes->ContextTypeInfo);
    if (context != NULL) {
        memory = context->memory;
    } else if (object->deleted) {
        status = STATUS_DELETE_PENDING;
    } else if (vsp_allocation_fails()) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        status = add_context(object, ContextAttributes, &memory);
    }
    if (Context != NULL) {
        vsp_check_write(Context, sizeof *Context);
        *Context = memory;
    }
    return status;
}

WDFOBJECT WdfObjectContextGetObject(PVOID ContextPointer)
{
    for (struct wdf_object *object = living; object != NULL; object = object->next) {
        for (const struct wdf_context *context = object->contexts; context != NULL; context = context->next) {
            if (context->memory == ContextPointer) {
                return object;
            }
        }
    }
    KeBugCheckEx(WDF_VIOLATION, 5, (ULONG_PTR)ContextPointer, 0, 0);
}

void vsp_wdf_visit_roots(void)
{
    for (const struct wdf_object *object = living; object != NULL; object = object->next) {
        vsp_mark_range(object, object->size);
        for (const struct wdf_context *context = object->contexts; context != NULL; context = context->next) {
            vsp_mark_value((uint64_t)context->memory);
        }
    }
}

/* ---- Creation ---- */

uint32_t wdf_found;

NTSTATUS wdf_create(enum wdf_type type, uint32_t size, PWDF_OBJECT_ATTRIBUTES attributes,
                    struct wdf_object *default_parent, struct wdf_object **created)
{
    struct wdf_object *parent = default_parent;
    vsp_check_write(created, sizeof *created);
    *created = NULL;
    if (attributes != NULL) {
        vsp_check_read(attributes, sizeof *attributes);
        if (attributes->Size != sizeof *attributes) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        if (attributes->ParentObject != NULL) {
            parent = wdf_of(attributes->ParentObject, 0);
            if (parent->deleted) {
                return STATUS_DELETE_PENDING;
            }
        }
    }
    if (!wdf_found && vsp_allocation_fails()) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct wdf_object *object = vsp_allocate(VSP_ARENA_HOST, size);
    object->magic = WDF_MAGIC;
    object->type = (uint16_t)type;
    object->size = size;
    object->references = 1;
    object->level = WdfExecutionLevelInheritFromParent;
    if (attributes != NULL) {
        object->level = attributes->ExecutionLevel;
        const NTSTATUS status = add_context(object, attributes, NULL);
        if (!NT_SUCCESS(status)) {
            vsp_free(VSP_ARENA_HOST, object, size);
            return status;
        }
    }
    object->parent = parent;
    if (parent != NULL) {
        object->next_sibling = parent->children;
        parent->children = object;
        wdf_reference(parent);
    }
    object->next = living;
    living = object;
    *created = object;
    return STATUS_SUCCESS;
}

NTSTATUS WdfObjectCreate(PWDF_OBJECT_ATTRIBUTES Attributes, WDFOBJECT *Object)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfObjectCreate);
    return WDF_CREATE(WDF_TYPE_OBJECT, struct wdf_object, Attributes, wdf_driver(), Object);
}

/* ---- The end of an object ---- */

static void unlink_object(struct wdf_object *object)
{
    struct wdf_object **link = &living;
    while (*link != object) {
        link = &(*link)->next;
    }
    *link = object->next;
    if (object->parent != NULL) {
        link = &object->parent->children;
        while (*link != object) {
            link = &(*link)->next_sibling;
        }
        *link = object->next_sibling;
        wdf_dereference(object->parent);
    }
}

/* Children first; each callback runs once. */
static void dispose(struct wdf_object *object)
{
    if (object->disposed) {
        return;
    }
    object->deleted = 1;
    object->disposed = 1;
    for (struct wdf_object *child = object->children; child != NULL; child = child->next_sibling) {
        dispose(child);
    }
    if (object->dispose != NULL) {
        object->dispose(object);
    }
    for (const struct wdf_context *context = object->contexts; context != NULL; context = context->next) {
        if (context->cleanup != NULL) {
            vsp_calls((const void *)context->cleanup);
            context->cleanup(object);
        }
    }
}

void wdf_dereference(struct wdf_object *object)
{
    if (--object->references > 0) {
        return;
    }
    for (const struct wdf_context *context = object->contexts; context != NULL; context = context->next) {
        if (context->destroy != NULL) {
            vsp_calls((const void *)context->destroy);
            context->destroy(object);
        }
    }
    if (object->destroy != NULL) {
        object->destroy(object);
    }
    for (struct wdf_context *context = object->contexts, *next; context != NULL; context = next) {
        next = context->next;
        vsp_user_free(VSP_ARENA_HOST, context->memory);
        vsp_free(VSP_ARENA_HOST, context, sizeof *context);
    }
    vsp_user_free(VSP_ARENA_HOST, object->lock);
    unlink_object(object);
    object->magic = 0;
    vsp_free(VSP_ARENA_HOST, object, object->size);
}

/* Gives back the reference of its creation, and the children's. */
static void release(struct wdf_object *object)
{
    for (struct wdf_object *child = object->children, *next; child != NULL; child = next) {
        next = child->next_sibling;
        release(child);
    }
    wdf_dereference(object);
}

void wdf_delete(struct wdf_object *object)
{
    if (object->deleted) {
        KeBugCheckEx(WDF_VIOLATION, 0xD, (ULONG_PTR)object, 0, 0);
    }
    dispose(object);
    release(object);
}

VOID WdfObjectDelete(WDFOBJECT Object)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    struct wdf_object *object = wdf_of(Object, 0);
    if (object->type == WDF_TYPE_DRIVER || object->type == WDF_TYPE_QUEUE) {
        KeBugCheckEx(WDF_VIOLATION, 0xD, (ULONG_PTR)Object, 0, 0);
    }
    wdf_delete(object);
}

VOID WdfObjectReferenceActual(WDFOBJECT Handle, PVOID Tag, LONG Line, PCCH File)
{
    (void)Tag;
    (void)Line;
    (void)File;
    vsp_require_irql(DISPATCH_LEVEL, "WdfObjectReference");
    wdf_reference(wdf_of(Handle, 0));
    vsp_reference_take(Handle);
}

VOID WdfObjectDereferenceActual(WDFOBJECT Handle, PVOID Tag, LONG Line, PCCH File)
{
    (void)Tag;
    (void)Line;
    (void)File;
    vsp_require_irql(DISPATCH_LEVEL, "WdfObjectDereference");
    struct wdf_object *object = wdf_of(Handle, 0);
    if (object->references == 1 && !object->deleted) {
        KeBugCheckEx(WDF_VIOLATION, 0xD, (ULONG_PTR)Handle, 0, 0);
    }
    vsp_reference_drop(Handle);
    wdf_dereference(object);
}
