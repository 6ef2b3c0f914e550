/*
 * What the static corpus shares. A line marked `finds: RULE` breaks that rule, a function marked `keeps: RULE` does what
 * the rule asks for in a way that could be mistaken; nothing else is to be found.
 */
#pragma once

#include <ntddk.h>
#include <ntintsafe.h>
#include <vmbuskernelmodeclientlibapi.h>

#define TAG 'atsS'
#define WAIT VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION

typedef struct _REQUEST {
    LIST_ENTRY Link;
    UINT32 Id;
    UINT8 Kind;
    UINT32 Length;
    UINT32 Count;
    PVOID Owner;
    UINT8 Data[32];
} REQUEST, *PREQUEST;

typedef struct _RECORD {
    UINT32 Version;
    UINT32 Length;
    UINT32 Id;
    UINT32 Reserved;
    UINT8 Data[32];
} RECORD, *PRECORD;

/* Three bytes behind Kind belong to nobody. */
typedef struct _LOOSE_RECORD {
    UINT32 Version;
    UINT8 Kind;
    UINT32 Length;
} LOOSE_RECORD;

typedef struct _DEVICE {
    VMBCHANNEL Channel;
    KSPIN_LOCK Lock;
    LIST_ENTRY Requests;
    KEVENT Idle;
    PVOID Kept;
    UINT32 Total;
} DEVICE, *PDEVICE;

#define SAVE(Name)                                                                                                     \
    EVT_VMB_CHANNEL_SAVE_PACKET Name;                                                                                  \
    NTSTATUS Name(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
#define RESTORE(Name)                                                                                                  \
    EVT_VMB_CHANNEL_RESTORE_PACKET Name;                                                                               \
    NTSTATUS Name(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
#define PROCESS(Name)                                                                                                  \
    EVT_VMB_CHANNEL_PROCESS_PACKET Name;                                                                               \
    VOID Name(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength, UINT32 Flags)
#define COMPLETION(Name)                                                                                               \
    EVT_VMB_PACKET_COMPLETION_ROUTINE Name;                                                                            \
    VOID Name(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)

#define FAIL_UNLESS(Condition, Code)                                                                                   \
    if (!(Condition)) {                                                                                                \
        Status = (Code);                                                                                               \
        goto Exit;                                                                                                     \
    }
