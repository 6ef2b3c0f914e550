/*
 * The interface tables V1 to V5 (kmcl-facts 1.5 to 1.8, A-34). An object of its own: it names every function of the
 * library, and a module that links directly must not be given them all.
 */
#include "library.h"

/* Every member in its own signature: a call through a table entry of another function type would trap. GUIDs by value
 * arrive as pointers to copies (x64). */
vsp_status VmbChannelAllocate(void *, uint8_t, void **);
void VmbChannelCleanup(struct vsp_channel *);
vsp_status VmbChannelCreateGpadlFromBuffer(struct vsp_channel *, uint32_t, void *, uint32_t, uint32_t *);
vsp_status VmbChannelCreateGpadlFromMdl(struct vsp_channel *, uint32_t, void *, uint32_t, uint32_t, uint32_t *);
void VmbChannelDeleteGpadl(struct vsp_channel *, uint32_t);
void VmbChannelDisable(struct vsp_channel *);
vsp_status VmbChannelEnable(struct vsp_channel *);
void VmbChannelGetInterfaceInstance(struct vsp_channel *, void *);
void VmbChannelGetMmioSpace(struct vsp_channel *, uint64_t *, uint64_t *);
void *VmbChannelGetPointer(struct vsp_channel *);
vsp_status VmbChannelInitSetClientContextSize(struct vsp_channel *, uint32_t);
vsp_status VmbChannelInitSetFlags(struct vsp_channel *, uint32_t);
vsp_status VmbChannelInitSetFriendlyName(struct vsp_channel *, void *);
vsp_status VmbChannelInitSetMaximumExternalData(struct vsp_channel *, uint32_t, uint32_t);
vsp_status VmbChannelInitSetMaximumPacketSize(struct vsp_channel *, uint32_t);
vsp_status VmbChannelInitSetProcessPacketCallbacks(struct vsp_channel *, void *, void *);
vsp_status VmbChannelInitSetStateChangeCallbacks(struct vsp_channel *, void *);
void VmbChannelPacketComplete(void *, void *, uint32_t);
void VmbChannelPacketDeferToPassive(void *);
void VmbChannelPacketFail(void *);
vsp_status VmbChannelPacketGetExternalData(void *, uint32_t, void **);
void VmbChannelPause(struct vsp_channel *);
vsp_status VmbChannelSendSynchronousRequest(struct vsp_channel *, void *, uint32_t, void *, uint32_t, void *,
                                            uint32_t *, void *);
