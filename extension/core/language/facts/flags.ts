/** Flags and limits of KMCL (kmcl-facts 1.2), in its order. */
import type { FlagFacts } from './types.js';

const SENDS = [
  ['VmbPacketSend', 4],
  ['VmbPacketSendWithExternalMdl', 6],
  ['VmbPacketSendWithExternalPfns', 5],
  ['VmbChannelSendSynchronousRequest', 4],
] as const;
const MDL_SENDS = [
  ['VmbPacketSend', 4],
  ['VmbPacketSendWithExternalMdl', 6],
  ['VmbChannelSendSynchronousRequest', 4],
] as const;
const GPADLS = [
  ['VmbChannelMapGpadl', 1],
  ['VmbChannelCreateGpadlFromMdl', 1],
  ['VmbChannelCreateGpadlFromBuffer', 1],
  ['VmbChannelCreateGpadlFromPfnList', 1],
  ['VmbChannelCreateGpadl', 1],
] as const;
const INIT = [['VmbChannelInitSetFlags', 1]] as const;
const SERVER_INIT = [['VmbServerChannelInitSetFlags', 1]] as const;
const EXTERNAL = [['VmbChannelPacketGetExternalData', 1]] as const;

const flag = (
  name: string,
  value: string,
  usedWith: FlagFacts['usedWith'],
  rules: FlagFacts['rules'],
  summary: string,
): FlagFacts => ({ name, value, usedWith, rules, summary, mask: false });

const mask = (name: string, value: string, usedWith: FlagFacts['usedWith'], summary: string): FlagFacts => ({
  name,
  value,
  usedWith,
  rules: [],
  summary,
  mask: true,
});

export const FLAGS: readonly FlagFacts[] = [
  flag(
    'VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION',
    '0x1',
    SENDS,
    ['out-external-wait', 'out-sync-root'],
    "The packet is a transaction: it is not over, and nothing of it is given back, before the other side's completion has come. Such packets are in flight, and saved.",
  ),
  flag(
    'VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH',
    '0x2',
    [['VmbPacketSendWithExternalMdl', 6]],
    ['out-flags'],
    'The MdlLength given counts even where the MDL has fewer bytes, up to the end of its page; of a chain only the first MDL is used.',
  ),
  flag(
    'VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER',
    '0x4',
    SENDS,
    ['out-paged-flag'],
    'The inline buffer is pageable: the library copies it before it raises IRQL.',
  ),
  flag(
    'VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY',
    '0x8',
    MDL_SENDS,
    ['out-flags'],
    'The other side only writes to the MDL; what was in it may be lost. From release 18362 on.',
  ),
  flag(
    'VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY',
    '0x10',
    MDL_SENDS,
    ['out-flags'],
    'The other side only reads the MDL. From release 18362 on.',
  ),
  mask('VMBUS_CHANNEL_FORMAT_FLAGS', '0x1F', SENDS, 'All flags of a send; 0x7 before release 18362.'),
  flag(
    'VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY',
    '0x1',
    GPADLS,
    ['gpadl-flags'],
    'The memory is only read. This makes things faster; it protects nothing.',
  ),
  mask('VMBUS_CHANNEL_GPADL_FLAGS', '0x1', GPADLS, 'All flags of a GPADL.'),
  flag('VMBUS_CHANNEL_INIT_FLAG_IS_PIPE', '0x1', INIT, ['init-flags-valid'], 'The channel works in pipe mode.'),
  mask('VMBUS_CHANNEL_INIT_FLAGS', '0x1', INIT, 'All flags of any channel.'),
  flag(
    'VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER',
    '0x1',
    SERVER_INIT,
    ['init-flags-valid'],
    'The offer is made to the same partition; nothing more is published about it.',
  ),
  flag(
    'VMBUS_SERVER_CHANNEL_INIT_FLAG_ENUMERATE_DEVICE_INTERFACE',
    '0x2',
    SERVER_INIT,
    ['init-flags-valid'],
    "The guest publishes a device interface with the channel's type, through which files can be opened on it.",
  ),
  flag(
    'VMBUS_SERVER_CHANNEL_INIT_FLAG_OFFER_AS_PIPE',
    '0x4',
    SERVER_INIT,
    ['init-flags-valid'],
    'The channel is offered in pipe mode.',
  ),
  flag(
    'VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL',
    '0x8',
    SERVER_INIT,
    ['restore-force-new'],
    'After a restore the channel is offered anew and the old one is dropped: nothing in flight survives.',
  ),
  flag(
    'VMBUS_SERVER_CHANNEL_INIT_FLAG_TLNPI_PROVIDER_OFFER',
    '0x10',
    SERVER_INIT,
    ['init-flags-valid'],
    'The channel provides sockets.',
  ),
  mask('VMBUS_SERVER_CHANNEL_INIT_FLAGS', '0x1F', SERVER_INIT, 'All flags of an offer.'),
  flag(
    'VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA',
    '0x1',
    [],
    ['in-external-flag'],
    'Set in the Flags of a delivered packet: it refers to data outside; VmbChannelPacketGetExternalData gets them.',
  ),
  mask('VMBUS_CHANNEL_PROCESS_PACKET_FLAGS', '0x1', [], 'All flags a delivered packet can have.'),
  flag(
    'VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY',
    '0x1',
    EXTERNAL,
    ['in-external-status'],
    'The external data are mapped for reading.',
  ),
  mask('VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAGS', '0x1', EXTERNAL, 'All flags of external data.'),
  flag(
    'VMBUS_SERVER_CHANNEL_INIT_MAXIMUM_OFFER_DATA',
    '120',
    [],
    [],
    'A limit, no flag: the most bytes an offer can carry beside its own fields.',
  ),
];
