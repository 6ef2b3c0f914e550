/** Flags of KMCL's calls and callbacks by name (vmbuskernelmodeclientlibapi.h). */

export type FlagSet = readonly (readonly [name: string, bit: number])[];

const PROCESS_PACKET: FlagSet = [['VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA', 0x1]];
const FORMAT: FlagSet = [
  ['VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION', 0x1],
  ['VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH', 0x2],
  ['VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER', 0x4],
  ['VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY', 0x8],
  ['VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY', 0x10],
];
const GPADL: FlagSet = [['VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY', 0x1]];
const SERVER_INIT: FlagSet = [
  ['VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER', 0x1],
  ['VMBUS_SERVER_CHANNEL_INIT_FLAG_ENUMERATE_DEVICE_INTERFACE', 0x2],
  ['VMBUS_SERVER_CHANNEL_INIT_FLAG_OFFER_AS_PIPE', 0x4],
  ['VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL', 0x8],
  ['VMBUS_SERVER_CHANNEL_INIT_FLAG_TLNPI_PROVIDER_OFFER', 0x10],
];

/**
 * The set a variable's name stands for, alone or with the role of the function it is a parameter of; undefined when
 * nothing says which.
 */
export function flagSetFor(name: string | undefined, role: string | undefined): FlagSet | undefined {
  if (name === undefined || !/flags$/i.test(name)) return undefined;
  if (role === 'EVT_VMB_CHANNEL_PROCESS_PACKET' && name === 'Flags') return PROCESS_PACKET;
  if (/gpadl/i.test(name)) return GPADL;
  if (/(?:format|send|packet)flags$/i.test(name)) return FORMAT;
  return /serverchannel(?:init)?flags$/i.test(name) ? SERVER_INIT : undefined;
}

/** `A | B`, with a remainder as a number; undefined for 0. */
export function flagNames(set: FlagSet, value: number): string | undefined {
  const found = set.filter(([, bit]) => (value & bit) !== 0);
  const rest = found.reduce((left, [, bit]) => left & ~bit, value >>> 0) >>> 0;
  const words = [...found.map(([name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])];
  return found.length === 0 ? undefined : words.join(' | ');
}
