/* The part of KMCL that bench/callbacks.c uses, for a native compiler. */
#pragma once

typedef struct vsp_channel *VMBCHANNEL;
typedef struct vsp_packet *VMBPACKET;

typedef VOID EVT_VMB_PACKET_COMPLETION_ROUTINE(VMBPACKET, NTSTATUS, PVOID, UINT32);
typedef NTSTATUS EVT_VMB_CHANNEL_SAVE_PACKET(VMBCHANNEL, VMBPACKET, PVOID, UINT32, PUINT32);
typedef NTSTATUS EVT_VMB_CHANNEL_RESTORE_PACKET(VMBCHANNEL, PVOID, UINT32, PVOID, UINT32);

VMBPACKET VmbPacketAllocate(VMBCHANNEL Channel);
VOID VmbPacketFree(VMBPACKET VmbPacket);
VOID VmbPacketSetPointer(VMBPACKET PacketObject, PVOID Pointer);
PVOID VmbPacketGetPointer(VMBPACKET PacketObject);
VOID VmbPacketSetCompletionRoutine(VMBPACKET PacketObject, EVT_VMB_PACKET_COMPLETION_ROUTINE *CompletionRoutine);
NTSTATUS VmbPacketRestore(VMBPACKET PacketObject, PVOID Buffer, UINT32 BufferSize);
