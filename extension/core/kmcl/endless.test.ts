/**
 * What never ends uses up the budget, whichever half drives it and however lean the code is: chains of callbacks that
 * cause each other, and loops over library calls.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { compileText, type TestDriver } from '../../../test/support/driver.js';
import { FAULT } from './layout.js';

const SOURCE = `${CHANNEL_DRIVER}
static UCHAR Bytes[16];
static VOID Again(VMBPACKET Packet)
{
    VmbPacketSend(Packet, Bytes, sizeof(Bytes), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
}
VSPLAB_TEST(CompletionSendsAgain)
{
    VMBCHANNEL channel = ActiveServer();
    InCompletion = Again;
    SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    VspLabGuestCompleteAll(channel);
}
static KDPC Dpc;
static KDEFERRED_ROUTINE QueueAgain;
static VOID QueueAgain(PKDPC Same, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    KeInsertQueueDpc(Same, NULL, NULL);
}
VSPLAB_TEST(DpcQueuesItself)
{
    KeInitializeDpc(&Dpc, QueueAgain, NULL);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    VspLabRunPending();
}
static KSTART_ROUTINE Polls;
static VOID Polls(PVOID Context)
{
    LARGE_INTEGER timeout;
    timeout.QuadPart = -10000;
    while (KeWaitForSingleObject(Context, Executive, KernelMode, FALSE, &timeout) == STATUS_TIMEOUT) {
    }
}
VSPLAB_TEST(ThreadPolls)
{
    KEVENT stop;
    HANDLE thread;
    KeInitializeEvent(&stop, NotificationEvent, FALSE);
    VSPLAB_ASSERT_SUCCESS(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, Polls, &stop));
    VspLabRunPending();
}
VSPLAB_TEST(LibraryCalls)
{
    VMBCHANNEL channel = ActiveServer();
    while (VmbChannelGetPointer(channel) == NULL) {
    }
}
VSPLAB_TEST(Prints)
{
    for (;;) {
        DbgPrint("again\\n");
    }
}
extern NTSTATUS NobodysFunction(VOID);
VSPLAB_TEST(Stubs)
{
    while (NobodysFunction() == STATUS_SUCCESS) {
    }
}
static UCHAR Large[65536];
VSPLAB_TEST(Fills)
{
    for (;;) {
        RtlFillMemory(Large, sizeof(Large), 1);
    }
}
VSPLAB_TEST(Allocates)
{
    for (;;) {
        PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Large), 'daoL');
        if (block != NULL) {
            ExFreePoolWithTag(block, 'daoL');
        }
    }
}
VSPLAB_TEST(ServedCalls)
{
    while (KeGetCurrentThread() != NULL) {
    }
}
`;

describe.each([
  ['as written', { optimize: 0, checked: true }],
  ['optimised, checks off', { optimize: 2, checked: false }],
] as const)('%s', (_, options) => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE, options);
  });

  it.each(['CompletionSendsAgain', 'DpcQueuesItself', 'ThreadPolls', 'LibraryCalls', 'ServedCalls'])(
    '%s ends',
    (name) => {
      const { fault } = driver.test(name, { budget: 20_000, checks: options.checked ? 'contract' : 'off' }).result;
      expect(fault?.kind).toBe(FAULT.TIMEOUT);
      expect(fault?.frames.length).toBeGreaterThan(0);
    },
  );

  it('what takes long costs more: the wall clock is not what ends it', () => {
    const run = (name: string) => driver.test(name, { budget: 100_000, checks: options.checked ? 'contract' : 'off' });
    expect(run('Prints').result.output.length).toBeLessThan(300);
    expect(run('Stubs').result.stubs.find(({ name }) => name === 'NobodysFunction')?.calls).toBeLessThan(600);
    expect(run('Stubs').result.fault?.kind).toBe(FAULT.TIMEOUT);
  });

  it.each(['Fills', 'Allocates'])('%s: bytes are what is paid for', (name) => {
    const budget = 10_000_000;
    const { fault, memoryBytes } = driver.test(name, { budget, checks: options.checked ? 'contract' : 'off' }).result;
    expect(fault?.kind).toBe(FAULT.TIMEOUT);
    expect(memoryBytes).toBeLessThan(256 << 20);
  });
});
