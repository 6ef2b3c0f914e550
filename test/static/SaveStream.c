/* The save of a channel as a whole, in C: what an IOCTL of the worker process makes of it. */
#include "Static.h"

#define FIRST_TRY 4096
#define MOST_BYTES (1024 * 1024)

/* Where the pieces go, with the length of each in front. */
typedef struct _STREAM {
    VMBCHANNEL Channel;
    PVOID Buffer;
    ULONG Size;
    ULONG Filled;
    ULONG Required;
    BOOLEAN IsBegun;
} STREAM, *PSTREAM;

NTSTATUS StorePiece(const VOID *Bytes, ULONG Length);

static NTSTATUS Grow(PSTREAM Stream, ULONG Size)
{
    PVOID Buffer;
    if (Size > MOST_BYTES) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Buffer = ExAllocatePool2(POOL_FLAG_PAGED, Size, TAG);
    if (Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Stream->Buffer != NULL) {
        ExFreePoolWithTag(Stream->Buffer, TAG);
    }
    Stream->Buffer = Buffer;
    Stream->Size = Size;
    return STATUS_SUCCESS;
}

/* ---- the whole, as it should be ---- */

NTSTATUS SavesInALoop(VMBCHANNEL Channel) // keeps: save-begin-checked, save-continue-statuses, save-grow, save-end-always
{
    STREAM Stream = {0};
    NTSTATUS Status = Grow(&Stream, FIRST_TRY);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbChannelSaveBegin(Channel);
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    do {
        Status = VmbChannelSaveContinue(Channel, Stream.Buffer, Stream.Size, &Stream.Filled, &Stream.Required);
        if (Status == STATUS_SUCCESS || Status == STATUS_BUFFER_OVERFLOW) {
            NTSTATUS Stored = StorePiece(Stream.Buffer, Stream.Filled);
            if (!NT_SUCCESS(Stored)) {
                Status = Stored;
                break;
            }
        }
        if (Status == STATUS_BUFFER_TOO_SMALL) {
            NTSTATUS Grown = Grow(&Stream, Stream.Required);
            if (!NT_SUCCESS(Grown)) {
                Status = Grown;
                break;
            }
        }
    } while (Status == STATUS_BUFFER_OVERFLOW || Status == STATUS_BUFFER_TOO_SMALL);
    VmbChannelSaveEnd(Channel);
Exit:
    if (Stream.Buffer != NULL) {
        ExFreePoolWithTag(Stream.Buffer, TAG);
    }
    return Status;
}

/* ---- save-begin-checked ---- */

VOID BeginsUnchecked(VMBCHANNEL Channel, PSTREAM Stream)
{
    NTSTATUS Status = VmbChannelSaveBegin(Channel);
    Status = VmbChannelSaveContinue(Channel, Stream->Buffer, Stream->Size, &Stream->Filled, // finds: save-begin-checked
                                    &Stream->Required);
    if (Status == STATUS_SUCCESS || Status == STATUS_BUFFER_OVERFLOW || Status == STATUS_BUFFER_TOO_SMALL) {
        Stream->IsBegun = TRUE;
    }
    VmbChannelSaveEnd(Channel);
}

NTSTATUS EndsWhatNeverBegan(PSTREAM Stream)
{
    NTSTATUS Status;
    if (!NT_SUCCESS(Status = VmbChannelSaveBegin(Stream->Channel))) {
        goto Cleanup;
    }
    Status = Grow(Stream, FIRST_TRY);
Cleanup:
    VmbChannelSaveEnd(Stream->Channel); // finds: save-begin-checked
    return Status;
}

NTSTATUS BeginsByFlag(PSTREAM Stream) // keeps: save-begin-checked, save-end-always
{
    BOOLEAN IsBegun = FALSE;
    NTSTATUS Status = Grow(Stream, FIRST_TRY);
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelSaveBegin(Stream->Channel);
        IsBegun = NT_SUCCESS(Status);
    }
    if (IsBegun) {
        VmbChannelSaveEnd(Stream->Channel);
    }
    return Status;
}

/* One request of the worker begins, the next ones go on. */
NTSTATUS BeginsForLater(PSTREAM Stream) // keeps: save-begin-checked, save-end-always
{
    NTSTATUS Status = VmbChannelSaveBegin(Stream->Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = Grow(Stream, FIRST_TRY);
    if (!NT_SUCCESS(Status)) {
        VmbChannelSaveEnd(Stream->Channel);
        return Status;
    }
    Stream->IsBegun = TRUE;
    return STATUS_SUCCESS;
}

/* ---- save-continue-statuses ---- */

NTSTATUS TakesOverflowForAFailure(PSTREAM Stream)
{
    NTSTATUS Status;
    for (;;) {
        Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, // finds: save-continue-statuses
                                        &Stream->Filled, &Stream->Required);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Status = StorePiece(Stream->Buffer, Stream->Filled);
        if (!NT_SUCCESS(Status) || Stream->Required == 0) {
            return Status;
        }
    }
}

