/* The channel's life (kmcl-facts 7.2). */
#include "../Corpus.h"

static KEVENT Event;

VSPLAB_TEST(NeverStarted)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Enabled(&Options);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    MENDED(VmbChannelStart(Channel);)
    VspLabGuestSend(Channel, Bytes, 16, TRUE);
    VmbChannelDisable(Channel); // finds: state-server-start
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

static VOID Shutdown(VMBCHANNEL Channel, BOOLEAN WasReady)
{
    if (WasReady) {
        VmbChannelPause(Channel);
    }
    VmbChannelDisable(Channel); // finds: state-server-start
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}
VSPLAB_TEST(StartedOnlyWhenReady)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Enabled(&Options);
    const BOOLEAN Ready = BROKEN(FALSE) MENDED(TRUE);
    if (Ready) {
        VmbChannelStart(Channel);
    }
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VspLabGuestSend(Channel, Bytes, 8, FALSE);
    VspLabGuestSend(Channel, Bytes, 8, TRUE);
    Shutdown(Channel, Ready);
}

VSPLAB_TEST(StartsBeforeEnable)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    BROKEN(VmbChannelStart(Channel);) // finds: state-start-pause-window
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    VmbChannelStart(Channel);
    Close(Channel);
}

static VOID Resume(VMBCHANNEL Channel)
{
    VmbChannelStart(Channel); // finds: state-start-pause-window
}
VSPLAB_TEST(StartsAfterDisable)
{
    VMBCHANNEL Channel = Open();
    MENDED(Resume(Channel);)
    VmbChannelDisable(Channel);
    BROKEN(Resume(Channel);)
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

STATE(PausesItself)
{
    BROKEN(VmbChannelPause(Channel);) // finds: state-no-startpause-in-cb
}
VSPLAB_TEST(PausesInPostStarted)
{
    OPTIONS Options = Defaults();
    Options.State.EvtChannelPostStarted = PausesItself;
    Close(Active(&Options));
}

static VOID Kick(VMBCHANNEL Channel)
{
    VmbChannelStart(Channel); // finds: state-no-startpause-in-cb
}
OPENED(StartsItself)
{
    BROKEN(Kick(Channel);)
    return STATUS_SUCCESS;
}
VSPLAB_TEST(StartsInOpened)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelOpened = StartsItself;
    Channel = Enabled(&Options);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    MENDED(Kick(Channel);)
    Close(Channel);
}

STATE(DisablesItself)
{
    BROKEN(VmbChannelDisable(Channel);) // finds: state-no-disable-in-cb
}
VSPLAB_TEST(DisablesInClosed)
{
    OPTIONS Options = Defaults();
    Options.State.EvtChannelClosed = DisablesItself;
    Close(Active(&Options));
}

COMPLETION(TearsDown)
{
    VMBCHANNEL Channel = VmbPacketGetChannel(Packet);
    VmbPacketFree(Packet);
    BROKEN(VmbChannelDisable(Channel);) // finds: state-no-disable-in-cb
    MENDED((VOID)Channel;)
}
VSPLAB_TEST(DisablesInACompletionRoutine)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    VmbPacketSetCompletionRoutine(Packet, TearsDown);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

VSPLAB_TEST(CleansUpAnEnabledChannel)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Enabled(&Options);
    MENDED(VmbChannelDisable(Channel);)
    VmbChannelCleanup(Channel); // finds: state-disable-before-cleanup
    ZwClose(BusHandle);
}

static VOID Remove(VMBCHANNEL Channel, BOOLEAN Running)
{
    if (Running) {
        VmbChannelDisable(Channel);
    }
    VmbChannelCleanup(Channel); // finds: state-disable-before-cleanup
    ZwClose(BusHandle);
}
VSPLAB_TEST(ForgetsThatItRuns)
{
    VMBCHANNEL Channel = Open();
    Remove(Channel, BROKEN(FALSE) MENDED(TRUE));
}

VSPLAB_TEST(AsksADeadChannel)
{
    VMBCHANNEL Channel = Open();
    PVOID Pointer = NULL;
    MENDED(Pointer = VmbChannelGetPointer(Channel);)
    Close(Channel);
    BROKEN(Pointer = VmbChannelGetPointer(Channel);) // finds: state-no-use-after-cleanup
    VSPLAB_LOG("%p", Pointer);
}

static VOID CleanOnce(VMBCHANNEL *Channel)
{
    if (*Channel != NULL) {
        VmbChannelCleanup(*Channel); // finds: state-no-use-after-cleanup
        MENDED(*Channel = NULL;)
    }
}
VSPLAB_TEST(CleansUpTwice)
{
    VMBCHANNEL Channel = Open();
    VmbChannelDisable(Channel);
    CleanOnce(&Channel);
    CleanOnce(&Channel);
    ZwClose(BusHandle);
}

OPENED(TakesAndRefuses)
{
    static PVOID Table;
    Table = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG); // finds: state-opened-unwind
    MENDED(if (Table != NULL) ExFreePoolWithTag(Table, TAG);)
    return STATUS_NOT_SUPPORTED;
}
VSPLAB_TEST(RefusesWithItsTable)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelOpened = TakesAndRefuses;
    Channel = Enabled(&Options);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT(!NT_SUCCESS(VspLabGuestOpenChannel(Channel)));
    VSPLAB_ASSERT(!NT_SUCCESS(VspLabGuestOpenChannel(Channel)));
    Close(Channel);
}

static UINT32 SharedGpadl;
OPENED(MapsAndRefuses)
{
    NTSTATUS Status;
    PMDL Mdl;
    PVOID Table = NULL;
    Status = VmbChannelMapGpadl(Channel, 0, SharedGpadl, &Mdl); // finds: state-opened-unwind
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    Table = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4096, TAG);
    if (Table == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        MENDED(VmbChannelUnmapGpadl(Channel, SharedGpadl);)
        goto Exit;
    }
    ExFreePoolWithTag(Table, TAG);
    VmbChannelUnmapGpadl(Channel, SharedGpadl);
Exit:
    return Status;
}
VSPLAB_TEST(RefusesWithItsMapping)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelOpened = MapsAndRefuses;
    Channel = Enabled(&Options);
    VmbChannelStart(Channel);
    SharedGpadl = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    VspLabFailAllocations(1, 1);
    VSPLAB_ASSERT(!NT_SUCCESS(VspLabGuestOpenChannel(Channel)));
    Close(Channel);
}

COMPLETION(SignalsEvent)
{
    VmbPacketFree(Packet);
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}
static VOID Hello(VMBCHANNEL Channel)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return;
    }
    VmbPacketSetCompletionRoutine(Packet, SignalsEvent);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
}
STATE(WaitsForHello)
{
    Hello(Channel);
    BROKEN(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);) // finds: state-started-nonblocking
}
VSPLAB_TEST(WaitsInStarted)
{
    OPTIONS Options = Defaults();
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Options.State.EvtChannelStarted = WaitsForHello;
    Close(Active(&Options));
}

static VOID Negotiate(VMBCHANNEL Channel)
{
    LARGE_INTEGER Second;
    NTSTATUS Status = STATUS_TIMEOUT;
    Second.QuadPart = -10000000;
    Hello(Channel);
    while (Status == STATUS_TIMEOUT) {
        Status = KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Second); // finds: state-started-nonblocking
    }
}
STATE(PollsForHello)
{
    BROKEN(Negotiate(Channel);)
    MENDED(Hello(Channel);)
}
VSPLAB_TEST(PollsInStarted)
{
    OPTIONS Options = Defaults();
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Options.State.EvtChannelStarted = PollsForHello;
    Close(Active(&Options));
}
