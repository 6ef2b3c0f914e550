// Memory of every other kind: stack, globals, buffers that the library lends.
#include "../Corpus.h"

namespace {

template <unsigned Count> class Ring {
public:
    void Push(UINT8 value)
    {
        Values[Next BROKEN(++) MENDED(++ % Count)] = value; // finds: mem-out-of-bounds in PushesBehindAMember
    }

private:
    unsigned Next = 0;
    UINT8 Values[Count] = {};
};

UINT32 Totals[4];

} // namespace

VSPLAB_TEST(PushesBehindAMember)
{
    auto *ring = static_cast<Ring<16> *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(UINT8) * 20, TAG));
    VSPLAB_ASSERT(ring != nullptr);
    for (unsigned index = 0; index < 40; index++) {
        ring->Push(1);
    }
    ExFreePoolWithTag(ring, TAG);
}

VSPLAB_TEST(WritesBehindALocal)
{
    UINT8 name[12];
    const unsigned length = sizeof(name) BROKEN(+ 1);
    for (unsigned index = 0; index < length; index++) {
        name[index] = 'x'; // finds: mem-out-of-bounds
    }
    VSPLAB_LOG("%c", name[3]);
}

static UINT32 At(const UINT32 *values, int index)
{
    return values[index]; // finds: mem-out-of-bounds
}
VSPLAB_TEST(ReadsBehindAGlobal)
{
    VSPLAB_LOG("%u", At(Totals, BROKEN(4) MENDED(0)));
}

UNUSED static PUINT8 KeptBuffer;
SAVE(KeepsItsBuffer)
{
    NTSTATUS status = SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    BROKEN(KeptBuffer = NT_SUCCESS(status) ? static_cast<PUINT8>(SaveBuf) : KeptBuffer;)
    return status;
}
VSPLAB_TEST(WritesSaveBufLater)
{
    OPTIONS options = Defaults();
    PVSPLAB_STATE state;
    options.Save = KeepsItsBuffer;
    VMBCHANNEL channel = PausedWith(&options, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    BROKEN(KeptBuffer[4] = 9;) // finds: mem-use-after-free
    VspLabFreeState(state);
    Close(channel);
}

static const UINT8 *KeptLibBuf;
RESTORE(KeepsItsLibBuf)
{
    KeptLibBuf = static_cast<const UINT8 *>(LibBuf);
    return RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
static UINT8 FirstOf(const UINT8 *bytes)
{
    return bytes[0]; // finds: mem-use-after-free
}
VSPLAB_TEST(ReadsLibBufLater)
{
    VSPLAB_ASSERT_SUCCESS(RestoreWith(KeepsItsLibBuf));
    VSPLAB_LOG("%u", FirstOf(BROKEN(KeptLibBuf) MENDED(Bytes)));
}

static const UINT8 *KeptReply;
COMPLETION(KeepsTheReply)
{
    KeptReply = static_cast<const UINT8 *>(Buffer);
    VmbPacketFree(Packet);
}
VSPLAB_TEST(ReadsAReplyLater)
{
    VMBCHANNEL channel = Open();
    VMBPACKET packet = VmbPacketAllocate(channel);
    UINT32 length;
    UINT64 id;
    UINT8 data[16];
    VmbPacketSetCompletionRoutine(packet, KeepsTheReply);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, nullptr, WAIT));
    VSPLAB_ASSERT(VspLabGuestReceive(channel, data, sizeof(data), &length, &id));
    VspLabGuestComplete(channel, id, data, 8);
    VSPLAB_ASSERT(KeptReply != nullptr);
    BROKEN(VSPLAB_LOG("%u", KeptReply[0]);) // finds: mem-use-after-free
    Close(channel);
}

class Owner {
public:
    Owner() : Block(ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, TAG)) {}
    Owner(const Owner &other) : Block(MENDED(nullptr) BROKEN(other.Block)) { UNREFERENCED_PARAMETER(other); }
    ~Owner()
    {
        if (Block != nullptr) {
            ExFreePoolWithTag(Block, TAG); // finds: mem-double-free in CopiesAnOwner
        }
    }
    PVOID Block;
};
static bool HasBlock(Owner owner)
{
    return owner.Block != nullptr;
}
VSPLAB_TEST(CopiesAnOwner)
{
    Owner owner;
    VSPLAB_LOG("%u", HasBlock(owner));
}

VSPLAB_TEST(WritesThroughANullReference)
{
    UINT32 *values = MENDED(Totals) BROKEN(nullptr);
    UINT32 &third = values[2];
    third = 5; // finds: mem-null-dereference
}
