/** Handles and structures of KMCL (kmcl-facts 1.1, 1.4). */
import type { TypeFacts } from './types.js';

const handle = (name: string, summary: string): TypeFacts => ({
  name,
  declaration: `DECLARE_HANDLE(${name})`,
  summary,
});
const structure = (name: string, summary: string): TypeFacts => ({ name, declaration: `struct _${name}`, summary });

export const TYPES: readonly TypeFacts[] = [
  handle('VMBCHANNEL', 'An endpoint of a channel, from VmbChannelAllocate to VmbChannelCleanup.'),
  handle(
    'VMBPACKET',
    'A packet to send, from VmbPacketAllocate to VmbPacketFree, or in memory of the driver by VmbPacketInitialize.',
  ),
  handle(
    'VMBPACKETCOMPLETION',
    'A packet that was delivered, from the ProcessPacket callback to VmbChannelPacketComplete.',
  ),
  structure(
    'VMB_CHANNEL_STATE_CHANGE_CALLBACKS',
    'The five callbacks of a channel’s state; NULL members are not called. Prepare it with VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT, which sets version 1 and the size.',
  ),
  structure(
    'VMB_CHANNEL_STATE_CHANGE_CALLBACKS_V5',
    'The same with callbacks that get a pointer of the driver. Prepare it with VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT_V5.',
  ),
];
