/* The restore callback and the restore calls (kmcl-facts 7.7). */
#include "Contract.h"

#define RESTORE(Name)                                                                                                  \
    static NTSTATUS Name(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
#define UNUSED                                                                                                         \
    do {                                                                                                               \
        (void)Channel;                                                                                                 \
        (void)LibBuf;                                                                                                  \
        (void)LibBufSize;                                                                                              \
        (void)SaveBuf;                                                                                                 \
        (void)SaveBufSize;                                                                                             \
    } while (0)

VSPLAB_TEST(Fine_Restore)
{
    VSPLAB_ASSERT_SUCCESS(RestoreWith(Restore));
}

RESTORE(DoesNothing)
{
    UNUSED;
    return STATUS_SUCCESS; // breaks restorepkt-libbuf
}
VSPLAB_TEST(restorepkt_libbuf__unused)
{
    RestoreWith(DoesNothing);
}

RESTORE(ForgetsPacket)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNUSED;
    VmbPacketSetPointer(Packet, NULL);
    return STATUS_SUCCESS; // breaks restorepkt-libbuf
}
VSPLAB_TEST(restorepkt_libbuf__packet_forgotten)
{
    RestoreWith(ForgetsPacket);
}

RESTORE(WritesLibBuf)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    UNUSED;
    ((PUINT8)LibBuf)[12] ^= 5;
    VmbPacketSetCompletionRoutine(Packet, Complete);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize); // breaks restorepkt-libbuf
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}
VSPLAB_TEST(restorepkt_libbuf__written)
{
    RestoreWith(WritesLibBuf);
}

RESTORE(LeavesPacket)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNUSED;
    VmbPacketSetCompletionRoutine(Packet, Complete);
    return STATUS_DATA_ERROR; // breaks restorepkt-free-on-failure
}
VSPLAB_TEST(restorepkt_free_on_failure__packet)
{
    RestoreWith(LeavesPacket);
}

RESTORE(LeavesContext)
{
    PVOID Context;
    UNUSED;
    Context = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, TAG); // breaks restorepkt-free-on-failure
    return Context == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_DATA_ERROR;
}
VSPLAB_TEST(restorepkt_free_on_failure__context)
{
    RestoreWith(LeavesContext);
}

RESTORE(AnswersPending)
{
    NTSTATUS Status = Restore(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
    VSPLAB_ASSERT_SUCCESS(Status);
    return STATUS_PENDING; // breaks restorepkt-propagate
}
VSPLAB_TEST(restorepkt_propagate__pending)
{
    RestoreWith(AnswersPending);
}

RESTORE(ReadsTooMuch)
{
    UINT8 Record[128];
    UNUSED;
    RtlCopyMemory(Record, SaveBuf, sizeof(Record)); // breaks restorepkt-validate
    return STATUS_DATA_ERROR;
}
VSPLAB_TEST(restorepkt_validate__overread)
{
    RestoreWith(ReadsTooMuch);
}

/* ---- Pieces ---- */

#define PIECES 16
static UINT8 Piece[PIECES][256];
static ULONG Length[PIECES];
static ULONG Count;

/* Saves six packets in small pieces; a fresh channel to feed them to. */
static VMBCHANNEL Saved(VOID)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Active(&Options);
    NTSTATUS Status;
    ULONG Required, Id;
    for (Id = 0; Id < 6; Id++) {
        Send(Channel, Id);
    }
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    do {
        Status = VmbChannelSaveContinue(Channel, Piece[Count], 128, &Length[Count], &Required);
        Count++;
    } while (Status != STATUS_SUCCESS);
    VmbChannelSaveEnd(Channel);
    Close(Channel);
    return Enabled(&Options);
}
static NTSTATUS Feed(VMBCHANNEL Channel, ULONG Index)
{
    return VmbChannelRestoreFromBuffer(Channel, Piece[Index], Length[Index]);
}

VSPLAB_TEST(Fine_Pieces)
{
    VMBCHANNEL Channel = Saved();
    ULONG Index;
    VSPLAB_ASSERT(Count > 2);
    for (Index = 0; Index < Count; Index++) {
        VSPLAB_ASSERT_STATUS(Index + 1 < Count ? STATUS_MORE_PROCESSING_REQUIRED : STATUS_SUCCESS,
                             Feed(Channel, Index));
    }
    Close(Channel);
}

VSPLAB_TEST(restore_order__left_out)
{
    VMBCHANNEL Channel = Saved();
    NTSTATUS Status;
    VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED, Feed(Channel, 0));
    Status = VmbChannelRestoreFromBuffer(Channel, Piece[2], Length[2]); // breaks restore-order
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, Status);
    Close(Channel);
}

VSPLAB_TEST(restore_order__repeated)
{
    VMBCHANNEL Channel = Saved();
    NTSTATUS Status;
    VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED, Feed(Channel, 0));
    VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED, Feed(Channel, 1));
    Status = VmbChannelRestoreFromBuffer(Channel, Piece[1], Length[1]); // breaks restore-order
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, Status);
    Close(Channel);
}

VSPLAB_TEST(restore_finish__started)
{
    VMBCHANNEL Channel = Saved();
    VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED, Feed(Channel, 0));
    VmbChannelStart(Channel); // breaks restore-finish
    Close(Channel);
}

VSPLAB_TEST(restore_unwind)
{
    VMBCHANNEL Channel = Saved();
    NTSTATUS Status = Feed(Channel, 0);
    VspLabFailNext("VmbPacketRestore", STATUS_UNSUCCESSFUL);
    Status = Feed(Channel, 1);
    VSPLAB_ASSERT(!NT_SUCCESS(Status));
    VmbChannelStart(Channel); // breaks restore-unwind
    Close(Channel);
}
