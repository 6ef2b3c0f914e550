/** Interface tables: kmcl-facts 1.5 to 1.8, pairs of A-34, through the structures a driver declares. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `
#include <initguid.h>
${CHANNEL_DRIVER}
NTSTATUS vsp_kmcl_query_interface(const GUID *Type, PVOID Interface, ULONG Size, ULONG Version);
static UCHAR Memory[1024];

static NTSTATUS Query(const GUID *Type, ULONG Size, ULONG Version)
{
    return vsp_kmcl_query_interface(Type, Memory, Size, Version);
}

VSPLAB_TEST(Pairs)
{
    ULONG size, version;
    for (version = 0; version <= 6; version++) {
        for (size = 0; size <= sizeof(Memory); size += 8) {
            if (Query(&KMCL_CLIENT_INTERFACE_TYPE, size, version) == STATUS_SUCCESS) {
                PINTERFACE head = (PINTERFACE)Memory;
                VSPLAB_LOG("client %u: %u", version, size);
                VSPLAB_ASSERT_EQUAL(size, head->Size);
                VSPLAB_ASSERT_EQUAL(version, head->Version);
                head->InterfaceDereference(head->Context);
            }
            if (Query(&KMCL_SERVER_INTERFACE_TYPE, size, version) == STATUS_SUCCESS) {
                PINTERFACE head = (PINTERFACE)Memory;
                VSPLAB_LOG("server %u: %u", version, size);
                head->InterfaceDereference(head->Context);
            }
        }
    }
}

VSPLAB_TEST(Foreign)
{
    static const GUID other = {1, 2, 3, {4}};
    VSPLAB_ASSERT_STATUS(STATUS_NOT_SUPPORTED, Query(&other, 360, 1));
}

VSPLAB_TEST(Dereference)
{
    PINTERFACE head = (PINTERFACE)Memory;
    VSPLAB_ASSERT_SUCCESS(Query(&KMCL_CLIENT_INTERFACE_TYPE, sizeof(KMCL_CLIENT_INTERFACE_V1), 1));
    head->InterfaceReference(head->Context);
    head->InterfaceDereference(head->Context);
    head->InterfaceDereference(head->Context);
    VSPLAB_LOG("too often");
    head->InterfaceDereference(head->Context);
}

VSPLAB_TEST(SmallerThanSaid)
{
    KMCL_CLIENT_INTERFACE_V1 v1;
    vsp_kmcl_query_interface(&KMCL_CLIENT_INTERFACE_TYPE, &v1, 488, 5);
}

VSPLAB_TEST(Members)
{
    KMCL_SERVER_INTERFACE_V5 v5;
    KMCL_SERVER_INTERFACE_V1 v1;
    VSPLAB_ASSERT_SUCCESS(vsp_kmcl_query_interface(&KMCL_SERVER_INTERFACE_TYPE, &v5, sizeof(v5), 5));
    VSPLAB_ASSERT_SUCCESS(vsp_kmcl_query_interface(&KMCL_SERVER_INTERFACE_TYPE, &v1, sizeof(v1), 1));
#define SAME(table, member) VSPLAB_ASSERT((PVOID)(ULONG_PTR)(table).member == (PVOID)(ULONG_PTR)&member)
    SAME(v1, VmbChannelAllocate); SAME(v1, VmbChannelCleanup); SAME(v1, VmbChannelGetPointer); SAME(v1, VmbChannelPacketComplete);
    SAME(v1, VmbChannelSizeofPacket); SAME(v1, VmbPacketAllocate); SAME(v1, VmbPacketSetPointer); SAME(v1, VmbChannelMapGpadl);
    SAME(v1, VmbPacketRestore); SAME(v1, VmbServerChannelInitSetVmbusHandle);
    SAME(v5, VmbChannelPacketGetClientContext); SAME(v5, VmbChannelAllocateBounceBuffer); SAME(v5, VmbChannelCreateGpadlFromPfnList);
    SAME(v5, VmbChannelInitSetPrimaryChannel); SAME(v5, VmbSizeofChannel); SAME(v5, VmbPacketSetCompletionRoutineEx);
    SAME(v5, VmbChannelMapGpadl); SAME(v5, VmbServerChannelInitSetVmbusHandle);
    SAME(v5, VmbServerChannelInitSetSaveRestorePacketCallbacksEx);
    v1.InterfaceDereference(v1.Context);
    v5.InterfaceDereference(v5.Context);
}

VSPLAB_TEST(CallsThrough)
{
    KMCL_SERVER_INTERFACE_V1 kmcl;
    VMBCHANNEL channel;
    VMBPACKET packet;
    UCHAR bytes[8] = {0};
    VSPLAB_ASSERT_SUCCESS(vsp_kmcl_query_interface(&KMCL_SERVER_INTERFACE_TYPE, &kmcl, sizeof(kmcl), 1));
    channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(kmcl.VmbChannelEnable(channel));
    kmcl.VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    packet = kmcl.VmbPacketAllocate(channel);
    kmcl.VmbPacketSetPointer(packet, bytes);
    VSPLAB_ASSERT(kmcl.VmbPacketGetPointer(packet) == bytes);
    VSPLAB_ASSERT_SUCCESS(kmcl.VmbPacketSend(packet, bytes, sizeof(bytes), NULL, 0));
    kmcl.VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(kmcl.VmbChannelSaveBegin(channel));
    kmcl.VmbChannelSaveEnd(channel);
    kmcl.VmbChannelDisable(channel);
    kmcl.VmbChannelCleanup(channel);
    kmcl.InterfaceDereference(kmcl.Context);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
});

describe('interface query (1.8, A-34)', () => {
  it('takes exactly the pairs of size and version', () => {
    const run = driver.test('Pairs');
    expect(run.end).toBe('completed');
    expect(run.output).toEqual([
      'client 1: 360',
      'server 1: 472',
      'client 2: 384',
      'client 3: 400',
      'client 4: 416',
      'client 5: 488',
      'server 5: 600',
      'server 5: 608',
    ]);
    expect(new Set(run.breaches)).toEqual(new Set(['iface-query-size-version']));
  });

  it.each([
    ['Foreign', []],
    ['Dereference', ['iface-dereference']],
    ['Members', []],
    ['CallsThrough', []],
  ])('%s', (test, breaches) => {
    const run = driver.test(test);
    expect([run.end, run.breaches]).toEqual(['completed', breaches]);
  });

  it('never writes beyond the structure that was declared', () => {
    expect(driver.test('SmallerThanSaid').result.ended).toBe('fault');
  });
});
