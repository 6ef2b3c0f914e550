// Drivers that cannot be opened twice (state-reopen).
#include "../Corpus.h"

namespace {

struct Session {
    ULONG Version;
    LIST_ENTRY Requests;
};

struct Driver {
    Session *Current;
    ULONG Opens;
    LIST_ENTRY Sessions;
};
Driver TheDriver;

VMBCHANNEL Twice(PFN_VMB_CHANNEL_OPENED opened, PFN_VMB_CHANNEL_CLOSED closed)
{
    OPTIONS options = Defaults();
    options.State.EvtChannelOpened = opened;
    options.State.EvtChannelClosed = closed;
    VMBCHANNEL channel = Active(&options);
    VspLabGuestCloseChannel(channel);
    VspLabGuestOpenChannel(channel);
    return channel;
}

// Refuses the second time.
NTSTATUS CountsOpens(VMBCHANNEL)
{
    if (TheDriver.Opens++ != 0) {
        return STATUS_DEVICE_BUSY; // finds: state-reopen in OpensOnlyOnce
    }
    return STATUS_SUCCESS;
}
void ForgetsTheCount(VMBCHANNEL)
{
    MENDED(TheDriver.Opens = 0;)
}

// Frees at close what it allocated at the first open only.
NTSTATUS KeepsItsSession(VMBCHANNEL)
{
    if (TheDriver.Current == nullptr) {
        TheDriver.Current = static_cast<Session *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Session), TAG));
    }
    if (TheDriver.Current == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    TheDriver.Current->Version = 1; // finds: state-reopen in UsesTheSessionOfTheLastOpen
    return STATUS_SUCCESS;
}
void FreesTheSession(VMBCHANNEL)
{
    if (TheDriver.Current != nullptr) {
        ExFreePoolWithTag(TheDriver.Current, TAG);
    }
    MENDED(TheDriver.Current = nullptr;)
}

// Overwrites the pointer of the last open.
NTSTATUS AllocatesAnew(VMBCHANNEL)
{
    TheDriver.Current = static_cast<Session *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Session), TAG)); // finds: state-reopen in LosesTheSessionOfTheLastOpen
    return TheDriver.Current == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}
void DropsTheSession(VMBCHANNEL)
{
    MENDED(ExFreePoolWithTag(TheDriver.Current, TAG);)
    MENDED(TheDriver.Current = nullptr;)
}

} // namespace

VSPLAB_TEST(OpensOnlyOnce)
{
    Close(Twice(CountsOpens, ForgetsTheCount));
}

VSPLAB_TEST(UsesTheSessionOfTheLastOpen)
{
    Close(Twice(KeepsItsSession, FreesTheSession));
}

VSPLAB_TEST(LosesTheSessionOfTheLastOpen)
{
    Close(Twice(AllocatesAnew, DropsTheSession));
    MENDED(TheDriver.Current = nullptr;)
}
