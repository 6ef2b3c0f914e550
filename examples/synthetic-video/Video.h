/*
 * Synthetic video adapter, host side.
 *
 * The host tells the guest which updates it wants (FEATURE_CHANGE) and may ask for the situation, the modes of the
 * outputs. The client library is reached through the table of its server interface, not by linking.
 */
#pragma once

#include <ntddk.h>
#include <wdf.h>
#include <ntintsafe.h>
#include <vmbuskernelmodeclientlibapi.h>

#define VIDEO_POOL_TAG 'diVV'

/* ---- The protocol, packed ---- */

#define SYNTHVID_VERSION_3_5 0x00050003 /* minor in the upper half */

#define SYNTHVID_TYPE_VERSION_REQUEST 1
#define SYNTHVID_TYPE_VERSION_RESPONSE 2
#define SYNTHVID_TYPE_VRAM_LOCATION 3
#define SYNTHVID_TYPE_VRAM_LOCATION_ACK 4
#define SYNTHVID_TYPE_SITUATION_UPDATE 5
#define SYNTHVID_TYPE_SITUATION_UPDATE_ACK 6
#define SYNTHVID_TYPE_FEATURE_CHANGE 9
#define SYNTHVID_TYPE_DIRT 10

#define SYNTHVID_MAXIMUM_PACKET 0x4000
#define SYNTHVID_EDID_LENGTH 128

#pragma pack(push, 1)
typedef struct _SYNTHVID_HEADER {
    UINT32 Type;
    UINT32 Size; /* of the message, the header included */
} SYNTHVID_HEADER;

typedef struct _SYNTHVID_FEATURES {
    UINT8 DirtNeeded;
    UINT8 PointerPositionNeeded;
    UINT8 PointerShapeNeeded;
    UINT8 SituationNeeded;
} SYNTHVID_FEATURES;
C_ASSERT(sizeof(SYNTHVID_FEATURES) == 4);

typedef struct _SYNTHVID_FEATURE_CHANGE {
    SYNTHVID_HEADER Header;
    SYNTHVID_FEATURES Features;
    UINT8 Edid[SYNTHVID_EDID_LENGTH]; /* absent in the first form of the message */
} SYNTHVID_FEATURE_CHANGE;
C_ASSERT(sizeof(SYNTHVID_FEATURE_CHANGE) == 140);

typedef struct _SYNTHVID_SITUATION {
    UINT64 UserContext;
    UINT8 OutputCount;
    UINT8 Active;
    UINT32 VramOffset;
    UINT8 DepthBits;
    UINT32 Width;
    UINT32 Height;
    UINT32 Pitch;
} SYNTHVID_SITUATION;
C_ASSERT(sizeof(SYNTHVID_SITUATION) == 27);

typedef struct _SYNTHVID_RECTANGLE {
    INT32 Left;
    INT32 Top;
    INT32 Right;
    INT32 Bottom;
} SYNTHVID_RECTANGLE;

/* Messages without a tail. DIRT is followed by its rectangles. */
typedef struct _SYNTHVID_MESSAGE {
    SYNTHVID_HEADER Header;
    union {
        UINT32 Version;
        struct {
            UINT32 Version;
            UINT8 Accepted;
            UINT8 MaximumOutputs;
        } VersionResponse;
        struct {
            UINT64 UserContext;
            UINT8 IsSpecified;
            UINT64 Address;
        } VramLocation;
        UINT64 AckContext;
        SYNTHVID_SITUATION Situation;
        struct {
            UINT8 Output;
            UINT8 RectangleCount;
        } Dirt;
    };
} SYNTHVID_MESSAGE, *PSYNTHVID_MESSAGE;
C_ASSERT(sizeof(SYNTHVID_MESSAGE) == 35);
#pragma pack(pop)

/* ---- Adapter ---- */

typedef struct _VIDEO_ADAPTER {
    VMBCHANNEL Channel;
    HANDLE VmbusHandle;
    EX_RUNDOWN_REF Sends; /* held across a send of our own accord; run down from Suspend to Started */
    KSPIN_LOCK Lock;
    _Guarded_by_(Lock) LIST_ENTRY Outstanding;
    _Guarded_by_(Lock) UINT32 Revision;             /* of the features asked for */
    _Guarded_by_(Lock) UINT32 AcknowledgedRevision; /* of those the guest has taken over */
    _Guarded_by_(Lock) SYNTHVID_FEATURES AcknowledgedFeatures;
    _Guarded_by_(Lock) SYNTHVID_SITUATION Situation; /* the guest's latest */
    LONG64 DirtyRectangles;
} VIDEO_ADAPTER, *PVIDEO_ADAPTER;

/* Context of a feature change on its way. Other packets have none. */
typedef struct _VIDEO_FEATURE_CHANGE {
    LIST_ENTRY Link; /* VIDEO_ADAPTER.Outstanding */
    UINT32 Revision;
    SYNTHVID_FEATURES Features;
    UINT16 EdidLength; /* 0 or SYNTHVID_EDID_LENGTH */
    _Field_size_bytes_(EdidLength) UINT8 Edid[SYNTHVID_EDID_LENGTH];
} VIDEO_FEATURE_CHANGE, *PVIDEO_FEATURE_CHANGE;

/* Saved form of a feature change: little endian, no pointers, no compiler padding. */
#define VIDEO_RECORD_SIGNATURE 0x46444956 /* "VIDF" */
#define VIDEO_RECORD_VERSION 1

typedef struct _VIDEO_SAVED_FEATURE_CHANGE {
    UINT32 Signature;
    UINT16 Version;
    UINT16 Length; /* of the record, EdidLength bytes of Edid included */
    UINT32 Revision;
    SYNTHVID_FEATURES Features;
    UINT16 EdidLength;
    UINT16 Reserved; /* zero */
    UINT8 Edid[SYNTHVID_EDID_LENGTH];
} VIDEO_SAVED_FEATURE_CHANGE, *PVIDEO_SAVED_FEATURE_CHANGE;
C_ASSERT(FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Revision) == 8);
C_ASSERT(FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Edid) == 20);
C_ASSERT(sizeof(VIDEO_SAVED_FEATURE_CHANGE) == 148);

/* The library's functions: one table for the driver, since callbacks find their adapter through it. */
extern KMCL_SERVER_INTERFACE_V1 VideoKmcl;

/* ---- VideoChannel.c ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS VideoCreateAdapter(_In_ PDEVICE_OBJECT ParentDevice, _In_ HANDLE UserVmbusHandle, _In_ const GUID *Instance,
                            _Outptr_ PVIDEO_ADAPTER *Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
VOID VideoDestroyAdapter(_In_ PVIDEO_ADAPTER Adapter);

VOID VideoInitializeAdapter(_Out_ PVIDEO_ADAPTER Adapter);

/* ---- VideoFeatures.c ---- */

/* Asks for other updates than before, in V2 form if there is an EDID to show. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS VideoChangeFeatures(_In_ PVIDEO_ADAPTER Adapter, _In_ SYNTHVID_FEATURES Features,
                             _In_reads_bytes_opt_(SYNTHVID_EDID_LENGTH) const UINT8 *Edid);

/* Asks for the situation once. Nothing is remembered of it. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS VideoRequestSituation(_In_ PVIDEO_ADAPTER Adapter);

VOID VideoLinkFeatureChange(_In_ PVIDEO_ADAPTER Adapter, _In_ PVIDEO_FEATURE_CHANGE Change);

EVT_VMB_PACKET_COMPLETION_ROUTINE VideoFeatureChangeComplete;
EVT_VMB_CHANNEL_SAVE_PACKET VideoSavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET VideoRestorePacket;
