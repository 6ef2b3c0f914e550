/** Members of the library's interface tables by their number (kmcl-facts 1.5 and 1.6). */

/** Behind the head of every interface, which is member 0. */
const CLIENT = [
  'VmbChannelAllocate',
  'VmbChannelCleanup',
  'VmbChannelCreateGpadlFromBuffer',
  'VmbChannelCreateGpadlFromMdl',
  'VmbChannelDeleteGpadl',
  'VmbChannelDisable',
  'VmbChannelEnable',
  'VmbChannelGetInterfaceInstance',
  'VmbChannelGetMmioSpace',
  'VmbChannelGetPointer',
  'VmbChannelInitSetClientContextSize',
  'VmbChannelInitSetFlags',
  'VmbChannelInitSetFriendlyName',
  'VmbChannelInitSetMaximumExternalData',
  'VmbChannelInitSetMaximumPacketSize',
  'VmbChannelInitSetProcessPacketCallbacks',
  'VmbChannelInitSetStateChangeCallbacks',
  'VmbChannelPacketComplete',
  'VmbChannelPacketDeferToPassive',
  'VmbChannelPacketFail',
  'VmbChannelPacketGetExternalData',
  'VmbChannelPause',
  'VmbChannelSendSynchronousRequest',
  'VmbChannelSetIncomingProcessingAtPassive',
  'VmbChannelSetInterruptLatency',
  'VmbChannelSetPointer',
  'VmbChannelSetTransactionQuota',
  'VmbChannelSizeofPacket',
  'VmbChannelStart',
  'VmbClientChannelInitSetRingBufferPageCount',
  'VmbClientChannelInitSetTargetPnp',
  'VmbPacketAllocate',
  'VmbPacketFree',
  'VmbPacketGetChannel',
  'VmbPacketGetPointer',
  'VmbPacketInitialize',
  'VmbPacketSend',
  'VmbPacketSendWithExternalMdl',
  'VmbPacketSendWithExternalPfns',
  'VmbPacketSetCompletionRoutine',
  'VmbPacketSetPointer',
] as const;

const SERVER_ONLY = [
  'VmbChannelMapGpadl',
  'VmbChannelRestoreFromBuffer',
  'VmbChannelSaveBegin',
  'VmbChannelSaveContinue',
  'VmbChannelSaveEnd',
  'VmbChannelUnmapGpadl',
  'VmbConvertVmbusHandleToKernelHandle',
  'VmbPacketRestore',
  'VmbServerChannelInitSetFlags',
  'VmbServerChannelInitSetMmioMegabytes',
  'VmbServerChannelInitSetSaveRestorePacketCallbacks',
  'VmbServerChannelInitSetTargetInterfaceId',
  'VmbServerChannelInitSetTargetVtl',
  'VmbServerChannelInitSetVmbusHandle',
] as const;

/** Name of the member with that number of a structure as the IR names it; undefined for any other structure. */
export function tableMember(type: string, index: number): string | undefined {
  if (/\._KMCL_CLIENT_INTERFACE_V1(?:\.\d+)?$/.test(type)) return CLIENT[index - 1];
  return /\._KMCL_SERVER_ONLY_METHODS(?:\.\d+)?$/.test(type) ? SERVER_ONLY[index] : undefined;
}
