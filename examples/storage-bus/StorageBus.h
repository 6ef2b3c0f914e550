/*
 * Synthetic storage controller, host side: tells the guest when devices of its bus come, go or change.
 *
 * The guest answers ENUMERATE_BUS by a rescan, which takes long. So each address has at most one notification on its
 * way: changes that come meanwhile are counted in it, and its completion sends it once more.
 */
#pragma once

#include "Resources.h"

constexpr ULONG StoragePoolTag = 'gtSV';

/* ---- The protocol: 64-byte packets ---- */

enum class VstorOperation : UINT32 {
    CompleteIo = 1,
    ExecuteSrb = 3,
    ResetAdapter = 5,
    ResetBus = 6,
    BeginInitialization = 7,
    EndInitialization = 8,
    QueryProtocolVersion = 9,
    QueryProperties = 10,
    EnumerateBus = 11,
};

constexpr UINT16 VstorProtocolVersion = 0x0602; /* major 6, minor 2 */

struct VstorAddress {
    UINT8 Path;
    UINT8 Target;
    UINT8 Lun;
    UINT8 Reserved;
};

struct VstorPacket {
    VstorOperation Operation;
    UINT32 Flags;
    NTSTATUS Status;
    union {
        struct {
            UINT16 MajorMinor;
            UINT16 Revision;
        } Version;
        struct {
            UINT32 Reserved;
            UINT16 MaximumSubChannels;
            UINT16 Reserved2;
            UINT32 Flags;
            UINT32 MaximumTransferBytes;
            UINT32 Reserved3[2];
        } Properties;
        VstorAddress Changed;
        UINT8 Payload[0x34];
    };
};
C_ASSERT(sizeof(VstorPacket) == 64);

/* ---- Notifications ---- */

constexpr UINT8 StoragePaths = 8;
constexpr UINT8 StorageTargets = 64;
constexpr UINT8 StorageLuns = 64;

/* Context of an outgoing packet, or a change that waits for the channel. */
struct BusNotification {
    LIST_ENTRY Link{};
    VstorAddress Address;
    UINT32 Changes = 1;          /* that this notification stands for */
    UINT32 ChangesSinceSent = 0; /* of those, the ones the guest may not have seen */
    UINT64 Generation = 0;       /* of the bus at the latest of them */

    explicit BusNotification(VstorAddress address) noexcept : Address(address)
    {
    }
};
using UniqueNotification = UniquePool<BusNotification, StoragePoolTag>;

/* Saved form: little endian, no pointers, no compiler padding. Version 1 ended before Generation. */
struct SavedNotification {
    static constexpr UINT32 ExpectedSignature = 0x53554256; /* "VBUS" */
    static constexpr UINT16 LatestVersion = 2;

    UINT32 Signature;
    UINT16 Version;
    UINT16 Length;
    VstorAddress Address; /* Reserved is zero */
    UINT32 Changes;
    UINT32 ChangesSinceSent;
    UINT32 Reserved; /* zero */
    UINT64 Generation;
};
C_ASSERT(FIELD_OFFSET(SavedNotification, Address) == 8);
C_ASSERT(FIELD_OFFSET(SavedNotification, Generation) == 24);
C_ASSERT(sizeof(SavedNotification) == 32);

/* ---- The controller ---- */

class StorageBus {
public:
    StorageBus() noexcept;
    ~StorageBus();
    StorageBus(const StorageBus &) = delete;
    StorageBus &operator=(const StorageBus &) = delete;

    /* Offers the channel. The caller restores it if there is something to restore, then calls VmbChannelStart. */
    _IRQL_requires_(PASSIVE_LEVEL)
    _Must_inspect_result_
    static NTSTATUS Create(_In_ PDEVICE_OBJECT parent, _In_ HANDLE userVmbusHandle, _In_ const GUID &instance,
                           _Outptr_ StorageBus **bus) noexcept;
    _IRQL_requires_(PASSIVE_LEVEL)
    void Destroy() noexcept;

    /* A device has come, gone or changed. While the channel does not run the change is kept. */
    _IRQL_requires_max_(DISPATCH_LEVEL)
    NTSTATUS NotifyChange(UINT8 path, UINT8 target, UINT8 lun) noexcept;

    static StorageBus *From(VMBCHANNEL channel) noexcept
    {
        return static_cast<StorageBus *>(VmbChannelGetPointer(channel));
    }
    VMBCHANNEL Channel() const noexcept
    {
        return m_channel.get();
    }
    UINT32 Deliveries() const noexcept
    {
        return m_deliveries;
    }

    /* What the callbacks call. */
    void Suspend() noexcept;
    void Started() noexcept;
    void NotificationComplete(VMBPACKET packet, NTSTATUS status) noexcept;
    void Attach(BusNotification &notification) noexcept;
    void Detach(BusNotification &notification) noexcept;
    SavedNotification Snapshot(const BusNotification &notification) noexcept;

private:
    NTSTATUS Configure(const GUID &instance) noexcept;
    bool Coalesce(const VstorAddress &address) noexcept;
    bool BeginSend(BusNotification &notification, bool possible) noexcept;
    void Submit(UniqueNotification &notification, UniquePacket &packet) noexcept;

    UniqueKernelHandle m_vmbusHandle; /* closed after the channel is gone: members end in reverse order */
    UniqueChannel m_channel;
    EX_RUNDOWN_REF m_sends; /* held across a send; Suspend waits for it */
    KSPIN_LOCK m_lock;
    _Guarded_by_(m_lock) LIST_ENTRY m_outstanding;
    _Guarded_by_(m_lock) LIST_ENTRY m_owed; /* not sent yet: the channel does not run or memory was short */
    _Guarded_by_(m_lock) UINT64 m_generation = 0;
    _Guarded_by_(m_lock) UINT32 m_deliveries = 0;
    _Guarded_by_(m_lock) bool m_running = false;
};
