/* A driver that has its packets presented at PASSIVE_LEVEL. */
#include "Static.h"

static const KMCL_SERVER_INTERFACE_V1 *Kmcl;

PROCESS(WaitsAtPassive) // keeps: in-irql-safe
{
    PDEVICE Device = Kmcl->VmbChannelGetPointer(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    (VOID)KeWaitForSingleObject(&Device->Idle, Executive, KernelMode, FALSE, NULL);
    Kmcl->VmbChannelPacketComplete(Packet, NULL, 0);
}

VOID SetUpPassive(VMBCHANNEL Channel)
{
    Kmcl->VmbChannelSetIncomingProcessingAtPassive(Channel, TRUE);
}
