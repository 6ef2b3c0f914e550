/* What a guest and two hosts do to the controller: changes, full rings, migration, old and damaged state, no memory. */
#include <vsplab.h>

#include "StorageBus.h"

static const GUID Instance = {0x7d3b02a5, 0x18c4, 0x4f6b, {0xa0, 0x5e, 0x61, 0x2c, 0x94, 0x0f, 0xb8, 0x33}};

/* ---- Contexts for runs without a test ---- */

VSPLAB_CONTEXT(StorageBus)
{
    alignas(StorageBus) static UINT8 place[sizeof(StorageBus)];

    return new (place) StorageBus();
}

VSPLAB_CONTEXT(BusNotification)
{
    const VstorAddress address{static_cast<UINT8>(Index >> 12 & 7), static_cast<UINT8>(Index >> 6 & 63),
                               static_cast<UINT8>(Index & 63), 0};
    BusNotification *notification = PoolNew<BusNotification, StoragePoolTag>(address);

    notification->Changes = 1 + Index % 5;
    notification->Generation = Index + 1;
    StorageBus::From(Channel)->Attach(*notification);
    return notification;
}

/* ---- Helpers ---- */

static StorageBus &CreateBus()
{
    StorageBus *bus = nullptr;

    VSPLAB_ASSERT_SUCCESS(StorageBus::Create(VspLabDevice(), VspLabVmbusHandle(), Instance, &bus));
    return *bus;
}

static StorageBus &StartBus(UINT32 ringSize = 65536)
{
    StorageBus &bus = CreateBus();

    VspLabGuestSetRingSize(bus.Channel(), ringSize);
    VmbChannelStart(bus.Channel());
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(bus.Channel()));
    return bus;
}

static PVSPLAB_STATE PauseAndSave(StorageBus &bus)
{
    PVSPLAB_STATE state = nullptr;

    VmbChannelPause(bus.Channel());
    VSPLAB_ASSERT_SUCCESS(VspLabSave(bus.Channel(), 0, &state));
    return state;
}

/* Arrives on a new host with what was saved. */
static StorageBus &Resume(PVSPLAB_STATE state)
{
    StorageBus &bus = CreateBus();

    VSPLAB_ASSERT_SUCCESS(VspLabRestore(bus.Channel(), state));
    VspLabFreeState(state);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(bus.Channel()));
    VmbChannelStart(bus.Channel());
    return bus;
}

static StorageBus &Migrate(StorageBus &old)
{
    PVSPLAB_STATE state = PauseAndSave(old);

    old.Destroy();
    VspLabRestartHost();
    return Resume(state);
}

/* The guest takes a notification; it tells which address it rescans and, if it is to, answers. */
static VstorAddress GuestTakes(StorageBus &bus, bool answers = true)
{
    VstorPacket packet{};
    UINT32 length = 0;
    UINT64 transaction = 0;

    VSPLAB_ASSERT(VspLabGuestReceive(bus.Channel(), &packet, sizeof(packet), &length, &transaction));
    VSPLAB_ASSERT_EQUAL(sizeof(packet), length);
    VSPLAB_ASSERT(packet.Operation == VstorOperation::EnumerateBus && transaction != 0);
    if (answers) {
        VspLabGuestComplete(bus.Channel(), transaction, nullptr, 0);
    }
    return packet.Changed;
}

/* The first record in the bytes of a saved state. */
static UINT8 *FindRecord(PVSPLAB_STATE state)
{
    auto *bytes = static_cast<UINT8 *>(VspLabStateBytes(state));
    const UINT32 signature = SavedNotification::ExpectedSignature;

    for (ULONG offset = 0; offset + sizeof(SavedNotification) <= VspLabStateSize(state); offset++) {
        if (RtlEqualMemory(bytes + offset, &signature, sizeof(signature))) {
            return bytes + offset;
        }
    }
    VSPLAB_ASSERT(!"a saved notification");
    return nullptr;
}

/* Restores the state as it is now on a controller of its own. */
static NTSTATUS TryRestore(PVSPLAB_STATE state)
{
    PVSPLAB_STATE copy = nullptr;
    VSPLAB_ASSERT_SUCCESS(VspLabStateFromBytes(VspLabStateBytes(state), VspLabStateSize(state), &copy));

    StorageBus &bus = CreateBus();
    const NTSTATUS status = VspLabRestore(bus.Channel(), copy);
    bus.Destroy();
    VspLabFreeState(copy);
    return status;
}

/* ---- Tests ---- */

