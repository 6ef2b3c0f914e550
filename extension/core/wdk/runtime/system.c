/*
 * Time, processors, processes and other facts about the system: one processor, simulated time, everything seeded.
 */
#include "kernel.h"

#define TICK 156250u                       /* 100 ns units of a clock interrupt: 15.625 ms */
#define BOOT_TIME 133485408000000000ull    /* 2024-01-01 00:00 UTC as system time */
#define PERFORMANCE_FREQUENCY 10000000ull

ULONGLONG KeQueryInterruptTime(VOID)
{
    return vsp_lasting.time;
}

ULONGLONG KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    vsp_check_write(QpcTimeStamp, sizeof *QpcTimeStamp);
    *QpcTimeStamp = vsp_lasting.time;
    return vsp_lasting.time;
}

ULONGLONG KeQueryUnbiasedInterruptTime(VOID)
{
    return vsp_lasting.time;
}

VOID VspQuerySystemTime_(PLARGE_INTEGER CurrentTime)
{
    vsp_check_write(CurrentTime, sizeof *CurrentTime);
    CurrentTime->QuadPart = (LONGLONG)(BOOT_TIME + vsp_lasting.time);
}

VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    VspQuerySystemTime_(CurrentTime);
}

VOID VspQueryTickCount_(PLARGE_INTEGER CurrentCount)
{
    vsp_check_write(CurrentCount, sizeof *CurrentCount);
    CurrentCount->QuadPart = (LONGLONG)(vsp_lasting.time / TICK);
}

ULONG KeQueryTimeIncrement(VOID)
{
    return TICK;
}

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    if (PerformanceFrequency != NULL) {
        vsp_check_write(PerformanceFrequency, sizeof *PerformanceFrequency);
        PerformanceFrequency->QuadPart = PERFORMANCE_FREQUENCY;
    }
    LARGE_INTEGER counter;
    counter.QuadPart = (LONGLONG)vsp_lasting.time;
    return counter;
}

/* A busy wait takes simulated time; timers that fall due expire when the scheduler runs next. */
VOID KeStallExecutionProcessor(ULONG MicroSeconds)
{
    vsp_lasting.time += 10ull * MicroSeconds;
}

VOID ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    vsp_check_read(SystemTime, sizeof *SystemTime);
    vsp_check_write(LocalTime, sizeof *LocalTime);
    *LocalTime = *SystemTime;
}

ULONG ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    (void)DesiredTime;
    (void)SetResolution;
    return TICK;
}

/* ---- Processors and threads ---- */

ULONG KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber != NULL) {
        vsp_check_write(ProcNumber, sizeof *ProcNumber);
        vsp_set(ProcNumber, 0, sizeof *ProcNumber);
    }
    return 0;
}

ULONG KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    (void)GroupNumber;
    return 1;
}

ULONG KeQueryActiveProcessorCount(KAFFINITY *ActiveProcessors)
{
    if (ActiveProcessors != NULL) {
        vsp_check_write(ActiveProcessors, sizeof *ActiveProcessors);
        *ActiveProcessors = 1;
    }
    return 1;
}

ULONG KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    (void)GroupNumber;
    return 1;
}

#define THREAD_PRIORITY 8

KPRIORITY KeQueryPriorityThread(PKTHREAD Thread)
{
    (void)Thread;
    return THREAD_PRIORITY;
}

KPRIORITY KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    (void)Thread;
    (void)Priority;
    return THREAD_PRIORITY;
}

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    (void)Affinity;
    return 0;
}

VOID KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    (void)Affinity;
}

/* ---- Processes: there is the system process only ---- */

#define SYSTEM_PROCESS_ID 4

static uint64_t system_process[2];

PEPROCESS IoGetCurrentProcess(VOID)
{
    return (PEPROCESS)system_process;
}

PEPROCESS IoThreadToProcess(PETHREAD Thread)
{
    (void)Thread;
    return (PEPROCESS)system_process;
}

