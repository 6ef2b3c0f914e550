import { describe, expect, it } from 'vitest';
import { wdkIr, wdkMessages } from '../../../test/support/wdkCompiler.js';

/** A fixture that uses everything of interfaces.md section 4. */
const FIXTURE = `
typedef struct _REQUEST { ULONG Id; UINT64 Length; PVOID Buffer; } REQUEST;
VSPLAB_TRANSIENT(REQUEST, Buffer)
VSPLAB_TRANSIENT(REQUEST, Length);
VSPLAB_SETUP() { VSPLAB_LOG("%s %d", "set-up", 1); }
VSPLAB_TEARDOWN() { VSPLAB_LOG("done"); }
VSPLAB_CONTEXT(REQUEST) { (void)Channel; (void)Index; return NULL; }
VSPLAB_CONTEXT(ULONG) { return NULL; }
VSPLAB_TEST(Everything)
{
    UCHAR buffer[16]; UINT32 length; UINT64 id; PVSPLAB_STATE state; VMBCHANNEL channel = NULL; REQUEST request; PVOID nothing = NULL;
    PDEVICE_OBJECT device = VspLabDevice();
    HANDLE handle = VspLabVmbusHandle();
    VSPLAB_EXPECT_FINDING(savepkt-full-init);
    VSPLAB_EXPECT_FINDING("savepkt-no-pointers");
    VSPLAB_ASSERT(device != NULL && handle != NULL);
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(device, TRUE, &channel));
    VspLabGuestSetRingSize(channel, 8192);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, VspLabGuestOpenChannel(channel));
    id = VspLabGuestSend(channel, buffer, sizeof(buffer), TRUE);
    id = VspLabGuestSendExternal(channel, buffer, sizeof(buffer), buffer, 4, FALSE);
    while (VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &id)) { VspLabGuestComplete(channel, id, NULL, 0); }
    VSPLAB_ASSERT(!VspLabGuestGetCompletion(channel, id, buffer, sizeof(buffer), &length));
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(channel));
    VSPLAB_ASSERT_EQUAL(NULL, nothing);
    VSPLAB_ASSERT_EQUAL(&request, &request);
    VSPLAB_ASSERT_EQUAL(0xC0000023, STATUS_BUFFER_TOO_SMALL);
    VSPLAB_ASSERT_EQUAL(DISPATCH_LEVEL, VspLabIrql());
    VSPLAB_ASSERT_EQUAL(NonPagedPoolNx, NonPagedPoolNx);
    VSPLAB_ASSERT_BYTES("abc", buffer, 3);
    (void)VspLabGuestCreateGpadl(channel, 2, TRUE);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabRestartHost();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_ASSERT_SUCCESS(VspLabStateFromBytes(VspLabStateBytes(state), VspLabStateSize(state), &state));
    VspLabFreeState(state);
    VspLabFailAllocations(1, 2);
    VspLabFailNext("VmbPacketSend", STATUS_UNSUCCESSFUL);
    VspLabAdvanceTime(10);
    VspLabHoldWork(TRUE);
    VspLabRunPending();
    VspLabGuestCloseChannel(channel);
}
`;
const WDK = '#include <ntddk.h>\n#include <vmbuskernelmodeclientlibapi.h>\n';
const STANDARDS = ['c11', 'c17', 'c++17', 'c++20'] as const;

describe('vsplab.h', () => {
  it.each(STANDARDS)('needs no other header, as %s', (standard) => {
    expect(wdkMessages(`#include <vsplab.h>\n${FIXTURE}`, { standard })).toBe('');
    expect(wdkMessages(`#include <vsplab.h>\n${FIXTURE}`, { standard, arch: 'arm64' })).toBe('');
  });

  it.each(['c17', 'c++20'] as const)('gives every entry the name the simulator looks for, as %s', (standard) => {
    const ir = wdkIr(`#include <vsplab.h>\n${FIXTURE}`, { standard });
    const defined = [...ir.matchAll(/^define dso_local [^@]*@(VspLab\w+)\(/gm)].map((match) => match[1]);
    expect(defined).toEqual([
      'VspLabSetup_',
      'VspLabTeardown_',
      'VspLabContext_REQUEST',
      'VspLabContext_ULONG',
      'VspLabTest_Everything',
    ]);
    expect(ir).toMatch(/@VspLabTransient_REQUEST_Buffer = dso_local constant \[15 x i8\] c"REQUEST\.Buffer\\00"/);
    // Nothing refers to the entries: without this the linker or the optimiser would drop them.
    const used = /@llvm\.(?:compiler\.)?used = appending global .*/.exec(ir)?.[0] ?? '';
    for (const name of [...defined, 'VspLabTransient_REQUEST_Length']) {
      expect(used).toContain(`@${name}`);
    }
  });

  it('refuses a transient field that does not exist', () => {
    const text = '#include <vsplab.h>\ntypedef struct { ULONG Id; } REQUEST;\nVSPLAB_TRANSIENT(REQUEST, Key)\n';
    expect(wdkMessages(text, { standard: 'c17' })).toContain("no member named 'Key'");
  });

  it('evaluates what it compares once', () => {
    const ir = wdkIr(
      '#include <vsplab.h>\nULONG Next(VOID);\nVSPLAB_TEST(Once) { VSPLAB_ASSERT_EQUAL(1, Next()); }\n',
      { standard: 'c17' },
    );
    expect(ir.match(/call i32 @Next\(\)/g)).toHaveLength(1);
  });
});

describe('vsplab.h under another compiler', () => {
  it.each(STANDARDS)('lets the tests compile away, as %s', (standard) => {
    const options = { standard, undefines: ['VSPLAB'] } as const;
    expect(wdkMessages(`${WDK}#include <vsplab.h>\n${FIXTURE}`, options)).toBe('');
    expect(wdkIr(`${WDK}#include <vsplab.h>\n${FIXTURE}`, options)).not.toMatch(/^(?:define|declare) .*VspLab/m);
  });

  it.each(STANDARDS)("does not make a fixture's own helpers unused, as %s", (standard) => {
    const text =
      '#include <vsplab.h>\nstatic int Helper(void) { return 1; }\nVSPLAB_TEST(Plain) { VSPLAB_ASSERT(Helper()); }\n';
    expect(wdkMessages(text, { standard, undefines: ['VSPLAB'], extra: ['-Wunused-function'] })).toBe('');
  });

  it.each(STANDARDS)('needs no type of the WDK, as %s', (standard) => {
    const text =
      '#include <vsplab.h>\n#ifdef _NTDDK_\n#error\n#endif\nVSPLAB_TEST(Plain) { int a = 1; VSPLAB_ASSERT_EQUAL(1, a); }\n';
    expect(wdkMessages(text, { standard, undefines: ['VSPLAB'] })).toBe('');
  });
});
