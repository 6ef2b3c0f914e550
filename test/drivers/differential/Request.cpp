/* The same in C++: a request class that saves and restores itself, and what goes wrong in it. */
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#ifdef REPAIRED
#define BROKEN(...)
#define MENDED(...) __VA_ARGS__
#else
#define BROKEN(...) __VA_ARGS__
#define MENDED(...)
#endif

namespace
{

constexpr ULONG Tag = 'ppCD';
constexpr UINT32 Wait = VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION;

enum class Kind : UINT8 { Read = 1, Write = 2, Flush = 7 };

struct Header {
    UINT16 Version;
    Kind Operation;
    UINT32 Id;
};

/* One byte of padding in the header, four at the end. */
struct Record {
    Header Head;
    UINT64 Offset;
    UINT32 Length;
};

class Request {
  public:
    Kind Operation;
    UINT32 Id;
    UINT32 Length;
    UINT64 Offset;
    bool Urgent;
    ULONG Flags : 3;
    ULONG Depth : 5;
    PVOID Buffer;

    static Request *Create(UINT32 id, Kind operation)
    {
        auto *request = static_cast<Request *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Request), Tag));
        if (request != nullptr) {
            request->Id = id;
            request->Operation = operation;
        }
        return request;
    }
};

/* What the record carries of the fields above besides the request itself. */
struct Options {
    UINT32 Bits;

    static UINT32 Pack(const Request &request)
    {
        return request.Flags | request.Depth << 3 | (request.Urgent ? 0x100u : 0u);
    }
    static void Unpack(Request &request, UINT32 bits)
    {
        request.Flags = bits & 7;
        request.Depth = bits >> 3 & 31;
        request.Urgent = (bits & 0x100) != 0;
    }
};

struct Saved {
    Record Fields;
    Options Extra;
    UINT32 Reserved;
};

template <typename T> NTSTATUS Put(const T &value, PVOID buffer, UINT32 size, PUINT32 needed)
{
    *needed = sizeof(T);
    if (size < sizeof(T)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(buffer, size);
    RtlCopyMemory(buffer, &value, sizeof(T));
    return STATUS_SUCCESS;
}

void Describe(const Request &request, Saved &saved)
{
    saved.Fields.Head.Version = 1;
    saved.Fields.Head.Operation = request.Operation;
    saved.Fields.Head.Id = request.Id;
    saved.Fields.Offset = request.Offset;
    saved.Fields.Length = request.Length;
    saved.Extra.Bits = Options::Pack(request);
    saved.Reserved = 0;
}

const Request &RequestOf(VMBPACKET packet)
{
    return *static_cast<Request *>(VmbPacketGetPointer(packet));
}

NTSTATUS Save(VMBCHANNEL, VMBPACKET packet, PVOID buffer, UINT32 size, PUINT32 needed)
{
    Saved saved;
    RtlZeroMemory(&saved, sizeof(saved));
    Describe(RequestOf(packet), saved);
    return Put(saved, buffer, size, needed);
}

void Completed(VMBPACKET packet, NTSTATUS, PVOID, UINT32)
{
    ExFreePoolWithTag(VmbPacketGetPointer(packet), Tag);
    VmbPacketFree(packet);
}

NTSTATUS Attach(VMBCHANNEL channel, Request *request, PVOID library, UINT32 librarySize)
{
    VMBPACKET packet = VmbPacketAllocate(channel);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (packet != nullptr) {
        VmbPacketSetPointer(packet, request);
        VmbPacketSetCompletionRoutine(packet, Completed);
        status = VmbPacketRestore(packet, library, librarySize);
        if (!NT_SUCCESS(status)) {
            VmbPacketFree(packet);
        }
    }
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(request, Tag);
    }
    return status;
}

bool Read(PVOID buffer, UINT32 size, Saved &saved)
{
    if (size < sizeof(saved)) {
        return false;
    }
    RtlCopyMemory(&saved, buffer, sizeof(saved));
    return saved.Fields.Head.Version == 1;
}

Request *Make(const Saved &saved)
{
    Request *request = Request::Create(saved.Fields.Head.Id, saved.Fields.Head.Operation);
    if (request != nullptr) {
        request->Offset = saved.Fields.Offset;
        request->Length = saved.Fields.Length;
        Options::Unpack(*request, saved.Extra.Bits);
    }
    return request;
}