void VmbChannelSetIncomingProcessingAtPassive(struct vsp_channel *, uint8_t);
vsp_status VmbChannelSetInterruptLatency(struct vsp_channel *, uint16_t, uint16_t *);
void VmbChannelSetPointer(struct vsp_channel *, void *);
void VmbChannelSetTransactionQuota(struct vsp_channel *, uint32_t);
uint32_t VmbChannelSizeofPacket(struct vsp_channel *);
void VmbChannelStart(struct vsp_channel *);
vsp_status VmbClientChannelInitSetRingBufferPageCount(struct vsp_channel *, uint32_t, uint32_t);
vsp_status VmbClientChannelInitSetTargetPnp(struct vsp_channel *, void *, void *, void *);
struct vsp_packet *VmbPacketAllocate(struct vsp_channel *);
void VmbPacketFree(struct vsp_packet *);
struct vsp_channel *VmbPacketGetChannel(struct vsp_packet *);
void *VmbPacketGetPointer(struct vsp_packet *);
vsp_status VmbPacketInitialize(struct vsp_channel *, struct vsp_packet *, uint32_t);
vsp_status VmbPacketSend(struct vsp_packet *, void *, uint32_t, void *, uint32_t);
vsp_status VmbPacketSendWithExternalMdl(struct vsp_packet *, void *, uint32_t, void *, uint32_t, uint32_t, uint32_t);
vsp_status VmbPacketSendWithExternalPfns(struct vsp_packet *, void *, uint32_t, void *, uint32_t, uint32_t);
void VmbPacketSetCompletionRoutine(struct vsp_packet *, void *);
void VmbPacketSetPointer(struct vsp_packet *, void *);
void *VmbChannelPacketGetClientContext(void *);
void VmbChannelGetTargetDeviceObject(struct vsp_channel *, void **);
void VmbChannelGetParentDeviceObject(struct vsp_channel *, void **);
vsp_status VmbChannelInitSetBounceBufferSizes(struct vsp_channel *, uint32_t, uint32_t, uint32_t);
vsp_status VmbChannelAllocateBounceBuffer(struct vsp_channel *, uint32_t);
vsp_status VmbChannelInitSetMaximumPacketCount(struct vsp_channel *, uint32_t);
vsp_status VmbChannelCreateGpadlFromPfnList(struct vsp_channel *, uint32_t, void *, uint32_t, uint32_t *);
vsp_status VmbChannelInitSetPrimaryChannel(struct vsp_channel *, struct vsp_channel *, uint16_t);
vsp_status VmbChannelInitialize(void *, uint8_t, void *, uint32_t);
void VmbChannelSetAllowableDpcCpuUsage(struct vsp_channel *, uint8_t);
vsp_status VmbClientChannelInitSetTargetProcessorIndex(struct vsp_channel *, uint32_t);
uint32_t VmbSizeofChannel(void);
vsp_status VmbChannelInitSetInlinePacketContextSize(struct vsp_channel *, uint32_t);
void *VmbPacketGetInlinePacketContextPointer(struct vsp_packet *);
vsp_status VmbChannelInitSetProcessPacketCallbacksEx(struct vsp_channel *, void *, void *, void *);
void VmbPacketSetCompletionRoutineEx(struct vsp_packet *, void *, void *);
vsp_status VmbChannelMapGpadl(struct vsp_channel *, uint32_t, uint32_t, void **);
vsp_status VmbChannelRestoreFromBuffer(struct vsp_channel *, void *, uint32_t);
vsp_status VmbChannelSaveBegin(struct vsp_channel *);
vsp_status VmbChannelSaveContinue(struct vsp_channel *, void *, uint32_t, uint32_t *, uint32_t *);
void VmbChannelSaveEnd(struct vsp_channel *);
void VmbChannelUnmapGpadl(struct vsp_channel *, uint32_t);
vsp_status VmbConvertVmbusHandleToKernelHandle(void *, void **);
vsp_status VmbPacketRestore(struct vsp_packet *, void *, uint32_t);
vsp_status VmbServerChannelInitSetFlags(struct vsp_channel *, uint32_t);
vsp_status VmbServerChannelInitSetMmioMegabytes(struct vsp_channel *, uint16_t, uint16_t);
vsp_status VmbServerChannelInitSetSaveRestorePacketCallbacks(struct vsp_channel *, void *, void *);
vsp_status VmbServerChannelInitSetTargetInterfaceId(struct vsp_channel *, void *, void *);
vsp_status VmbServerChannelInitSetTargetVtl(struct vsp_channel *, uint8_t);
vsp_status VmbServerChannelInitSetVmbusHandle(struct vsp_channel *, void *);
vsp_status VmbServerChannelInitSetSaveRestorePacketCallbacksEx(struct vsp_channel *, void *, void *, void *);

#define GUID_BYTES 16u
/* 4aecb860-e161-42bb-a5ca-77f3a9645905 and 83b21474-c5b9-4f65-b5e7-720c692bd371 */
static const uint8_t client_type[GUID_BYTES] = {0x60, 0xb8, 0xec, 0x4a, 0x61, 0xe1, 0xbb, 0x42,
                                                0xa5, 0xca, 0x77, 0xf3, 0xa9, 0x64, 0x59, 0x05};
static const uint8_t server_type[GUID_BYTES] = {0x74, 0x14, 0xb2, 0x83, 0xb9, 0xc5, 0x65, 0x4f,
                                                0xb5, 0xe7, 0x72, 0x0c, 0x69, 0x2b, 0xd3, 0x71};

struct interface_head { /* INTERFACE (wdm), 32 bytes */
    uint16_t size;
    uint16_t version;
    void *context;
    void *reference;
    void *dereference;
};

#define ENTRY(name) (void *)(uintptr_t)&name

