/** What is said of records that ARM64 lays out otherwise, and that others cost nothing. */
import { describe, expect, it } from 'vitest';
import { COMPILE_TIMEOUT, compileText, type DriverOptions } from '../../../test/support/driver.js';

const source = (inside: string): string => `
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

typedef struct _RECORD {
    UINT32 Version;
    ${inside}
    UINT64 Offset;
} RECORD;
typedef struct _OTHER { UINT32 Only; } OTHER;

NTSTATUS EvtVmbChannelSavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    RECORD *Record = (RECORD *)SaveBuf;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(*Record);
    if (SaveBufSize < sizeof(*Record)) return STATUS_BUFFER_TOO_SMALL;
    Record->Version = 1;
    Record->Offset = 2;
    return STATUS_SUCCESS;
}
`;

async function remarks(inside: string, options: DriverOptions = { differential: true }): Promise<readonly string[]> {
  const { driver } = await compileText(source(inside), options);
  return driver.notes.filter(({ severity }) => severity === 'note').map(({ message }) => message);
}

describe('records for ARM64', { timeout: COMPILE_TIMEOUT }, () => {
  it('names the first field that lies elsewhere', async () => {
    expect(await remarks('\n#if defined(_M_ARM64)\n    UINT64 Features;\n#endif\n')).toEqual([
      expect.stringMatching(
        /^_?RECORD is laid out otherwise on ARM64: Offset lies at byte 8 on x64 and at byte 16 on ARM64;/,
      ),
    ]);
  });

  it('names a field that is only there', async () => {
    expect(await remarks('\n#ifdef _AMD64_\n    UINT32 Rip;\n#endif\n')).toEqual([
      expect.stringMatching(/Rip is on x64 only/),
    ]);
  });

  it('says nothing of sources that ask, and lay out the same', async () => {
    expect(await remarks('\n#if defined(_M_ARM64)\n    UINT32 First;\n#else\n    UINT32 First;\n#endif\n')).toEqual([]);
  });

  it('says nothing of sources that do not ask, and nothing without differential runs', async () => {
    expect(await remarks('UINT32 First;')).toEqual([]);
    expect(await remarks('\n#if defined(_M_ARM64)\n    UINT64 Features;\n#endif\n', {})).toEqual([]);
  });
});
