/** The inline packet context of the V5 interface: fact K15 of kmcl-facts 5.2. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { FAULT } from './layout.js';

const SOURCE = `${CHANNEL_DRIVER}
VSPLAB_TEST(K15)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VMBPACKET packets[300];
    ULONG i;
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetInlinePacketContextSize(channel, 24));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    for (i = 0; i < 300; i++) {
        PULONG context;
        packets[i] = VmbPacketAllocate(channel);
        context = (PULONG)VmbPacketGetInlinePacketContextPointer(packets[i]);
        context[0] = i;
        context[5] = ~i;
    }
    for (i = 0; i < 300; i++) {
        PULONG context = (PULONG)VmbPacketGetInlinePacketContextPointer(packets[i]);
        VSPLAB_ASSERT_EQUAL(i, context[0]);
        VSPLAB_ASSERT_EQUAL(~i, context[5]);
        VmbPacketFree(packets[i]);
    }
    EndChannel(channel);
}

VSPLAB_TEST(K15Beyond)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VMBPACKET packet;
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetInlinePacketContextSize(channel, 24));
    packet = VmbPacketAllocate(channel);
    ((PUCHAR)VmbPacketGetInlinePacketContextPointer(packet))[24] = 1;
}

VSPLAB_TEST(K15AfterFree)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VMBPACKET packet;
    PULONG context;
    ULONG i;
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetInlinePacketContextSize(channel, 24));
    packet = VmbPacketAllocate(channel);
    context = (PULONG)VmbPacketGetInlinePacketContextPointer(packet);
    VmbPacketFree(packet);
    for (i = 0; i < 10; i++) {
        VmbPacketAllocate(channel);
    }
    VSPLAB_LOG("%u", context[5]);
}
`;

describe('inline contexts', () => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE);
  }, COMPILE_TIMEOUT);

  it('belong to one packet each', () => {
    const run = driver.test('K15');
    expect([run.end, run.breaches]).toEqual(['completed', []]);
  });

  it('end exactly', () => {
    expect(driver.test('K15Beyond').result.fault?.text).toMatch(
      /^writes 1 byte at 0x[0-9A-F]+, directly behind a packet's inline context of 24 bytes$/,
    );
  });

  it('are not valid once their packet was freed', () => {
    const { fault } = driver.test('K15AfterFree').result;
    expect(fault?.text).toMatch(
      /^reads 4 bytes at 0x[0-9A-F]+, 20 bytes into a packet's inline context of 24 bytes that was freed$/,
    );
    expect(fault?.kind).toBe(FAULT.USE_AFTER_FREE);
  });
});
