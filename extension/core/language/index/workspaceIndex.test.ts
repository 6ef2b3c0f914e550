import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parserForTests } from '../../../worker/grammars.testing.js';
import { LanguageService } from '../service/languageService.js';
import { SourceTree } from '../tree/sourceTree.js';
import type { SyntaxParser } from '../tree/syntax.js';
import { type FileFacts, fileFacts } from './fileFacts.js';

let c: SyntaxParser;
let cpp: SyntaxParser;

beforeAll(async () => {
  c = await parserForTests('c');
  cpp = await parserForTests('cpp');
});

const factsIn = (text: string, parser = c): FileFacts => fileFacts(new SourceTree(parser, text));
const newService = () => new LanguageService((language) => (language === 'c' ? c : cpp));

describe('the facts of a file', () => {
  it('are registrations in both styles, through casts and classes', () => {
    const { registrations } = factsIn(
      `void F() {
  Vmb->VmbServerChannelInitSetSaveRestorePacketCallbacksEx(Channel, this, &Nic::Save, static_cast<PFN_X>(Nic::Restore));
  VmbChannelInitSetProcessPacketCallbacks(Channel, NicProcess, NULL);
  callbacks.EvtChannelOpened = &Nic::Opened;
}`,
      cpp,
    );
    expect(
      registrations.map(({ through, callbacks }) => [through, ...callbacks.map(({ role, name }) => `${role} ${name}`)]),
    ).toEqual([
      ['VmbServerChannelInitSetSaveRestorePacketCallbacksEx', 'save Save', 'restore Restore'],
      ['VmbChannelInitSetProcessPacketCallbacks', 'process NicProcess'],
      ['EvtChannelOpened', 'opened Opened'],
    ]);
  });

  it('are context types, however the pointer is taken', () => {
    const { contexts } = factsIn(
      `void F() {
  PNIC_TX tx = VmbPacketGetPointer(Packet);
  NIC_RX *rx = (NIC_RX *)VmbPacketGetPointer(Packet);
  auto nic = static_cast<NIC *>(VmbChannelGetPointer(Channel));
  PVOID other = VmbPacketGetPointer(Packet);
}`,
      cpp,
    );
    expect(contexts.map(({ of, type }) => `${of} ${type}`)).toEqual(['packet PNIC_TX', 'packet NIC_RX', 'channel NIC']);
  });

  it('are tests, records and roles', () => {
    const facts = factsIn(
      'EVT_VMB_CHANNEL_SAVE_PACKET A, B;\ntypedef struct _R { int x; } R, *PR;\nVSPLAB_TEST(T) { }\nVSPLAB_SETUP() { }\n',
    );
    expect(facts.roles.map(({ role, name }) => `${role} ${name}`)).toEqual(['save A', 'save B']);
    expect(facts.records.map(({ name, names }) => [name, names])).toEqual([['R', ['_R', 'R', 'PR']]]);
    expect(facts.tests.map(({ name }) => name)).toEqual(['T']);
  });
});

describe('the index after edits', () => {
  const texts = ['NicIndication.c', 'NicChannel.c', 'NicFixture.c'].map((name) => ({
    uri: `file:///nic/${name}`,
    text: readFileSync(`examples/synthetic-nic/${name}`, 'utf8'),
  }));
  const PIECES = ['', 'EVT_VMB_CHANNEL_SAVE_PACKET Zed;\n', '\n', 'VSPLAB_TEST(Extra) { }\n', ' '];

  it('is the one made from scratch of the same texts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(...PIECES)), {
          minLength: 1,
          maxLength: 8,
        }),
        (edits) => {
          const edited = newService();
          const now = texts.map(({ text }) => text);
          for (const { uri, text } of texts) edited.open(uri, 'c', text);
          for (const [which, where, piece] of edits) {
            const text = now[which] ?? '';
            // Between lines: what is inserted is code of its own.
            const offset = text.indexOf('\n\n', Math.floor(where * text.length)) + 1;
            edited.change(texts[which]?.uri ?? '', [{ offset, length: 0, text: piece }]);
            now[which] = text.slice(0, offset) + piece + text.slice(offset);
          }
          const fresh = newService();
          for (const [index, { uri }] of texts.entries()) fresh.index(uri, 'c', now[index] ?? '');
          expect(edited.workspace.files()).toEqual(fresh.workspace.files());
          expect(edited.workspace.counts()).toEqual(fresh.workspace.counts());
        },
      ),
      { numRuns: 30, seed: 11 },
    );
  });

  it('knows the example: callbacks, registration, contexts and tests', () => {
    const service = newService();
    for (const { uri, text } of texts) service.index(uri, 'c', text);
    const roles = texts
      .flatMap(({ uri }) => service.workspace.callbacksOf(uri))
      .map(({ role, name }) => `${role} ${name}`);
    expect(roles).toContain('save NicSavePacket');
    expect(roles).toContain('restore NicRestorePacket');
    expect(service.workspace.counts()).toMatchObject({ files: 3, tests: 6 });
    expect(service.workspace.counts().registrations).toBeGreaterThan(0);
    expect(service.workspace.contexts().map(({ entry }) => entry.of)).toContain('packet');
  });
});
