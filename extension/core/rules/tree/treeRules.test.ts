import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parserForTests } from '../../../worker/grammars.testing.js';
import { LanguageService } from '../../language/service/languageService.js';
import { languageOf, type SourceLanguage, type SyntaxParser } from '../../language/tree/syntax.js';
import type { OfferedFix, Place } from '../static/fixes/offer.js';

const parsers = new Map<SourceLanguage, SyntaxParser>();
beforeAll(async () => {
  for (const language of ['c', 'cpp'] as const) parsers.set(language, await parserForTests(language));
});

function opened(text: string, language: SourceLanguage): LanguageService {
  const service = new LanguageService((wanted) => {
    const parser = parsers.get(wanted);
    if (parser === undefined) throw new Error(`no parser of ${wanted}`);
    return parser;
  });
  service.open('file:///a', language, text);
  return service;
}

/** `RULE LINE` of each finding. */
function found(text: string, language: SourceLanguage = 'c'): readonly string[] {
  return foundBy(opened(text, language));
}

function foundBy(service: LanguageService): readonly string[] {
  return service.ask('certain', { uri: 'file:///a' }).map(({ rule, range }) => `${rule} ${range.start.line + 1}`);
}

function applied(text: string, edits: OfferedFix['edits']): string {
  const lines = text.split('\n');
  const at = ({ line, character }: Place): number =>
    lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
  return edits
    .toSorted((a, b) => at(b.start) - at(a.start))
    .reduce((made, edit) => made.slice(0, at(edit.start)) + edit.text + made.slice(at(edit.end)), text);
}

const SAVE = `NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
`;
const RESTORE = `NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
`;
const CONTEXT = `typedef struct _CONTEXT { LIST_ENTRY Link; UINT32 Id; } CONTEXT, *PCONTEXT;
`;
/** Lines that are typed at the moment, behind a function and in the next one. */
const HALF_TYPED = `
VOID Next(VMBCHANNEL Channel)
{
    if (Channel == NULL && (
`;

interface Case {
  readonly rule: string;
  readonly line: number;
  readonly text: string;
}

const BROKEN: readonly Case[] = [
  { rule: 'savepkt-status-severity', line: 4, text: `${SAVE}    *BytesNeeded = 0;\n    return STATUS_PENDING;\n}\n` },
  {
    rule: 'savepkt-status-severity',
    line: 5,
    text: `${SAVE}    *BytesNeeded = 8;\n    if (SaveBufSize < 8)\n        return (NTSTATUS)STATUS_BUFFER_OVERFLOW;\n    return STATUS_SUCCESS;\n}\n`,
  },
  {
    rule: 'savepkt-status-severity',
    line: 4,
    text: `${RESTORE}    if (SaveBufSize != 0)\n        return (STATUS_PENDING);\n    return STATUS_DATA_ERROR;\n}\n`,
  },
  {
    rule: 'save-callbacks-registered',
    line: 3,
    text: 'VOID Set(VMBCHANNEL C)\n{\n    VmbServerChannelInitSetSaveRestorePacketCallbacks(C, Save, NULL);\n}\n',
  },
  {
    rule: 'save-callbacks-registered',
    line: 2,
    text: 'VOID Set(PDEVICE D)\n{ D->Kmcl.VmbServerChannelInitSetSaveRestorePacketCallbacks(D->Channel, (PFN_SAVE)0, Restore); }\n',
  },
  {
    rule: 'restorepkt-status',
    line: 5,
    text: `${RESTORE}    VMBPACKET P = VmbPacketAllocate(Channel);\n    if (!P) return STATUS_NO_MEMORY;\n    VmbPacketRestore(P, LibBuf, LibBufSize);\n    return STATUS_SUCCESS;\n}\n`,
  },
  {
    rule: 'restorepkt-status',
    line: 5,
    text: `${RESTORE}    VMBPACKET P = VmbPacketAllocate(Channel);\n    if (P == NULL) return STATUS_NO_MEMORY;\n    (VOID)VmbPacketRestore(P, LibBuf, LibBufSize);\n    return STATUS_SUCCESS;\n}\n`,
  },
  {
    rule: 'restorepkt-alloc-null',
    line: 4,
    text: `${RESTORE}    VMBPACKET P = VmbPacketAllocate(Channel);\n    VmbPacketSetCompletionRoutine(P, Done);\n    return VmbPacketRestore(P, LibBuf, LibBufSize);\n}\n`,
  },
  {
    rule: 'out-alloc-null',
    line: 5,
    text: 'NTSTATUS Send(VMBCHANNEL C, PVOID B)\n{\n    VMBPACKET P;\n    P = VmbPacketAllocate(C);\n    return VmbPacketSend(P, B, 4, NULL, 0);\n}\n',
  },
  {
    rule: 'init-before-enable',
    line: 5,
    text: 'NTSTATUS Start(PDEVICE D)\n{\n    NTSTATUS S = VmbChannelEnable(D->Channel);\n    if (!NT_SUCCESS(S)) return S;\n    VmbServerChannelInitSetSaveRestorePacketCallbacks(D->Channel, Save, Restore);\n    return S;\n}\n',
  },
  {
    rule: 'init-before-enable',
    line: 4,
    text: 'VOID Start(VMBCHANNEL C)\n{\n    if (!NT_SUCCESS(VmbChannelEnable(C))) return;\n    S = VmbChannelInitSetFlags(C, 1);\n}\n',
  },
  {
    rule: 'savepkt-no-pointers',
    line: 5,
    text: `${CONTEXT}${SAVE}    PCONTEXT X = VmbPacketGetPointer(Packet);\n    RtlCopyMemory(SaveBuf, X, sizeof(*X));\n    return STATUS_SUCCESS;\n}\n`,
  },
  {
    rule: 'savepkt-no-pointers',
    line: 6,
    text: `${CONTEXT}${SAVE}    const CONTEXT *X = (const CONTEXT *)VmbPacketGetPointer(Packet);\n    *BytesNeeded = sizeof(CONTEXT);\n    memcpy((PUINT8)SaveBuf, X, sizeof(CONTEXT));\n    return STATUS_SUCCESS;\n}\n`,
  },
];

