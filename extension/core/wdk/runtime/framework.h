/*
 * The Kernel-Mode Driver Framework's objects (kmcl-facts 8.7). A handle is the address of a struct wdf_object in
 * internal memory, so a driver that looks inside faults; contexts are driver memory.
 */
#pragma once

#include <wdf.h>

#include "kernel.h"

enum wdf_type {
    WDF_TYPE_OBJECT = 1,
    WDF_TYPE_DRIVER,
    WDF_TYPE_DEVICE,
    WDF_TYPE_QUEUE,
    WDF_TYPE_IO_TARGET,
    WDF_TYPE_SPIN_LOCK,
    WDF_TYPE_WAIT_LOCK,
    WDF_TYPE_MEMORY,
    WDF_TYPE_LOOKASIDE,
    WDF_TYPE_COLLECTION,
    WDF_TYPE_STRING,
    WDF_TYPE_WORK_ITEM,
    WDF_TYPE_TIMER,
    WDF_TYPE_DPC,
};
#define WDF_MAGIC 0x4F464457u
#define WDF_CONTEXT_TAG 'CfdW'

struct wdf_context {
    struct wdf_context *next;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO type; /* NULL: callbacks only */
    PFN_WDF_OBJECT_CONTEXT_CLEANUP cleanup;
    PFN_WDF_OBJECT_CONTEXT_DESTROY destroy;
    void *memory;
};

struct wdf_object {
    uint32_t magic;
    uint16_t type; /* enum wdf_type */
    uint8_t deleted;
    uint8_t disposed;
    uint32_t references;
    uint32_t size; /* of the whole object */
    struct wdf_object *parent;
    struct wdf_object *children; /* newest first */
    struct wdf_object *next_sibling;
    struct wdf_object *next; /* all living objects */
    struct wdf_context *contexts;
    WDF_EXECUTION_LEVEL level;
    uint32_t reserved;
    KSPIN_LOCK *lock; /* of WdfObjectAcquireLock, driver memory; NULL before its first use */
    KIRQL lock_irql;
    void (*dispose)(struct wdf_object *object); /* stops what runs; before the driver's cleanup callback */
    void (*destroy)(struct wdf_object *object); /* frees what the object owns */
};

/* Nonzero while an object is made that a host has had all along: no allocation of the driver's, so none that fails. */
extern uint32_t wdf_found;

/* A new object of `size` bytes, zeroed behind the common part. */
NTSTATUS wdf_create(enum wdf_type type, uint32_t size, PWDF_OBJECT_ATTRIBUTES attributes,
                    struct wdf_object *default_parent, struct wdf_object **object);
/* The object of a handle; anything else is a bug check, as in the framework. 0 takes any type. */
struct wdf_object *wdf_of(const void *handle, enum wdf_type type);
void wdf_delete(struct wdf_object *object);
void wdf_reference(struct wdf_object *object);
void wdf_dereference(struct wdf_object *object);
/* Parent of what is created without one: the driver, made when first asked for. */
struct wdf_object *wdf_driver(void);

/* What a driver says of a device before WdfDeviceCreate. */
struct WDFDEVICE_INIT {
    WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
    ULONG device_type;
    ULONG characteristics;
    ULONG io_type;
    ULONG exclusive;
};

#define WDF_CREATE(type, structure, attributes, parent, out) \
    wdf_create(type, sizeof(structure), attributes, parent, (struct wdf_object **)(out))
