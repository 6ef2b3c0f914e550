/*
 * VspLabFailNext: every function of ours that can fail is a row here and asks, in its head, whether its next call is to
 * fail. Those that TypeScript serves plan for themselves (kmcl/imports.ts).
 */
#pragma once

#include <stdint.h>

#include "internal.h"

#define VSP_FAILABLE(row)                                                                                              \
    /* kmcl-facts 2 */                                                                                                 \
    row(VmbChannelPacketGetExternalData)                                                                               \
    row(VmbChannelRestoreFromBuffer)                                                                                   \
    row(VmbChannelSaveBegin)                                                                                           \
    row(VmbChannelSaveContinue)                                                                                        \
    row(VmbPacketAllocate)                                                                                             \
    row(VmbPacketInitialize)                                                                                           \
    row(VmbPacketRestore)                                                                                              \
    row(VmbPacketSend)                                                                                                 \
    row(VmbPacketSendWithExternalMdl)                                                                                  \
    row(VmbPacketSendWithExternalPfns)                                                                                 \
    /* kmcl-facts 8.6 */                                                                                               \
    row(ExAllocateFromLookasideListEx)                                                                                 \
    row(ExAllocateFromNPagedLookasideList)                                                                             \
    row(ExAllocateFromPagedLookasideList)                                                                              \
    row(ExAllocatePool)                                                                                                \
    row(ExAllocatePool2)                                                                                               \
    row(ExAllocatePool3)                                                                                               \
    row(ExAllocatePoolUninitialized)                                                                                   \
    row(ExAllocatePoolWithQuotaTag)                                                                                    \
    row(ExAllocatePoolWithTag)                                                                                         \
    row(ExAllocatePoolWithTagPriority)                                                                                 \
    row(ExAllocatePoolZero)                                                                                            \
    row(ExDeleteResourceLite)                                                                                          \
    row(ExInitializeLookasideListEx)                                                                                   \
    row(ExInitializeResourceLite)                                                                                      \
    row(ExReinitializeResourceLite)                                                                                    \
    row(ExUuidCreate)                                                                                                  \
    row(IoAcquireRemoveLockEx)                                                                                         \
    row(IoAllocateMdl)                                                                                                 \
    row(IoAllocateWorkItem)                                                                                            \
    row(MmAllocateContiguousMemory)                                                                                    \
    row(MmAllocatePagesForMdlEx)                                                                                       \
    row(MmMapIoSpace)                                                                                                  \
    row(MmMapLockedPagesSpecifyCache)                                                                                  \
    row(PsLookupProcessByProcessId)                                                                                    \
    row(RtlAnsiStringToUnicodeString)                                                                                  \
    row(RtlAppendUnicodeStringToString)                                                                                \
    row(RtlAppendUnicodeToString)                                                                                      \
    row(RtlGUIDFromString)                                                                                             \
    row(RtlGetVersion)                                                                                                 \
    row(RtlHashUnicodeString)                                                                                          \
    row(RtlInitUnicodeStringEx)                                                                                        \
    row(RtlIntegerToUnicodeString)                                                                                     \
    row(RtlStringFromGUID)                                                                                             \
    row(RtlUnicodeStringToAnsiString)                                                                                  \
    row(RtlUnicodeStringToInteger)                                                                                     \
    /* kmcl-facts 8.7 */                                                                                               \
    row(WdfCollectionAdd)                                                                                              \
    row(WdfCollectionCreate)                                                                                           \
    row(WdfControlDeviceInitAllocate)                                                                                  \
    row(WdfDeviceCreate)                                                                                               \
    row(WdfDeviceCreateDeviceInterface)                                                                                \
    row(WdfDeviceCreateSymbolicLink)                                                                                   \
    row(WdfDeviceInitAssignName)                                                                                       \
    row(WdfDpcCreate)                                                                                                  \
    row(WdfDriverCreate)                                                                                               \
    row(WdfDriverOpenParametersRegistryKey)                                                                            \
    row(WdfFdoQueryForInterface)                                                                                       \
    row(WdfIoQueueCreate)                                                                                              \
    row(WdfIoQueueRetrieveNextRequest)                                                                                 \
    row(WdfIoTargetCreate)                                                                                             \
    row(WdfIoTargetOpen)                                                                                               \
    row(WdfIoTargetQueryForInterface)                                                                                  \
    row(WdfLookasideListCreate)                                                                                        \
    row(WdfMemoryCopyFromBuffer)                                                                                       \
    row(WdfMemoryCopyToBuffer)                                                                                         \
    row(WdfMemoryCreate)                                                                                               \
    row(WdfMemoryCreateFromLookaside)                                                                                  \
    row(WdfMemoryCreatePreallocated)                                                                                   \
    row(WdfObjectAllocateContext)                                                                                      \
    row(WdfObjectCreate)                                                                                               \
    row(WdfRegistryQueryULong)                                                                                         \
    row(WdfSpinLockCreate)                                                                                             \
    row(WdfStringCreate)                                                                                               \
    row(WdfTimerCreate)                                                                                                \
    row(WdfWaitLockAcquire)                                                                                            \
    row(WdfWaitLockCreate)                                                                                             \
    row(WdfWorkItemCreate)

#define VSP_FAILABLE_ID(function) VSP_FAILS_##function,
enum vsp_failable { VSP_FAILABLE(VSP_FAILABLE_ID) VSP_FAILABLE_COUNT };

/* Plans that no call has met yet. */
uint32_t vsp_planned_failures(void);

/* What the oldest plan for this function is; 0 without one. */
uint32_t vsp_planned_status(enum vsp_failable function, int32_t *status);

/* The oldest plan for this function, taken off the list; 0 without one. */
uint32_t vsp_take_planned(enum vsp_failable function, int32_t *status);

static inline uint32_t vsp_fail_taken(enum vsp_failable function, int32_t *status)
{
    return VSP_UNLIKELY(vsp_kept.planned_count != 0) && vsp_take_planned(function, status);
}

/* In a function that answers NULL where it fails. */
#define VSP_FAILS(function) vsp_fail_taken(VSP_FAILS_##function, &(int32_t){0})

/* In the head of a function that answers an NTSTATUS: the arguments are not looked at. */
#define VSP_MAY_FAIL(function)                                                                                         \
    do {                                                                                                               \
        int32_t planned_;                                                                                              \
        if (vsp_fail_taken(VSP_FAILS_##function, &planned_)) {                                                         \
            return planned_;                                                                                           \
        }                                                                                                              \
    } while (0)