const KEPT: readonly string[] = [
  `${SAVE}    NTSTATUS S = Wait() ? STATUS_PENDING : STATUS_SUCCESS;\n    return S == STATUS_PENDING ? STATUS_NOT_SUPPORTED : S;\n}\n`,
  'NTSTATUS Other(VMBCHANNEL C)\n{\n    return STATUS_PENDING;\n}\n',
  'VOID Set(VMBCHANNEL C)\n{\n    VmbServerChannelInitSetSaveRestorePacketCallbacks(C, NULL, NULL);\n}\n',
  'VOID Set(VMBCHANNEL C, PFN_RESTORE R)\n{\n    VmbServerChannelInitSetSaveRestorePacketCallbacks(C, Save, R);\n}\n',
  `${RESTORE}    VMBPACKET P = VmbPacketAllocate(Channel);\n    CHECK_PACKET(P);\n    return VmbPacketRestore(P, LibBuf, LibBufSize);\n}\n`,
  `${RESTORE}    VMBPACKET P;\n    if ((P = VmbPacketAllocate(Channel)) == NULL) return STATUS_NO_MEMORY;\n    return VmbPacketRestore(P, LibBuf, LibBufSize);\n}\n`,
  `${RESTORE}    VMBPACKET P = VmbPacketAllocate(Channel);\n    D.Packet = P;\n    if (D.Packet == NULL) return STATUS_NO_MEMORY;\n    return VmbPacketRestore(P, LibBuf, LibBufSize);\n}\n`,
  `${RESTORE}    VMBPACKET P = VmbPacketAllocate(Channel);\n    return P ? VmbPacketRestore(P, LibBuf, LibBufSize) : STATUS_NO_MEMORY;\n}\n`,
  'VOID Again(VMBCHANNEL C)\n{\n    VmbChannelEnable(C);\n    VmbChannelDisable(C);\n    VmbChannelInitSetFlags(C, 1);\n}\n',
  'VOID Two(VMBCHANNEL A, VMBCHANNEL B)\n{\n    VmbChannelEnable(A);\n    VmbChannelInitSetFlags(B, 1);\n}\n',
  'VOID Jumps(VMBCHANNEL C)\n{\n    if (Late) goto Set;\n    VmbChannelEnable(C);\n    return;\nSet:\n    VmbChannelInitSetFlags(C, 1);\n}\n',
  'VOID Either(VMBCHANNEL C)\n{\n    if (Ready) {\n        VmbChannelEnable(C);\n    } else {\n        VmbChannelInitSetFlags(C, 1);\n    }\n}\n',
  'VOID Perhaps(VMBCHANNEL C)\n{\n    if (Ready)\n        VmbChannelEnable(C);\n    VmbChannelInitSetFlags(C, 1);\n}\n',
  'VOID Left(VMBCHANNEL C)\n{\n    if (Ready) {\n        VmbChannelEnable(C);\n        return;\n    }\n    VmbChannelInitSetFlags(C, 1);\n}\n',
  'NTSTATUS Retry(VMBCHANNEL C)\n{\n    NTSTATUS S = VmbChannelEnable(C);\n    if (NT_SUCCESS(S)) return S;\n    VmbChannelInitSetFlags(C, 1);\n    return VmbChannelEnable(C);\n}\n',
  'VOID RetryAgain(VMBCHANNEL C)\n{\n    if (NT_SUCCESS(VmbChannelEnable(C))) return;\n    VmbChannelInitSetFlags(C, 1);\n}\n',
  `${CONTEXT}${SAVE}    PCONTEXT X = VmbPacketGetPointer(Packet);\n    RtlCopyMemory(SaveBuf, X, sizeof(*X));\n    RtlZeroMemory(&((PCONTEXT)SaveBuf)->Link, sizeof(LIST_ENTRY));\n    return STATUS_SUCCESS;\n}\n`,
  `${CONTEXT}${SAVE}    PCONTEXT X = VmbPacketGetPointer(Packet);\n    RtlCopyMemory(SaveBuf, &X->Id, sizeof(X->Id));\n    return STATUS_SUCCESS;\n}\n`,
  `typedef struct _PLAIN { UINT32 Version; UINT32 Id; } PLAIN;\n${SAVE}    PLAIN *X = VmbPacketGetPointer(Packet);\n    RtlCopyMemory(SaveBuf, X, sizeof(*X));\n    return STATUS_SUCCESS;\n}\n`,
];

