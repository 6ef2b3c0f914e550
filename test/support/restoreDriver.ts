/** The driver of restore.test.ts: its own RestorePacket counted, and one twin per way to restore wrongly. */
import { CHANNEL_DRIVER } from './channelDriver.js';

/** What a RestorePacket does wrong; `Good` is the driver's own. */
const CALLBACKS = {
  Nothing: 'return STATUS_SUCCESS;',
  Twice: `{ NTSTATUS status = RestorePacket(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
            VMBPACKET second = VmbPacketAllocate(Channel); VmbPacketRestore(second, LibBuf, LibBufSize); VmbPacketFree(second);
            return status; }`,
  Changed: '((PUCHAR)LibBuf)[8] ^= 1; return RestorePacket(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);',
  Short: `{ VMBPACKET packet = VmbPacketAllocate(Channel); NTSTATUS status = VmbPacketRestore(packet, LibBuf, LibBufSize - 1);
            VmbPacketFree(packet); return status; }`,
  Swallowed: `{ VMBPACKET packet = VmbPacketAllocate(Channel); VmbPacketRestore(packet, LibBuf, LibBufSize - 1);
                VmbPacketFree(packet); return STATUS_SUCCESS; }`,
  Leaks: 'VmbPacketAllocate(Channel); return STATUS_INSUFFICIENT_RESOURCES;',
  NoRoutine: `{ VMBPACKET packet = VmbPacketAllocate(Channel); return VmbPacketRestore(packet, LibBuf, LibBufSize); }`,
  Sent: `{ NTSTATUS status; VMBPACKET packet = VmbPacketAllocate(Channel); UCHAR b[8] = {0};
           VmbPacketSetCompletionRoutine(packet, Completion); status = VmbPacketRestore(packet, LibBuf, LibBufSize);
           VmbPacketSend(packet, b, sizeof(b), NULL, 0); return status; }`,
  Initialized: `{ UINT32 size = VmbChannelSizeofPacket(Channel); PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, 'tkPI');
                  NTSTATUS status; VmbPacketInitialize(Channel, (VMBPACKET)memory, size);
                  VmbPacketSetCompletionRoutine((VMBPACKET)memory, Completion);
                  status = VmbPacketRestore((VMBPACKET)memory, LibBuf, LibBufSize); ExFreePoolWithTag(memory, 'tkPI'); return status; }`,
  InPlace: '((PUCHAR)SaveBuf)[0] = 9; return RestorePacket(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);',
  Late: `{ NTSTATUS status; VMBPACKET packet = VmbPacketAllocate(Channel); status = VmbPacketRestore(packet, LibBuf, LibBufSize);
           VmbPacketSetPointer(packet, (PVOID)1); VmbPacketSetCompletionRoutine(packet, Completion); return status; }`,
  Keeps: 'Kept = (PUCHAR)SaveBuf; return RestorePacket(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);',
  Writes: 'VmbPacketRestore((VMBPACKET)Kept, LibBuf, LibBufSize); return STATUS_SUCCESS;',
} as const;
export type Wrong = keyof typeof CALLBACKS;

