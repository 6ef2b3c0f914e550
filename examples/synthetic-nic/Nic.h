/*
 * Synthetic network adapter, host side.
 *
 * Received frames go to the guest as NVSP message 107 followed by one RNDIS packet message per frame. The guest
 * completes the transaction when it has consumed them; until then they count as held by their receive queues.
 */
#pragma once

#include <ntddk.h>
#include <ntintsafe.h>
#include <vmbuskernelmodeclientlibapi.h>

#define NIC_POOL_TAG 'ciNV'

/* ---- NVSP, the protocol of the channel ---- */

#define NVSP_PROTOCOL_VERSION_6_1 0x00060001

#define NVSP_MESSAGE_INIT 1
#define NVSP_MESSAGE_INIT_COMPLETE 2
#define NVSP_MESSAGE_SEND_NDIS_VERSION 100
#define NVSP_MESSAGE_SEND_RNDIS_PACKET 107
#define NVSP_MESSAGE_SEND_RNDIS_PACKET_COMPLETE 108

#define NVSP_STATUS_SUCCESS 1
#define NVSP_STATUS_FAILURE 2
#define NVSP_STATUS_INVALID_RNDIS_PACKET 5

#define NVSP_CHANNEL_TYPE_DATA 0
#define NVSP_INVALID_SECTION MAXUINT32

typedef struct _NVSP_MESSAGE {
    UINT32 MessageType;
    union {
        struct {
            UINT32 MinimumVersion;
            UINT32 MaximumVersion;
        } Init;
        struct {
            UINT32 NegotiatedVersion;
            UINT32 MaximumMdlChainLength;
            UINT32 Status;
        } InitComplete;
        struct {
            UINT32 ChannelType;
            UINT32 SendBufferSectionIndex;
            UINT32 SendBufferSectionSize;
        } SendRndisPacket;
        struct {
            UINT32 Status;
        } SendRndisPacketComplete;
        UINT8 Reserved[36];
    };
} NVSP_MESSAGE, *PNVSP_MESSAGE;
C_ASSERT(sizeof(NVSP_MESSAGE) == 40);

/* ---- RNDIS packet messages: offsets count from the field DataOffset ---- */

#define RNDIS_MESSAGE_PACKET 1
#define RNDIS_OFFSET_BASE FIELD_OFFSET(RNDIS_PACKET_MESSAGE, DataOffset)

typedef struct _RNDIS_PACKET_MESSAGE {
    UINT32 MessageType;
    UINT32 MessageLength;
    UINT32 DataOffset;
    UINT32 DataLength;
    UINT32 OobDataOffset;
    UINT32 OobDataLength;
    UINT32 OobDataCount;
    UINT32 PerPacketInfoOffset;
    UINT32 PerPacketInfoLength;
    UINT32 VcHandle;
    UINT32 Reserved;
} RNDIS_PACKET_MESSAGE, *PRNDIS_PACKET_MESSAGE;
C_ASSERT(sizeof(RNDIS_PACKET_MESSAGE) == 44);

/* ---- Adapter ---- */

#define NIC_QUEUE_COUNT 8
#define NIC_MINIMUM_FRAME 14
#define NIC_MAXIMUM_FRAME 1514
#define NIC_MAXIMUM_FRAMES 8 /* per indication */
#define NIC_FRAME_SPACE(Length) ((UINT32)ALIGN_UP_BY(sizeof(RNDIS_PACKET_MESSAGE) + (Length), 8))
#define NIC_MAXIMUM_PACKET (sizeof(NVSP_MESSAGE) + NIC_MAXIMUM_FRAMES * NIC_FRAME_SPACE(NIC_MAXIMUM_FRAME))

typedef struct _NIC_ADAPTER {
    VMBCHANNEL Channel;
    HANDLE VmbusHandle;
    EX_RUNDOWN_REF Sends; /* held across a send; run down from Suspend to Started */
    KSPIN_LOCK Lock;
    _Guarded_by_(Lock) LIST_ENTRY Outstanding;
    _Guarded_by_(Lock) UINT32 QueuedFrames[NIC_QUEUE_COUNT]; /* that the guest holds */
    _Guarded_by_(Lock) UINT64 FramesDelivered;
    LONG64 FramesTransmitted;
} NIC_ADAPTER, *PNIC_ADAPTER;

/* One frame of an indication that the guest has not completed yet. */
typedef struct _NIC_PENDING_FRAME {
    UINT32 Length;
    UINT16 Queue;
} NIC_PENDING_FRAME;

/* Context of an outgoing packet. */
typedef struct _NIC_INDICATION {
    LIST_ENTRY Link; /* NIC_ADAPTER.Outstanding */
    UINT16 FrameCount;
    _Field_size_(FrameCount) NIC_PENDING_FRAME Frames[ANYSIZE_ARRAY];
} NIC_INDICATION, *PNIC_INDICATION;

/* A frame to indicate. */
typedef struct _NIC_FRAME {
    _Field_size_bytes_(Length) const VOID *Data;
    UINT32 Length;
    UINT16 Queue;
} NIC_FRAME, *PNIC_FRAME;

/* ---- Saved form of an indication: little endian, no pointers, no compiler padding ---- */

#define NIC_RECORD_SIGNATURE 0x4943494E /* "NICI" */
#define NIC_RECORD_VERSION 1

typedef struct _NIC_SAVED_FRAME {
    UINT32 Length;
    UINT16 Queue;
    UINT16 Reserved; /* zero */
} NIC_SAVED_FRAME;
C_ASSERT(sizeof(NIC_SAVED_FRAME) == 8);

typedef struct _NIC_SAVED_INDICATION {
    UINT32 Signature;
    UINT16 Version;
    UINT16 FrameCount;
    UINT32 Length;   /* of the record, FrameCount frames included */
    UINT32 Checksum; /* of the record with this field zero */
    NIC_SAVED_FRAME Frames[NIC_MAXIMUM_FRAMES]; /* FrameCount of them are saved */
} NIC_SAVED_INDICATION, *PNIC_SAVED_INDICATION;
C_ASSERT(FIELD_OFFSET(NIC_SAVED_INDICATION, Frames) == 16);
C_ASSERT(sizeof(NIC_SAVED_INDICATION) == 16 + NIC_MAXIMUM_FRAMES * sizeof(NIC_SAVED_FRAME));

/* ---- NicChannel.c ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS NicCreateAdapter(_In_ PDEVICE_OBJECT ParentDevice, _In_ HANDLE UserVmbusHandle, _In_ const GUID *Instance,
                          _Outptr_ PNIC_ADAPTER *Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
VOID NicDestroyAdapter(_In_ PNIC_ADAPTER Adapter);

VOID NicInitializeAdapter(_Out_ PNIC_ADAPTER Adapter);

/* ---- NicIndication.c ---- */

_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NicIndicateReceive(_In_ PNIC_ADAPTER Adapter, _In_reads_(FrameCount) const NIC_FRAME *Frames,
                            _In_ UINT32 FrameCount);

_IRQL_requires_max_(DISPATCH_LEVEL)
PNIC_INDICATION NicAllocateIndication(_In_range_(1, NIC_MAXIMUM_FRAMES) UINT32 FrameCount);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NicLinkIndication(_In_ PNIC_ADAPTER Adapter, _In_ PNIC_INDICATION Indication);

EVT_VMB_PACKET_COMPLETION_ROUTINE NicIndicationComplete;
EVT_VMB_CHANNEL_SAVE_PACKET NicSavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET NicRestorePacket;
