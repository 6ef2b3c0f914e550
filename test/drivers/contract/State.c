/* The channel's life and its GPADLs (kmcl-facts 7.1, 7.2, 7.5). */
#include "Contract.h"

VSPLAB_TEST(state_start_pause_window)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    VmbChannelStart(Channel); // breaks state-start-pause-window
    VmbChannelCleanup(Channel);
    ZwClose(Handle);
}

VSPLAB_TEST(init_process_callback)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Handle));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(Channel, Handle));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(Channel, Type, Type));
    NTSTATUS Status = VmbChannelEnable(Channel); // breaks init-process-callback
    VSPLAB_ASSERT_SUCCESS(Status);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VspLabGuestSend(Channel, Bytes, 8, TRUE);
    Close(Channel);
}

static NTSTATUS Refuses(VMBCHANNEL Channel)
{
    static PVOID Memory;
    (void)Channel;
    Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, TAG); // breaks state-opened-unwind
    return Memory == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_UNSUCCESSFUL;
}
VSPLAB_TEST(state_opened_unwind)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelOpened = Refuses;
    Channel = Enabled(&Options);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT(!NT_SUCCESS(VspLabGuestOpenChannel(Channel)));
    VSPLAB_ASSERT(!NT_SUCCESS(VspLabGuestOpenChannel(Channel)));
    Close(Channel);
}

static KTIMER Timer;
static KDPC Dpc;
static VMBCHANNEL Late;
static VOID Tick(PKDPC Object, PVOID Context, PVOID First, PVOID Second)
{
    (void)Object;
    (void)Context;
    (void)First;
    (void)Second;
    VmbChannelGetPointer(Late); // breaks state-suspend-cancels-backend
}
VSPLAB_TEST(state_suspend_cancels_backend)
{
    VMBCHANNEL Channel = Open();
    LARGE_INTEGER Due;
    Due.QuadPart = -1000;
    Late = Channel;
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, Tick, NULL);
    KeSetTimer(&Timer, Due, &Dpc);
    Close(Channel);
    VspLabAdvanceTime(2000);
}

VSPLAB_TEST(state_no_use_after_cleanup)
{
    VMBCHANNEL Channel = Open();
    Close(Channel);
    VmbChannelGetPointer(Channel); // breaks state-no-use-after-cleanup
}

static FAST_MUTEX Mutex;
static VOID TakesMutex(VMBCHANNEL Channel)
{
    (void)Channel;
    ExAcquireFastMutexUnsafe(&Mutex); // breaks state-blocking-no-locks
    ExReleaseFastMutexUnsafe(&Mutex);
}
VSPLAB_TEST(state_blocking_no_locks__mutex)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    ExInitializeFastMutex(&Mutex);
    Options.State.EvtChannelSuspend = TakesMutex;
    Channel = Active(&Options);
    ExAcquireFastMutexUnsafe(&Mutex);
    VmbChannelPause(Channel);
    ExReleaseFastMutexUnsafe(&Mutex);
    Close(Channel);
}

VSPLAB_TEST(gpadl_unmap_quiet__memory)
{
    VMBCHANNEL Channel = Open();
    UINT32 Gpadl = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    PMDL Mdl;
    PUINT8 Memory;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(Channel, 0, Gpadl, &Mdl));
    Memory = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    VmbChannelUnmapGpadl(Channel, Gpadl);
    Memory[0] = 1; // breaks gpadl-unmap-quiet
    Close(Channel);
}

VSPLAB_TEST(gpadl_unmap_quiet__mdl)
{
    VMBCHANNEL Channel = Open();
    UINT32 Gpadl = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    PMDL Mdl;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(Channel, 0, Gpadl, &Mdl));
    VmbChannelUnmapGpadl(Channel, Gpadl);
    Mdl->Next = NULL; // breaks gpadl-unmap-quiet
    Close(Channel);
}

VSPLAB_TEST(mem_leak__channel)
{
    VMBCHANNEL Channel;
    NTSTATUS Status;
    Status = VmbChannelAllocate(VspLabDevice(), TRUE, &Channel); // breaks mem-leak
    VSPLAB_ASSERT_SUCCESS(Status);
}