static void *const client_functions[] = {
    /* V1 */
    ENTRY(VmbChannelAllocate),
    ENTRY(VmbChannelCleanup),
    ENTRY(VmbChannelCreateGpadlFromBuffer),
    ENTRY(VmbChannelCreateGpadlFromMdl),
    ENTRY(VmbChannelDeleteGpadl),
    ENTRY(VmbChannelDisable),
    ENTRY(VmbChannelEnable),
    ENTRY(VmbChannelGetInterfaceInstance),
    ENTRY(VmbChannelGetMmioSpace),
    ENTRY(VmbChannelGetPointer),
    ENTRY(VmbChannelInitSetClientContextSize),
    ENTRY(VmbChannelInitSetFlags),
    ENTRY(VmbChannelInitSetFriendlyName),
    ENTRY(VmbChannelInitSetMaximumExternalData),
    ENTRY(VmbChannelInitSetMaximumPacketSize),
    ENTRY(VmbChannelInitSetProcessPacketCallbacks),
    ENTRY(VmbChannelInitSetStateChangeCallbacks),
    ENTRY(VmbChannelPacketComplete),
    ENTRY(VmbChannelPacketDeferToPassive),
    ENTRY(VmbChannelPacketFail),
    ENTRY(VmbChannelPacketGetExternalData),
    ENTRY(VmbChannelPause),
    ENTRY(VmbChannelSendSynchronousRequest),
    ENTRY(VmbChannelSetIncomingProcessingAtPassive),
    ENTRY(VmbChannelSetInterruptLatency),
    ENTRY(VmbChannelSetPointer),
    ENTRY(VmbChannelSetTransactionQuota),
    ENTRY(VmbChannelSizeofPacket),
    ENTRY(VmbChannelStart),
    ENTRY(VmbClientChannelInitSetRingBufferPageCount),
    ENTRY(VmbClientChannelInitSetTargetPnp),
    ENTRY(VmbPacketAllocate),
    ENTRY(VmbPacketFree),
    ENTRY(VmbPacketGetChannel),
    ENTRY(VmbPacketGetPointer),
    ENTRY(VmbPacketInitialize),
    ENTRY(VmbPacketSend),
    ENTRY(VmbPacketSendWithExternalMdl),
    ENTRY(VmbPacketSendWithExternalPfns),
    ENTRY(VmbPacketSetCompletionRoutine),
    ENTRY(VmbPacketSetPointer),
    /* V2 */
    ENTRY(VmbChannelPacketGetClientContext),
    ENTRY(VmbChannelGetTargetDeviceObject),
    ENTRY(VmbChannelGetParentDeviceObject),
    /* V3 */
    ENTRY(VmbChannelInitSetBounceBufferSizes),
    ENTRY(VmbChannelAllocateBounceBuffer),
    /* V4 */
    ENTRY(VmbChannelInitSetMaximumPacketCount),
    ENTRY(VmbChannelCreateGpadlFromPfnList),
    /* V5 */
    ENTRY(VmbChannelInitSetPrimaryChannel),
    ENTRY(VmbChannelInitialize),
    ENTRY(VmbChannelSetAllowableDpcCpuUsage),
    ENTRY(VmbClientChannelInitSetTargetProcessorIndex),
    ENTRY(VmbSizeofChannel),
    ENTRY(VmbChannelInitSetInlinePacketContextSize),
    ENTRY(VmbPacketGetInlinePacketContextPointer),
    ENTRY(VmbChannelInitSetProcessPacketCallbacksEx),
    ENTRY(VmbPacketSetCompletionRoutineEx),
};

static void *const server_functions[] = {
    /* V1 */
    ENTRY(VmbChannelMapGpadl),
    ENTRY(VmbChannelRestoreFromBuffer),
    ENTRY(VmbChannelSaveBegin),
    ENTRY(VmbChannelSaveContinue),
    ENTRY(VmbChannelSaveEnd),
    ENTRY(VmbChannelUnmapGpadl),
    ENTRY(VmbConvertVmbusHandleToKernelHandle),
    ENTRY(VmbPacketRestore),
    ENTRY(VmbServerChannelInitSetFlags),
    ENTRY(VmbServerChannelInitSetMmioMegabytes),
    ENTRY(VmbServerChannelInitSetSaveRestorePacketCallbacks),
    ENTRY(VmbServerChannelInitSetTargetInterfaceId),
    ENTRY(VmbServerChannelInitSetTargetVtl),
    ENTRY(VmbServerChannelInitSetVmbusHandle),
    /* V5, C layout only */
    ENTRY(VmbServerChannelInitSetSaveRestorePacketCallbacksEx),
};

