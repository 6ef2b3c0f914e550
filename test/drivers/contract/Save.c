/* The save callback and the save calls (kmcl-facts 7.6). */
#include "Contract.h"

#define SAVE(Name)                                                                                                     \
    static NTSTATUS Name(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
#define UNUSED                                                                                                         \
    do {                                                                                                               \
        (void)Channel;                                                                                                 \
        (void)Packet;                                                                                                  \
        (void)SaveBuf;                                                                                                 \
        (void)SaveBufSize;                                                                                             \
        (void)BytesNeeded;                                                                                             \
    } while (0)

VSPLAB_TEST(Fine_Save)
{
    VSPLAB_ASSERT_SUCCESS(SaveWith(Save));
}

SAVE(ChangesContext)
{
    PCONTEXT Context = VmbPacketGetPointer(Packet);
    UNUSED;
    Context->Length++;
    *BytesNeeded = 0;
    return STATUS_SUCCESS; // breaks savepkt-idempotent
}
VSPLAB_TEST(savepkt_idempotent__context)
{
    SaveWith(ChangesContext);
}

SAVE(AnswersAnew)
{
    static UINT32 Calls;
    UNUSED;
    *BytesNeeded = 16 + Calls++ % 2 * 8;
    if (SaveBufSize < 24) {
        return STATUS_BUFFER_TOO_SMALL; // breaks savepkt-idempotent
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    *BytesNeeded = 24;
    return STATUS_SUCCESS;
}
VSPLAB_TEST(savepkt_idempotent__answer)
{
    SaveWith(AnswersAnew);
}

static KSPIN_LOCK Lock;
SAVE(WritesUnderLock)
{
    KIRQL Irql;
    UNUSED;
    KeAcquireSpinLock(&Lock, &Irql);
    *BytesNeeded = 0; // breaks savepkt-irql
    KeReleaseSpinLock(&Lock, Irql);
    return STATUS_SUCCESS;
}
VSPLAB_TEST(savepkt_irql)
{
    SaveWith(WritesUnderLock);
}

SAVE(KeepsLock)
{
    KIRQL Irql;
    UNUSED;
    KeAcquireSpinLock(&Lock, &Irql);
    return STATUS_NOT_SUPPORTED; // breaks lock-irql
}
SAVE(KeepsLockOnly)
{
    *BytesNeeded = 0;
    UNUSED;
    KeepsLock(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    return STATUS_SUCCESS; // breaks lock-irql
}
VSPLAB_TEST(lock_irql__left_held)
{
    SaveWith(KeepsLockOnly);
}

static PUINT8 Kept;
SAVE(KeepsSaveBuf)
{
    UNUSED;
    if (SaveBufSize == 0 && Kept != NULL) {
        *Kept = 1; // breaks mem-use-after-free
    }
    Kept = SaveBuf;
    if (SaveBufSize == 0) {
        Kept = NULL;
    }
    *BytesNeeded = 16;
    if (SaveBufSize < 16) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}
VSPLAB_TEST(mem_use_after_free__kept_save_buffer)
{
    SaveWith(KeepsSaveBuf);
}

SAVE(WritesTail)
{
    UNUSED;
    *BytesNeeded = 16;
    if (SaveBufSize < 16) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlFillMemory(SaveBuf, SaveBufSize, 7);
    return STATUS_SUCCESS; // breaks savepkt-size-exact
}
VSPLAB_TEST(savepkt_size_exact__beyond)
{
    SaveWith(WritesTail);
}

SAVE(AsksForTooMuch)
{
    UNUSED;
    *BytesNeeded = 0xFFFFFFF0;
    return SaveBufSize == 0 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS; // breaks run-out-of-memory
}
VSPLAB_TEST(run_out_of_memory__record)
{
    SaveWith(AsksForTooMuch);
}

SAVE(Sends)
{
    UNUSED;
    *BytesNeeded = 0;
    VmbPacketSend(Packet, Bytes, 8, NULL, WAIT); // breaks savepkt-no-packet-ops
    return STATUS_SUCCESS;
}
VSPLAB_TEST(savepkt_no_packet_ops__send)
{
    SaveWith(Sends);
}

static VMBCHANNEL Paused(VOID)
{
    VMBCHANNEL Channel = Open();
    Send(Channel, 1);
    VmbChannelPause(Channel);
    return Channel;
}
static NTSTATUS Continue(VMBCHANNEL Channel)
{
    ULONG Filled, Required;
    return VmbChannelSaveContinue(Channel, Bytes, sizeof(Bytes), &Filled, &Required);
}

VSPLAB_TEST(save_end_always__twice)
{
    VMBCHANNEL Channel = Paused();
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    VSPLAB_ASSERT_SUCCESS(Continue(Channel));
    VmbChannelSaveEnd(Channel);
    VmbChannelSaveEnd(Channel); // breaks save-end-always
    Close(Channel);
}

VSPLAB_TEST(save_end_always__missing)
{
    VMBCHANNEL Channel = Paused();
    NTSTATUS Status;
    Status = VmbChannelSaveBegin(Channel); // breaks save-end-always
    VSPLAB_ASSERT_SUCCESS(Status);
    Close(Channel);
}

VSPLAB_TEST(save_quiesced__start)
{
    VMBCHANNEL Channel = Paused();
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    VmbChannelStart(Channel); // breaks save-quiesced
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

VSPLAB_TEST(save_passive)
{
    VMBCHANNEL Channel = Paused();
    KIRQL Irql;
    NTSTATUS Status;
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    Status = VmbChannelSaveBegin(Channel); // breaks save-passive
    KeLowerIrql(Irql);
    VSPLAB_ASSERT_SUCCESS(Status);
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

VSPLAB_TEST(mem_leak__state)
{
    VMBCHANNEL Channel = Paused();
    PVSPLAB_STATE State;
    NTSTATUS Status;
    Status = VspLabSave(Channel, 0, &State); // breaks mem-leak
    VSPLAB_ASSERT_SUCCESS(Status);
    Close(Channel);
}
