/*
 * The same functions as tables, obtained by interface query from the exporting driver (kmcl-facts 1.5 to 1.8).
 * C nests by anonymous members, C++ by inheritance. Included by vmbkmclfunctions.h.
 */
#pragma once

#include <vmbuskernelmodeclientlibapi.h>

#include <guiddef.h>

#define KMCL_CLIENT_INTERFACE_VERSION_V1 1
#define KMCL_CLIENT_INTERFACE_VERSION_V2 2
#define KMCL_CLIENT_INTERFACE_VERSION_V3 3
#define KMCL_CLIENT_INTERFACE_VERSION_V4 4
#define KMCL_CLIENT_INTERFACE_VERSION_V5 5
#define KMCL_CLIENT_INTERFACE_VERSION_LATEST KMCL_CLIENT_INTERFACE_VERSION_V5
#define KMCL_SERVER_INTERFACE_VERSION_V1 1
#define KMCL_SERVER_INTERFACE_VERSION_V5 5
#define KMCL_SERVER_INTERFACE_VERSION_LATEST KMCL_SERVER_INTERFACE_VERSION_V5

/* 4aecb860-e161-42bb-a5ca-77f3a9645905 */
DEFINE_GUID(KMCL_CLIENT_INTERFACE_TYPE, 0x4aecb860, 0xe161, 0x42bb, 0xa5, 0xca, 0x77, 0xf3, 0xa9, 0x64, 0x59, 0x05);
/* 83b21474-c5b9-4f65-b5e7-720c692bd371 */
DEFINE_GUID(KMCL_SERVER_INTERFACE_TYPE, 0x83b21474, 0xc5b9, 0x4f65, 0xb5, 0xe7, 0x72, 0x0c, 0x69, 0x2b, 0xd3, 0x71);

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wmicrosoft-anon-tag"
#endif

