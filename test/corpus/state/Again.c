/* Drivers that cannot be opened twice (state-reopen), in C. */
#include "../Corpus.h"

static UINT32 Sessions;

OPENED(TakesTheOnlySession)
{
    if (Sessions == 1) {
        return STATUS_TOO_MANY_SESSIONS; // finds: state-reopen
    }
    Sessions++;
    return STATUS_SUCCESS;
}

STATE(GivesTheSessionBack)
{
    MENDED(Sessions--;)
}

VSPLAB_TEST(NeverGivesItsSessionBack)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelOpened = TakesTheOnlySession;
    Options.State.EvtChannelClosed = GivesTheSessionBack;
    Channel = Active(&Options);
    VspLabGuestCloseChannel(Channel);
    (VOID)VspLabGuestOpenChannel(Channel);
    Close(Channel);
}