export const SOURCE = `${CHANNEL_DRIVER}
#define WAIT VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION
static PUCHAR Kept;
static ULONG Sizes[MAX_KEPT];
static PVOID Buffers[MAX_KEPT];
static ULONG Restores;

static NTSTATUS Counted(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    Sizes[Restores] = SaveBufSize;
    Buffers[Restores++] = SaveBuf;
    return RestorePacket(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}

/* Packet 0 waits in the ring, the others behind a full one; ring of 4,096 bytes. */
static PVSPLAB_STATE SavedState(ULONG Packets, UINT32 Length)
{
    VMBCHANNEL channel = EnabledServer();
    PVSPLAB_STATE state;
    ULONG i;
    VspLabGuestSetRingSize(channel, 4096);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < Packets; i++) {
        VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, Length, WAIT));
    }
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 128, &state));
    EndChannel(channel);
    CloseHandle_();
    VspLabRestartHost();
    return state;
}

static VMBCHANNEL Fresh(EVT_VMB_CHANNEL_RESTORE_PACKET *Restore)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SavePacket, Restore);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    return channel;
}

static VOID Finish(VMBCHANNEL Channel, PVSPLAB_STATE State)
{
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VspLabGuestCompleteAll(Channel);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Channel));
    VspLabFreeState(State);
    EndChannel(Channel);
}

VSPLAB_TEST(S31)
{
    PVSPLAB_STATE state = SavedState(8, 900);
    VMBCHANNEL channel = Fresh(RestorePacket);
    static UCHAR buffer[1024];
    UINT32 length;
    UINT64 id;
    ULONG i;
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_ASSERT_EQUAL(8, VspLabInFlight(channel));
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < 8; i++) {
        VSPLAB_ASSERT(VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &id));
        VSPLAB_ASSERT_EQUAL(i, buffer[0]);
        VSPLAB_ASSERT_EQUAL(904, length);
    }
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(8, CompletionCount);
    for (i = 0; i < 8; i++) {
        VSPLAB_ASSERT_EQUAL(i + 1, CompletionTag[i]);
        VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, CompletionStatus[i]);
    }
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(Twice)
{
    /* One state serves as often as wanted; the guest is copied each time. */
    PVSPLAB_STATE state = SavedState(2, 8);
    ULONG i;
    for (i = 0; i < 3; i++) {
        VMBCHANNEL channel = Fresh(RestorePacket);
        CompletionCount = 0;
        VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
        VmbChannelStart(channel);
        VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
        VspLabGuestCompleteAll(channel);
        VSPLAB_ASSERT_EQUAL(2, CompletionCount);
        EndChannel(channel);
    }
    VspLabFreeState(state);
}

VSPLAB_TEST(FromBytes)
{
    /* Bytes alone: whole chunks joined (S-21), and a guest that knows its transactions. */
    PVSPLAB_STATE state = SavedState(3, 8);
    PVSPLAB_STATE copy;
    VMBCHANNEL channel = Fresh(RestorePacket);
    VSPLAB_ASSERT_SUCCESS(VspLabStateFromBytes(VspLabStateBytes(state), VspLabStateSize(state), &copy));
    VspLabFreeState(state);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, copy));
    Finish(channel, copy);
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
}

VSPLAB_TEST(DirectBytes)
{
    PVSPLAB_STATE state = SavedState(3, 8);
    VMBCHANNEL channel = Fresh(RestorePacket);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, VmbChannelRestoreFromBuffer(channel, VspLabStateBytes(state), VspLabStateSize(state)));
    VSPLAB_LOG("more");
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VmbChannelRestoreFromBuffer(channel, VspLabStateBytes(state), VspLabStateSize(state)));
    Finish(channel, state);
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
}

VSPLAB_TEST(S21)
{
    /* No prefix that ends within a chunk is taken, and nothing of it. */
    PVSPLAB_STATE state = SavedState(2, 8);
    ULONG size = VspLabStateSize(state);
    PUCHAR bytes = (PUCHAR)VspLabStateBytes(state);
    ULONG length;
    ULONG whole = 0;
    for (length = 1; length < size; length++) {
        VMBCHANNEL channel = Fresh(RestorePacket);
        NTSTATUS status = VmbChannelRestoreFromBuffer(channel, bytes, length);
        if (status == STATUS_MORE_PROCESSING_REQUIRED) {
            whole++;
        } else {
            VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, status);
            VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(channel));
        }
        EndChannel(channel);
    }
    VSPLAB_ASSERT_EQUAL(2, whole);
    VspLabFreeState(state);
}

/* The pieces of a stream by hand: the head's 48 bytes, then 56 for each packet of 8 inline bytes in flight. */
#define HEAD_BYTES 48
static VMBCHANNEL FedTheHead(PVSPLAB_STATE State)
{
    VMBCHANNEL channel = Fresh(RestorePacket);
    VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED,
                         VmbChannelRestoreFromBuffer(channel, VspLabStateBytes(State), HEAD_BYTES));
    return channel;
}

VSPLAB_TEST(LeftOut)
{
    PVSPLAB_STATE state = SavedState(3, 8);
    VMBCHANNEL channel = FedTheHead(state);
    ULONG packet = (VspLabStateSize(state) - HEAD_BYTES) / 3;
    PUCHAR second = (PUCHAR)VspLabStateBytes(state) + HEAD_BYTES + packet;
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VmbChannelRestoreFromBuffer(channel, second, 2 * packet));
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, VmbChannelRestoreFromBuffer(channel, second - packet, 3 * packet));
    Finish(channel, state);
}

VSPLAB_TEST(StartUnfinished)
{
    PVSPLAB_STATE state = SavedState(2, 8);
    VMBCHANNEL channel = FedTheHead(state);
    VmbChannelStart(channel);
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(StartFailed)
{
    PVSPLAB_STATE state = SavedState(2, 8);
    VMBCHANNEL channel = Fresh(RestorePacket);
    VspLabFailNext("VmbPacketRestore", STATUS_UNSUCCESSFUL);
    VSPLAB_ASSERT_STATUS(STATUS_UNSUCCESSFUL, VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(Flips)
{
    /* Each bit of the library's own bytes counts; the VSP's bytes are the VSP's affair. */
    PVSPLAB_STATE state = SavedState(1, 8);
    ULONG size = VspLabStateSize(state);
    PUCHAR bytes = (PUCHAR)VspLabStateBytes(state);
    ULONG at;
    for (at = 0; at < size - 8; at++) {
        VMBCHANNEL channel = Fresh(RestorePacket);
        bytes[at] ^= 1 << (at % 8);
        if (NT_SUCCESS(VspLabRestore(channel, state))) {
            VSPLAB_LOG("byte %u", at);
        }
        bytes[at] ^= 1 << (at % 8);
        EndChannel(channel);
    }
    VspLabFreeState(state);
}

VSPLAB_TEST(S23)
{
    PVSPLAB_STATE state = SavedState(1, 8);
    VMBCHANNEL channel = Fresh(RestorePacket);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, VspLabRestore(channel, state));
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    Finish(channel, state);
}

VSPLAB_TEST(S23Disabled)
{
    PVSPLAB_STATE state = SavedState(1, 8);
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    Finish(channel, state);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
}

VSPLAB_TEST(S24)
{
    VMBCHANNEL channel = Fresh(RestorePacket);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VmbChannelRestoreFromBuffer(channel, &Restores, 0));
    EndChannel(channel);
}

VSPLAB_TEST(S27)
{
    /* The second packet fails: the first stays the library's until Disable. */
    PVSPLAB_STATE state = SavedState(2, 8);
    VMBCHANNEL channel = Fresh(RestorePacket);
    VspLabFailAllocations(1, 1);
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, VspLabRestore(channel, state));
    VSPLAB_ASSERT_EQUAL(1, VspLabInFlight(channel));
    VmbChannelDisable(channel);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    VSPLAB_ASSERT_STATUS(STATUS_CANCELLED, CompletionStatus[0]);
    VmbChannelCleanup(channel);
    VspLabFreeState(state);
}

VSPLAB_TEST(S38)
{
    PVSPLAB_STATE state = SavedState(1, 8);
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(channel, 4095));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT(!NT_SUCCESS(VspLabRestore(channel, state)));
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(S32)
{
    PVSPLAB_STATE state = SavedState(2, 8);
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetFlags(channel, VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SavePacket, Counted));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_LOG("%u", Restores);
    VspLabFreeState(state);
    EndChannel(channel);
}

static NTSTATUS EmptyQuery(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(Packet); UNREFERENCED_PARAMETER(SaveBuf); UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    return STATUS_SUCCESS;
}
static NTSTATUS RestoreEmpty(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet = VmbPacketAllocate(Channel);
    VSPLAB_ASSERT_EQUAL(0, SaveBufSize);
    Buffers[Restores++] = SaveBuf;
    return VmbPacketRestore(packet, LibBuf, LibBufSize);
}

VSPLAB_TEST(S17)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    PVSPLAB_STATE state;
    ULONG i;
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, EmptyQuery, RestorePacket);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    for (i = 0; i < 4; i++) VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 8, WAIT));
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    EndChannel(channel);
    channel = Fresh(RestoreEmpty);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_LOG("%u%u%u%u", Buffers[0] != NULL, Buffers[1] != NULL, Buffers[2] != NULL, Buffers[3] != NULL);
    Finish(channel, state);
}

VSPLAB_TEST(S10)
{
    PVSPLAB_STATE state = SavedState(6, 8);
    VMBCHANNEL channel = Fresh(Counted);
    ULONG i;
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    for (i = 0; i < 6; i++) VSPLAB_LOG("%u", Sizes[i]);
    Finish(channel, state);
}

VSPLAB_TEST(Mutated)
{
    PVSPLAB_STATE state = SavedState(1, 8);
    VMBCHANNEL channel = Fresh(Counted);
    NTSTATUS status = VspLabRestore(channel, state);
    VSPLAB_LOG("%08x %u", status, Sizes[0]);
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(S29)
{
    PVSPLAB_STATE state = SavedState(2, 8);
    VMBCHANNEL channel = Fresh(RestorePacket);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_LOG("%u %u", CompletionCount, VspLabInFlight(channel));
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(Order)
{
    PVSPLAB_STATE state = SavedState(8, 900);
    VMBCHANNEL channel = Fresh(RestorePacket);
    static UCHAR buffer[1024];
    UINT32 length;
    UINT64 id;
    ULONG i;
    VSPLAB_ASSERT_SUCCESS(VmbChannelRestoreFromBuffer(channel, VspLabStateBytes(state), VspLabStateSize(state)));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < 8; i++) {
        VSPLAB_ASSERT(VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &id));
        VSPLAB_ASSERT_EQUAL(i, buffer[0]);
    }
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(Answers)
{
    /* Completions the guest's full ring left in the library travel with the state. */
    VMBCHANNEL channel = EnabledServer();
    PVSPLAB_STATE state;
    static UCHAR bytes[1024];
    UINT64 ids[6];
    UINT32 length;
    ULONG i;
    VspLabGuestSetRingSize(channel, 4096);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < 3; i++) VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 1300, 0));
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
    for (i = 0; i < 6; i++) {
        ids[i] = VspLabGuestSend(channel, bytes, 8, TRUE);
        VSPLAB_ASSERT(ids[i] != 0);
    }
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    EndChannel(channel);
    channel = Fresh(RestorePacket);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < 6; i++) {
        VspLabGuestReceive(channel, bytes, sizeof(bytes), &length, NULL);
        VSPLAB_ASSERT(VspLabGuestGetCompletion(channel, ids[i], bytes, sizeof(bytes), &length));
        VSPLAB_ASSERT_EQUAL(0, length);
    }
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(OutsideCallback)
{
    VMBCHANNEL channel = Fresh(RestorePacket);
    VMBPACKET packet = VmbPacketAllocate(channel);
    UCHAR bytes[32] = {0};
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_REQUEST, VmbPacketRestore(packet, bytes, sizeof(bytes)));
    VmbPacketFree(packet);
    EndChannel(channel);
}

VSPLAB_TEST(UseAfter)
{
    PVSPLAB_STATE state;
    VMBCHANNEL channel;
    extern NTSTATUS Restore_Keeps(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize);
    state = SavedState(1, 8);
    channel = Fresh(Restore_Keeps);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_LOG("%u", Kept[0]);
}

VSPLAB_TEST(StateFreedTwice)
{
    PVSPLAB_STATE state = SavedState(1, 8);
    VspLabFreeState(state);
    VspLabFreeState(state);
}
${Object.entries(CALLBACKS)
  .map(
    ([name, body]) => `
NTSTATUS Restore_${name}(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(LibBuf); UNREFERENCED_PARAMETER(LibBufSize);
    UNREFERENCED_PARAMETER(SaveBuf); UNREFERENCED_PARAMETER(SaveBufSize);
    ${body}
}
VSPLAB_TEST(Wrong${name})
{
    PVSPLAB_STATE state = SavedState(1, 8);
    VMBCHANNEL channel = Fresh(Restore_${name});
    NTSTATUS status = VspLabRestore(channel, state);
    VSPLAB_LOG("%08x %u", status, VspLabInFlight(channel));
    VspLabFreeState(state);
    EndChannel(channel);
}`,
  )
  .join('\n')}
`;
