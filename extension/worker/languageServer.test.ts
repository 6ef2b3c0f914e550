import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { IndexCounts } from '../core/language/index/workspaceIndex.js';
import type { Registration } from '../core/language/service/protocol.js';
import { grammarFolder } from './grammars.testing.js';
import type { LanguageReply, LanguageRequest } from './languageProtocol.js';
import { LanguageServer } from './languageServer.js';

const folder = mkdtempSync(join(tmpdir(), 'vsp-lab-language-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SAVE = 'NTSTATUS Save(VMBCHANNEL a, VMBPACKET b, PVOID c, UINT32 d, PUINT32 e)\n{\n    return 0;\n}\n';
const REGISTER = 'VOID F(VOID)\n{\n    VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, Save, Restore);\n}\n';

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A server, and a way to ask it. */
function start(grammars = grammarFolder()) {
  const waiting = new Map<number, (reply: LanguageReply) => void>();
  const server = new LanguageServer(grammars, (reply) => waiting.get(reply.id)?.(reply));
  let id = 0;
  const send = (request: LanguageRequest): void => server.take(request);
  const answer = (request: (id: number) => LanguageRequest): Promise<LanguageReply> => {
    id += 1;
    const own = id;
    return new Promise((resolve) => {
      waiting.set(own, resolve);
      server.take(request(own));
    });
  };
  const settle = () => answer((own) => ({ kind: 'settle', id: own }));
  const counts = async (): Promise<IndexCounts> => {
    const reply = await answer((own) => ({ kind: 'ask', id: own, name: 'counts', ask: {} }));
    return reply.kind === 'answer' ? (reply.answer as IndexCounts) : Promise.reject(new Error(reply.message));
  };
  return { send, answer, settle, counts };
}

describe('the thread of an editor’s texts', () => {
  it('answers in the order it was told, whatever it has to load first', async () => {
    const { send, answer, settle } = start();
    send({ kind: 'open', uri: 'file:///d/Save.c', language: 'c', text: SAVE });
    send({ kind: 'change', uri: 'file:///d/Save.c', changes: [{ offset: 0, length: 0, text: '\n' }] });
    send({ kind: 'index', files: [{ uri: 'file:///d/Register.c', text: REGISTER }] });
    await settle();
    const at = { uri: 'file:///d/Save.c', position: { line: 3, character: 4 } };
    const reply = await answer((id) => ({ kind: 'ask', id, name: 'registrations', ask: at }));
    expect(reply.kind === 'answer' && (reply.answer as Registration[]).map(({ uri }) => uri)).toEqual([
      'file:///d/Register.c',
    ]);
  });

  it('knows files by their path, and forgets those that are gone or have nothing to say', async () => {
    const { send, settle, counts } = start();
    const files = [
      { uri: 'file:///d/A.c', path: write('A.c', SAVE) },
      { uri: 'file:///d/B.c', path: write('B.c', 'int main(void) { return 0; }\n') },
      { uri: 'file:///d/C.h', path: write('C.h', 'typedef struct _C { int c; } C;\n') },
      { uri: 'file:///d/D.c', path: join(folder, 'gone.c') },
    ];
    send({ kind: 'index', files });
    await settle();
    expect(await counts()).toMatchObject({ files: 2, callbacks: 1 });
    write('A.c', 'int nothing;\n');
    send({ kind: 'index', files: files.slice(0, 1) });
    await settle();
    expect(await counts()).toMatchObject({ files: 1, callbacks: 0 });
    send({ kind: 'forget', uri: 'file:///d/C.h' });
    expect(await counts()).toMatchObject({ files: 0 });
  });

  it('has the text of the disk again when an edited one is closed', async () => {
    const { send, settle, counts } = start();
    const file = { uri: 'file:///d/E.c', path: write('E.c', SAVE) };
    send({ kind: 'index', files: [file] });
    send({ kind: 'open', uri: file.uri, language: 'c', text: '\n' });
    await settle();
    expect(await counts()).toMatchObject({ callbacks: 0 });
    send({ kind: 'close', uri: file.uri });
    send({ kind: 'index', files: [file] });
    await settle();
    expect(await counts()).toMatchObject({ callbacks: 1 });
  });
});
