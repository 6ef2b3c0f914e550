/* The controller's channel, its notifications, and their save and restore. */
#include <initguid.h>

#include "StorageBus.h"

DEFINE_GUID(StorageInterfaceType, 0xba6163d9, 0x04a1, 0x4d29, 0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f);

EVT_VMB_CHANNEL_SUSPEND StorageSuspend;
EVT_VMB_CHANNEL_STARTED StorageStarted;
EVT_VMB_CHANNEL_PROCESS_PACKET StorageProcessPacket;
EVT_VMB_PACKET_COMPLETION_ROUTINE StorageNotificationComplete;
EVT_VMB_CHANNEL_SAVE_PACKET StorageSavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET StorageRestorePacket;

/* ---- Life of the controller ---- */

StorageBus::StorageBus() noexcept
{
    InitializeListHead(&m_outstanding);
    InitializeListHead(&m_owed);
    KeInitializeSpinLock(&m_lock);
    ExInitializeRundownProtection(&m_sends);
}

StorageBus::~StorageBus()
{
    NT_ASSERT(IsListEmpty(&m_outstanding));
    while (!IsListEmpty(&m_owed)) {
        UniqueNotification dropped(CONTAINING_RECORD(RemoveHeadList(&m_owed), BusNotification, Link));
    }
}

#pragma code_seg("PAGE")

NTSTATUS StorageBus::Configure(const GUID &instance) noexcept
{
    PAGED_CODE();

    DECLARE_CONST_UNICODE_STRING(friendlyName, L"SCSI");
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS stateCallbacks;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&stateCallbacks);
    stateCallbacks.EvtChannelSuspend = StorageSuspend;
    stateCallbacks.EvtChannelStarted = StorageStarted;

    NTSTATUS status = VmbServerChannelInitSetVmbusHandle(Channel(), m_vmbusHandle.get());
    if (NT_SUCCESS(status)) {
        status = VmbServerChannelInitSetTargetInterfaceId(Channel(), StorageInterfaceType, instance);
    }
    if (NT_SUCCESS(status)) {
        status = VmbChannelInitSetFriendlyName(Channel(), &friendlyName);
    }
    if (NT_SUCCESS(status)) {
        status = VmbChannelInitSetMaximumPacketSize(Channel(), sizeof(VstorPacket));
    }
    if (NT_SUCCESS(status)) {
        status = VmbChannelInitSetStateChangeCallbacks(Channel(), &stateCallbacks);
    }
    if (NT_SUCCESS(status)) {
        status = VmbChannelInitSetProcessPacketCallbacks(Channel(), StorageProcessPacket, nullptr);
    }
    if (NT_SUCCESS(status)) {
        status = VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel(), StorageSavePacket, StorageRestorePacket);
    }
    return status;
}

_Use_decl_annotations_
NTSTATUS StorageBus::Create(PDEVICE_OBJECT parent, HANDLE userVmbusHandle, const GUID &instance,
                            StorageBus **bus) noexcept
{
    PAGED_CODE();

    *bus = nullptr;
    UniquePool<StorageBus, StoragePoolTag> created(PoolNew<StorageBus, StoragePoolTag>());
    if (!created) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    StorageBus &self = *created.get();
    NTSTATUS status = VmbConvertVmbusHandleToKernelHandle(userVmbusHandle, self.m_vmbusHandle.put());
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = VmbChannelAllocate(parent, TRUE, self.m_channel.put());
    if (!NT_SUCCESS(status)) {
        return status;
    }
    VmbChannelSetPointer(self.Channel(), &self);
    status = self.Configure(instance);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = VmbChannelEnable(self.Channel());
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *bus = created.release();
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
void StorageBus::Destroy() noexcept
{
    PAGED_CODE();

    VmbChannelDisable(Channel()); /* completes what is outstanding */
    UniquePool<StorageBus, StoragePoolTag> self(this);
}

#pragma code_seg()

void StorageBus::Suspend() noexcept
{
    {
        SpinLockGuard guard(m_lock);
        m_running = false;
    }
    ExWaitForRundownProtectionRelease(&m_sends);
    ExReInitializeRundownProtection(&m_sends);
}

/* The channel runs, for the first time or again: what has happened meanwhile is sent now. */
void StorageBus::Started() noexcept
{
    LIST_ENTRY owed;

    InitializeListHead(&owed);
    {
        SpinLockGuard guard(m_lock);
        m_running = true;
        while (!IsListEmpty(&m_owed)) {
            InsertTailList(&owed, RemoveHeadList(&m_owed));
        }
    }
    while (!IsListEmpty(&owed)) {
        UniqueNotification notification(CONTAINING_RECORD(RemoveHeadList(&owed), BusNotification, Link));
        UniquePacket packet(VmbPacketAllocate(Channel()));
        Submit(notification, packet);
    }
}

/* ---- Notifications ---- */

/* Counts the change in the notification of that address, if there is one. */
bool StorageBus::Coalesce(const VstorAddress &address) noexcept
{
    const PLIST_ENTRY lists[] = {&m_outstanding, &m_owed};
    SpinLockGuard guard(m_lock);

    m_generation++;
    for (const PLIST_ENTRY list : lists) {
        for (PLIST_ENTRY entry = list->Flink; entry != list; entry = entry->Flink) {
            BusNotification &notification = *CONTAINING_RECORD(entry, BusNotification, Link);

            if (RtlEqualMemory(&notification.Address, &address, sizeof(address))) {
                notification.Changes++;
                notification.ChangesSinceSent++;
                notification.Generation = m_generation;
                return true;
            }
        }
    }
    return false;
}

_Use_decl_annotations_
NTSTATUS StorageBus::NotifyChange(UINT8 path, UINT8 target, UINT8 lun) noexcept
{
    const VstorAddress address{path, target, lun, 0};

    if (path >= StoragePaths || target >= StorageTargets || lun >= StorageLuns) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Coalesce(address)) {
        return STATUS_SUCCESS;
    }
    UniqueNotification notification(PoolNew<BusNotification, StoragePoolTag>(address));
    if (!notification) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    {
        SpinLockGuard guard(m_lock);
        notification.get()->Generation = m_generation;
    }
    UniquePacket packet(VmbPacketAllocate(Channel()));
    Submit(notification, packet);
    return STATUS_SUCCESS;
}