HANDLE PsGetProcessId(PEPROCESS Process)
{
    (void)Process;
    return (HANDLE)SYSTEM_PROCESS_ID;
}

HANDLE PsGetThreadId(PETHREAD Thread)
{
    return (HANDLE)Thread;
}

NTSTATUS PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    VSP_MAY_FAIL(PsLookupProcessByProcessId);
    vsp_check_write(Process, sizeof *Process);
    if (ProcessId != (HANDLE)SYSTEM_PROCESS_ID) {
        return STATUS_INVALID_PARAMETER;
    }
    *Process = (PEPROCESS)system_process;
    return STATUS_SUCCESS;
}

VOID KeStackAttachProcess(PEPROCESS Process, PRKAPC_STATE ApcState)
{
    vsp_check_write(ApcState, sizeof *ApcState);
    vsp_set(ApcState, 0, sizeof *ApcState);
    ApcState->Process = Process;
}

VOID KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    vsp_check_read(ApcState, sizeof *ApcState);
}

static struct _OBJECT_TYPE {
    uint64_t name;
} object_types[4];
static POBJECT_TYPE object_type_pointers[4] = {&object_types[0], &object_types[1], &object_types[2], &object_types[3]};
POBJECT_TYPE *PsThreadType = &object_type_pointers[0];
POBJECT_TYPE *PsProcessType = &object_type_pointers[1];
POBJECT_TYPE *ExEventObjectType = &object_type_pointers[2];
POBJECT_TYPE *IoFileObjectType = &object_type_pointers[3];

/* ---- Seeded values ---- */

ULONG RtlRandomEx(PULONG Seed)
{
    vsp_check_write(Seed, sizeof *Seed);
    *Seed = (ULONG)((uint64_t)*Seed * 0x7FFFFFED + 0x7FFFFFC3) % 0x7FFFFFFF;
    return *Seed;
}

NTSTATUS ExUuidCreate(GUID *Uuid)
{
    VSP_MAY_FAIL(ExUuidCreate);
    vsp_check_write(Uuid, sizeof *Uuid);
    const uint64_t bits[2] = {vsp_random(), vsp_random()};
    vsp_copy(Uuid, bits, sizeof *Uuid);
    Uuid->Data3 = (unsigned short)((Uuid->Data3 & 0x0FFF) | 0x4000);
    Uuid->Data4[0] = (unsigned char)((Uuid->Data4[0] & 0x3F) | 0x80);
    return STATUS_SUCCESS;
}

NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation)
{
    VSP_MAY_FAIL(RtlGetVersion);
    vsp_check_write(VersionInformation, sizeof *VersionInformation);
    VersionInformation->dwMajorVersion = 10;
    VersionInformation->dwMinorVersion = 0;
    VersionInformation->dwBuildNumber = 20348;
    VersionInformation->dwPlatformId = 2;
    VersionInformation->szCSDVersion[0] = 0;
    return STATUS_SUCCESS;
}

BOOLEAN ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    (void)ProcessorFeature;
    return FALSE;
}

/* ---- Checksums: reflected polynomials 0xEDB88320 and 0x9A6C9329AC4BC9B5 ---- */

ULONG RtlCrc32(const VOID *Buffer, SIZE_T Size, ULONG InitialCrc)
{
    const uint8_t *bytes = Buffer;
    ULONG crc = ~InitialCrc;
    vsp_check_read(Buffer, Size);
    for (SIZE_T i = 0; i < Size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        }
    }
    return ~crc;
}

ULONGLONG RtlCrc64(const VOID *Buffer, SIZE_T Size, ULONGLONG InitialCrc)
{
    const uint8_t *bytes = Buffer;
    ULONGLONG crc = ~InitialCrc;
    vsp_check_read(Buffer, Size);
    for (SIZE_T i = 0; i < Size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0x9A6C9329AC4BC9B5ull : 0);
        }
    }
    return ~crc;
}
