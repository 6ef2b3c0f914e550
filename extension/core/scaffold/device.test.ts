/** Contexts that lead to their device: pointers that are set again, the device's lock, tests in spite of it. */
import { describe, expect, it } from 'vitest';
import { ScaffoldFolder } from '../../../test/support/scaffoldFiles.js';
import { STORAGE_DRIVER } from '../../../test/support/storageDriver.js';

interface Written {
  readonly text: string;
  readonly fixture: string;
}

function written(source: string, name = 'Storage.c'): Written {
  const folder = new ScaffoldFolder({ [name]: source });
  const { fixture } = folder.scaffold(name, 'STOR_REQUEST');
  expect(folder.warnings(name)).toBe('');
  return { text: folder.text(name), fixture: fixture?.text ?? '' };
}

const replaced = (from: string | RegExp, to: string): string => {
  const text = STORAGE_DRIVER.replace(from, to);
  expect(text).not.toBe(STORAGE_DRIVER);
  return text;
};

describe('a context that leads to its device', () => {
  it('is made, linked and set by the function the file has for that', () => {
    const { text } = written(STORAGE_DRIVER);
    expect(text).toContain('Context = StorAllocateRequest((PSTOR_DEVICE)VmbChannelGetPointer(Channel));');
    expect(text).toContain('    Context->Packet = Packet;\n    VmbPacketSetPointer(Packet, Context);');
    expect(text).not.toContain('InitializeListHead(&Context->Link)');
    expect(text).not.toContain('Context->Device =');
    expect(text).not.toContain('so zero in a restored context');
  });

  it('is captured under the lock the file holds for what is saved', () => {
    const { text } = written(STORAGE_DRIVER);
    expect(text).toContain('taken under the lock of its Device.');
    expect(text).toContain('KeAcquireSpinLock(&Context->Device->QueueLock, &OldIrql);');
    expect(text).toContain('KeReleaseSpinLock(&Context->Device->QueueLock, OldIrql);');
  });

  it('needs no lock that guards nothing that is saved', () => {
    const { text } = written(
      replaced('    Request->SectorsDone += Sectors;\n', '    Request->Device->OutstandingCount += Sectors;\n'),
    );
    expect(text).not.toContain('Context->Device->QueueLock');
  });

  it('is captured under the lock by the functions that take it', () => {
    const lock = `static VOID StorLock(PSTOR_DEVICE Device, PKIRQL OldIrql)
{
    KeAcquireSpinLock(&Device->QueueLock, OldIrql);
}

static VOID StorUnlock(PSTOR_DEVICE Device, KIRQL OldIrql)
{
    KeReleaseSpinLock(&Device->QueueLock, OldIrql);
}

static PSTOR_REQUEST StorAllocateRequest(`;
    const source = replaced('static PSTOR_REQUEST StorAllocateRequest(', lock)
      .replaceAll(/KeAcquireSpinLock\(&Request->Device->QueueLock, &OldIrql\)/g, 'StorLock(Request->Device, &OldIrql)')
      .replaceAll(/KeReleaseSpinLock\(&Request->Device->QueueLock, OldIrql\)/g, 'StorUnlock(Request->Device, OldIrql)');
    expect(written(source).text).toContain('    StorLock(Context->Device, &OldIrql);\n');
  });

  it('is set to lead there where the file has no function that makes it', () => {
    const { text, fixture } = written(
      replaced(
        /static PSTOR_REQUEST StorAllocateRequest\(PSTOR_DEVICE Device\)\n\{/,
        'PSTOR_REQUEST StorTake(PSTOR_DEVICE Device, PUCHAR Cdb)\n{\n    UNREFERENCED_PARAMETER(Cdb);',
      ).replace('StorAllocateRequest(Device);', 'StorTake(Device, NULL);'),
    );
    expect(text).toContain('Context = StorRequestCreateContext();');
    expect(text).toContain('Context->Device = (PSTOR_DEVICE)VmbChannelGetPointer(Channel);');
    expect(fixture).toContain('Context->Device = (PSTOR_DEVICE)VmbChannelGetPointer(Host->Channel);');
  });

  it.each([
    [
      'a cast',
      'VmbChannelSetPointer(Channel, Device);',
      'UNREFERENCED_PARAMETER(Device);\n    ((PSTOR_DEVICE)VmbChannelGetPointer(Channel))->OutstandingCount = 0;',
    ],
    [
      'a declaration',
      'VmbChannelSetPointer(Channel, Device);',
      'STOR_DEVICE *Own = VmbChannelGetPointer(Channel);\n\n    UNREFERENCED_PARAMETER(Device);\n    Own->OutstandingCount = 0;',
    ],
  ])('is known by %s of what the channel points to', (_name, from, to) => {
    expect(written(replaced(from, to)).text).toContain(
      'StorAllocateRequest((PSTOR_DEVICE)VmbChannelGetPointer(Channel))',
    );
  });

  it('gets no device where the file does not tell what channels point to', () => {
    const { text } = written(replaced('VmbChannelSetPointer(Channel, Device);', 'UNREFERENCED_PARAMETER(Device);'));
    expect(text).not.toContain('VmbChannelGetPointer');
    expect(text).toContain('so zero in a restored context: Device.');
  });
});

describe('the tests of packets with a completion routine of the driver', () => {
  it('are written where the routine needs no more than the device', () => {
    const { fixture } = written(STORAGE_DRIVER);
    expect(fixture).toContain('VSPLAB_TEST(StorRequestPacketsSurviveMigration)');
    expect(fixture).toContain('KeInitializeSpinLock(&Host->Device->QueueLock);');
    expect(fixture).toContain('InitializeListHead(&Host->Device->Outstanding);');
    expect(fixture).toContain('Host->Device->Channel = Channel;');
    expect(fixture).toContain('VmbPacketSetCompletionRoutine(Packet, StorComplete);');
  });

  it.each([
    [
      'uses a variable of the driver',
      [
        '    StorFreeRequest(Request);\n    VmbPacketFree',
        '    g_Completed++;\n    StorFreeRequest(Request);\n    VmbPacketFree',
      ],
      'static LONG g_Completed;\n',
    ],
    [
      'calls what is elsewhere',
      [
        '    StorFreeRequest(Request);\n    VmbPacketFree',
        '    StorNotify(Request);\n    StorFreeRequest(Request);\n    VmbPacketFree',
      ],
      'VOID StorNotify(PSTOR_REQUEST Request);\n',
    ],
    ['keeps the packet', ['    VmbPacketFree(Packet);\n}\n\nEVT', '}\n\nEVT'], ''],
  ] as const)('are left out where it %s', (_name, [from, to], more) => {
    const source = replaced(from, to).replace('static PSTOR_REQUEST', `${more}\nstatic PSTOR_REQUEST`);
    const { fixture } = written(source);
    expect(fixture).toContain('VSPLAB_CONTEXT(STOR_REQUEST)');
    expect(fixture).not.toContain('VSPLAB_TEST');
  });
});