NTSTATUS ForgetsTooSmall(PSTREAM Stream)
{
    NTSTATUS Status;
    do {
        Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, // finds: save-continue-statuses
                                        &Stream->Filled, &Stream->Required);
        switch (Status) {
        case STATUS_SUCCESS:
        case STATUS_BUFFER_OVERFLOW:
            (VOID)StorePiece(Stream->Buffer, Stream->Filled);
            break;
        default:
            return STATUS_UNSUCCESSFUL;
        }
    } while (Status == STATUS_BUFFER_OVERFLOW);
    return STATUS_SUCCESS;
}

/* What is tested behind a failed NT_SUCCESS can only be a success. */
NTSTATUS TestsTooLate(PSTREAM Stream)
{
    NTSTATUS Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, // finds: save-continue-statuses
                                             Stream->Size, &Stream->Filled, &Stream->Required);
    if (!NT_SUCCESS(Status)) {
        DbgPrint("save failed: %08x\n", Status);
        return STATUS_UNSUCCESSFUL;
    }
    if (Status == STATUS_BUFFER_TOO_SMALL) {
        return Grow(Stream, Stream->Required);
    }
    return StorePiece(Stream->Buffer, Stream->Filled);
}

/* The worker process looks at the status. */
NTSTATUS PassesItOn(PSTREAM Stream) // keeps: save-continue-statuses
{
    NTSTATUS Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, &Stream->Filled,
                                             &Stream->Required);
    if (!NT_SUCCESS(Status)) {
        DbgPrint("save: %08x\n", Status);
    }
    return Status;
}

NTSTATUS SwitchesOnIt(PSTREAM Stream, PBOOLEAN IsDone) // keeps: save-continue-statuses
{
    NTSTATUS Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, &Stream->Filled,
                                             &Stream->Required);
    *IsDone = FALSE;
    switch (Status) {
    case STATUS_BUFFER_TOO_SMALL:
        return Grow(Stream, Stream->Required);
    case STATUS_SUCCESS:
        *IsDone = TRUE;
        __fallthrough;
    case STATUS_BUFFER_OVERFLOW:
        return StorePiece(Stream->Buffer, Stream->Filled);
    default:
        return Status;
    }
}

/* ---- save-grow ---- */

NTSTATUS TriesTheSameAgain(PSTREAM Stream)
{
    NTSTATUS Status;
    do {
        Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, // finds: save-grow
                                        &Stream->Filled, &Stream->Required);
        if (Status == STATUS_BUFFER_OVERFLOW) {
            (VOID)StorePiece(Stream->Buffer, Stream->Filled);
        }
    } while (Status == STATUS_BUFFER_OVERFLOW || Status == STATUS_BUFFER_TOO_SMALL);
    return Status;
}

/* BytesFilled is not what it asks for. */
NTSTATUS GrowsByTheWrongNumber(PSTREAM Stream)
{
    NTSTATUS Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, &Stream->Filled,
                                             &Stream->Required);
    if (Status == STATUS_BUFFER_OVERFLOW) {
        return StorePiece(Stream->Buffer, Stream->Filled);
    }
    if (Status == STATUS_BUFFER_TOO_SMALL) {
        PVOID Larger = ExAllocatePool2(POOL_FLAG_PAGED, Stream->Filled, TAG);
        if (Larger == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Status = VmbChannelSaveContinue(Stream->Channel, Larger, Stream->Filled, // finds: save-grow
                                        &Stream->Filled, &Stream->Required);
        if (Status == STATUS_SUCCESS || Status == STATUS_BUFFER_OVERFLOW || Status == STATUS_BUFFER_TOO_SMALL) {
            (VOID)StorePiece(Larger, Stream->Filled);
        }
        ExFreePoolWithTag(Larger, TAG);
    }
    return Status;
}

NTSTATUS UsesTheBufferAgain(PSTREAM Stream) // keeps: save-grow
{
    ULONG Pieces = 0;
    NTSTATUS Status;
    do {
        Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, &Stream->Filled,
                                        &Stream->Required);
        if (Status == STATUS_BUFFER_TOO_SMALL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Pieces++;
        (VOID)StorePiece(Stream->Buffer, Stream->Filled);
    } while (Status == STATUS_BUFFER_OVERFLOW && Pieces < 64);
    return Status;
}

/* ---- save-end-always ---- */

NTSTATUS LeavesInTheMiddle(PSTREAM Stream)
{
    NTSTATUS Status = VmbChannelSaveBegin(Stream->Channel); // finds: save-end-always
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (!NT_SUCCESS(Grow(Stream, FIRST_TRY))) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = VmbChannelSaveContinue(Stream->Channel, Stream->Buffer, Stream->Size, &Stream->Filled, &Stream->Required);
    if (Status == STATUS_BUFFER_OVERFLOW || Status == STATUS_BUFFER_TOO_SMALL) {
        Status = STATUS_DEVICE_BUSY;
    }
    VmbChannelSaveEnd(Stream->Channel);
    return Status;
}

static NTSTATUS Finish(PSTREAM Stream, NTSTATUS Status)
{
    VmbChannelSaveEnd(Stream->Channel); // finds: save-end-always
    return Status;
}

NTSTATUS EndsTwice(PSTREAM Stream)
{
    NTSTATUS Status = VmbChannelSaveBegin(Stream->Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = Grow(Stream, FIRST_TRY);
    if (!NT_SUCCESS(Status)) {
        (VOID)Finish(Stream, Status);
    }
    return Finish(Stream, Status);
}
