import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parserForTests } from '../../../worker/grammars.testing.js';
import type { Anchor, KnownCallbacks } from '../anchors.js';
import { languageOf, type SourceLanguage, type SyntaxParser } from '../tree/syntax.js';
import { LanguageService } from './languageService.js';
import type { Suggestion } from './protocol.js';

const NOTHING_KNOWN: KnownCallbacks = { save: new Set(), restore: new Set() };
const FILE = 'file:///driver/Nic.c';
const parsers = new Map<SourceLanguage, SyntaxParser>();

beforeAll(async () => {
  for (const language of ['c', 'cpp'] as const) parsers.set(language, await parserForTests(language));
});

function newService(): LanguageService {
  return new LanguageService((language) => {
    const parser = parsers.get(language);
    if (parser === undefined) throw new Error(`no parser of ${language}`);
    return parser;
  });
}

/** A service that has the text open, made once the parsers are there. */
function newServiceWith(text: string): () => LanguageService {
  let made: LanguageService | undefined;
  return () => {
    made ??= newService();
    made.open(FILE, 'cpp', text);
    return made;
  };
}

function anchorsIn(
  text: string,
  known = NOTHING_KNOWN,
  language: SourceLanguage = /::|noexcept/.test(text) ? 'cpp' : 'c',
): readonly Anchor[] {
  const service = newService();
  service.open(FILE, language, text);
  return service.ask('anchors', { uri: FILE, known }).anchors;
}

/** `kind name@line` of each anchor, lines from 1 as in an editor. */
const shown = (anchors: readonly Anchor[]): readonly string[] =>
  anchors.map(({ kind, name, range }) => `${kind} ${name}@${range.start.line + 1}`);
const find = (text: string) => shown(anchorsIn(text));

const SAVE = `NTSTATUS NicSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 Size, PUINT32 Needed)
{
    return STATUS_SUCCESS;
}
`;

describe('lambdas', () => {
  const text = `NTSTATUS Adapter::Configure(VMBCHANNEL Channel)
{
    auto sum = [](int a, int b) { return a + b; };
    NTSTATUS Status = VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel,
        [](VMBCHANNEL, VMBPACKET Packet, PVOID Buffer, UINT32 Given, PUINT32 Needed) -> NTSTATUS {
            PFRAME Frame = static_cast<PFRAME>(VmbPacketGetPointer(Packet));
            *Needed = sum(1, 2);
            return S;
        },
        [](VMBCHANNEL Own, PVOID Lib, UINT32 LibSize, PVOID Saved, UINT32 SavedSize) noexcept -> NTSTATUS {
            return Restore(Own, Saved);
        });
    Callbacks.EvtChannelOpened = [](VMBCHANNEL Opened) -> NTSTATUS { return F(Opened); };
    return VmbChannelInitSetProcessPacketCallbacks(Channel, [](VMBCHANNEL c, VMBPACKETCOMPLETION Arrived, PVOID, UINT32, UINT32) { F(Arrived); }, nullptr);
}
`;
  const service = newServiceWith(text);
  const at = (what: string) => {
    const lines = text.slice(0, text.indexOf(what) + 1).split('\n');
    return { uri: FILE, position: { line: lines.length - 1, character: (lines.at(-1) ?? '').length } };
  };

  it('are callbacks by where they are given and what they are given', () => {
    expect(shown(service().ask('anchors', { uri: FILE, known: NOTHING_KNOWN }).anchors)).toEqual([
      'save <lambda>@5',
      'restore <lambda>@10',
    ]);
  });

  it('have parameters of their role', () => {
    const target = (what: string) => {
      const found = service().ask('target', at(what));
      return found?.kind === 'parameter' ? [found.role, found.index, found.name] : undefined;
    };
    expect(target('Needed = ')).toEqual(['save', 4, 'Needed']);
    expect(target('Saved);')).toEqual(['restore', 3, 'Saved']);
    expect(target('Opened); }')).toEqual(['opened', 0, 'Opened']);
    expect(target('Arrived); }')).toEqual(['process', 1, 'Arrived']);
  });

  it('are paired and complete statuses', () => {
    expect(service().ask('paired', at('*Needed'))).toMatchObject({ role: 'restore', name: '<lambda>' });
    const place = at('return S;');
    const end = { ...place.position, character: place.position.character + 'eturn S'.length };
    const names = service()
      .ask('suggestions', { uri: FILE, position: end })
      .map(({ name }) => name);
    expect(names).toContain('STATUS_BUFFER_TOO_SMALL');
  });

  it('stay known while one of them is half typed', () => {
    const half = text.replace('*Needed = sum(1, 2);', '*Needed = sum(');
    expect(shown(anchorsIn(half))).toContain('restore <lambda>@10');
  });
});

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
    const [anchor] = anchorsIn(text);
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
    expect(shown(anchorsIn('int Pack(ARGS) {\n}\nint f() { if (Pack(x)) { } }\n', known))).toEqual(['save Pack@1']);
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
    const kinds = (path: string) =>
      anchorsIn(read(path), NOTHING_KNOWN, languageOf(path, read(path))).map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds('synthetic-nic/NicIndication.c')).toEqual(['save NicSavePacket', 'restore NicRestorePacket']);
    expect(kinds('storage-bus/StorageBus.cpp')).toEqual(['save StorageSavePacket', 'restore StorageRestorePacket']);
    expect(kinds('synthetic-nic/NicFixture.c')).toHaveLength(6);
  });
});

