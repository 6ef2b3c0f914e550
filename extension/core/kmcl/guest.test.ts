/** What the guest's end of the rings tells a fixture (vsplab.h). */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `${CHANNEL_DRIVER}
static VOID ReceiveOne(VMBCHANNEL Channel)
{
    UCHAR bytes[64];
    UINT32 length = 0;
    UINT64 transaction = 77;
    BOOLEAN any = VspLabGuestReceive(Channel, bytes, sizeof(bytes), &length, &transaction);
    VSPLAB_LOG("%u %u %u", any, length, transaction == 0 ? 0 : 1);
}
VSPLAB_TEST(TellsTransactions)
{
    VMBCHANNEL channel = ActiveServer();
    SendPacket(channel, 0, 16, 0);
    SendPacket(channel, 1, 24, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    SendPacket(channel, 2, 32, 0);
    ReceiveOne(channel);
    ReceiveOne(channel);
    ReceiveOne(channel);
    ReceiveOne(channel);
    EndChannel(channel);
}
`;

describe('VspLabGuestReceive', () => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE);
  });

  it('answers transaction id 0 for packets whose sender waits for no completion', () => {
    const run = driver.test('TellsTransactions');
    expect([run.end, run.output]).toEqual(['completed', ['1 16 0', '1 24 1', '1 32 0', '0 0 1']]);
  });
});
