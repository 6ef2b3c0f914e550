/** Faults, stubs and the doors of vsp.h (interfaces 3 to 5, toolchain-facts 1). */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { PacketRecords } from '../run/packetRecords.js';
import { FAULT } from './layout.js';

const SOURCE = `${CHANNEL_DRIVER}
static volatile ULONG Zero;
static ULONG Recursive(ULONG Depth) { volatile UCHAR big[64]; big[0] = (UCHAR)Depth; return Recursive(Depth + 1) + big[0]; }
static ULONG Light(ULONG Depth) { return Depth == 0 ? 0 : Light(Depth - 1) + 1; }

VSPLAB_TEST(Divide) { VSPLAB_LOG("%u", 1 / Zero); }
VSPLAB_TEST(DivideOverflow) { volatile LONG low = MINLONG; volatile LONG minus = -1; VSPLAB_LOG("%d", low / minus); }
VSPLAB_TEST(Null) { *(volatile ULONG *)NULL = 1; }
VSPLAB_TEST(Wild) { *(volatile ULONG *)0x7FFFFFFF0000 = 1; }
VSPLAB_TEST(Heap)
{
    PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, 'paeH');
    block[10] = 1;
}
VSPLAB_TEST(AfterFree)
{
    volatile UCHAR *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, 'paeH');
    ExFreePoolWithTag((PVOID)block, 'paeH');
    block[3] = 1;
}
VSPLAB_TEST(Recursion) { Recursive(0); }
VSPLAB_TEST(Loop) { for (;;) { Zero = 0; } }
VSPLAB_TEST(Bugcheck) { KeBugCheckEx(0xC2, 1, 2, 3, 4); }
VSPLAB_TEST(HugeAllocation) { PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 1ull << 40, 'eguH'); VSPLAB_ASSERT(p == NULL); }
static VOID OtherType(ULONG A, ULONG B) { Zero = A + B; }
VSPLAB_TEST(WrongType) { PVOID p = (PVOID)OtherType; ((ULONG (*)(PVOID))p)(NULL); }
VSPLAB_TEST(NullCall) { VOID (*volatile f)(VOID) = NULL; f(); }
VSPLAB_TEST(WildCall) { VOID (*volatile f)(VOID) = (VOID (*)(VOID))(ULONG_PTR)0x123456; f(); }
VSPLAB_TEST(WrongCallback)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
    callbacks.EvtChannelOpened = (PFN_VMB_CHANNEL_OPENED)(PVOID)OtherType;
    VmbChannelInitSetStateChangeCallbacks(channel, &callbacks);
    VmbChannelEnable(channel);
    VspLabGuestOpenChannel(channel);
}
VSPLAB_TEST(GarbageCallback)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
    callbacks.EvtChannelOpened = (PFN_VMB_CHANNEL_OPENED)(ULONG_PTR)0xDEADBEEF;
    VmbChannelInitSetStateChangeCallbacks(channel, &callbacks);
    VmbChannelEnable(channel);
    VspLabGuestOpenChannel(channel);
}
ULONG MysteriousCall(PVOID A, ULONG B);
UINT64 MysteriousWide(VOID);
double MysteriousDouble(VOID);
VOID MysteriousVoid(PVOID A);
VSPLAB_TEST(Stubs)
{
    VSPLAB_LOG("%u", MysteriousCall(NULL, 1));
    VSPLAB_LOG("%u", MysteriousCall(NULL, 2));
    VSPLAB_LOG("%llu", MysteriousWide());
    VSPLAB_LOG("%d", (int)MysteriousDouble());
    MysteriousVoid(NULL);
}
VSPLAB_TEST(StubThenTrap) { MysteriousVoid(NULL); VSPLAB_LOG("%u", 1 / Zero); }
VSPLAB_TEST(LoadsDriver) { VspLabLoadDriver(NULL); }
VSPLAB_TEST(AddsDevice) { WDFDEVICE device; VspLabAddDevice(&device); }
VSPLAB_TEST(ControlsDevice) { ULONG returned; VspLabDeviceControl(NULL, 1, NULL, 0, NULL, 0, &returned); }
VSPLAB_TEST(AsksForChannel) { VspLabChannel(0); }
VSPLAB_TEST(UnloadsDriver) { VspLabUnloadDriver(); }
VSPLAB_TEST(StubThenBreach)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    MysteriousVoid(NULL);
    VmbChannelStart(channel);
    VmbChannelCleanup(channel);
}
static VOID Inside(VMBCHANNEL Channel) { UNREFERENCED_PARAMETER(Channel); *(volatile ULONG *)NULL = 1; }
VSPLAB_TEST(InCallback) { InStarted = Inside; ActiveServer(); }
static VOID FaultInSave(VMBPACKET Packet) { UNREFERENCED_PARAMETER(Packet); *(volatile ULONG *)NULL = 1; }
VSPLAB_TEST(InSavePacket)
{
    VMBCHANNEL channel = ActiveServer();
    PVSPLAB_STATE state;
    SendPacket(channel, 0, 16, 1);
    SendPacket(channel, 1, 16, 1);
    VmbChannelPause(channel);
    InSave = FaultInSave;
    VspLabSave(channel, 0, &state);
}
static VOID StubInSave(VMBPACKET Packet) { if (VmbPacketGetPointer(Packet) == (PVOID)2) { MysteriousVoid(NULL); } }
VSPLAB_TEST(StubInSavePacket)
{
    VMBCHANNEL channel = ActiveServer();
    PVSPLAB_STATE state;
    SendPacket(channel, 0, 16, 1);
    SendPacket(channel, 1, 16, 1);
    SendPacket(channel, 2, 16, 1);
    VmbChannelPause(channel);
    InSave = StubInSave;
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabFreeState(state);
    EndChannel(channel);
}
VSPLAB_TEST(Deep) { VSPLAB_ASSERT_EQUAL(1000, Light(1000)); }
VSPLAB_TEST(ServedBadPointer) { VmbChannelAllocate(VspLabDevice(), TRUE, (VMBCHANNEL *)(ULONG_PTR)16); }
VSPLAB_TEST(ThroughFreedOut)
{
    VMBCHANNEL *out = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4, 'tuO ');
    VmbChannelAllocate(VspLabDevice(), TRUE, out);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

describe('faults', () => {
  it.each<readonly [string, number, RegExp]>([
    ['Divide', FAULT.DIVIDE, /division by zero/],
    ['DivideOverflow', FAULT.DIVIDE, /quotient/],
    ['Null', FAULT.NULL, /writes 4 bytes at 0x0, through a NULL pointer/],
    ['Wild', FAULT.WILD, /outside/],
    ['Heap', FAULT.OUT_OF_BOUNDS, /writes 1 byte at 0x[0-9A-F]+, directly behind a block 'Heap' of 10 bytes/],
    ['AfterFree', FAULT.USE_AFTER_FREE, /3 bytes into a block 'Heap' of 10 bytes that was freed/],
    ['Recursion', FAULT.STACK_OVERFLOW, /stack is exhausted/],
    ['Loop', FAULT.TIMEOUT, /budget/],
    ['HugeAllocation', FAULT.OUT_OF_MEMORY, /memory/],
    ['Bugcheck', FAULT.BUGCHECK, /^KeBugCheckEx\(0xC2 BAD_POOL_CALLER, 0x1, 0x2, 0x3, 0x4\)$/],
    ['WrongType', FAULT.TRAP, /another type|no function/],
    ['NullCall', FAULT.TRAP, /NULL/],
    ['WildCall', FAULT.TRAP, /no function/],
    ['WrongCallback', FAULT.TRAP, /another type/],
    ['GarbageCallback', FAULT.TRAP, /no function/],
    ['InCallback', FAULT.NULL, /NULL/],
    ['ServedBadPointer', FAULT.NULL, /NULL/],
    ['ThroughFreedOut', FAULT.OUT_OF_BOUNDS, /block ' Out' of 4 bytes/],
  ])('%s', (name, kind, text) => {
    const { fault, ended } = driver.test(name).result;
    expect([ended, fault?.kind]).toEqual(['fault', kind]);
    expect(fault?.text).toMatch(text);
    expect(fault?.frames.length).toBeGreaterThan(0);
  });

  it.each(['Divide', 'Null', 'Recursion', 'Loop'])('%s stands where it happened', (name) => {
    const run = driver.test(name);
    const [innermost] = run.stack(run.result.fault?.frames ?? []);
    expect(innermost).toMatch(name === 'Recursion' ? /^Recursive:/ : new RegExp(`^VspLabTest_${name}:`));
  });

  it('a freed block tells where it was freed and allocated', () => {
    const run = driver.test('AfterFree');
    const places = (run.result.fault?.related ?? []).map(({ message, frames }) => [
      message,
      run.stack(frames)[0]?.replace(/:.*/, ''),
    ]);
    expect(places).toEqual([
      ['freed here', 'VspLabTest_AfterFree'],
      ['allocated here', 'VspLabTest_AfterFree'],
    ]);
  });

  it('a call through garbage tells the pointer', () => {
    expect(driver.test('GarbageCallback').result.fault?.text).toContain('0xDEADBEEF');
  });

  it('inside a save callback: channel, packet, pass', () => {
    const run = driver.test('InSavePacket', { modes: ['S-04=send-order', 'S-05=null'] });
    expect(run.result.fault?.context).toEqual({
      channel: 0,
      packet: 0,
      pass: 'query',
      callback: 'EvtVmbChannelSavePacket',
    });
  });

  it('a thousand calls deep is none', () => {
    expect(driver.test('Deep').end).toBe('completed');
  });

  it('with checks off a null access still ends the test', () => {
    const run = driver.test('Wild', { checks: 'off' });
    expect(run.result.ended).toBe('fault');
  });
});

describe('stubs', () => {
  it('answer 0 or what the options say, whatever the type, and are counted', () => {
    const run = driver.test('Stubs', {
      stubValues: new Map([
        ['MysteriousCall', 7],
        ['MysteriousWide', 123456789012],
        ['MysteriousDouble', 5],
      ]),
    });
    expect([run.end, run.output]).toEqual(['completed', ['7', '7', '123456789012', '5']]);
    const calls = Object.fromEntries(
      run.result.stubs.filter((stub) => stub.calls > 0).map((stub) => [stub.name, stub.calls]),
    );
    expect(calls).toEqual({ MysteriousCall: 2, MysteriousWide: 1, MysteriousDouble: 1, MysteriousVoid: 1 });
    expect(run.stack([run.result.stubs.find((stub) => stub.name === 'MysteriousWide')?.location ?? 0])[0]).toMatch(
      /^VspLabTest_Stubs:/,
    );
  });

  it('are faults when denied', () => {
    const run = driver.test('Stubs', { stubsAllowed: false });
    expect([run.result.fault?.kind, run.result.fault?.text]).toEqual([
      FAULT.STUB,
      'MysteriousCall is not simulated and stubs are denied',
    ]);
  });

  it('mark the packets in whose callbacks they are called, and nothing else', () => {
    const run = driver.test('StubInSavePacket');
    const records = new PacketRecords(run.result.records);
    const stubbed = [0, 1, 2].map((index) => [records.has(index, 'STUBBED'), records.get(index, 'state_bytes')]);
    expect([run.end, stubbed]).toEqual([
      'completed',
      [
        [false, 8],
        [true, 8],
        [false, 8],
      ],
    ]);
    expect(records.get(1, 'kind')).toBe(records.get(0, 'kind'));
  });

  it('make later findings doubtful', () => {
    expect(driver.test('StubThenBreach').result.breaches[0]?.afterStub).toBe(true);
    expect(driver.test('StubThenTrap').result.fault).toMatchObject({ kind: FAULT.DIVIDE, afterStub: true });
    expect(driver.test('Divide').result.fault).not.toHaveProperty('afterStub');
  });

  it.each([
    ['LoadsDriver', 'VspLabLoadDriver'],
    ['AddsDevice', 'VspLabAddDevice'],
    ['ControlsDevice', 'VspLabDeviceControl'],
    ['AsksForChannel', 'VspLabChannel'],
    ['UnloadsDriver', 'VspLabUnloadDriver'],
  ])('are not what answers %s', (name, api) => {
    const { fault, stubs } = driver.test(name).result;
    expect(fault).toMatchObject({
      kind: FAULT.UNSUPPORTED,
      text: expect.stringMatching(`^${api} is not simulated yet`),
    });
    expect(stubs.filter(({ calls }) => calls > 0)).toEqual([]);
  });
});