/** A text with `|` where the cursor is. */
function at(marked: string, language: SourceLanguage = 'c') {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const service = newService();
  service.open(FILE, language, text);
  const before = text.slice(0, offset).split('\n');
  return {
    service,
    uri: FILE,
    position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 },
  };
}

function ask<Name extends 'target' | 'signature' | 'suggestions' | 'callbackAt' | 'paired' | 'registrations'>(
  name: Name,
  marked: string,
  language?: SourceLanguage,
) {
  const { service, ...place } = at(marked, language);
  return service.ask(name, place);
}

const suggested = (marked: string, kind?: Suggestion['kind']): readonly string[] =>
  ask('suggestions', marked).flatMap((each) => (kind === undefined || each.kind === kind ? [each.name] : []));

const RESTORE = `NTSTATUS NicRestore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    return STATUS_SUCCESS;
}
`;
const REGISTER = `VOID F(VOID)
{
    VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, NicSave, NicRestore);
}
`;

describe('what a word stands for', () => {
  it('is a name of KMCL', () => {
    expect(ask('target', 'VOID F(VOID) { VmbPacket|Send(p); }')).toMatchObject({ kind: 'name', name: 'VmbPacketSend' });
    expect(ask('target', 'VOID F(VOID) { /* VmbPacket|Send */ }')).toBeUndefined();
    expect(ask('target', 'VOID F(VOID) { Log("VmbPacket|Send"); }')).toBeUndefined();
  });

  it('is a parameter of a callback, whatever it is called there', () => {
    expect(ask('target', SAVE.replace('return', '*Nee|ded = 0; return'))).toMatchObject({
      kind: 'parameter',
      role: 'save',
      index: 4,
      callback: 'NicSave',
    });
    expect(ask('target', 'NTSTATUS F(PUINT32 Needed) { *Nee|ded = 0; }')).toBeUndefined();
  });

  it('is a callback wherever it is named', () => {
    expect(ask('target', SAVE + RESTORE + REGISTER.replace('NicRestore)', 'NicRes|tore)'))).toMatchObject({
      kind: 'callback',
      role: 'restore',
      definition: { range: { start: { line: 4 } } },
    });
    expect(ask('target', `${SAVE}VOID F(VOID) { p->NicSa|ve = 1; }`)).toBeUndefined();
  });
});

describe('a structure', () => {
  const RECORD = 'typedef struct _REC { ULONG Id; } REC, *PREC;\n';

  it('is known by its names, and its fields where they are declared or used', () => {
    const names = ['_REC', 'REC', 'PREC'];
    expect(ask('target', `${RECORD}VOID F(PR|EC r) { }`)).toMatchObject({ kind: 'record', names, field: undefined });
    expect(ask('target', RECORD.replace('Id', 'I|d'))).toMatchObject({ kind: 'record', names, field: 'Id' });
    expect(ask('target', `${RECORD}VOID F(PREC r) { r->I|d = 1; }`)).toMatchObject({ names, field: 'Id' });
    expect(ask('target', `${RECORD}VOID F(PVOID r) { r->I|d = 1; }`)).toBeUndefined();
  });
});

describe('signature help', () => {
  it('knows the operand, half typed or not', () => {
    expect(ask('signature', 'VOID F(VOID) { VmbPacketSend(p, Buf(1, 2), si|')).toEqual({
      callee: 'VmbPacketSend',
      operand: 2,
    });
    expect(ask('signature', 'VOID F(VOID) { If->VmbPacketSend(|); }')).toEqual({ callee: 'VmbPacketSend', operand: 0 });
    expect(ask('signature', 'VOID F(VOID) { VmbPacketSend(p, (a| + b), 2); }')).toMatchObject({ operand: 1 });
  });

  it('is silent elsewhere', () => {
    expect(ask('signature', 'VOID F(VOID) { Other(a, |); }')).toBeUndefined();
    expect(ask('signature', 'VOID F(VOID) { VmbPacketFree(p); x = (|1); }')).toBeUndefined();
    expect(ask('signature', 'VOID F(VOID) { /* VmbPacketSend(| */ }')).toBeUndefined();
  });
});