NTSTATUS Restore(VMBCHANNEL channel, PVOID library, UINT32 librarySize, PVOID buffer, UINT32 size)
{
    Saved saved;
    if (!Read(buffer, size, saved)) {
        return STATUS_DATA_ERROR;
    }
    Request *request = Make(saved);
    return request == nullptr ? STATUS_INSUFFICIENT_RESOURCES : Attach(channel, request, library, librarySize);
}

constexpr GUID Type = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
HANDLE Handle;

void Process(VMBCHANNEL, VMBPACKETCOMPLETION packet, PVOID, UINT32, UINT32)
{
    VmbChannelPacketComplete(packet, nullptr, 0);
}

void Close(VMBCHANNEL channel)
{
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
    ZwClose(Handle);
}

VMBCHANNEL Enabled(PFN_VMB_CHANNEL_SAVE_PACKET save, PFN_VMB_CHANNEL_RESTORE_PACKET restore)
{
    VMBCHANNEL channel;
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Handle));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(channel, Handle));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(channel, Type, Type));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(channel, 256));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(channel, Process, nullptr));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, save, restore));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    return channel;
}

void Send(VMBCHANNEL channel, UINT32 id, Kind operation)
{
    UINT64 payload = id;
    VMBPACKET packet = VmbPacketAllocate(channel);
    Request *request = Request::Create(id, operation);
    request->Length = 512 * id;
    request->Offset = 0x200000000ull + id;
    request->Urgent = id == 2;
    request->Flags = id;
    request->Depth = 10 + id;
    VmbPacketSetPointer(packet, request);
    VmbPacketSetCompletionRoutine(packet, Completed);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, &payload, sizeof(payload), nullptr, Wait));
}

void Migrate(PFN_VMB_CHANNEL_SAVE_PACKET save, PFN_VMB_CHANNEL_RESTORE_PACKET restore)
{
    PVSPLAB_STATE state;
    VMBCHANNEL channel = Enabled(save, restore);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    Send(channel, 1, Kind::Read);
    Send(channel, 2, Kind::Write);
    Send(channel, 3, Kind::Flush);
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    Close(channel);
    VspLabRestartHost();
    channel = Enabled(save, restore);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VspLabGuestCompleteAll(channel);
    Close(channel);
    VspLabFreeState(state);
}

/* ---- savepkt-full-init ---- */

/* A constructor does not set padding. */
struct Constructed : Saved {
    explicit Constructed(const Request &request)
    {
        MENDED(RtlZeroMemory(this, sizeof(*this));)
        Describe(request, *this);
    }
};
NTSTATUS SaveTemporary(VMBCHANNEL, VMBPACKET packet, PVOID buffer, UINT32 size, PUINT32 needed)
{
    return Put(Constructed(RequestOf(packet)), buffer, size, needed); // breaks savepkt-full-init
}

/* ---- savepkt-no-pointers ---- */

struct WithOwner {
    Saved Common;
    UINT64 Owner;
};
NTSTATUS SaveOwner(VMBCHANNEL channel, VMBPACKET packet, PVOID buffer, UINT32 size, PUINT32 needed)
{
    WithOwner saved;
    RtlZeroMemory(&saved, sizeof(saved));
    Describe(RequestOf(packet), saved.Common);
    saved.Owner = ~reinterpret_cast<UINT64>(channel);
    return Put(saved, buffer, size, needed); // breaks savepkt-no-pointers
}
NTSTATUS SaveOwnerNumber(VMBCHANNEL, VMBPACKET packet, PVOID buffer, UINT32 size, PUINT32 needed)
{
    WithOwner saved;
    RtlZeroMemory(&saved, sizeof(saved));
    Describe(RequestOf(packet), saved.Common);
    saved.Owner = 1;
    return Put(saved, buffer, size, needed);
}

/* ---- savepkt-idempotent ---- */

class Sequence {
  public:
    UINT64 Next()
    {
        return ++m_last;
    }

  private:
    UINT64 m_last = 0;
};
Sequence Numbers;

NTSTATUS SaveNumbered(VMBCHANNEL, VMBPACKET packet, PVOID buffer, UINT32 size, PUINT32 needed)
{
    WithOwner saved;
    RtlZeroMemory(&saved, sizeof(saved));
    Describe(RequestOf(packet), saved.Common);
    saved.Owner = BROKEN(Numbers.Next()) MENDED(1);
    return Put(saved, buffer, size, needed); // breaks savepkt-idempotent
}

/* ---- roundtrip-differs ---- */

