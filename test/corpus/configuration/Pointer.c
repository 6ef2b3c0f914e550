/* What callbacks need before Enable (init-context-before-enable), in C. */
#include "../Corpus.h"

typedef struct _ADAPTER {
    UINT32 Opens;
    BOOLEAN Started;
} ADAPTER, *PADAPTER;

static ADAPTER Adapter;

STATE(MarksStarted)
{
    PADAPTER Own = (PADAPTER)VmbChannelGetPointer(Channel);
    Own->Started = TRUE; // finds: init-context-before-enable
}

VSPLAB_TEST(StartedWithoutAnAdapter)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelStarted = MarksStarted;
    MENDED(Options.Pointer = &Adapter;)
    Channel = Active(&Options);
    Close(Channel);
}