void StorageBus::Attach(BusNotification &notification) noexcept
{
    SpinLockGuard guard(m_lock);

    InsertTailList(&m_outstanding, &notification.Link);
    if (m_generation < notification.Generation) {
        m_generation = notification.Generation;
    }
}

void StorageBus::Detach(BusNotification &notification) noexcept
{
    SpinLockGuard guard(m_lock);

    RemoveEntryList(&notification.Link);
}

/* Links the notification: to those on their way, with the send begun, or to those owed. */
bool StorageBus::BeginSend(BusNotification &notification, bool possible) noexcept
{
    SpinLockGuard guard(m_lock);

    if (possible && m_running && ExAcquireRundownProtection(&m_sends)) {
        InsertTailList(&m_outstanding, &notification.Link);
        return true;
    }
    InsertTailList(&m_owed, &notification.Link);
    return false;
}

/* Sends the notification now or, where that is not possible, when the channel starts next. `packet` may be empty. */
void StorageBus::Submit(UniqueNotification &notification, UniquePacket &packet) noexcept
{
    VstorPacket message{};
    BusNotification *context = notification.release();

    message.Operation = VstorOperation::EnumerateBus;
    message.Changed = context->Address;
    if (!BeginSend(*context, static_cast<bool>(packet))) {
        return;
    }
    VmbPacketSetPointer(packet.get(), context);
    VmbPacketSetCompletionRoutine(packet.get(), StorageNotificationComplete);
    const NTSTATUS status = VmbPacketSend(packet.get(), &message, sizeof(message), nullptr,
                                          VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    if (NT_SUCCESS(status)) {
        packet.release(); /* and *context may be gone already */
    } else {
        SpinLockGuard guard(m_lock);
        RemoveEntryList(&context->Link);
        InsertTailList(&m_owed, &context->Link);
    }
    ExReleaseRundownProtection(&m_sends);
}

/* A guest that closed the channel scans the bus when it opens it again: only an answered notification is sent anew. */
void StorageBus::NotificationComplete(VMBPACKET completed, NTSTATUS status) noexcept
{
    UniquePacket packet(completed);
    UniqueNotification notification(static_cast<BusNotification *>(VmbPacketGetPointer(completed)));
    bool again = false;

    {
        SpinLockGuard guard(m_lock);
        RemoveEntryList(&notification.get()->Link);
        if (NT_SUCCESS(status)) {
            m_deliveries++;
            again = notification.get()->ChangesSinceSent != 0;
            notification.get()->ChangesSinceSent = 0;
        }
    }
    if (again) {
        Submit(notification, packet);
    }
}

SavedNotification StorageBus::Snapshot(const BusNotification &notification) noexcept
{
    SavedNotification record{};

    record.Signature = SavedNotification::ExpectedSignature;
    record.Version = SavedNotification::LatestVersion;
    record.Length = sizeof(record);

    SpinLockGuard guard(m_lock);
    record.Address = notification.Address;
    record.Changes = notification.Changes;
    record.ChangesSinceSent = notification.ChangesSinceSent;
    record.Generation = notification.Generation;
    return record;
}

/* ---- Callbacks ---- */

_Use_decl_annotations_
VOID StorageSuspend(VMBCHANNEL channel)
{
    StorageBus::From(channel)->Suspend();
}

_Use_decl_annotations_
VOID StorageStarted(VMBCHANNEL channel)
{
    StorageBus::From(channel)->Started();
}

_Use_decl_annotations_
VOID StorageNotificationComplete(VMBPACKET packet, NTSTATUS status, PVOID, UINT32)
{
    StorageBus::From(VmbPacketGetChannel(packet))->NotificationComplete(packet, status);
}

/* The ring rounds lengths up, so they are minima; the guest may write to the buffer meanwhile, so it is read once. */
_Use_decl_annotations_
VOID StorageProcessPacket(VMBCHANNEL, VMBPACKETCOMPLETION packet, PVOID buffer, UINT32 bufferLength, UINT32)
{
    VstorPacket request;
    VstorPacket response{};

    if (bufferLength < sizeof(request)) {
        VmbChannelPacketComplete(packet, nullptr, 0);
        return;
    }
    RtlCopyMemory(&request, buffer, sizeof(request));

    response.Operation = VstorOperation::CompleteIo;
    switch (request.Operation) {
    case VstorOperation::BeginInitialization:
    case VstorOperation::EndInitialization:
    case VstorOperation::ResetAdapter:
    case VstorOperation::ResetBus:
        response.Status = STATUS_SUCCESS;
        break;
    case VstorOperation::QueryProtocolVersion:
        response.Version = request.Version;
        response.Status =
            request.Version.MajorMinor == VstorProtocolVersion ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
        break;
    case VstorOperation::QueryProperties:
        response.Properties.MaximumTransferBytes = 8 * 1024 * 1024;
        response.Status = STATUS_SUCCESS;
        break;
    case VstorOperation::ExecuteSrb: /* there is nothing behind this bus */
        response.Status = STATUS_NO_SUCH_DEVICE;
        break;
    default:
        response.Status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    VmbChannelPacketComplete(packet, &response, sizeof(response));
}

#pragma code_seg("PAGE")

/* Answers the size query and fills the buffer; both calls take the same way. */
_Use_decl_annotations_
NTSTATUS StorageSavePacket(VMBCHANNEL channel, VMBPACKET packet, PVOID saveBuf, UINT32 saveBufSize, PUINT32 bytesNeeded)
{
    PAGED_CODE();

    const auto *notification = static_cast<const BusNotification *>(VmbPacketGetPointer(packet));

    *bytesNeeded = 0;
    if (notification == nullptr) { /* no packet of this channel is sent without one */
        return STATUS_INVALID_DEVICE_STATE;
    }
    const SavedNotification record = StorageBus::From(channel)->Snapshot(*notification);

    *bytesNeeded = sizeof(record);
    if (saveBufSize < sizeof(record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(saveBuf, saveBufSize);
    RtlCopyMemory(saveBuf, &record, sizeof(record));
    return STATUS_SUCCESS;
}

/* A private, checked copy of a record that may come from a damaged file or another build. saveBuf may be longer. */
static NTSTATUS CaptureRecord(_In_reads_bytes_(saveBufSize) const void *saveBuf, UINT32 saveBufSize,
                              SavedNotification &record)
{
    constexpr UINT32 version1Length = FIELD_OFFSET(SavedNotification, Generation);

    PAGED_CODE();

    record = {};
    if (saveBufSize < version1Length) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&record, saveBuf, version1Length);
    if (record.Signature != SavedNotification::ExpectedSignature) {
        return STATUS_INVALID_SIGNATURE;
    }
    if (record.Version == 0 || record.Version > SavedNotification::LatestVersion) {
        return STATUS_REVISION_MISMATCH;
    }
    if (record.Length != (record.Version == 1 ? version1Length : sizeof(record)) || record.Length > saveBufSize) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (record.Version >= 2) {
        RtlCopyMemory(&record.Generation, static_cast<const UINT8 *>(saveBuf) + version1Length,
                      sizeof(record.Generation));
    }
    if (record.Address.Path >= StoragePaths || record.Address.Target >= StorageTargets ||
        record.Address.Lun >= StorageLuns || record.Address.Reserved != 0 || record.Reserved != 0 ||
        record.ChangesSinceSent >= record.Changes) {
        return STATUS_DATA_ERROR;
    }
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS StorageRestorePacket(VMBCHANNEL channel, PVOID libBuf, UINT32 libBufSize, PVOID saveBuf, UINT32 saveBufSize)
{
    PAGED_CODE();

    SavedNotification record;
    NTSTATUS status = CaptureRecord(saveBuf, saveBufSize, record);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    UniqueNotification notification(PoolNew<BusNotification, StoragePoolTag>(record.Address));
    UniquePacket packet(VmbPacketAllocate(channel));
    if (!notification || !packet) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    notification.get()->Changes = record.Changes;
    notification.get()->ChangesSinceSent = record.ChangesSinceSent;
    notification.get()->Generation = record.Generation;
    VmbPacketSetPointer(packet.get(), notification.get());
    VmbPacketSetCompletionRoutine(packet.get(), StorageNotificationComplete);

    StorageBus &bus = *StorageBus::From(channel);
    bus.Attach(*notification.get()); /* the guest's completion may follow at once */
    status = VmbPacketRestore(packet.get(), libBuf, libBufSize);
    if (!NT_SUCCESS(status)) {
        bus.Detach(*notification.get());
        return status;
    }
    packet.release();
    notification.release();
    return STATUS_SUCCESS;
}

#pragma code_seg()