NTSTATUS SaveChanging(VMBCHANNEL, VMBPACKET packet, PVOID buffer, UINT32 size, PUINT32 needed)
{
    Saved saved;
    RtlZeroMemory(&saved, sizeof(saved));
    Describe(RequestOf(packet), saved);
    return Put(saved, buffer, size, needed); // breaks roundtrip-differs
}
NTSTATUS RestoreDeeper(VMBCHANNEL channel, PVOID library, UINT32 librarySize, PVOID buffer, UINT32 size)
{
    Saved saved;
    if (!Read(buffer, size, saved)) {
        return STATUS_DATA_ERROR;
    }
    Request *request = Make(saved);
    if (request == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    BROKEN(request->Depth++;)
    return Attach(channel, request, library, librarySize);
}

/* ---- state-field-lost ---- */

/* The bit-field has five bits, the mask four. */
NTSTATUS SaveMasked(VMBCHANNEL, VMBPACKET packet, PVOID buffer, UINT32 size, PUINT32 needed)
{
    Saved saved;
    RtlZeroMemory(&saved, sizeof(saved));
    Describe(RequestOf(packet), saved);
    BROKEN(saved.Extra.Bits &= ~0x100u;)
    return Put(saved, buffer, size, needed); // breaks state-field-lost
}
NTSTATUS RestoreRead(VMBCHANNEL channel, PVOID library, UINT32 librarySize, PVOID buffer, UINT32 size)
{
    Saved saved;
    if (!Read(buffer, size, saved)) {
        return STATUS_DATA_ERROR;
    }
    Request *request = Make(saved);
    if (request == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    BROKEN(request->Operation = Kind::Read;)
    return Attach(channel, request, library, librarySize); // breaks state-field-lost
}

/* ---- mem-uninitialised ---- */

class Limit {
  public:
    explicit Limit(UINT32 most)
    {
        if (most != 0) {
            m_most = most;
        }
    }
    bool Allows(UINT32 length) const
    {
        return length <= m_most; // the comparison itself decides nothing yet
    }

  private:
    UINT32 m_most;
};
NTSTATUS RestoreLimited(VMBCHANNEL channel, PVOID library, UINT32 librarySize, PVOID buffer, UINT32 size)
{
    Saved saved;
    Limit limit(0);
    if (!Read(buffer, size, saved)) {
        return STATUS_DATA_ERROR;
    }
    const bool large = !limit.Allows(saved.Fields.Length);
    Request *request = Make(saved);
    if (request == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (large) { // breaks mem-uninitialised
        request->Buffer = nullptr;
    }
    return Attach(channel, request, library, librarySize);
}
NTSTATUS RestoreUnlimited(VMBCHANNEL channel, PVOID library, UINT32 librarySize, PVOID buffer, UINT32 size)
{
    Saved saved;
    Limit limit(4096);
    if (!Read(buffer, size, saved)) {
        return STATUS_DATA_ERROR;
    }
    const bool large = !limit.Allows(saved.Fields.Length);
    Request *request = Make(saved);
    if (request == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (large) {
        request->Buffer = nullptr;
    }
    return Attach(channel, request, library, librarySize);
}

} // namespace

VSPLAB_TEST(Fine_classes)
{
    Migrate(Save, Restore);
}
VSPLAB_TEST(savepkt_full_init__temporary)
{
    Migrate(SaveTemporary, Restore);
}
VSPLAB_TEST(savepkt_no_pointers__owner)
{
    Migrate(SaveOwner, Restore);
}
VSPLAB_TEST(Fine_owner)
{
    Migrate(SaveOwnerNumber, Restore);
}
VSPLAB_TEST(savepkt_idempotent__numbered)
{
    VMBCHANNEL channel = Enabled(SaveNumbered, Restore);
    PVSPLAB_STATE state;
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    Send(channel, 1, Kind::Write);
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabFreeState(state);
    Close(channel);
}
VSPLAB_TEST(roundtrip_differs__deeper)
{
    Migrate(SaveChanging, RestoreDeeper);
}
VSPLAB_TEST(state_field_lost__masked)
{
    Migrate(SaveMasked, Restore);
}
VSPLAB_TEST(state_field_lost__enumeration)
{
    Migrate(Save, RestoreRead);
}
VSPLAB_TEST(mem_uninitialised__member)
{
    Migrate(Save, RestoreLimited);
}
VSPLAB_TEST(Fine_member)
{
    Migrate(Save, RestoreUnlimited);
}
