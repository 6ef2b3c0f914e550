import { describe, expect, it } from 'vitest';
import { namesOf, sourceText } from './sourceNames.js';

describe('namesOf', () => {
  it.each([
    ['a role', 'EVT_VMB_CHANNEL_SAVE_PACKET Save;', true],
    ['an Ex role', 'static EVT_VMB_CHANNEL_RESTORE_PACKET_EX Restore;', true],
    ['a registering call', 'VmbServerChannelInitSetSaveRestorePacketCallbacks(c, s, r);', true],
    ['a call through a table', 'k->VmbServerChannelInitSetSaveRestorePacketCallbacksEx (c, x, s, r);', true],
    [
      'a signature with annotations',
      'NTSTATUS Save(_In_ VMBCHANNEL c, _In_ VMBPACKET p,\n  _Out_writes_bytes_(n) PVOID b, _In_ UINT32 n, _Out_ PUINT32 need)\n{',
      true,
    ],
    [
      'a comment',
      '/* EVT_VMB_CHANNEL_SAVE_PACKET Save; */ // VmbServerChannelInitSetSaveRestorePacketCallbacks(',
      false,
    ],
    ['a string', 'char *s = "EVT_VMB_CHANNEL_SAVE_PACKET Save;";', false],
    ['another role', 'EVT_VMB_CHANNEL_OPENED Opened;', false],
    ['a prototype of another type', 'void f(VMBCHANNEL c, VMBPACKET p);', false],
  ])('sees callbacks in %s: %#', (_what, text, expected) => {
    expect(namesOf(text).callbacks).toBe(expected);
  });

  it('finds tests with their lines, and not the macro itself', () => {
    const text =
      '/*\n VSPLAB_TEST(No) */\n#define VSPLAB_TEST(Name) void Name(void)\n\nVSPLAB_TEST(One)\n{}\nVSPLAB_TEST( Two ) {}';
    expect(namesOf(text).tests).toEqual([
      { name: 'One', line: 5 },
      { name: 'Two', line: 7 },
    ]);
  });

  it('takes no time over comments without end and over ten megabytes', () => {
    const text = `VSPLAB_TEST(A) {}\n${'/* " \' '.repeat(1_500_000)}`;
    expect(namesOf(text).tests).toHaveLength(1);
  });

  it('reads UTF-16 with a byte order mark', () => {
    const bytes = new Uint8Array([0xff, 0xfe, ...[...'VSPLAB_TEST(A)'].flatMap((char) => [char.charCodeAt(0), 0])]);
    expect(namesOf(sourceText(bytes)).tests).toEqual([{ name: 'A', line: 1 }]);
  });
});
