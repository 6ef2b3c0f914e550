/* Packets of the driver (kmcl-facts 7.4) and its locks. */
#include "Contract.h"

static VOID Nothing(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    (void)Packet;
    (void)Status;
    (void)Buffer;
    (void)Length;
}

VSPLAB_TEST(Fine_OwnMemory)
{
    VMBCHANNEL Channel = Open();
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    VMBPACKET Packet = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, TAG);
    VSPLAB_ASSERT_SUCCESS(VmbPacketInitialize(Channel, Packet, Size));
    VmbPacketSetCompletionRoutine(Packet, Nothing);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    ExFreePoolWithTag(Packet, TAG);
    Close(Channel);
}

VSPLAB_TEST(out_init_not_freed__in_flight)
{
    VMBCHANNEL Channel = Open();
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    VMBPACKET Packet = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, TAG);
    VSPLAB_ASSERT_SUCCESS(VmbPacketInitialize(Channel, Packet, Size));
    VmbPacketSetCompletionRoutine(Packet, Nothing);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    ExFreePoolWithTag(Packet, TAG); // breaks out-init-not-freed
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

VSPLAB_TEST(out_init_size__paged)
{
    VMBCHANNEL Channel = Open();
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    VMBPACKET Packet = ExAllocatePool2(POOL_FLAG_PAGED, Size, TAG);
    VmbPacketInitialize(Channel, Packet, Size); // breaks out-init-size
    ExFreePoolWithTag(Packet, TAG);
    Close(Channel);
}

VSPLAB_TEST(out_paged_flag__missing)
{
    VMBCHANNEL Channel = Open();
    PVOID Buffer = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG);
    VmbPacketSend(VmbPacketAllocate(Channel), Buffer, 8, NULL, WAIT); // breaks out-paged-flag
    ExFreePoolWithTag(Buffer, TAG);
    Close(Channel);
}

static KEVENT Event;
static VOID Waits(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    (void)Status;
    (void)Buffer;
    (void)Length;
    VmbPacketFree(Packet);
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL); // breaks out-completion-irql
}
VSPLAB_TEST(out_completion_irql)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    VmbPacketSetCompletionRoutine(Packet, Waits);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

static KSPIN_LOCK Lock;
static VOID Locks(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    KIRQL Irql;
    (void)Status;
    (void)Buffer;
    (void)Length;
    KeAcquireSpinLock(&Lock, &Irql); // breaks out-no-lock-send
    VmbPacketFree(Packet);
    KeReleaseSpinLock(&Lock, Irql);
}
VSPLAB_TEST(out_no_lock_send)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    KIRQL Irql;
    VmbPacketSetCompletionRoutine(Packet, Locks);
    KeAcquireSpinLock(&Lock, &Irql);
    VmbPacketSend(Packet, Bytes, 8, NULL, 0);
    KeReleaseSpinLock(&Lock, Irql);
    Close(Channel);
}

VSPLAB_TEST(lock_list)
{
    static LIST_ENTRY Head, Entry;
    InitializeListHead(&Head);
    InsertTailList(&Head, &Entry);
    RemoveEntryList(&Entry);
    RemoveEntryList(&Entry); // breaks lock-list
}
