/* One save callback that behaves as each row of the two-pass matrix (kmcl-facts 6.3), one test per row. `answers:` marks the return taken. */
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#define RECORD_BYTES 48u

typedef struct _MATRIX_CONTEXT {
    ULONG Number;
} MATRIX_CONTEXT, *PMATRIX_CONTEXT;

static enum {
    Correct,
    NoState,
    QuerySucceeds,
    QuerySucceedsSilently,
    QueryFailsEmpty,
    NeededUnwritten,
    QueryPending,
    QueryWrites,
    HolesInRecord,
    Grows,
    Truncates,
    Overruns,
    WriteFails,
    Shrinks,
    BytesBeyond,
    QueryWarns,
    WritePending,
    FreesPacket,
} Row;

EVT_VMB_CHANNEL_PROCESS_PACKET MatrixProcessPacket;
EVT_VMB_CHANNEL_SAVE_PACKET MatrixSavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET MatrixRestorePacket;
EVT_VMB_PACKET_COMPLETION_ROUTINE MatrixPacketComplete;

VOID MatrixProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketComplete(Packet, NULL, 0);
}

VOID MatrixPacketComplete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PVOID Context = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (Context != NULL) {
        ExFreePoolWithTag(Context, 'xtMV');
    }
    VmbPacketFree(Packet);
}

NTSTATUS MatrixSavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PUCHAR Bytes = SaveBuf;

    UNREFERENCED_PARAMETER(Channel);
    if (SaveBufSize == 0) {
        switch (Row) {
        case NoState:
        case QuerySucceedsSilently:
            *BytesNeeded = 0;
            return STATUS_SUCCESS;
        case QuerySucceeds:
            *BytesNeeded = RECORD_BYTES;
            return STATUS_SUCCESS; /* answers: M3 */
        case QueryFailsEmpty:
            *BytesNeeded = 0;
            return STATUS_BUFFER_TOO_SMALL; /* answers: M5 */
        case NeededUnwritten:
            return STATUS_BUFFER_TOO_SMALL; /* answers: M6 */
        case QueryPending:
            *BytesNeeded = 0;
            return STATUS_PENDING; /* answers: M7 */
        case QueryWarns:
            *BytesNeeded = RECORD_BYTES;
            return STATUS_BUFFER_OVERFLOW; /* answers: S-09 */
        case QueryWrites:
            *BytesNeeded = RECORD_BYTES;
            Bytes[0] = 1; /* answers: M8 */
            return STATUS_BUFFER_TOO_SMALL;
        case FreesPacket:
            *BytesNeeded = RECORD_BYTES;
            VmbPacketFree(Packet); /* answers: S-16 */
            return STATUS_BUFFER_TOO_SMALL;
        default:
            *BytesNeeded = RECORD_BYTES;
            return STATUS_BUFFER_TOO_SMALL;
        }
    }
    *BytesNeeded = RECORD_BYTES;
    switch (Row) {
    case HolesInRecord:
        RtlFillMemory(Bytes, 20, 7);
        RtlFillMemory(Bytes + 24, RECORD_BYTES - 24, 7);
        return STATUS_SUCCESS; /* answers: M11 */
    case Grows:
        *BytesNeeded = RECORD_BYTES + 200;
        return STATUS_BUFFER_TOO_SMALL; /* answers: M12 */
    case Truncates:
        RtlFillMemory(Bytes, SaveBufSize, 7);
        *BytesNeeded = SaveBufSize + 40;
        return STATUS_SUCCESS; /* answers: M13 */
    case Overruns:
        RtlFillMemory(Bytes, SaveBufSize + 1, 7); /* answers: M14 */
        return STATUS_SUCCESS;
    case WriteFails:
        return STATUS_INSUFFICIENT_RESOURCES; /* answers: M15 */
    case Shrinks:
        RtlZeroMemory(Bytes, SaveBufSize);
        *BytesNeeded = RECORD_BYTES - 8;
        return STATUS_SUCCESS;
    case BytesBeyond:
        RtlFillMemory(Bytes, SaveBufSize, 7);
        *BytesNeeded = RECORD_BYTES - 8;
        return STATUS_SUCCESS; /* answers: beyond */
    case WritePending:
        RtlZeroMemory(Bytes, SaveBufSize);
        return STATUS_PENDING; /* answers: M7 write */
    default:
        RtlZeroMemory(Bytes, SaveBufSize);
        return STATUS_SUCCESS;
    }
}

