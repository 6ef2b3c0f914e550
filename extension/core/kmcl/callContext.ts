/** Who may call what from where (kmcl-facts 4.6). */
import type { ApiName } from './api.js';

/** The five members of VMB_CHANNEL_STATE_CHANGE_CALLBACKS. */
export const STATE_CALLBACKS: ReadonlySet<ApiName> = new Set<ApiName>([
  'EvtVmbChannelOpened',
  'EvtVmbChannelClosed',
  'EvtVmbChannelSuspend',
  'EvtVmbChannelStarted',
  'EvtVmbChannelPostStarted',
]);

export const SAVE_CALLBACKS: ReadonlySet<ApiName> = new Set<ApiName>([
  'EvtVmbChannelSavePacket',
  'EvtVmbChannelRestorePacket',
]);

export const PACKET_CALLBACKS: ReadonlySet<ApiName> = new Set<ApiName>([
  'EvtVmbChannelProcessPacket',
  'EvtVmbChannelProcessingComplete',
  'EvtVmbPacketCompletionRoutine',
]);

/** Where Disable and Cleanup would wait for themselves. */
export const CHANNEL_CALLBACKS: ReadonlySet<ApiName> = new Set<ApiName>([
  ...STATE_CALLBACKS,
  ...SAVE_CALLBACKS,
  ...PACKET_CALLBACKS,
  'EvtVmbChannelPnpFailure',
]);

/**
 * Where Start and Pause are refused. In packet callbacks Pause is let through: it waits for that very packet, a
 * deadlock.
 */
export const NO_START_PAUSE: ReadonlySet<ApiName> = new Set<ApiName>([...STATE_CALLBACKS, ...SAVE_CALLBACKS]);
