/* Packets from the guest (kmcl-facts 7.3). */
#include "Contract.h"

#define PROCESS(Name)                                                                                                  \
    static VOID Name(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
#define UNUSED                                                                                                         \
    do {                                                                                                               \
        (void)Channel;                                                                                                 \
        (void)Packet;                                                                                                  \
        (void)Buffer;                                                                                                  \
        (void)Length;                                                                                                  \
        (void)Flags;                                                                                                   \
    } while (0)

PROCESS(Maps)
{
    PMDL Mdl;
    PVOID Address;
    UNUSED;
    VSPLAB_ASSERT_SUCCESS(VmbChannelPacketGetExternalData(Packet, 0, &Mdl));
    Address = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    MmUnmapLockedPages(Address, Mdl);
    VSPLAB_ASSERT(MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) != NULL);
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(Fine_Mapping)
{
    DeliverTo(Maps, TRUE);
}

PROCESS(ReadsLate)
{
    UINT8 First;
    UNUSED;
    VmbChannelPacketComplete(Packet, NULL, 0);
    First = *(PUINT8)Buffer; // breaks in-no-use-after-complete
    VSPLAB_LOG("%u", First);
}
VSPLAB_TEST(in_no_use_after_complete__buffer)
{
    DeliverTo(ReadsLate, FALSE);
}

PROCESS(ReadsMdlLate)
{
    PMDL Mdl;
    ULONG Size;
    UNUSED;
    VSPLAB_ASSERT_SUCCESS(VmbChannelPacketGetExternalData(Packet, 0, &Mdl));
    VmbChannelPacketComplete(Packet, NULL, 0);
    Size = MmGetMdlByteCount(Mdl); // breaks in-no-use-after-complete
    VSPLAB_LOG("%u", Size);
}
VSPLAB_TEST(in_no_use_after_complete__mdl)
{
    DeliverTo(ReadsMdlLate, TRUE);
}

PROCESS(ReadsTooMuch)
{
    UINT8 Message[24];
    UNUSED;
    RtlCopyMemory(Message, Buffer, sizeof(Message)); // breaks in-length-check
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(in_length_check)
{
    DeliverTo(ReadsTooMuch, FALSE);
}

PROCESS(LeavesMapping)
{
    PMDL Mdl;
    UNUSED;
    VSPLAB_ASSERT_SUCCESS(VmbChannelPacketGetExternalData(Packet, 0, &Mdl));
    VSPLAB_ASSERT(MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority) != NULL);
    VmbChannelPacketComplete(Packet, NULL, 0); // breaks in-mdl-unmap-first
}
VSPLAB_TEST(in_mdl_unmap_first)
{
    DeliverTo(LeavesMapping, TRUE);
}

PROCESS(DefersAndCompletes)
{
    UNUSED;
    VmbChannelPacketDeferToPassive(Packet);
    VmbChannelPacketComplete(Packet, NULL, 0); // breaks in-defer-inline
}
VSPLAB_TEST(in_defer_inline__completed)
{
    DeliverTo(DefersAndCompletes, FALSE);
}

PROCESS(AnswersTooMuch)
{
    static UINT8 Answer[300];
    UNUSED;
    VmbChannelPacketComplete(Packet, Answer, sizeof(Answer)); // breaks out-size-limit
}
VSPLAB_TEST(out_size_limit__answer)
{
    DeliverTo(AnswersTooMuch, FALSE);
}

PROCESS(Paged)
{
    UNUSED;
    PAGED_CODE(); // breaks in-irql-safe
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(in_irql_safe__paged_code)
{
    DeliverTo(Paged, FALSE);
}

PROCESS(ClosesHandle)
{
    UNUSED;
    ZwClose((HANDLE)8); // breaks in-irql-safe
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(in_irql_safe__handle)
{
    DeliverTo(ClosesHandle, FALSE);
}
