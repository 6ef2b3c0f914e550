/* Who is asked for the records of packets: both callbacks or none. */
#include "Static.h"

#define REGISTER(Channel, Save, Restore)                                                                               \
    VmbServerChannelInitSetSaveRestorePacketCallbacks((Channel), (Save), (Restore))

EVT_VMB_CHANNEL_SAVE_PACKET SaveOne;
EVT_VMB_CHANNEL_RESTORE_PACKET RestoreOne;
EVT_VMB_CHANNEL_SAVE_PACKET_EX SaveOneEx;
EVT_VMB_CHANNEL_RESTORE_PACKET_EX RestoreOneEx;

typedef struct _CALLBACKS {
    PFN_VMB_CHANNEL_SAVE_PACKET Save;
    PFN_VMB_CHANNEL_RESTORE_PACKET Restore;
} CALLBACKS;

static const CALLBACKS Both = {SaveOne, RestoreOne};
static const CALLBACKS None = {NULL, NULL};

NTSTATUS RegistersSaveAlone(VMBCHANNEL Channel)
{
    NTSTATUS Status;
    Status = REGISTER(Channel, SaveOne, NULL); // finds: save-callbacks-registered
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS Register(VMBCHANNEL Channel, const CALLBACKS *Callbacks)
{
    return REGISTER(Channel, Callbacks->Save, Callbacks->Restore); // finds: save-callbacks-registered
}

NTSTATUS RegistersByTable(VMBCHANNEL Channel)
{
    CALLBACKS Callbacks;
    Callbacks.Save = SaveOne;
    Callbacks.Restore = NULL;
    return Register(Channel, &Callbacks);
}

NTSTATUS RegistersRestoreAlone(VMBCHANNEL Channel, PVOID Context)
{
    PFN_VMB_CHANNEL_SAVE_PACKET_EX Save = NULL;
    return VmbServerChannelInitSetSaveRestorePacketCallbacksEx(Channel, Context, Save, // finds: save-callbacks-registered
                                                               RestoreOneEx);
}

NTSTATUS RegistersBoth(VMBCHANNEL Channel) // keeps: save-callbacks-registered
{
    return REGISTER(Channel, Both.Save, Both.Restore);
}

NTSTATUS RegistersNone(VMBCHANNEL Channel) // keeps: save-callbacks-registered
{
    return REGISTER(Channel, None.Save, None.Restore);
}

NTSTATUS RegistersAsTold(VMBCHANNEL Channel, BOOLEAN IsSaved) // keeps: save-callbacks-registered
{
    PFN_VMB_CHANNEL_SAVE_PACKET Save = IsSaved ? SaveOne : NULL;
    PFN_VMB_CHANNEL_RESTORE_PACKET Restore = IsSaved ? RestoreOne : NULL;
    return REGISTER(Channel, Save, Restore);
}

NTSTATUS RegistersWithContext(VMBCHANNEL Channel, PVOID Context) // keeps: save-callbacks-registered
{
    return VmbServerChannelInitSetSaveRestorePacketCallbacksEx(Channel, Context, SaveOneEx, RestoreOneEx);
}