describe('suggestions', () => {
  it('are flags where flags are wanted, those already written aside', () => {
    const flags = suggested('VOID F(VOID) { VmbPacketSend(p, b, 4, NULL, |); }', 'flag');
    expect(flags).toContain('VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER');
    expect(flags).not.toContain('VMBUS_CHANNEL_FORMAT_FLAGS');
    const more = suggested(
      'VOID F(VOID) { VmbPacketSend(p, b, 4, NULL, VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER | V|); }'.replace(
        'BUFFER | V',
        'BUFFER + V',
      ),
      'flag',
    );
    expect(more).toContain('VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION');
    expect(more).not.toContain('VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER');
    expect(suggested('VOID F(VOID) { VmbPacketSend(p, |); }', 'flag')).toEqual([]);
  });

  it('are statuses a callback may return, and those its calls answer', () => {
    expect(suggested(SAVE.replace('STATUS_SUCCESS', '|'), 'status')).toEqual([
      'STATUS_BUFFER_TOO_SMALL',
      'STATUS_SUCCESS',
      'STATUS_INTEGER_OVERFLOW',
    ]);
    expect(suggested('VOID F(VOID) { s = VmbChannelRestoreFromBuffer(c, b, 1); if (s == STAT|) }', 'status')).toContain(
      'STATUS_MORE_PROCESSING_REQUIRED',
    );
    expect(suggested('NTSTATUS F(VOID) { return S|; }', 'status')).toEqual([]);
  });

  it('are fields of the record that is pointed to, nested and anonymous ones too', () => {
    const records = `typedef struct _INNER { ULONG Deep; } INNER;
typedef struct _CTX { ULONG Id; union { ULONG Low; }; INNER Inner; UCHAR Data[16]; } CTX, *PCTX;
`;
    expect(suggested(`${records}VOID F(PCTX Context) { Context->|; }`)).toEqual(['Id', 'Low', 'Inner', 'Data']);
    expect(suggested(`${records}VOID F(VOID) { CTX *c = Get(); c->Inner.D|; }`)).toEqual(['Deep']);
    expect(suggested(`${records}VOID F(VOID) { x->|; }`)).toEqual([]);
  });

  it('are names of KMCL once three characters say so', () => {
    expect(suggested('VOID F(VOID) { Vm|', 'name')).toEqual([]);
    expect(suggested('VOID F(VOID) { Vmb|', 'name')).toContain('VmbChannelAllocate');
    expect(suggested('EVT|', 'name')).toContain('EVT_VMB_CHANNEL_SAVE_PACKET');
    expect(suggested('VOID F(VOID) { // Vmb|\n}', 'name')).toEqual([]);
  });
});

describe('a callback', () => {
  it('has its pair and its registrations', () => {
    const text = SAVE.replace('STATUS_SUCCESS', 'STATUS|_SUCCESS') + RESTORE + REGISTER;
    expect(ask('callbackAt', text)).toMatchObject({ name: 'NicSave', role: 'save' });
    expect(ask('paired', text)).toMatchObject({ name: 'NicRestore', role: 'restore', nameAt: { start: { line: 4 } } });
    expect(ask('registrations', text)).toMatchObject([
      { through: 'VmbServerChannelInitSetSaveRestorePacketCallbacks', within: 'F', range: { start: { line: 10 } } },
    ]);
  });

  it('is found across files, the nearest first', () => {
    const { service, ...place } = at(SAVE.replace('return', 're|turn'));
    service.index('file:///driver/Restore.c', 'c', RESTORE);
    service.index('file:///driver/Channel.c', 'c', REGISTER);
    service.index('file:///other/Restore.c', 'c', RESTORE);
    service.index('file:///other/Channel.c', 'c', REGISTER);
    expect(service.ask('paired', place)).toMatchObject({ uri: 'file:///driver/Restore.c', name: 'NicRestore' });
    expect(service.ask('registrations', place).map(({ uri }) => uri)).toEqual([
      'file:///driver/Channel.c',
      'file:///other/Channel.c',
    ]);
    service.forget('file:///driver/Restore.c');
    expect(service.ask('paired', place)).toMatchObject({ uri: 'file:///other/Restore.c' });
  });

  it('is one by a role that another file declares', () => {
    const service = newService();
    service.open(FILE, 'c', 'NTSTATUS Pack(ARGS)\n{\n}\n');
    const anchors = () => shown(service.ask('anchors', { uri: FILE, known: NOTHING_KNOWN }).anchors);
    expect(anchors()).toEqual([]);
    service.index('file:///driver/Nic.h', 'c', 'EVT_VMB_CHANNEL_SAVE_PACKET Pack;\n');
    expect(anchors()).toEqual(['save Pack@1']);
  });

  it('of the channel’s state is known by the member it is assigned to', () => {
    const text = 'VOID Closed(VMBCHANNEL c) { r|eturn; }\nVOID F(VOID) { Callbacks.EvtChannelClosed = Closed; }\n';
    expect(ask('callbackAt', text)).toMatchObject({ name: 'Closed', role: 'closed' });
  });
});

describe('a record in another file', () => {
  it('has its fields suggested', () => {
    const { service, ...place } = at('VOID F(PCTX Context) { Context->|; }');
    service.index('file:///driver/Nic.h', 'c', 'typedef struct _CTX { ULONG Id; } CTX, *PCTX;\n');
    expect(service.ask('suggestions', place)).toEqual([{ kind: 'field', name: 'Id', type: 'ULONG', record: 'CTX' }]);
  });
});
