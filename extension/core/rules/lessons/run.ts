/** The run itself: the project's own ids. */
import type { Lessons } from './lesson.js';

export const RUN: Lessons<'run'> = {
  'assert-failed': {
    why: 'An assertion states what the author of the test expects at that place; the test ends there.',
    wrong: `status = VmbChannelEnable(Channel);
VSPLAB_ASSERT_EQUAL(1, VspLabInFlight(Channel)); /* nothing has been sent */`,
    right: `status = VmbChannelEnable(Channel);
VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Channel));`,
  },
  'run-timeout': {
    why:
      'Turns of loops and calls are counted, so that the limit is the same on every machine. The clock is only the ' +
      'backstop.',
    wrong: `while (device->Running == FALSE)
    ; /* nobody else can run */`,
    right: `if (device->Running == FALSE)
    KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);`,
  },
  'run-stack-overflow': {
    why: "A kernel stack has a few pages; the simulator's is 960 KiB and ends in memory that is never valid.",
    wrong: `ULONG Depth(PLIST_ENTRY Entry)
{
    return 1 + Depth(Entry->Flink); /* a circle */
}`,
    right: `ULONG Depth(PLIST_ENTRY Head)
{
    PLIST_ENTRY entry;
    ULONG depth = 0;
    for (entry = Head->Flink; entry != Head; entry = entry->Flink)
        depth++;
    return depth;
}`,
  },
  'run-out-of-memory': {
    why: "The limit of a test keeps a driver that allocates without end from taking the developer's machine with it.",
    wrong: `while (device->Current != (PREQUEST)Buffer)
    device->Current = ExAllocatePool2(POOL_FLAG_NON_PAGED, 65536, POOL_TAG);`,
    right: `if (device->Current == NULL)
    device->Current = ExAllocatePool2(POOL_FLAG_NON_PAGED, 65536, POOL_TAG);`,
  },
  'run-trap': {
    why: 'The processor refuses these operations; in the kernel there is nobody who could go on after them.',
    wrong: `size = BufferLength / message.Length;
device->Callback(device);`,
    right: `if (message.Length != 0)
    size = BufferLength / message.Length;
if (device->Callback != NULL)
    device->Callback(device);`,
  },
  'run-bugcheck': {
    why: 'A driver that calls for a stop, or that corrupts what the kernel checks, takes every virtual machine with it.',
    wrong: `if (message.Type != MESSAGE_READ)
    KeBugCheckEx(DRIVER_VIOLATION, message.Type, 0, 0, 0); /* a guest sent it */`,
    right: `if (message.Type != MESSAGE_READ) {
    VmbChannelPacketFail(Completion);
    return;
}`,
  },
  'run-deadlock': {
    why: 'Everything runnable has run, and nothing that is left can end the wait.',
    wrong: `KeClearEvent(&device->Idle);
KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);`,
    right: `KeClearEvent(&device->Idle);
IoQueueWorkItem(device->WorkItem, SetIdle, DelayedWorkQueue, device);
KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);`,
  },
  'run-unsupported': {
    why: 'Going on would mean to invent what a kernel does, and findings from there on would prove nothing.',
    wrong: `/* no fixture: device is reached through a global that only DriverEntry sets */
request->Owner = GlobalDevice->Name;`,
    right: `VSPLAB_SETUP()
{
    GlobalDevice = CreateDevice();
}`,
  },
  'run-stub': {
    why: 'The function is neither in the sources nor in the simulator, so nobody knows what it would have answered.',
    wrong: 'request->Id = BackendNextId(device); /* defined in another component */',
    right: `ULONG BackendNextId(PDEVICE_CONTEXT device)
{
    /* in the fixture */
    return device->NextId++;
}`,
  },
  'allow-unused': {
    why: 'A comment that suppresses nothing would hide the next fault at its place.',
    wrong: `/* vsp-lab: allow mem-leak freed by the framework */
ExFreePoolWithTag(request, POOL_TAG);`,
    right: 'ExFreePoolWithTag(request, POOL_TAG);',
  },
};
