/* Settings of a channel before Enable (kmcl-facts 7.1, init-). */
#include "../Corpus.h"

static KSPIN_LOCK Lock;

VSPLAB_TEST(AllocatesUnderASpinLock)
{
    VMBCHANNEL Channel;
    KIRQL Irql;
    NTSTATUS Status;
    BROKEN(KeAcquireSpinLock(&Lock, &Irql);)
    Status = VmbChannelAllocate(VspLabDevice(), TRUE, &Channel); // finds: init-alloc-passive
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
    MENDED((VOID)Irql;)
    if (NT_SUCCESS(Status)) {
        VmbChannelCleanup(Channel);
    }
}

DPC(AllocatesLater)
{
    VMBCHANNEL *Channel = (VMBCHANNEL *)Context;
    BROKEN(if (!NT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, Channel))) *Channel = NULL;) // finds: init-alloc-passive
    MENDED(*Channel = NULL;)
}
VSPLAB_TEST(AllocatesInADpc)
{
    static VMBCHANNEL Channel;
    static KDPC Object;
    KeInitializeDpc(&Object, AllocatesLater, &Channel);
    KeInsertQueueDpc(&Object, NULL, NULL);
    KeFlushQueuedDpcs();
    if (Channel != NULL) {
        VmbChannelCleanup(Channel);
    }
}

VSPLAB_TEST(SetsSizeOfAnEnabledChannel)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Enabled(&Options);
    BROKEN((VOID)VmbChannelInitSetMaximumPacketSize(Channel, 64);) // finds: init-before-enable
    Close(Channel);
}

static NTSTATUS SetName(VMBCHANNEL Channel, PCWSTR Text)
{
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, Text);
    return VmbChannelInitSetFriendlyName(Channel, &Name); // finds: init-before-enable
}
VSPLAB_TEST(NamesItTooLate)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    MENDED(VSPLAB_ASSERT_SUCCESS(SetName(Channel, L"Corpus"));)
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    BROKEN(SetName(Channel, L"Corpus");)
    Close(Channel);
}

VSPLAB_TEST(MaximumSizeOfZero)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    UINT32 Size = MENDED(64 +) 0;
    (VOID)VmbChannelInitSetMaximumPacketSize(Channel, Size); // finds: init-packet-size
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

static NTSTATUS Limit(VMBCHANNEL Channel, UINT32 Elements, UINT32 Size)
{
    UINT32 Product = Elements * Size;
    return VmbChannelInitSetMaximumPacketSize(Channel, Product); // finds: init-packet-size
}
VSPLAB_TEST(MaximumSizeThatWraps)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    BROKEN((VOID)Limit(Channel, 0x10000, 0x10000);)
    MENDED(VSPLAB_ASSERT_SUCCESS(Limit(Channel, 4, 16));)
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

VSPLAB_TEST(NoExternalBytes)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    BROKEN((VOID)VmbChannelInitSetMaximumExternalData(Channel, 0, 4);) // finds: init-external-limits
    MENDED((VOID)VmbChannelInitSetMaximumExternalData(Channel, 4096, 4);)
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

VSPLAB_TEST(NoChain)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    const UINT32 Pages = BROKEN(0) MENDED(2);
    NTSTATUS Status = VmbChannelInitSetMaximumExternalData(Channel, 4096, Pages); // finds: init-external-limits
    UNREFERENCED_PARAMETER(Status);
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