VSPLAB_TEST(CoalescedChangesSurviveMigration)
{
    StorageBus *bus = &StartBus();

    VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(0, 4, 1));
    VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(0, 4, 1)); /* while the guest has the first */
    VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(3, 9, 0));
    VSPLAB_ASSERT_EQUAL(2, VspLabInFlight(bus->Channel()));

    bus = &Migrate(*bus);
    VSPLAB_ASSERT_EQUAL(2, VspLabInFlight(bus->Channel()));
    VSPLAB_ASSERT_EQUAL(4, GuestTakes(*bus).Target);
    VSPLAB_ASSERT_EQUAL(9, GuestTakes(*bus).Target);
    VSPLAB_ASSERT_EQUAL(1, VspLabInFlight(bus->Channel())); /* the second change of target 4 */
    VSPLAB_ASSERT_EQUAL(4, GuestTakes(*bus).Target);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(bus->Channel()));
    VSPLAB_ASSERT_EQUAL(3, bus->Deliveries());
    bus->Destroy();
}

VSPLAB_TEST(NotificationsBehindAFullRingArriveInOrder)
{
    StorageBus *bus = &StartBus(4096);

    for (UINT8 target = 0; target < StorageTargets; target++) { /* the ring takes 46 of them */
        VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(1, target, 0));
    }
    bus = &Migrate(*bus);
    VSPLAB_ASSERT_EQUAL(StorageTargets, VspLabInFlight(bus->Channel()));
    for (UINT8 target = 0; target < StorageTargets; target++) {
        VSPLAB_ASSERT_EQUAL(target, GuestTakes(*bus).Target);
    }
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(bus->Channel()));
    bus->Destroy();
}

VSPLAB_TEST(ChangesDuringAPauseAreSentAfterIt)
{
    StorageBus &bus = StartBus();

    VSPLAB_ASSERT_SUCCESS(bus.NotifyChange(0, 1, 0));
    VspLabFreeState(PauseAndSave(bus)); /* a checkpoint: the machine goes on here */
    VSPLAB_ASSERT_SUCCESS(bus.NotifyChange(0, 2, 0));
    VSPLAB_ASSERT_SUCCESS(bus.NotifyChange(0, 2, 0));
    VSPLAB_ASSERT_EQUAL(1, VspLabInFlight(bus.Channel()));

    VmbChannelStart(bus.Channel());
    VSPLAB_ASSERT_EQUAL(2, VspLabInFlight(bus.Channel()));
    VSPLAB_ASSERT_EQUAL(1, GuestTakes(bus).Target);
    VSPLAB_ASSERT_EQUAL(2, GuestTakes(bus).Target);
    VspLabGuestCompleteAll(bus.Channel());
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(bus.Channel()));
    bus.Destroy();
}

VSPLAB_TEST(RecordsOfVersionOneAreRead)
{
    StorageBus *bus = &StartBus();
    VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(7, 63, 63));
    PVSPLAB_STATE state = PauseAndSave(*bus);
    bus->Destroy();

    auto *record = reinterpret_cast<SavedNotification UNALIGNED *>(FindRecord(state)); /* in the state itself */
    record->Version = 1;
    record->Length = FIELD_OFFSET(SavedNotification, Generation);
    bus = &Resume(state);
    VSPLAB_ASSERT_EQUAL(63, GuestTakes(*bus).Lun);
    bus->Destroy();
}

VSPLAB_TEST(DamagedRecordsAreRefused)
{
    StorageBus &bus = StartBus();
    VSPLAB_ASSERT_SUCCESS(bus.NotifyChange(2, 5, 0));
    PVSPLAB_STATE state = PauseAndSave(bus);
    bus.Destroy();

    static const struct {
        UINT32 Offset;
        UINT8 Value;
        NTSTATUS Expected;
    } damages[] = {
        {FIELD_OFFSET(SavedNotification, Signature), 'X', STATUS_INVALID_SIGNATURE},
        {FIELD_OFFSET(SavedNotification, Version), 0, STATUS_REVISION_MISMATCH},
        {FIELD_OFFSET(SavedNotification, Version), SavedNotification::LatestVersion + 1, STATUS_REVISION_MISMATCH},
        {FIELD_OFFSET(SavedNotification, Length), sizeof(SavedNotification) - 1, STATUS_INVALID_BUFFER_SIZE},
        {FIELD_OFFSET(SavedNotification, Length), 255, STATUS_INVALID_BUFFER_SIZE},
        {FIELD_OFFSET(SavedNotification, Address.Path), StoragePaths, STATUS_DATA_ERROR},
        {FIELD_OFFSET(SavedNotification, Address.Target), StorageTargets, STATUS_DATA_ERROR},
        {FIELD_OFFSET(SavedNotification, Address.Reserved), 1, STATUS_DATA_ERROR},
        {FIELD_OFFSET(SavedNotification, Changes), 0, STATUS_DATA_ERROR},
        {FIELD_OFFSET(SavedNotification, ChangesSinceSent), 1, STATUS_DATA_ERROR},
    };
    UINT8 *record = FindRecord(state);
    for (const auto &damage : damages) {
        const UINT8 kept = record[damage.Offset];

        record[damage.Offset] = damage.Value;
        VSPLAB_ASSERT_STATUS(damage.Expected, TryRestore(state));
        record[damage.Offset] = kept;
    }
    VSPLAB_ASSERT_SUCCESS(TryRestore(state));
    VspLabFreeState(state);
}