#ifdef __cplusplus
typedef struct _KMCL_CLIENT_INTERFACE_V1 : public INTERFACE {
#else
typedef struct _KMCL_CLIENT_INTERFACE_V1 {
    INTERFACE;
#endif
    PFN_VMB_CHANNEL_ALLOCATE VmbChannelAllocate;
    PFN_VMB_CHANNEL_CLEANUP VmbChannelCleanup;
    PFN_VMB_CHANNEL_CREATE_GPADL_FROM_BUFFER VmbChannelCreateGpadlFromBuffer;
    PFN_VMB_CHANNEL_CREATE_GPADL_FROM_MDL VmbChannelCreateGpadlFromMdl;
    PFN_VMB_CHANNEL_DELETE_GPADL VmbChannelDeleteGpadl;
    PFN_VMB_CHANNEL_DISABLE VmbChannelDisable;
    PFN_VMB_CHANNEL_ENABLE VmbChannelEnable;
    PFN_VMB_CHANNEL_GET_INTERFACE_INSTANCE VmbChannelGetInterfaceInstance;
    PFN_VMB_CHANNEL_GET_MMIO_SPACE VmbChannelGetMmioSpace;
    PFN_VMB_CHANNEL_GET_POINTER VmbChannelGetPointer;
    PFN_VMB_CHANNEL_INIT_SET_CLIENT_CONTEXT_SIZE VmbChannelInitSetClientContextSize;
    PFN_VMB_CHANNEL_INIT_SET_FLAGS VmbChannelInitSetFlags;
    PFN_VMB_CHANNEL_INIT_SET_FRIENDLY_NAME VmbChannelInitSetFriendlyName;
    PFN_VMB_CHANNEL_INIT_SET_MAXIMUM_EXTERNAL_DATA VmbChannelInitSetMaximumExternalData;
    PFN_VMB_CHANNEL_INIT_SET_MAXIMUM_PACKET_SIZE VmbChannelInitSetMaximumPacketSize;
    PFN_VMB_CHANNEL_INIT_SET_PROCESS_PACKET_CALLBACKS VmbChannelInitSetProcessPacketCallbacks;
    PFN_VMB_CHANNEL_INIT_SET_STATE_CHANGE_CALLBACKS VmbChannelInitSetStateChangeCallbacks;
    PFN_VMB_CHANNEL_PACKET_COMPLETE VmbChannelPacketComplete;
    PFN_VMB_CHANNEL_PACKET_DEFER_TO_PASSIVE VmbChannelPacketDeferToPassive;
    PFN_VMB_CHANNEL_PACKET_FAIL VmbChannelPacketFail;
    PFN_VMB_CHANNEL_PACKET_GET_EXTERNAL_DATA VmbChannelPacketGetExternalData;
    PFN_VMB_CHANNEL_PAUSE VmbChannelPause;
    PFN_VMB_CHANNEL_SEND_SYNCHRONOUS_REQUEST VmbChannelSendSynchronousRequest;
    PFN_VMB_CHANNEL_SET_INCOMING_PROCESSING_AT_PASSIVE VmbChannelSetIncomingProcessingAtPassive;
    PFN_VMB_CHANNEL_SET_INTERRUPT_LATENCY VmbChannelSetInterruptLatency;
    PFN_VMB_CHANNEL_SET_POINTER VmbChannelSetPointer;
    PFN_VMB_CHANNEL_SET_TRANSACTION_QUOTA VmbChannelSetTransactionQuota;
    PFN_VMB_CHANNEL_SIZEOF_PACKET VmbChannelSizeofPacket;
    PFN_VMB_CHANNEL_START VmbChannelStart;
    PFN_VMB_CLIENT_CHANNEL_INIT_SET_RING_BUFFER_PAGE_COUNT VmbClientChannelInitSetRingBufferPageCount;
    PFN_VMB_CLIENT_CHANNEL_INIT_SET_TARGET_PNP VmbClientChannelInitSetTargetPnp;
    PFN_VMB_PACKET_ALLOCATE VmbPacketAllocate;
    PFN_VMB_PACKET_FREE VmbPacketFree;
    PFN_VMB_PACKET_GET_CHANNEL VmbPacketGetChannel;
    PFN_VMB_PACKET_GET_POINTER VmbPacketGetPointer;
    PFN_VMB_PACKET_INITIALIZE VmbPacketInitialize;
    PFN_VMB_PACKET_SEND VmbPacketSend;
    PFN_VMB_PACKET_SEND_WITH_EXTERNAL_MDL VmbPacketSendWithExternalMdl;
    PFN_VMB_PACKET_SEND_WITH_EXTERNAL_PFNS VmbPacketSendWithExternalPfns;
    PFN_VMB_PACKET_SET_COMPLETION_ROUTINE VmbPacketSetCompletionRoutine;
    PFN_VMB_PACKET_SET_POINTER VmbPacketSetPointer;
} KMCL_CLIENT_INTERFACE_V1, *PKMCL_CLIENT_INTERFACE_V1;

#ifdef __cplusplus
typedef struct _KMCL_CLIENT_INTERFACE_V2 : public KMCL_CLIENT_INTERFACE_V1 {
#else
typedef struct _KMCL_CLIENT_INTERFACE_V2 {
    KMCL_CLIENT_INTERFACE_V1;
#endif
    PFN_VMB_CHANNEL_PACKET_GET_CLIENT_CONTEXT VmbChannelPacketGetClientContext;
    PFN_VMB_CHANNEL_GET_TARGET_DEVICE_OBJECT VmbChannelGetTargetDeviceObject;
    PFN_VMB_CHANNEL_GET_PARENT_DEVICE_OBJECT VmbChannelGetParentDeviceObject;
} KMCL_CLIENT_INTERFACE_V2, *PKMCL_CLIENT_INTERFACE_V2;

#ifdef __cplusplus
typedef struct _KMCL_CLIENT_INTERFACE_V3 : public KMCL_CLIENT_INTERFACE_V2 {
#else
typedef struct _KMCL_CLIENT_INTERFACE_V3 {
    KMCL_CLIENT_INTERFACE_V2;
#endif
    PFN_VMB_CHANNEL_INIT_SET_BOUNCE_BUFFER_SIZES VmbChannelInitSetBounceBufferSizes;
    PFN_VMB_CHANNEL_ALLOCATE_BOUNCE_BUFFER VmbChannelAllocateBounceBuffer;
} KMCL_CLIENT_INTERFACE_V3, *PKMCL_CLIENT_INTERFACE_V3;

#ifdef __cplusplus
typedef struct _KMCL_CLIENT_INTERFACE_V4 : public KMCL_CLIENT_INTERFACE_V3 {
#else
typedef struct _KMCL_CLIENT_INTERFACE_V4 {
    KMCL_CLIENT_INTERFACE_V3;
#endif
    PFN_VMB_CHANNEL_INIT_SET_MAXIMUM_PACKET_COUNT VmbChannelInitSetMaximumPacketCount;
    PFN_VMB_CHANNEL_CREATE_GPADL_FROM_PFN_LIST VmbChannelCreateGpadlFromPfnList;
} KMCL_CLIENT_INTERFACE_V4, *PKMCL_CLIENT_INTERFACE_V4;

#ifdef __cplusplus
typedef struct _KMCL_CLIENT_INTERFACE_V5 : public KMCL_CLIENT_INTERFACE_V4 {
#else
typedef struct _KMCL_CLIENT_INTERFACE_V5 {
    KMCL_CLIENT_INTERFACE_V4;
#endif
    PFN_VMB_CHANNEL_INIT_SET_PRIMARY_CHANNEL VmbChannelInitSetPrimaryChannel;
    PFN_VMB_CHANNEL_INITIALIZE VmbChannelInitialize;
    PFN_VMB_CHANNEL_SET_ALLOWABLE_DPC_CPU_USAGE VmbChannelSetAllowableDpcCpuUsage;
    PFN_VMB_CLIENT_CHANNEL_INIT_SET_TARGET_PROCESSOR_INDEX VmbClientChannelInitSetTargetProcessorIndex;
    PFN_VMB_SIZEOF_CHANNEL VmbSizeofChannel;
    PFN_VMB_CHANNEL_INIT_SET_INLINE_PACKET_CONTEXT_SIZE VmbChannelInitSetInlinePacketContextSize;
    PFN_VMB_PACKET_GET_INLINE_PACKET_CONTEXT_POINTER VmbPacketGetInlinePacketContextPointer;
    PFN_VMB_CHANNEL_INIT_SET_PROCESS_PACKET_CALLBACKS_EX VmbChannelInitSetProcessPacketCallbacksEx;
    PFN_VMB_PACKET_SET_COMPLETION_ROUTINE_EX VmbPacketSetCompletionRoutineEx;
} KMCL_CLIENT_INTERFACE_V5, *PKMCL_CLIENT_INTERFACE_V5;

typedef struct _KMCL_SERVER_ONLY_METHODS {
    PFN_VMB_CHANNEL_MAP_GPADL VmbChannelMapGpadl;
    PFN_VMB_CHANNEL_RESTORE_FROM_BUFFER VmbChannelRestoreFromBuffer;
    PFN_VMB_CHANNEL_SAVE_BEGIN VmbChannelSaveBegin;
    PFN_VMB_CHANNEL_SAVE_CONTINUE VmbChannelSaveContinue;
    PFN_VMB_CHANNEL_SAVE_END VmbChannelSaveEnd;
    PFN_VMB_CHANNEL_UNMAP_GPADL VmbChannelUnmapGpadl;
    PFN_VMB_CONVERT_VMBUS_HANDLE_TO_KERNEL_HANDLE VmbConvertVmbusHandleToKernelHandle;
    PFN_VMB_PACKET_RESTORE VmbPacketRestore;
    PFN_VMB_SERVER_CHANNEL_INIT_SET_FLAGS VmbServerChannelInitSetFlags;
    PFN_VMB_SERVER_CHANNEL_INIT_SET_MMIO_MEGABYTES VmbServerChannelInitSetMmioMegabytes;
    PFN_VMB_SERVER_CHANNEL_INIT_SET_SAVE_RESTORE_PACKET_CALLBACKS VmbServerChannelInitSetSaveRestorePacketCallbacks;
    PFN_VMB_SERVER_CHANNEL_INIT_SET_TARGET_INTERFACE_ID VmbServerChannelInitSetTargetInterfaceId;
    PFN_VMB_SERVER_CHANNEL_INIT_SET_TARGET_VTL VmbServerChannelInitSetTargetVtl;
    PFN_VMB_SERVER_CHANNEL_INIT_SET_VMBUS_HANDLE VmbServerChannelInitSetVmbusHandle;
} KMCL_SERVER_ONLY_METHODS, *PKMCL_SERVER_ONLY_METHODS;

#ifdef __cplusplus
typedef struct _KMCL_SERVER_ONLY_METHODS_V5 : public KMCL_SERVER_ONLY_METHODS {
#else
typedef struct _KMCL_SERVER_ONLY_METHODS_V5 {
    KMCL_SERVER_ONLY_METHODS;
#endif
    PFN_VMB_SERVER_CHANNEL_INIT_SET_SAVE_RESTORE_PACKET_CALLBACKS_EX
        VmbServerChannelInitSetSaveRestorePacketCallbacksEx;
} KMCL_SERVER_ONLY_METHODS_V5, *PKMCL_SERVER_ONLY_METHODS_V5;

#ifdef __cplusplus
typedef struct _KMCL_SERVER_INTERFACE_V1 : public KMCL_CLIENT_INTERFACE_V1, public KMCL_SERVER_ONLY_METHODS {
#else
typedef struct _KMCL_SERVER_INTERFACE_V1 {
    KMCL_CLIENT_INTERFACE_V1;
    KMCL_SERVER_ONLY_METHODS;
#endif
} KMCL_SERVER_INTERFACE_V1, *PKMCL_SERVER_INTERFACE_V1;

/* The published C++ declaration derives from the methods without V5, so the Ex setter is missing there. */
#ifdef __cplusplus
typedef struct _KMCL_SERVER_INTERFACE_V5 : public KMCL_CLIENT_INTERFACE_V5, public KMCL_SERVER_ONLY_METHODS {
#else
typedef struct _KMCL_SERVER_INTERFACE_V5 {
    KMCL_CLIENT_INTERFACE_V5;
    KMCL_SERVER_ONLY_METHODS_V5;
#endif
} KMCL_SERVER_INTERFACE_V5, *PKMCL_SERVER_INTERFACE_V5;

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

C_ASSERT(sizeof(KMCL_CLIENT_INTERFACE_V5) <= MAXUSHORT);
C_ASSERT(sizeof(KMCL_SERVER_INTERFACE_V5) <= MAXUSHORT);
