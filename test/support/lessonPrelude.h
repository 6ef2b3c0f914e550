/* The driver that the code of the rules' page belongs to: types, helpers and callbacks its samples mention. */
#include <ntddk.h>
#include <wdf.h>
#include <ntintsafe.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#define POOL_TAG 'qeRV'
#define TABLE_SIZE 4096u
#define MAXIMUM_TRANSFER 262144u
#define SAVED_REQUEST_VERSION 1u
#define MESSAGE_READ 1u

typedef struct _MESSAGE_HEADER {
    ULONG Type;
} MESSAGE_HEADER;
typedef struct _MESSAGE {
    ULONG Type;
    ULONG Offset;
    ULONG Length;
    UCHAR Data[64];
} MESSAGE;
typedef struct _ANSWER {
    NTSTATUS Status;
} ANSWER;
typedef struct _ENTRY {
    ULONG64 Base;
} ENTRY;
typedef struct _SAVED_REQUEST {
    ULONG Version;
    ULONG Length;
    ULONG Id;
    ULONG Offset;
    ULONG GpadlHandle;
    ULONG64 Cookie;
} SAVED_REQUEST;
typedef struct _REQUEST {
    LIST_ENTRY Link;
    VMBPACKETCOMPLETION Completion;
    ULONG Id;
    ULONG Sequence;
    ULONG Offset;
    ULONG Length;
    ULONG Count;
    ULONG BacklogAtSuspend;
    BOOLEAN Sent;
    PVOID Owner;
    PMDL Mdl;
    ULONG Table[8];
    UCHAR Data[64];
} REQUEST, *PREQUEST;
typedef struct _PIECE {
    PVOID Data;
    ULONG Length;
} PIECE;
typedef struct _DEVICE_CONTEXT {
    VMBCHANNEL Channel;
    VMBCHANNEL SubChannel;
    VMBCHANNEL OtherChannel;
    HANDLE UserHandle;
    HANDLE VmbusHandle;
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    LIST_ENTRY Requests;
    PREQUEST Current;
    KEVENT Idle;
    KEVENT HelloAnswered;
    KTIMER Timer;
    PIO_WORKITEM WorkItem;
    WDFOBJECT Object;
    PVOID Name;
    PVOID Table;
    PVOID PagedTable;
    PVOID SaveBuffer;
    PVOID Saved_;
    PUCHAR Base;
    PUCHAR Saved;
    ULONG SavedLength;
    ULONG Size;
    ULONG Backlog;
    ULONG NextId;
    ULONG OpenCount;
    ULONG LastType;
    volatile LONG References;
    volatile LONG RequestCount;
    volatile LONG Completed;
    volatile BOOLEAN Running;
    BOOLEAN Negotiated;
    UINT32 GpadlHandle;
    PMDL Mdl;
    UINT64 MmioAddress;
    UINT64 MmioSize;
    PIECE Pieces[4];
    ULONG PieceCount;
    VOID (*Callback)(struct _DEVICE_CONTEXT *);
} DEVICE_CONTEXT, *PDEVICE_CONTEXT;

extern const GUID InterfaceType, InterfaceInstance;
extern PDEVICE_CONTEXT GlobalDevice;
EVT_VMB_CHANNEL_OPENED Opened;
EVT_VMB_CHANNEL_SAVE_PACKET SavePacket;
EVT_VMB_CHANNEL_SAVE_PACKET_EX SaveEx;
EVT_VMB_CHANNEL_RESTORE_PACKET RestorePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET_EX RestoreEx;
EVT_VMB_CHANNEL_PROCESS_PACKET ProcessPacket;
EVT_VMB_CHANNEL_PROCESS_PACKET_EX ProcessPacketEx;
EVT_VMB_PACKET_COMPLETION_ROUTINE RequestDone;
IO_WORKITEM_ROUTINE PauseLater, RemoveLater, FillLater, SetIdle;
PDEVICE_CONTEXT CreateDevice(VOID);
VOID SendHello(VMBCHANNEL Channel);
VOID CompleteHeldRequests(PDEVICE_CONTEXT Device, NTSTATUS Status);
VOID CancelOpenRequests(PDEVICE_CONTEXT Device);
VOID HandleMessage(PDEVICE_CONTEXT Device, const MESSAGE *Message);
VOID StorePiece(PDEVICE_CONTEXT Device, PVOID Bytes, ULONG Length);
PVOID GrowBuffer(PDEVICE_CONTEXT Device, ULONG Length);
ULONG BackendNextId(PDEVICE_CONTEXT Device);

/* What a sample that consists of statements finds around it: the arguments of a callback and its locals. */
#define SAMPLE_AROUND                                                                                                  \
    VMBCHANNEL Channel, VMBPACKET Packet, VMBPACKETCOMPLETION Completion, PVOID Buffer, UINT32 BufferLength,           \
        UINT32 Flags, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded, PVOID LibBuf, UINT32 LibBufSize,         \
        NTSTATUS Status, PDEVICE_OBJECT Parent, WDFDEVICE wdfDevice, HANDLE userHandle, NTSTATUS status, KIRQL irql,   \
        PDEVICE_CONTEXT device, PREQUEST request, PMDL mdl, PVOID address, MESSAGE message, ANSWER answer,             \
        SAVED_REQUEST record, UINT32 size, ULONG end, ULONG index, ULONG filled, ULONG required, UINT32 handle,        \
        UINT16 latency, WDFOBJECT object, KMCL_CLIENT_INTERFACE_V1 client, KMCL_SERVER_INTERFACE_V5 server