VSPLAB_TEST(FailuresUnwind)
{
    static const PCSTR setUp[] = {
        "VmbConvertVmbusHandleToKernelHandle",
        "VmbChannelAllocate",
        "VmbServerChannelInitSetVmbusHandle",
        "VmbServerChannelInitSetTargetInterfaceId",
        "VmbChannelInitSetFriendlyName",
        "VmbChannelInitSetMaximumPacketSize",
        "VmbChannelInitSetStateChangeCallbacks",
        "VmbChannelInitSetProcessPacketCallbacks",
        "VmbServerChannelInitSetSaveRestorePacketCallbacks",
        "VmbChannelEnable",
    };
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    StorageBus *bus;

    for (const PCSTR function : setUp) {
        VspLabFailNext(function, status);
        VSPLAB_ASSERT_STATUS(status, StorageBus::Create(VspLabDevice(), VspLabVmbusHandle(), Instance, &bus));
        VSPLAB_ASSERT(bus == nullptr);
    }

    bus = &StartBus();
    VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(0, 0, 1));
    VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(0, 0, 2));
    PVSPLAB_STATE state = PauseAndSave(*bus);
    bus->Destroy();

    ULONG skip = 0;
    for (; !NT_SUCCESS(status); skip++) { /* each allocation fails once */
        bus = &CreateBus();
        VspLabFailAllocations(skip, 1);
        status = VspLabRestore(bus->Channel(), state);
        VspLabFailAllocations(0, 0);
        VSPLAB_ASSERT(NT_SUCCESS(status) || status == STATUS_INSUFFICIENT_RESOURCES);
        bus->Destroy();
    }
    VSPLAB_ASSERT(skip > 2);

    bus = &CreateBus();
    VspLabFailNext("VmbPacketRestore", STATUS_INVALID_PARAMETER);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VspLabRestore(bus->Channel(), state));
    VSPLAB_ASSERT_SUCCESS(bus->NotifyChange(0, 0, 1)); /* whose notification of before is gone */
    bus->Destroy();
    VspLabFreeState(state);
}

VSPLAB_TEST(GuestInitializesTheController)
{
    StorageBus &bus = StartBus();
    VstorPacket request{};
    VstorPacket answer{};
    UINT32 length = 0;

    const auto ask = [&](VstorOperation operation) {
        request.Operation = operation;
        const UINT64 transaction = VspLabGuestSend(bus.Channel(), &request, sizeof(request), TRUE);
        VSPLAB_ASSERT(VspLabGuestGetCompletion(bus.Channel(), transaction, &answer, sizeof(answer), &length));
        VSPLAB_ASSERT_EQUAL(sizeof(answer), length);
        VSPLAB_ASSERT(answer.Operation == VstorOperation::CompleteIo);
        return answer.Status;
    };
    VSPLAB_ASSERT_SUCCESS(ask(VstorOperation::BeginInitialization));
    request.Version.MajorMinor = 0x0100;
    VSPLAB_ASSERT_STATUS(STATUS_REVISION_MISMATCH, ask(VstorOperation::QueryProtocolVersion));
    request.Version.MajorMinor = VstorProtocolVersion;
    VSPLAB_ASSERT_SUCCESS(ask(VstorOperation::QueryProtocolVersion));
    VSPLAB_ASSERT_SUCCESS(ask(VstorOperation::QueryProperties));
    VSPLAB_ASSERT_EQUAL(8u * 1024 * 1024, answer.Properties.MaximumTransferBytes);
    VSPLAB_ASSERT_STATUS(STATUS_NO_SUCH_DEVICE, ask(VstorOperation::ExecuteSrb));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_REQUEST, ask(static_cast<VstorOperation>(99)));

    const UINT64 transaction = VspLabGuestSend(bus.Channel(), &request, 12, TRUE); /* the header alone */
    VSPLAB_ASSERT(VspLabGuestGetCompletion(bus.Channel(), transaction, &answer, sizeof(answer), &length));
    VSPLAB_ASSERT_EQUAL(0, length);
    bus.Destroy();
}

VSPLAB_TEST(GuestClosesWithNotificationsOutstanding)
{
    StorageBus &bus = StartBus();

    VSPLAB_ASSERT_SUCCESS(bus.NotifyChange(0, 1, 0));
    VSPLAB_ASSERT_SUCCESS(bus.NotifyChange(0, 1, 0));
    GuestTakes(bus, false);
    VspLabGuestCloseChannel(bus.Channel());
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(bus.Channel()));
    VSPLAB_ASSERT_EQUAL(0, bus.Deliveries());

    VSPLAB_ASSERT_SUCCESS(bus.NotifyChange(0, 2, 0)); /* nobody is there to be told yet */
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(bus.Channel()));
    VSPLAB_ASSERT_EQUAL(2, GuestTakes(bus).Target);
    bus.Destroy();
}
