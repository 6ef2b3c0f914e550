/* A sensor that reports batches of samples to the guest: what the figure file-to-report-warm compiles and runs. */
#include <initguid.h>

#include <ntddk.h>
#include <ntintsafe.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#define SENSOR_POOL_TAG 'snSV'
#define SENSOR_MAXIMUM_SAMPLES 16
#define SENSOR_RECORD_SIGNATURE 0x534E4553 /* "SENS" */

DEFINE_GUID(SENSOR_INTERFACE_TYPE, 0x7b2d1f04, 0x5a9e, 0x4c66, 0x8e, 0x21, 0x90, 0x3b, 0x5d, 0x17, 0xc4, 0xfa);
static const GUID SensorInstance = {0x11d0c5a2, 0x8f4e, 0x4d13, {0xa7, 0x52, 0x6c, 0x0e, 0x94, 0x2b, 0x38, 0x71}};

typedef struct _SENSOR_REPORT {
    UINT64 Sequence;
    UINT32 SampleCount;
    INT32 Samples[SENSOR_MAXIMUM_SAMPLES];
} SENSOR_REPORT, *PSENSOR_REPORT;

typedef struct _SENSOR {
    VMBCHANNEL Channel;
    HANDLE VmbusHandle;
    KSPIN_LOCK Lock;
    _Guarded_by_(Lock) LIST_ENTRY Outstanding;
    _Guarded_by_(Lock) UINT64 NextSequence;
    _Guarded_by_(Lock) UINT64 SamplesDelivered;
} SENSOR, *PSENSOR;

/* Context of an outgoing packet. */
typedef struct _SENSOR_BATCH {
    LIST_ENTRY Link; /* SENSOR.Outstanding */
    UINT64 Sequence;
    UINT32 SampleCount;
    UINT32 Checksum;
} SENSOR_BATCH, *PSENSOR_BATCH;

typedef struct _SENSOR_SAVED_BATCH {
    UINT32 Signature;
    UINT32 SampleCount;
    UINT64 Sequence;
    UINT64 Checksum;
} SENSOR_SAVED_BATCH, *PSENSOR_SAVED_BATCH;
C_ASSERT(sizeof(SENSOR_SAVED_BATCH) == 24);

EVT_VMB_CHANNEL_PROCESS_PACKET SensorProcessPacket;
EVT_VMB_PACKET_COMPLETION_ROUTINE SensorReportComplete;
EVT_VMB_CHANNEL_SAVE_PACKET SensorSavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET SensorRestorePacket;

/* ---- Channel ---- */

static NTSTATUS SensorConfigureChannel(_In_ PSENSOR Sensor)
{
    DECLARE_CONST_UNICODE_STRING(FriendlyName, L"Sensor");
    VMBCHANNEL Channel = Sensor->Channel;
    NTSTATUS Status;

    (VOID)VmbServerChannelInitSetVmbusHandle(Channel, Sensor->VmbusHandle);
    (VOID)VmbChannelInitSetFriendlyName(Channel, &FriendlyName);
    (VOID)VmbChannelInitSetMaximumPacketSize(Channel, sizeof(SENSOR_REPORT));
    (VOID)VmbChannelInitSetProcessPacketCallbacks(Channel, SensorProcessPacket, NULL);
    Status = VmbServerChannelInitSetTargetInterfaceId(Channel, SENSOR_INTERFACE_TYPE, SensorInstance);
    if (NT_SUCCESS(Status)) {
        Status = VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SensorSavePacket, SensorRestorePacket);
    }
    return Status;
}

static NTSTATUS SensorCreate(_In_ PDEVICE_OBJECT ParentDevice, _In_ HANDLE UserVmbusHandle, _Outptr_ PSENSOR *Sensor)
{
    PSENSOR NewSensor = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*NewSensor), SENSOR_POOL_TAG);
    NTSTATUS Status;

    *Sensor = NULL;
    if (NewSensor == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    InitializeListHead(&NewSensor->Outstanding);
    KeInitializeSpinLock(&NewSensor->Lock);

    Status = VmbConvertVmbusHandleToKernelHandle(UserVmbusHandle, &NewSensor->VmbusHandle);
    if (!NT_SUCCESS(Status)) {
        goto FreeSensor;
    }
    Status = VmbChannelAllocate(ParentDevice, TRUE, &NewSensor->Channel);
    if (!NT_SUCCESS(Status)) {
        goto CloseHandle;
    }
    VmbChannelSetPointer(NewSensor->Channel, NewSensor);
    Status = SensorConfigureChannel(NewSensor);
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelEnable(NewSensor->Channel);
    }
    if (NT_SUCCESS(Status)) {
        *Sensor = NewSensor;
        return STATUS_SUCCESS;
    }
    VmbChannelCleanup(NewSensor->Channel);
CloseHandle:
    ZwClose(NewSensor->VmbusHandle);
