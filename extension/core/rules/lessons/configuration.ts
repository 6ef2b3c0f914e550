/** Interface and configuration: kmcl-facts 7.1 in the sheet's order. */
import type { Lessons } from './lesson.js';

export const CONFIGURATION: Lessons<'configuration'> = {
  'iface-query-size-version': {
    why:
      'The library copies as many function pointers as Size asks for and refuses pairs of size and version it does ' +
      'not know. Nothing in the structure is valid before the query has succeeded.',
    wrong: `WdfFdoQueryForInterface(wdfDevice, &KMCL_CLIENT_INTERFACE_TYPE, (PINTERFACE)&client,
    sizeof(client), KMCL_CLIENT_INTERFACE_VERSION_LATEST, NULL);
status = client.VmbChannelEnable(Channel);`,
    right: `status = WdfFdoQueryForInterface(wdfDevice, &KMCL_CLIENT_INTERFACE_TYPE, (PINTERFACE)&client,
    sizeof(client), KMCL_CLIENT_INTERFACE_VERSION_V1, NULL);
if (!NT_SUCCESS(status))
    return status;
status = client.VmbChannelEnable(Channel);`,
  },
  'iface-cpp-v5': {
    why:
      'The header declares the save setter with a context only when it is compiled as C. The same structure is 608 ' +
      'bytes long in C and 600 in C++, so the library may have filled less than the caller reads.',
    wrong: `// C++
server.VmbServerChannelInitSetSaveRestorePacketCallbacksEx(Channel, device, SaveEx, RestoreEx);`,
    right: `// C++: the plain setter lies at the same place in both languages
status = VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SavePacket, RestorePacket);`,
  },
  'iface-dereference': {
    why:
      'A successful query takes a reference on the library. It keeps the library loaded while its functions are called ' +
      'through the structure.',
    wrong: `// unload
client.VmbChannelCleanup(Channel);
// the reference taken by the query stays behind`,
    right: `// unload
client.VmbChannelCleanup(Channel);
client.InterfaceDereference(client.Context);`,
  },
  'init-alloc-passive': {
    why: 'Allocating a channel may page and may take locks that wait, which needs PASSIVE_LEVEL.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
status = VmbChannelAllocate(Parent, TRUE, &device->Channel);
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `status = VmbChannelAllocate(Parent, TRUE, &Channel);
KeAcquireSpinLock(&device->Lock, &irql);
device->Channel = Channel;
KeReleaseSpinLock(&device->Lock, irql);`,
  },
  'init-alloc-checked': {
    why: 'The out parameter is written only on success, so after a failure the handle is whatever the variable held.',
    wrong: `VmbChannelAllocate(Parent, TRUE, &device->Channel);
VmbChannelSetPointer(device->Channel, device);`,
    right: `status = VmbChannelAllocate(Parent, TRUE, &device->Channel);
if (!NT_SUCCESS(status))
    return status;
VmbChannelSetPointer(device->Channel, device);`,
  },
  'init-before-enable': {
    why:
      'Enable publishes the offer with the settings made so far. A setting that comes later finds the channel in the ' +
      'wrong state and is refused.',
    wrong: `status = VmbChannelEnable(Channel);
VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE));`,
    right: `status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE));
if (NT_SUCCESS(status))
    status = VmbChannelEnable(Channel);`,
  },
  'init-status-checked': {
    why: 'A setter that fails leaves the default in place without any other sign; the channel can be enabled all the same.',
    wrong: `VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SavePacket, RestorePacket);
status = VmbChannelEnable(Channel);`,
    right: `status = VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SavePacket, RestorePacket);
if (!NT_SUCCESS(status))
    goto Cleanup;
status = VmbChannelEnable(Channel);
Cleanup:`,
  },
  'init-packet-size': {
    why:
      'The library sizes packet objects and rings by this number. A longer message has no room in the packet object ' +
      'while it waits for the ring.',
    wrong: `status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE_HEADER));
/* later: VmbPacketSend(Packet, &message, sizeof(MESSAGE), NULL, 0); */`,
    right: 'status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE));',
  },
  'init-external-limits': {
    why:
      'The limits decide how large a described buffer the library accepts from the guest; zero means that no request ' +
      'with external data can ever be right, and the setter refuses it.',
    wrong: 'status = VmbChannelInitSetMaximumExternalData(Channel, 0, 1);',
    right: `status = VmbChannelInitSetMaximumExternalData(Channel, MAXIMUM_TRANSFER,
    MAXIMUM_TRANSFER / PAGE_SIZE + 1);`,
  },
  'init-statecb-helper': {
    why:
      'The library reads version, size and each callback of the structure. Members of a local that nobody set hold ' +
      'whatever the stack held.',
    wrong: `VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
callbacks.EvtChannelOpened = Opened;
status = VmbChannelInitSetStateChangeCallbacks(Channel, &callbacks);`,
    right: `VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
callbacks.EvtChannelOpened = Opened;
status = VmbChannelInitSetStateChangeCallbacks(Channel, &callbacks);`,
  },
  'init-process-callback': {
    why: "Incoming packets go to the registered callback; there is no default that answers in the driver's place.",
    wrong: `status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE));
if (NT_SUCCESS(status))
    status = VmbChannelEnable(Channel);`,
    right: `status = VmbChannelInitSetProcessPacketCallbacks(Channel, ProcessPacket, NULL);
if (NT_SUCCESS(status))
    status = VmbChannelEnable(Channel);`,
  },
  'init-callbacks-one-family': {
    why: 'The channel keeps one registration per purpose, and the latest valid one counts.',
    wrong: `status = VmbChannelInitSetProcessPacketCallbacks(Channel, ProcessPacket, NULL);
status = VmbChannelInitSetProcessPacketCallbacksEx(Channel, device, ProcessPacketEx, NULL);`,
    right: 'status = VmbChannelInitSetProcessPacketCallbacksEx(Channel, device, ProcessPacketEx, NULL);',
  },
  'init-subchannel': {
    why:
      'A sub-channel lives inside an open period of its primary: it can be enabled only then, and it is disabled with ' +
      'the primary. Index 0 is the primary itself.',
    wrong: `status = VmbChannelInitSetPrimaryChannel(device->SubChannel, Channel, 0);
status = VmbChannelEnable(device->SubChannel); /* the guest has not opened the primary yet */`,
    right: `/* in the primary's opened callback */
status = VmbChannelInitSetPrimaryChannel(device->SubChannel, Channel, 1);
if (NT_SUCCESS(status))
    status = VmbChannelEnable(device->SubChannel);`,
  },
  'init-flags-valid': {
    why: 'Channel flags and server flags have numbers of their own; a bit that is not defined is refused.',
    wrong: 'status = VmbServerChannelInitSetFlags(Channel, 0x20);',
    right: 'status = VmbServerChannelInitSetFlags(Channel, VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL);',
  },
  'init-vmbus-handle': {
    why:
      "The handle binds the channel to one virtual machine's bus. It must be a kernel handle: the library uses it " +
      'outside the process that opened it.',
    wrong: `status = VmbServerChannelInitSetVmbusHandle(Channel, userHandle);
status = VmbChannelEnable(Channel);`,
    right: `status = VmbConvertVmbusHandleToKernelHandle(userHandle, &device->VmbusHandle);
if (NT_SUCCESS(status))
    status = VmbServerChannelInitSetVmbusHandle(Channel, device->VmbusHandle);`,
  },
  'init-convert-context': {
    why:
      'A user-mode handle is a number in the table of one process. In another process, or in a worker thread of the ' +
      'system, the same number names something else or nothing.',
    wrong: `VOID ConvertLater(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PDEVICE_CONTEXT device = Context;
    UNREFERENCED_PARAMETER(DeviceObject);
    /* a work item runs in the system process */
    VmbConvertVmbusHandleToKernelHandle(device->UserHandle, &device->VmbusHandle);
}`,
    right: `NTSTATUS OnBindRequest(PDEVICE_CONTEXT device, HANDLE userHandle)
{
    /* in the thread of the worker process that sent the request */
    return VmbConvertVmbusHandleToKernelHandle(userHandle, &device->VmbusHandle);
}`,
  },
  'init-close-kernel-handle': {
    why: 'The converted handle is a second reference to the bus of the virtual machine; only the driver knows of it.',
    wrong: `status = VmbConvertVmbusHandleToKernelHandle(userHandle, &device->VmbusHandle);
/* unload */
VmbChannelCleanup(Channel);`,
    right: `status = VmbConvertVmbusHandleToKernelHandle(userHandle, &device->VmbusHandle);
/* unload */
VmbChannelCleanup(Channel);
ZwClose(device->VmbusHandle);
device->VmbusHandle = NULL;`,
  },
  'init-target-ids': {
    why: 'The guest finds the driver of an offer by the type in it; without one the offer belongs to nobody.',
    wrong: `status = VmbServerChannelInitSetVmbusHandle(Channel, device->VmbusHandle);
status = VmbChannelEnable(Channel);`,
    right: `status = VmbServerChannelInitSetTargetInterfaceId(Channel, InterfaceType, InterfaceInstance);
if (NT_SUCCESS(status))
    status = VmbChannelEnable(Channel);`,
  },
  'init-mmio-nonzero': {
    why: 'The call exists to ask for address space; asking for none is refused.',
    wrong: 'status = VmbServerChannelInitSetMmioMegabytes(Channel, 0, 0);',
    right: 'status = VmbServerChannelInitSetMmioMegabytes(Channel, 8, 0);',
  },
  'init-server-only-on-server': {
    why: 'A client endpoint has no offer, no saved packets and no mapped GPADLs: the functions have nothing to act on.',
    wrong: `status = VmbChannelAllocate(Parent, FALSE, &Channel);
status = VmbChannelSaveBegin(Channel);`,
    right: `status = VmbChannelAllocate(Parent, TRUE, &Channel);
status = VmbChannelSaveBegin(Channel);`,
  },
  'init-client-only-on-client': {
    why: 'The guest donates rings and GPADLs, so only the client endpoint can size or create them.',
    wrong: `status = VmbChannelAllocate(Parent, TRUE, &Channel);
status = VmbClientChannelInitSetRingBufferPageCount(Channel, 16, 16);`,
    right: `status = VmbChannelAllocate(Parent, FALSE, &Channel);
status = VmbClientChannelInitSetRingBufferPageCount(Channel, 16, 16);`,
  },
  'init-context-before-enable': {
    why:
      'From Enable on the guest may open the channel at any time, even before Enable has returned, and the opened ' +
      'callback runs at once.',
    wrong: `status = VmbChannelEnable(Channel);
VmbChannelSetPointer(Channel, device);
InitializeListHead(&device->Requests);`,
    right: `InitializeListHead(&device->Requests);
VmbChannelSetPointer(Channel, device);
status = VmbChannelEnable(Channel);`,
  },
  'init-error-cleanup': {
    why: 'The channel holds memory and, once enabled, an offer. Nobody but the driver gives them back.',
    wrong: `status = VmbChannelAllocate(Parent, TRUE, &Channel);
if (!NT_SUCCESS(status))
    return status;
status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE));
if (!NT_SUCCESS(status))
    return status;`,
    right: `status = VmbChannelAllocate(Parent, TRUE, &Channel);
if (!NT_SUCCESS(status))
    return status;
status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE));
if (!NT_SUCCESS(status)) {
    VmbChannelCleanup(Channel);
    return status;
}`,
  },
};
