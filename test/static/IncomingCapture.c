/* Fields of packets that are read once, and fields that are read again after they were checked. */
#include "Static.h"

typedef struct _MESSAGE {
    UINT16 Type;
    UINT16 Version : 4;
    UINT16 Urgent : 1;
    UINT16 Rest : 11;
    UINT32 Length;
    UINT64 Cookie;
    UINT8 Payload[48];
} MESSAGE, *PMESSAGE;

typedef struct _CHANNEL_CONTEXT {
    LIST_ENTRY Queue;
    KSPIN_LOCK Lock;
    UINT32 LastType;
    UINT8 Shadow[64];
} CHANNEL_CONTEXT, *PCHANNEL_CONTEXT;

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))

enum { MessageOpen = 1, MessageWrite = 2 };

/* ---- broken ---- */

/* The classic one: the length is checked in the ring and copied by from the ring. */
PROCESS(ChecksAndCopiesByTheRing)
{
    PMESSAGE Message = Buffer;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength >= sizeof(MESSAGE) && Message->Length <= sizeof(Message->Payload)) {
        RtlCopyMemory(Context->Shadow, Message->Payload, Message->Length); // finds: in-capture-once
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}

static BOOLEAN IsKnown(const MESSAGE *Message)
{
    return Message->Type == MessageOpen || Message->Type == MessageWrite; // finds: in-capture-once
}

/* The helper that checks gets the shared bytes, and so does the one that dispatches. */
PROCESS(ChecksInAHelper)
{
    const MESSAGE *Message = (const MESSAGE *)Buffer;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(*Message) || !IsKnown(Message)) {
        goto Done;
    }
    Context->LastType = Message->Type; // finds: in-capture-once
Done:
    VmbChannelPacketComplete(Packet, NULL, 0);
}

/* The header is captured and checked, and then comes once more with the whole. */
PROCESS(CopiesTheHeaderTwice)
{
    MESSAGE Message;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(Message)) {
        VmbChannelPacketFail(Packet);
        return;
    }
    RtlCopyMemory(&Message, Buffer, FIELD_OFFSET(MESSAGE, Payload));
    if (Message.Length > sizeof(Context->Shadow)) {
        VmbChannelPacketFail(Packet);
        return;
    }
    RtlCopyMemory(&Message, Buffer, sizeof(Message)); // finds: in-capture-once
    RtlCopyMemory(Context->Shadow, Message.Payload, MIN_OF(Message.Length, 48));
    VmbChannelPacketComplete(Packet, NULL, 0);
}

/* Captured by value and checked; the queued copy is made from the ring again. */
PROCESS(QueuesASecondCopy)
{
    UINT32 Length;
    PMESSAGE Copy;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(MESSAGE)) {
        VmbChannelPacketFail(Packet);
        return;
    }
    Length = ((PMESSAGE)Buffer)->Length;
    if (Length <= 48) {
        Copy = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(REQUEST) + sizeof(MESSAGE), TAG);
        if (Copy != NULL) {
            RtlCopyMemory(Copy, Buffer, sizeof(MESSAGE)); // finds: in-capture-once
            *(PMESSAGE *)Context->Shadow = Copy;
        }
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}

/* ---- kept ---- */

PROCESS(CapturesEachField) // keeps: in-capture-once
{
    volatile const MESSAGE *Message = Buffer;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);
    UINT16 Type;
    UINT32 Length;

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(MESSAGE)) {
        VmbChannelPacketFail(Packet);
        return;
    }
    Type = Message->Type;
    Length = Message->Length;
    if (Type == MessageWrite && Length <= sizeof(Context->Shadow)) {
        RtlCopyMemory(Context->Shadow, (const MESSAGE *)Buffer + 1, MIN_OF(Length, BufferLength - sizeof(MESSAGE)));
        Context->LastType = Type;
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}

/* What is traced decides nothing: the first read that decides is the switch. */
PROCESS(TracesTheType) // keeps: in-capture-once
{
    PMESSAGE Message = Buffer;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength >= sizeof(MESSAGE)) {
        DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_TRACE_LEVEL, "type %u\n", Message->Type);
        Context->LastType = Message->Type;
        switch (Message->Type) {
        case MessageOpen:
            Context->Shadow[0] = 1;
            break;
        case MessageWrite:
            Context->Shadow[0] = 2;
            break;
        default:
            break;
        }
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}

/* Two bit-fields of one word: each bit is judged once. */
PROCESS(LooksAtBits) // keeps: in-capture-once
{
    PMESSAGE Message = Buffer;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    if (BufferLength < sizeof(MESSAGE) || Message->Version != 1) {
        VmbChannelPacketFail(Packet);
        return;
    }
    if (Message->Urgent) {
        Context->LastType = Flags;
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}

/* The header by itself, then the whole; of the second copy only what the first one lacked is read. */
PROCESS(ReadsOnlyTheRestOfTheSecondCopy) // keeps: in-capture-once
{
    MESSAGE Header;
    MESSAGE Message;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(Message)) {
        VmbChannelPacketComplete(Packet, NULL, 0);
        return;
    }
    RtlCopyMemory(&Header, Buffer, FIELD_OFFSET(MESSAGE, Cookie));
    if (Header.Type == MessageOpen) {
        RtlCopyMemory(&Message, Buffer, sizeof(Message));
        Context->LastType = Message.Payload[0] + Header.Length;
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}

/* The second copy is made what the first one said, as the captured fields are put over it. */
PROCESS(PutsTheCapturedFieldBack) // keeps: in-capture-once
{
    PMESSAGE Copy;
    UINT32 Length;
    PCHANNEL_CONTEXT Context = VmbChannelGetPointer(Channel);

    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(MESSAGE)) {
        goto Done;
    }
    Length = *(volatile UINT32 *)&((PMESSAGE)Buffer)->Length;
    if (Length > RTL_FIELD_SIZE(MESSAGE, Payload)) {
        goto Done;
    }
    Copy = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Copy), TAG);
    if (Copy == NULL) {
        goto Done;
    }
    RtlCopyMemory(Copy, Buffer, sizeof(*Copy));
    Copy->Length = Length;
    *(PMESSAGE *)Context->Shadow = Copy;
Done:
    VmbChannelPacketComplete(Packet, NULL, 0);
}
