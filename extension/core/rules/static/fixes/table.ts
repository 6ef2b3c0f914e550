/** The quick fix of each rule that has one. After it the code compiles and the finding is gone (a test tries all). */
import { CHANNEL_FIXES } from './channelFixes.js';
import type { FixTable } from './fix.js';
import { INCOMING_FIXES } from './incomingFixes.js';
import { MEMORY_FIXES } from './memoryFixes.js';
import { OUTGOING_FIXES } from './outgoingFixes.js';
import { PACKET_FIXES } from './packetFixes.js';
import { RESTORE_PACKET_FIXES } from './restorePacketFixes.js';
import { SAVE_PACKET_FIXES } from './savePacketFixes.js';
import { STREAM_FIXES } from './streamFixes.js';

export const FIXES: FixTable = {
  ...SAVE_PACKET_FIXES,
  ...RESTORE_PACKET_FIXES,
  ...PACKET_FIXES,
  ...INCOMING_FIXES,
  ...OUTGOING_FIXES,
  ...CHANNEL_FIXES,
  ...STREAM_FIXES,
  ...MEMORY_FIXES,
};