describe('the tree alone', () => {
  it.each(BROKEN)('finds $rule in line $line', ({ rule, line, text }) => {
    expect(found(text)).toEqual([`${rule} ${line}`]);
  });

  it.each(BROKEN)('finds $rule in line $line while the next function is half typed', ({ rule, line, text }) => {
    expect(found(text + HALF_TYPED)).toEqual([`${rule} ${line}`]);
  });

  it.each(BROKEN)('finds $rule in C++ as well', ({ rule, line, text }) => {
    expect(found(text, 'cpp')).toEqual([`${rule} ${line}`]);
  });

  it.each(KEPT.map((text) => ({ text })))('leaves alone $text', ({ text }) => {
    expect([...found(text), ...found(text, 'cpp'), ...found(text + HALF_TYPED)]).toEqual([]);
  });

  it.each(BROKEN)('says nothing new while $rule is typed letter by letter', ({ rule, text }) => {
    for (let end = 1; end < text.length; end += 1) {
      expect(
        found(text.slice(0, end)).every((each) => each.startsWith(`${rule} `)),
        text.slice(0, end),
      ).toBe(true);
    }
  });

  it('says the same of a text that was edited as of one that was opened', () => {
    const all = BROKEN.map(({ text }) => text).join('\n');
    const service = opened(all, 'c');
    let text = all;
    for (let round = 0; round < all.length; round += 37) {
      const length = round % 3 === 0 ? 0 : 5;
      const put = ['\n', '', '{', 'LIST_ENTRY ', '}'][round % 5] ?? '';
      service.change('file:///a', [{ offset: round, length, text: put }]);
      text = text.slice(0, round) + put + text.slice(round + length);
      expect(foundBy(service), text).toEqual(found(text));
    }
  });

  it('offers fixes after which nothing is found', () => {
    const rules = new Set<string>();
    for (const { rule, text } of BROKEN) {
      const [finding] = opened(text, 'c').ask('certain', { uri: 'file:///a' });
      if (finding?.fix === undefined) continue;
      rules.add(rule);
      expect(found(applied(text, finding.fix.edits)), finding.fix.title).toEqual([]);
    }
    expect([...rules].sort()).toEqual([
      'init-before-enable',
      'out-alloc-null',
      'restorepkt-alloc-null',
      'restorepkt-status',
      'savepkt-status-severity',
    ]);
  });

  it('keeps to a comment that allows it', () => {
    const text = `${SAVE}    *BytesNeeded = 0;\n    // vsp-lab: allow savepkt-status-severity the library of this host waits\n    return STATUS_PENDING;\n}\n`;
    expect(found(text)).toEqual([]);
  });
});

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:c|cpp|h)$/.test(name))
    .map((name) => `${folder}/${name}`);
}

describe('false alarms', () => {
  it.each(sourcesIn('examples'))('are none in %s', (path) => {
    const text = readFileSync(path, 'utf8');
    expect(found(text, languageOf(path, text))).toEqual([]);
  });

  it.each(sourcesIn('test/static'))('are none in %s: what the tree finds is marked', (path) => {
    const text = readFileSync(path, 'utf8');
    const lines = text.split('\n');
    const wrong = found(text, languageOf(path, text)).filter((each) => {
      const [rule = '', line = '0'] = each.split(' ');
      // A rule of a whole function may be marked where the function returns.
      const rest = lines.slice(Number(line) - 1);
      const own = rest.slice(
        0,
        rest.findIndex((each) => each.startsWith('}')),
      );
      return !own.some((each) => each.includes('finds:') && each.includes(rule));
    });
    expect(wrong).toEqual([]);
  });
});
