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

describe('a driver in small letters', () => {
  const header = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

struct net_device {
\tKSPIN_LOCK lock;
};

struct net_tx {
\tstruct net_device *dev;
\tUINT16 vlan;
};
`;
  const source = `#include "net.h"

static KIRQL net_lock(struct net_device *dev)
{
\tKIRQL irql;

\tKeAcquireSpinLock(&dev->lock, &irql);
\treturn irql;
}

static void net_unlock(struct net_device *dev, KIRQL irql)
{
\tKeReleaseSpinLock(&dev->lock, irql);
}

void net_mark(struct net_tx *tx, UINT16 vlan)
{
\tKIRQL irql = net_lock(tx->dev);

\ttx->vlan = vlan;
\tnet_unlock(tx->dev, irql);
}

EVT_VMB_PACKET_COMPLETION_ROUTINE net_done;
void net_done(VMBPACKET packet, NTSTATUS status, PVOID buf, UINT32 len)
{
\tstruct net_tx *tx = VmbPacketGetPointer(packet);

\tUNREFERENCED_PARAMETER(status);
\tUNREFERENCED_PARAMETER(buf);
\tUNREFERENCED_PARAMETER(len);
\tExFreePoolWithTag(tx, 'txeN');
\tVmbPacketFree(packet);
}

void net_open(struct net_device *dev, VMBCHANNEL chan)
{
\tVmbChannelSetPointer(chan, dev);
}
`;
  const folder = new ScaffoldFolder({ 'net.h': header, 'net.c': source });
  const { fixture } = folder.scaffold('net.c', 'net_tx');
  const text = folder.text('net.c');

  it('keeps them, its lock, its routine, and structures without another name', () => {
    expect([folder.warnings('net.c'), folder.warnings(fixture?.name ?? '')]).toEqual(['', '']);
    expect(text).toContain('PVOID save_buf, UINT32 save_buf_size');
    expect(text).toContain('\told_irql = net_lock(context->dev);\n');
    expect(text).toContain('VmbPacketSetCompletionRoutine(packet, net_done);');
    expect(text).toContain('context->dev = (struct net_device *)VmbChannelGetPointer(channel);');
  });

  it('is tested with contexts of one word', () => {
    expect(fixture?.text).toContain('typedef struct net_tx net_tx;\n');
    expect(fixture?.text).toContain('VSPLAB_CONTEXT(net_tx)');
    expect(fixture?.text).toContain('VSPLAB_TEST(net_tx_survive_migration)');
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