FreeSensor:
    ExFreePoolWithTag(NewSensor, SENSOR_POOL_TAG);
    return Status;
}

static VOID SensorDestroy(_In_ PSENSOR Sensor)
{
    VmbChannelDisable(Sensor->Channel); /* completes what is outstanding */
    VmbChannelCleanup(Sensor->Channel);
    ZwClose(Sensor->VmbusHandle);
    ExFreePoolWithTag(Sensor, SENSOR_POOL_TAG);
}

/* The guest asks for how many samples it has acknowledged. */
_Use_decl_annotations_
VOID SensorProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength,
                         UINT32 Flags)
{
    PSENSOR Sensor = VmbChannelGetPointer(Channel);
    UINT64 Delivered = Sensor->SamplesDelivered;

    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketComplete(Packet, &Delivered, sizeof(Delivered));
}

/* ---- Reports ---- */

static VOID SensorLink(_In_ PSENSOR Sensor, _In_ PSENSOR_BATCH Batch)
{
    KLOCK_QUEUE_HANDLE LockHandle;

    KeAcquireInStackQueuedSpinLock(&Sensor->Lock, &LockHandle);
    InsertTailList(&Sensor->Outstanding, &Batch->Link);
    Sensor->NextSequence = Batch->Sequence + 1;
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

static VOID SensorUnlink(_In_ PSENSOR Sensor, _In_ PSENSOR_BATCH Batch, _In_ BOOLEAN Delivered)
{
    KLOCK_QUEUE_HANDLE LockHandle;

    KeAcquireInStackQueuedSpinLock(&Sensor->Lock, &LockHandle);
    RemoveEntryList(&Batch->Link);
    if (Delivered) {
        Sensor->SamplesDelivered += Batch->SampleCount;
    }
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

static VOID SensorFreeBatch(_In_ PSENSOR_BATCH Batch, _In_ VMBPACKET Packet)
{
    VmbPacketFree(Packet);
    ExFreePoolWithTag(Batch, SENSOR_POOL_TAG);
}

static NTSTATUS SensorAllocateBatch(_In_ VMBCHANNEL Channel, _Out_ PSENSOR_BATCH *Batch, _Out_ VMBPACKET *Packet)
{
    *Batch = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(**Batch), SENSOR_POOL_TAG);
    *Packet = *Batch == NULL ? NULL : VmbPacketAllocate(Channel);
    if (*Packet != NULL) {
        VmbPacketSetPointer(*Packet, *Batch);
        VmbPacketSetCompletionRoutine(*Packet, SensorReportComplete);
        return STATUS_SUCCESS;
    }
    if (*Batch != NULL) {
        ExFreePoolWithTag(*Batch, SENSOR_POOL_TAG);
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS SensorSend(_In_ PSENSOR Sensor, _In_reads_(SampleCount) const INT32 *Samples, _In_ UINT32 SampleCount)
{
    SENSOR_REPORT Report = {0};
    PSENSOR_BATCH Batch;
    VMBPACKET Packet;
    ULONG Length;
    UINT32 Index;
    NTSTATUS Status = RtlULongMult(SampleCount, sizeof(*Samples), &Length);

    if (!NT_SUCCESS(Status) || SampleCount == 0 || Length > sizeof(Report.Samples)) {
        return STATUS_INVALID_PARAMETER;
    }
    Status = SensorAllocateBatch(Sensor->Channel, &Batch, &Packet);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Batch->Sequence = Sensor->NextSequence;
    Batch->SampleCount = SampleCount;
    Report.Sequence = Batch->Sequence;
    Report.SampleCount = SampleCount;
    for (Index = 0; Index < SampleCount; Index++) {
        Report.Samples[Index] = Samples[Index];
        Batch->Checksum = Batch->Checksum * 31 + (UINT32)Samples[Index];
    }
    SensorLink(Sensor, Batch);
    Status = VmbPacketSend(Packet, &Report, sizeof(Report), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    if (NT_SUCCESS(Status)) {
        return STATUS_SUCCESS;
    }
    SensorUnlink(Sensor, Batch, FALSE);
    SensorFreeBatch(Batch, Packet);
    return Status;
}

_Use_decl_annotations_
VOID SensorReportComplete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PSENSOR Sensor = VmbChannelGetPointer(VmbPacketGetChannel(Packet));
    PSENSOR_BATCH Batch = VmbPacketGetPointer(Packet);
    UINT32 Checksum = 0;

    if (NT_SUCCESS(Status) && BufferLength >= sizeof(Checksum)) {
        RtlCopyMemory(&Checksum, Buffer, sizeof(Checksum));
    }
    SensorUnlink(Sensor, Batch, NT_SUCCESS(Status) && Checksum == Batch->Checksum);
    SensorFreeBatch(Batch, Packet);
}

/* ---- Save and restore ---- */

_Use_decl_annotations_
NTSTATUS SensorSavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PSENSOR_BATCH Batch = VmbPacketGetPointer(Packet);
    SENSOR_SAVED_BATCH Record = {SENSOR_RECORD_SIGNATURE, Batch->SampleCount, Batch->Sequence, Batch->Checksum};

    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS SensorRestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    PSENSOR Sensor = VmbChannelGetPointer(Channel);
    SENSOR_SAVED_BATCH Record;
    PSENSOR_BATCH Batch;
    VMBPACKET Packet;
    NTSTATUS Status;

    if (SaveBufSize < sizeof(Record)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    if (Record.Signature != SENSOR_RECORD_SIGNATURE || Record.SampleCount - 1 >= SENSOR_MAXIMUM_SAMPLES) {
        return STATUS_DATA_ERROR;
    }
    Status = SensorAllocateBatch(Channel, &Batch, &Packet);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Batch->Sequence = Record.Sequence;
    Batch->SampleCount = Record.SampleCount;
    Batch->Checksum = (UINT32)Record.Checksum;
    SensorLink(Sensor, Batch);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        SensorUnlink(Sensor, Batch, FALSE);
        SensorFreeBatch(Batch, Packet);
    }
    return Status;
}

/* ---- Tests ---- */

static PSENSOR CreateSensor(VOID)
{
    PSENSOR Sensor = NULL;

    VSPLAB_ASSERT_SUCCESS(SensorCreate(VspLabDevice(), VspLabVmbusHandle(), &Sensor));
    return Sensor;
}

static PSENSOR StartSensor(VOID)
{
    PSENSOR Sensor = CreateSensor();

    VmbChannelStart(Sensor->Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Sensor->Channel));
    return Sensor;
}

static VOID GuestTakesReport(PSENSOR Sensor, UINT64 Sequence)
{
    SENSOR_REPORT Report;
    UINT32 Checksum = 0;
    UINT32 Length;
    UINT32 Index;
    UINT64 Transaction;

    VSPLAB_ASSERT(VspLabGuestReceive(Sensor->Channel, &Report, sizeof(Report), &Length, &Transaction));
    VSPLAB_ASSERT_EQUAL(Sequence, Report.Sequence);
    for (Index = 0; Index < Report.SampleCount; Index++) {
        Checksum = Checksum * 31 + (UINT32)Report.Samples[Index];
    }
    VspLabGuestComplete(Sensor->Channel, Transaction, &Checksum, sizeof(Checksum));
}

VSPLAB_TEST(ReportsInFlightSurviveMigration)
{
    static const INT32 Samples[] = {-5, 0, 7, 19};
    PSENSOR Sensor = StartSensor();
    PVSPLAB_STATE State;
    UINT32 Index;

    for (Index = 0; Index < 8; Index++) {
        VSPLAB_ASSERT_SUCCESS(SensorSend(Sensor, Samples, 1 + Index % ARRAYSIZE(Samples)));
    }
    VmbChannelPause(Sensor->Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Sensor->Channel, 0, &State));
    SensorDestroy(Sensor);
    VspLabRestartHost();

    Sensor = CreateSensor();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(Sensor->Channel, State));
    VspLabFreeState(State);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Sensor->Channel));
    VmbChannelStart(Sensor->Channel);
    for (Index = 0; Index < 8; Index++) {
        GuestTakesReport(Sensor, Index);
    }
    VSPLAB_ASSERT_EQUAL(20, Sensor->SamplesDelivered);
    SensorDestroy(Sensor);
}

