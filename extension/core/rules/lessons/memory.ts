/** Memory, locks and IRQL: kmcl-facts 7.8 in the sheet's order, then the project's own ids. */
import type { Lessons } from './lesson.js';

export const MEMORY: Lessons<'memory'> = {
  'mem-nonpaged-at-dispatch': {
    why: 'A page fault cannot be served at DISPATCH_LEVEL, so memory used there must never be paged out.',
    wrong: `request = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*request), POOL_TAG);
KeAcquireSpinLock(&device->Lock, &irql);
request->Id = device->NextId++;
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), POOL_TAG);
if (request == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;
KeAcquireSpinLock(&device->Lock, &irql);
request->Id = device->NextId++;
KeReleaseSpinLock(&device->Lock, irql);`,
  },
  'mem-pool2-tag': {
    why: 'The tag is how an administrator finds out whose memory it is; the allocator refuses tag 0 and size 0.',
    wrong: `request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), 0);
request->Id = 0;`,
    right: `request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), 'qeRV');
if (request == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;
request->Id = 0;`,
  },
  'mem-uninit-to-guest': {
    why: 'With that flag the block holds what its last owner left in it.',
    wrong: `address = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof(MESSAGE), POOL_TAG);
((MESSAGE *)address)->Type = MESSAGE_READ;
VmbChannelPacketComplete(Completion, address, sizeof(MESSAGE));`,
    right: `address = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(MESSAGE), POOL_TAG);
if (address == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;
((MESSAGE *)address)->Type = MESSAGE_READ;
VmbChannelPacketComplete(Completion, address, sizeof(MESSAGE));`,
  },
  'mem-free-once': {
    why: 'A block that is freed belongs to the pool; its header names the tag with which it has to come back.',
    wrong: `ExFreePoolWithTag(request, POOL_TAG);
ExFreePoolWithTag(device->Current, POOL_TAG); /* the same block */`,
    right: `ExFreePoolWithTag(request, POOL_TAG);
device->Current = NULL;`,
  },
  'mem-paged-code': {
    why: 'PAGED_CODE says that the routine itself may be paged out, and stops a checked system above APC_LEVEL.',
    wrong: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PAGED_CODE(); /* completion routines run at DISPATCH_LEVEL */
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength);
    VmbPacketFree(Packet);
}`,
    right: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength);
    VmbPacketFree(Packet);
}`,
  },
  'lock-irql': {
    why:
      'Acquiring raises the IRQL and hands the old one out; releasing sets what it is given. Above APC_LEVEL a thread ' +
      'can neither wait nor take a page fault.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);
KeAcquireSpinLock(&device->Lock, &irql);
KeReleaseSpinLock(&device->Lock, irql);`,
  },
  'lock-list': {
    why: 'An entry holds the addresses of its neighbours. Inserting it twice or removing it twice ties the list wrongly.',
    wrong: `RemoveEntryList(&request->Link);
RemoveEntryList(&request->Link);`,
    right: `KeAcquireSpinLock(&device->Lock, &irql);
RemoveEntryList(&request->Link);
InitializeListHead(&request->Link);
KeReleaseSpinLock(&device->Lock, irql);`,
  },
  'wait-irql': {
    why: 'At DISPATCH_LEVEL no other thread can run that could end the wait.',
    wrong: `KeRaiseIrql(DISPATCH_LEVEL, &irql);
KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);
KeLowerIrql(irql);`,
    right: `LARGE_INTEGER now = {0};
KeRaiseIrql(DISPATCH_LEVEL, &irql);
status = KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, &now); /* a look, no wait */
KeLowerIrql(irql);`,
  },
  'handle-irql': {
    why: 'Handle tables are paged and guarded by locks that wait.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
ZwClose(device->VmbusHandle);
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `KeAcquireSpinLock(&device->Lock, &irql);
userHandle = device->VmbusHandle;
device->VmbusHandle = NULL;
KeReleaseSpinLock(&device->Lock, irql);
ZwClose(userHandle);`,
  },
  'mem-out-of-bounds': {
    why: 'Beside an object lies another one, or the book-keeping of the pool. One byte is enough.',
    wrong: `for (index = 0; index <= RTL_NUMBER_OF(request->Table); index++)
    request->Table[index] = 0;`,
    right: `for (index = 0; index < RTL_NUMBER_OF(request->Table); index++)
    request->Table[index] = 0;`,
  },
  'mem-use-after-free': {
    why: 'The pool hands a freed block to the next caller, at once if it likes.',
    wrong: `ExFreePoolWithTag(request, POOL_TAG);
DbgPrint("request %u is done\\n", request->Id);`,
    right: `DbgPrint("request %u is done\\n", request->Id);
ExFreePoolWithTag(request, POOL_TAG);`,
  },
  'mem-double-free': {
    why: "The second call frees a block that is nobody's, or by then somebody else's.",
    wrong: `ExFreePoolWithTag(request, POOL_TAG);
if (!NT_SUCCESS(Status))
    ExFreePoolWithTag(request, POOL_TAG);`,
    right: `ExFreePoolWithTag(request, POOL_TAG);
request = NULL;`,
  },
  'mem-leak': {
    why: 'Pool is not given back when a driver unloads or a virtual machine goes; only a restart of the host does.',
    wrong: `request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), POOL_TAG);
Packet = VmbPacketAllocate(Channel);
if (Packet == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;`,
    right: `request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), POOL_TAG);
Packet = VmbPacketAllocate(Channel);
if (Packet == NULL) {
    ExFreePoolWithTag(request, POOL_TAG);
    return STATUS_INSUFFICIENT_RESOURCES;
}`,
  },
  'mem-null-dereference': {
    why: 'The lowest addresses are never valid, so that a pointer nobody set is noticed.',
    wrong: `request = device->Current;
request->Id = 0; /* no request is current */`,
    right: `request = device->Current;
if (request != NULL)
    request->Id = 0;`,
  },
  'mem-uninitialised': {
    why: 'Fresh locals and fresh blocks hold whatever was there before, which differs from call to call.',
    wrong: `BOOLEAN last;
if (message.Type == MESSAGE_READ)
    last = TRUE;
if (last)
    return STATUS_SUCCESS;`,
    right: `BOOLEAN last = FALSE;
if (message.Type == MESSAGE_READ)
    last = TRUE;
if (last)
    return STATUS_SUCCESS;`,
  },
  'irql-call': {
    why: 'Each kernel function says up to which IRQL it may be called; it may wait, page or take a lock.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
WdfObjectDelete(device->Object);
KeReleaseSpinLock(&device->Lock, irql);
KeLowerIrql(DISPATCH_LEVEL);`,
    right: `KeAcquireSpinLock(&device->Lock, &irql);
object = device->Object;
device->Object = NULL;
KeReleaseSpinLock(&device->Lock, irql);
WdfObjectDelete(object);`,
  },
};
