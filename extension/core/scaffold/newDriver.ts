/** A driver file to start from: a context for packets, a channel that sends them, and nothing that save needs. */
import type { ScaffoldLanguage } from './model.js';
import { namesFor } from './names.js';

/** The name of the context, by that of the file: `Nic.c` → NIC_CONTEXT. */
export function newContextName(fileName: string): string {
  return `${namesFor(stemOf(fileName)).constant.replace(/_SAVED$/, '')}_CONTEXT`;
}

function stemOf(fileName: string): string {
  const stem = fileName.replace(/\.[^.]*$/, '').replace(/[^A-Za-z0-9]+/g, '_');
  return /^[A-Za-z]/.test(stem) ? stem : `Driver_${stem}`;
}

export function newDriverText(fileName: string, language: ScaffoldLanguage): string {
  const context = newContextName(fileName);
  const base = context.replace(/_CONTEXT$/, '');
  const prefix = namesFor(context).prefix;
  const none = language === 'cpp' ? 'nullptr' : 'NULL';
  return `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

#define ${base}_MAXIMUM_PACKET 64

/* Context of a packet that the guest has not answered yet. */
typedef struct _${context} {
    UINT64 RequestId;
    UINT32 Operation;
    UINT32 Length;
    BOOLEAN Urgent;
} ${context}, *P${context};

EVT_VMB_CHANNEL_PROCESS_PACKET ${prefix}ProcessPacket;

/* What the guest sends: completed as it comes. */
_Use_decl_annotations_
VOID ${prefix}ProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength,
     ${' '.repeat(prefix.length)}              UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);

    VmbChannelPacketComplete(Packet, ${none}, 0);
}

/* Between VmbChannelAllocate and VmbChannelEnable. */
_Must_inspect_result_
NTSTATUS ${prefix}ConfigureChannel(_In_ VMBCHANNEL Channel, _In_ HANDLE VmbusHandle)
{
    NTSTATUS Status;

    Status = VmbServerChannelInitSetVmbusHandle(Channel, VmbusHandle);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbChannelInitSetMaximumPacketSize(Channel, ${base}_MAXIMUM_PACKET);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return VmbChannelInitSetProcessPacketCallbacks(Channel, ${prefix}ProcessPacket, ${none});
}
`;
}