/* A channel that lacks one setting. */
enum { HANDLE_BIT = 1, IDS_BIT = 2, PROCESS_BIT = 4, ALL_BITS = 7 };
static VMBCHANNEL Made(ULONG Bits)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &BusHandle));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    if (Bits & HANDLE_BIT) {
        VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(Channel, BusHandle));
    }
    if (Bits & IDS_BIT) {
        VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(Channel, InterfaceType, InterfaceInstance));
    }
    if (Bits & PROCESS_BIT) {
        VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, Answer, NULL));
    }
    return Channel;
}
static VOID EndOf(VMBCHANNEL Channel, NTSTATUS EnableStatus)
{
    if (NT_SUCCESS(EnableStatus)) {
        VmbChannelStart(Channel);
        VmbChannelDisable(Channel);
    }
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

VSPLAB_TEST(NobodyServesRequests)
{
    VMBCHANNEL Channel = Made(BROKEN(HANDLE_BIT | IDS_BIT) MENDED(ALL_BITS));
    NTSTATUS Status = VmbChannelEnable(Channel); // finds: init-process-callback
    EndOf(Channel, Status);
}

static NTSTATUS EnableLater(VMBCHANNEL Channel)
{
    NTSTATUS Status = STATUS_SUCCESS;
    MENDED(Status = VmbChannelInitSetProcessPacketCallbacks(Channel, Answer, NULL);)
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return VmbChannelEnable(Channel); // finds: init-process-callback
}
VSPLAB_TEST(CallbackForgottenInAHelper)
{
    VMBCHANNEL Channel = Made(HANDLE_BIT | IDS_BIT);
    EndOf(Channel, EnableLater(Channel));
}

VSPLAB_TEST(NoBus)
{
    VMBCHANNEL Channel = Made(BROKEN(IDS_BIT | PROCESS_BIT) MENDED(ALL_BITS));
    NTSTATUS Status = VmbChannelEnable(Channel); // finds: init-vmbus-handle
    EndOf(Channel, Status);
}

VSPLAB_TEST(UserHandleGivenAway)
{
    VMBCHANNEL Channel = Made(IDS_BIT | PROCESS_BIT);
    HANDLE Handle = MENDED(BusHandle) BROKEN(VspLabVmbusHandle());
    NTSTATUS Status = VmbServerChannelInitSetVmbusHandle(Channel, Handle); // finds: init-vmbus-handle
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelEnable(Channel);
    }
    EndOf(Channel, Status);
}

VSPLAB_TEST(NobodyBinds)
{
    VMBCHANNEL Channel = Made(BROKEN(HANDLE_BIT | PROCESS_BIT) MENDED(ALL_BITS));
    NTSTATUS Status = VmbChannelEnable(Channel); // finds: init-target-ids
    EndOf(Channel, Status);
}

static NTSTATUS Offer(VMBCHANNEL Channel, BOOLEAN WithIds)
{
    NTSTATUS Status = VmbChannelInitSetMaximumPacketSize(Channel, 128);
    if (NT_SUCCESS(Status) && WithIds) {
        Status = VmbServerChannelInitSetTargetInterfaceId(Channel, InterfaceType, InterfaceInstance);
    }
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelEnable(Channel); // finds: init-target-ids
    }
    return Status;
}
VSPLAB_TEST(IdsOnOnePathOnly)
{
    VMBCHANNEL Channel = Made(HANDLE_BIT | PROCESS_BIT);
    EndOf(Channel, Offer(Channel, BROKEN(FALSE) MENDED(TRUE)));
}

/* Channels of one primary. */
static VMBCHANNEL Sub(VOID)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, Answer, NULL));
    return Channel;
}

VSPLAB_TEST(SubChannelOfIndexZero)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Primary = Configured(&Options);
    VMBCHANNEL Second = Sub();
    UINT16 Index = BROKEN(0) MENDED(1);
    (VOID)VmbChannelInitSetPrimaryChannel(Second, Primary, Index); // finds: init-subchannel
    VmbChannelCleanup(Second);
    VmbChannelCleanup(Primary);
    ZwClose(BusHandle);
}

static NTSTATUS EnableBoth(VMBCHANNEL Primary, VMBCHANNEL Second)
{
    NTSTATUS Status = VmbChannelInitSetPrimaryChannel(Second, Primary, 1);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    MENDED(VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Primary));)
    return VmbChannelEnable(Second); // finds: init-subchannel
}
VSPLAB_TEST(SubChannelBeforeItsPrimaryIsOpen)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Primary = Enabled(&Options);
    VMBCHANNEL Second = Sub();
    if (NT_SUCCESS(EnableBoth(Primary, Second))) {
        VmbChannelDisable(Second);
    }
    VmbChannelDisable(Primary);
    VmbChannelCleanup(Second);
    VmbChannelCleanup(Primary);
    ZwClose(BusHandle);
}

/* Handles of the virtual machine's bus. */
typedef struct _BINDING {
    HANDLE User;
    HANDLE Kernel;
    NTSTATUS Status;
} BINDING;

