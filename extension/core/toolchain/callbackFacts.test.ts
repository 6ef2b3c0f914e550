import { describe, expect, it } from 'vitest';
import { callbackFacts } from './callbackFacts.js';

const TEXT = `
// EVT_VMB_CHANNEL_SAVE_PACKET Commented;
EVT_VMB_CHANNEL_SAVE_PACKET EvtSave;
static EVT_VMB_CHANNEL_RESTORE_PACKET EvtRestore,
    EvtOther;
void Set(PFN_VMB_CHANNEL_SAVE_PACKET Save) {
    VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, EvtSave, &EvtRestore);
    Server->SetSaveRestorePacketCallbacksEx(Channel, Context,
        (PFN_VMB_CHANNEL_SAVE_PACKET_EX)SaveEx, RestoreEx);
}
`;

describe('callbackFacts', () => {
  const facts = callbackFacts([
    { file: 'a.c', text: TEXT },
    { file: 'b.c', text: 'int x;' },
  ]);

  it('reads role declarations with their lines', () => {
    expect(facts.roles.map((role) => [role.type, role.function, role.line])).toEqual([
      ['EVT_VMB_CHANNEL_SAVE_PACKET', 'EvtSave', 3],
      ['EVT_VMB_CHANNEL_RESTORE_PACKET', 'EvtRestore', 4],
      ['EVT_VMB_CHANNEL_RESTORE_PACKET', 'EvtOther', 4],
    ]);
  });

  it('reads registering calls in both calling styles (rows 13 and 72)', () => {
    expect(facts.registrations.map(({ api, save, restore, line }) => [api, save, restore, line])).toEqual([
      ['VmbServerChannelInitSetSaveRestorePacketCallbacks', 'EvtSave', 'EvtRestore', 7],
      ['SetSaveRestorePacketCallbacksEx', 'SaveEx', 'RestoreEx', 8],
    ]);
  });

  it('takes no declaration for a call', () => {
    const text =
      'NTSTATUS VmbServerChannelInitSetSaveRestorePacketCallbacks(VMBCHANNEL Channel, PFN_A Save, PFN_B Restore);';
    expect(callbackFacts([{ file: 'a.h', text }]).registrations).toEqual([]);
  });
});