VSPLAB_TEST(GuestAcknowledgesReports)
{
    static const INT32 Samples[] = {1, 2, 3};
    PSENSOR Sensor = StartSensor();

    VSPLAB_ASSERT_SUCCESS(SensorSend(Sensor, Samples, ARRAYSIZE(Samples)));
    GuestTakesReport(Sensor, 0);
    VSPLAB_ASSERT_EQUAL(ARRAYSIZE(Samples), Sensor->SamplesDelivered);
    SensorDestroy(Sensor);
}

VSPLAB_TEST(TooManySamplesAreRefused)
{
    static const INT32 Samples[SENSOR_MAXIMUM_SAMPLES + 1];
    PSENSOR Sensor = StartSensor();

    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, SensorSend(Sensor, Samples, ARRAYSIZE(Samples)));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, SensorSend(Sensor, Samples, MAXUINT32 / 2));
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Sensor->Channel));
    SensorDestroy(Sensor);
}

VSPLAB_TEST(GuestClosesWithReportsOutstanding)
{
    static const INT32 Samples[] = {4, 5};
    PSENSOR Sensor = StartSensor();

    VSPLAB_ASSERT_SUCCESS(SensorSend(Sensor, Samples, ARRAYSIZE(Samples)));
    VspLabGuestCloseChannel(Sensor->Channel);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Sensor->Channel));
    VSPLAB_ASSERT_EQUAL(0, Sensor->SamplesDelivered);
    SensorDestroy(Sensor);
}