NTSTATUS MatrixRestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetCompletionRoutine(Packet, MatrixPacketComplete);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

static VMBCHANNEL OpenChannel(VOID)
{
    VMBCHANNEL Channel = NULL;
    HANDLE Kernel = NULL;
    GUID Type = {0x11111111, 0x2222, 0x3333, {4, 4, 4, 4, 4, 4, 4, 4}};

    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Kernel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(Channel, Kernel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(Channel, Type, Type));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(Channel, 64));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, MatrixProcessPacket, NULL));
    VSPLAB_ASSERT_SUCCESS(
        VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, MatrixSavePacket, MatrixRestorePacket));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    ZwClose(Kernel);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    return Channel;
}

static VOID SendTwo(VMBCHANNEL Channel)
{
    ULONG Index;
    UCHAR Payload[16] = {0};

    for (Index = 0; Index < 2; Index++) {
        VMBPACKET Packet = VmbPacketAllocate(Channel);
        PMATRIX_CONTEXT Context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Context), 'xtMV');
        Context->Number = Index;
        VmbPacketSetPointer(Packet, Context);
        VmbPacketSetCompletionRoutine(Packet, MatrixPacketComplete);
        VSPLAB_ASSERT_SUCCESS(
            VmbPacketSend(Packet, Payload, sizeof(Payload), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    }
}

/* Whether the save succeeds is the row's business; what the row breaks is the simulator's. */
static VOID SaveAs(int Chosen)
{
    VMBCHANNEL Channel = OpenChannel();
    PVSPLAB_STATE State = NULL;

    Row = Chosen;
    SendTwo(Channel);
    VmbChannelPause(Channel);
    if (NT_SUCCESS(VspLabSave(Channel, 0, &State))) {
        VspLabFreeState(State);
    }
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
}

VSPLAB_TEST(M01) { SaveAs(NoState); }
VSPLAB_TEST(M02_M09_M10) { SaveAs(Correct); }
VSPLAB_TEST(M03) { SaveAs(QuerySucceeds); }
VSPLAB_TEST(M04) { SaveAs(QuerySucceedsSilently); }
VSPLAB_TEST(M05) { SaveAs(QueryFailsEmpty); }
VSPLAB_TEST(M06) { SaveAs(NeededUnwritten); }
VSPLAB_TEST(M07) { SaveAs(QueryPending); }
VSPLAB_TEST(M07_Write) { SaveAs(WritePending); }
VSPLAB_TEST(S09) { SaveAs(QueryWarns); }
VSPLAB_TEST(M08) { SaveAs(QueryWrites); }
VSPLAB_TEST(M11) { SaveAs(HolesInRecord); }
VSPLAB_TEST(M12) { SaveAs(Grows); }
VSPLAB_TEST(M13) { SaveAs(Truncates); }
VSPLAB_TEST(M14) { SaveAs(Overruns); }
VSPLAB_TEST(M15) { SaveAs(WriteFails); }
VSPLAB_TEST(M16) { SaveAs(Shrinks); }
VSPLAB_TEST(Beyond) { SaveAs(BytesBeyond); }
VSPLAB_TEST(S16) { SaveAs(FreesPacket); }

VSPLAB_TEST(M11_Expected)
{
    VSPLAB_EXPECT_FINDING(savepkt-full-init);
    SaveAs(HolesInRecord);
}

VSPLAB_TEST(ExpectedButAbsent)
{
    VSPLAB_EXPECT_FINDING(mem-double-free);
    SaveAs(Correct);
}

VSPLAB_TEST(Allowed)
{
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'xtMV');
    ExFreePoolWithTag(Block, 'xtMV');
    ((PUCHAR)Block)[0] = 1; // vsp-lab: allow mem-use-after-free shows how a finding is allowed
}

VSPLAB_TEST(Leaks)
{
    VSPLAB_LOG("%s leaks %u bytes", "this test", 24);
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 24, 'xtMV'); /* answers: leak */
}
