import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Anchor } from './anchors.js';
import { anchorsOf } from './textAnchors.js';

/** `kind name@line` of each anchor, lines from 1 as in an editor. */
const shown = (anchors: readonly Anchor[]): readonly string[] =>
  anchors.map(({ kind, name, range }) => `${kind} ${name}@${range.start.line + 1}`);
const find = (text: string) => shown(anchorsOf(text));

const SAVE = `NTSTATUS NicSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 Size, PUINT32 Needed)
{
    return STATUS_SUCCESS;
}
`;

describe('callbacks in a text', () => {
  it('are found by their signature', () => {
    expect(find(SAVE)).toEqual(['save NicSave@1']);
    expect(find(SAVE.replace('PUINT32 Needed', 'ULONG *Needed'))).toEqual(['save NicSave@1']);
    expect(find('NTSTATUS R(VMBCHANNEL a, PVOID b, UINT32 c, PVOID d, UINT32 e) {}')).toEqual(['restore R@1']);
    expect(find('NTSTATUS R(VMBCHANNEL, PVOID x, const VOID *b, UINT32 c, void* d, UINT32) noexcept {}')).toEqual([
      'restore R@1',
    ]);
    expect(find('NTSTATUS S(VMBCHANNEL a, PVOID x, VMBPACKET p, PVOID s, ULONG n, PULONG b) {}')).toEqual(['save S@1']);
  });

  it('are found through annotations, on the first line of their declaration', () => {
    const text = `#define X(a) \\
    a
#include <wdm.h>

/* Saves. */
_Use_decl_annotations_
NTSTATUS
NicSave(
    _In_ VMBCHANNEL Channel,
    _In_ VMBPACKET Packet,
    _Out_writes_bytes_opt_(SaveBufSize) PVOID SaveBuf,
    _In_ UINT32 SaveBufSize,
    _Out_ PUINT32 BytesNeeded)
{
}
`;
    const [anchor] = anchorsOf(text);
    expect(anchor).toEqual({
      kind: 'save',
      name: 'NicSave',
      range: { start: { line: 5, character: 0 }, end: { line: 7, character: 7 } },
    });
  });

  it('are found by their role, at the definition and not at the declaration', () => {
    const text =
      'EVT_VMB_CHANNEL_SAVE_PACKET A, B;\nEVT_VMB_CHANNEL_RESTORE_PACKET_EX C;\n\nINT A() {}\nINT C(int x) {}\n';
    expect(find(text)).toEqual(['save A@4', 'restore C@5']);
  });

  it('are found by the registering call, in classes and behind casts', () => {
    const text = `
struct Nic {
public:
    static NTSTATUS Save(Args) { return 0; }
    static NTSTATUS Restore(Args);
};
NTSTATUS Nic::Restore(Args) noexcept
{
}
void F() {
    if (!NT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel(), &Nic::Save, (PFN)Nic::Restore))) {
    }
}
`;
    expect(find(text)).toEqual(['save Save@4', 'restore Restore@7']);
  });

  it('are those a run has shown, where the text alone does not tell', () => {
    const known = { save: new Set(['Pack']), restore: new Set<string>() };
    expect(shown(anchorsOf('int Pack(ARGS) {\n}\nint f() { if (Pack(x)) { } }\n', known))).toEqual(['save Pack@1']);
  });

  it('are not calls, comments, strings or declarations', () => {
    expect(find(`/* ${SAVE} */ const char *a = "VSPLAB_TEST(No) {";`)).toEqual([]);
    expect(find('NTSTATUS S(VMBCHANNEL a, VMBPACKET b, PVOID c, UINT32 d, PUINT32 e);')).toEqual([]);
  });
});

describe('tests in a text', () => {
  it('are found where they are written, the macro itself aside', () => {
    expect(
      find('#define VSPLAB_TEST(Name) void Name(void)\n\nVSPLAB_TEST(One)\n{\n}\nVSPLAB_TEST( Two ) {\n}'),
    ).toEqual(['test One@3', 'test Two@6']);
  });
});

describe('the examples', () => {
  it('have their callbacks and tests found', () => {
    const read = (path: string): string => readFileSync(`examples/${path}`, 'utf8');
    const kinds = (path: string) => anchorsOf(read(path)).map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds('synthetic-nic/NicIndication.c')).toEqual(['save NicSavePacket', 'restore NicRestorePacket']);
    expect(kinds('storage-bus/StorageBus.cpp')).toEqual(['save StorageSavePacket', 'restore StorageRestorePacket']);
    expect(kinds('synthetic-nic/NicFixture.c')).toHaveLength(6);
  });
});