struct version {
    uint16_t number;
    uint16_t size;
    uint16_t client; /* functions of each table */
    uint16_t server;
};
static const struct version client_versions[] = {
    {1, 360, 41, 0}, {2, 384, 44, 0}, {3, 400, 46, 0}, {4, 416, 48, 0}, {5, 488, 57, 0},
};
static const struct version server_versions[] = {
    {1, 472, 41, 14},
    {5, 608, 57, 15},
    {5, 600, 57, 14},
};

/* One successful query: what Context points to. */
struct query {
    uint32_t references;
    uint32_t location;
};
#define QUERIES 64u
static struct query queries[QUERIES];

/* The query behind a Context, NULL for any other pointer. */
static struct query *query_of(void *context)
{
    const uint64_t offset = (uint64_t)(uintptr_t)context - (uint64_t)(uintptr_t)queries;
    return offset < sizeof queries && offset % sizeof *queries == 0 ? context : NULL;
}

static void reference(void *context)
{
    struct query *query = query_of(context);
    if (query == NULL) {
        vsp_misuse(VSP_RULE_IFACE_DEREFERENCE, context, 0);
        return;
    }
    query->references++;
}

static void dereference(void *context)
{
    struct query *query = query_of(context);
    if (query == NULL || query->references == 0) {
        vsp_misuse(VSP_RULE_IFACE_DEREFERENCE, context, query != NULL);
        return;
    }
    query->references--;
}

uint32_t vsp_interface_references(void)
{
    uint32_t references = 0;
    for (uint32_t i = 0; i < QUERIES; i++) {
        references += queries[i].references;
    }
    return references;
}

uint32_t vsp_interface_location(void)
{
    for (uint32_t i = 0; i < QUERIES; i++) {
        if (queries[i].references != 0) {
            return queries[i].location;
        }
    }
    return 0;
}

/* A query's place; the last one stands for all that are too many. */
static struct query *new_query(void)
{
    uint32_t i = 0;
    while (i < QUERIES - 1 && queries[i].references != 0) {
        i++;
    }
    queries[i].references++;
    queries[i].location = vsp_user_location();
    return &queries[i];
}

static uint32_t is_guid(const uint8_t *guid, const uint8_t *other)
{
    for (uint32_t i = 0; i < GUID_BYTES; i++) {
        if (guid[i] != other[i]) {
            return 0;
        }
    }
    return 1;
}

vsp_status vsp_kmcl_query_interface(const void *type, void *out, uint32_t size, uint32_t version)
{
    const uint32_t server = is_guid(type, server_type);
    if (!server && !is_guid(type, client_type)) {
        return STATUS_NOT_SUPPORTED;
    }
    const struct version *versions = server ? server_versions : client_versions;
    const uint32_t count =
        server ? sizeof server_versions / sizeof *versions : sizeof client_versions / sizeof *versions;
    for (uint32_t i = 0; i < count; i++) {
        if (versions[i].number != version || versions[i].size != size) {
            continue;
        }
        vsp_check_write(out, size);
        const struct interface_head head = {
            .size = (uint16_t)size,
            .version = (uint16_t)version,
            .context = new_query(),
            .reference = ENTRY(reference),
            .dereference = ENTRY(dereference),
        };
        vsp_copy(out, &head, sizeof head);
        uint8_t *functions = (uint8_t *)out + sizeof head;
        vsp_copy(functions, client_functions, versions[i].client * sizeof(void *));
        vsp_copy(functions + versions[i].client * sizeof(void *), server_functions,
                 versions[i].server * sizeof(void *));
        return STATUS_SUCCESS;
    }
    vsp_misuse(VSP_RULE_IFACE_QUERY_SIZE_VERSION, out, size);
    return STATUS_NOT_SUPPORTED;
}
