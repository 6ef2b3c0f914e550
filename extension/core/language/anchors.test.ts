import { describe, expect, it } from 'vitest';
import { looksWhole, namesKmcl } from './anchors.js';

const SAVE = `NTSTATUS NicSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 Size, PUINT32 Needed)
{
    return STATUS_SUCCESS;
}
`;

describe('files of ours', () => {
  it('name KMCL or a test in their code', () => {
    expect(namesKmcl('#include <vmbuskernelmodeclientlibapi.h>\n')).toBe(true);
    expect(namesKmcl('VSPLAB_TEST(A) {}')).toBe(true);
    expect(namesKmcl('static VMBCHANNEL c;')).toBe(true);
    expect(namesKmcl('/* VMBCHANNEL */ int main(void) { puts("VMBPACKET"); }')).toBe(false);
    expect(namesKmcl('int main(void) { return 0; }')).toBe(false);
  });
});

describe('a text that is being typed', () => {
  it('is told from a whole one', () => {
    expect(looksWhole(SAVE)).toBe(true);
    expect(looksWhole(`${SAVE}/* (`)).toBe(false);
    expect(looksWhole(SAVE.replace('}', ''))).toBe(false);
    expect(looksWhole(`${SAVE})`)).toBe(false);
    expect(looksWhole('char *s = "abc')).toBe(false);
  });
});