static NTSTATUS Bind(BINDING *Binding)
{
    return VmbConvertVmbusHandleToKernelHandle(Binding->User, &Binding->Kernel); // finds: init-convert-context
}
WORK(BindLater)
{
    BINDING *Binding = (BINDING *)Context;
    BROKEN(Binding->Status = Bind(Binding);)
    MENDED(Binding->Status = STATUS_SUCCESS;)
}
VSPLAB_TEST(ConvertsInAWorkItem)
{
    static BINDING Binding;
    PIO_WORKITEM Item = IoAllocateWorkItem(VspLabDevice());
    Binding.User = VspLabVmbusHandle();
    MENDED(VSPLAB_ASSERT_SUCCESS(Bind(&Binding));)
    IoQueueWorkItem(Item, BindLater, DelayedWorkQueue, &Binding);
    VspLabRunPending();
    IoFreeWorkItem(Item);
    if (Binding.Kernel != NULL) {
        ZwClose(Binding.Kernel);
    }
}

static VOID Thread(PVOID Context)
{
    BINDING *Binding = (BINDING *)Context;
    BROKEN(Binding->Status = VmbConvertVmbusHandleToKernelHandle(Binding->User, &Binding->Kernel);) // finds: init-convert-context
    PsTerminateSystemThread(STATUS_SUCCESS);
}
VSPLAB_TEST(ConvertsInASystemThread)
{
    static BINDING Binding;
    HANDLE Handle;
    Binding.User = VspLabVmbusHandle();
    MENDED(VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(Binding.User, &Binding.Kernel));)
    VSPLAB_ASSERT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, &Binding));
    VspLabRunPending();
    ZwClose(Handle);
    if (Binding.Kernel != NULL) {
        ZwClose(Binding.Kernel);
    }
}

VSPLAB_TEST(BusHandleStaysOpen)
{
    HANDLE Handle;
    NTSTATUS Status = VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Handle); // finds: init-close-kernel-handle
    if (NT_SUCCESS(Status)) {
        MENDED(ZwClose(Handle);)
    }
}

static VOID Unbind(BINDING *Binding)
{
    ZwClose(Binding->Kernel); // finds: init-close-kernel-handle
    MENDED(Binding->Kernel = NULL;)
}
VSPLAB_TEST(BusHandleClosedTwice)
{
    BINDING Binding = {NULL, NULL, STATUS_SUCCESS};
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Binding.Kernel));
    Unbind(&Binding);
    if (Binding.Kernel != NULL) {
        Unbind(&Binding);
    }
}

/* One endpoint's functions on the other. */
VSPLAB_TEST(ServerFlagsOnAClient)
{
    VMBCHANNEL Channel;
    BOOLEAN IsServer = BROKEN(FALSE) MENDED(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), IsServer, &Channel));
    (VOID)VmbServerChannelInitSetFlags(Channel, 0); // finds: init-server-only-on-server
    VmbChannelCleanup(Channel);
}

static NTSTATUS MapShared(VMBCHANNEL Channel, PMDL *Mdl)
{
    return VmbChannelMapGpadl(Channel, 0, 1, Mdl); // finds: init-server-only-on-server
}
VSPLAB_TEST(ClientMapsAGpadl)
{
    VMBCHANNEL Channel;
    PMDL Mdl;
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), FALSE, &Channel));
    BROKEN(if (NT_SUCCESS(MapShared(Channel, &Mdl))) VmbChannelUnmapGpadl(Channel, 1);)
    MENDED((VOID)Mdl;)
    VmbChannelCleanup(Channel);
}

VSPLAB_TEST(RingPagesOnAServer)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), BROKEN(TRUE) MENDED(FALSE), &Channel));
    (VOID)VmbClientChannelInitSetRingBufferPageCount(Channel, 4, 4); // finds: init-client-only-on-client
    VmbChannelCleanup(Channel);
}

VSPLAB_TEST(ServerMakesAGpadl)
{
    VMBCHANNEL Channel = Open();
    UINT32 Gpadl = 0;
    BROKEN((VOID)VmbChannelCreateGpadlFromBuffer(Channel, 0, Bytes, sizeof(Bytes), &Gpadl);) // finds: init-client-only-on-client
    MENDED(Gpadl = VspLabGuestCreateGpadl(Channel, 1, FALSE);)
    VSPLAB_LOG("%u", Gpadl);
    Close(Channel);
}
