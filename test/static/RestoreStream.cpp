/* The restore of a channel piece by piece. */
#include "Static.h"

struct Piece {
    ULONG length;
    PVOID bytes;
};

#define RETURN_IF_FAILED(Expression)                                                                                   \
    do {                                                                                                               \
        NTSTATUS status_ = (Expression);                                                                               \
        if (!NT_SUCCESS(status_)) {                                                                                    \
            return status_;                                                                                            \
        }                                                                                                              \
    } while (0)

/* ---- restore-more-processing ---- */

NTSTATUS StopsAtTheFirstPiece(VMBCHANNEL channel, const Piece *pieces, ULONG count)
{
    for (ULONG index = 0; index < count; index++) {
        NTSTATUS status = VmbChannelRestoreFromBuffer(channel, pieces[index].bytes, // finds: restore-more-processing
                                                      pieces[index].length);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS StopsByMacro(VMBCHANNEL channel, const Piece &first, const Piece &second)
{
    RETURN_IF_FAILED(VmbChannelRestoreFromBuffer(channel, first.bytes, first.length)); // finds: restore-more-processing
    RETURN_IF_FAILED(VmbChannelRestoreFromBuffer(channel, second.bytes, second.length)); // finds: restore-more-processing
    return STATUS_SUCCESS;
}

NTSTATUS AsksBehindNtSuccess(VMBCHANNEL channel, PVOID bytes, ULONG length, bool &isDone)
{
    NTSTATUS status = VmbChannelRestoreFromBuffer(channel, bytes, length); // finds: restore-more-processing
    if (status < 0) {
        VmbChannelDisable(channel);
        return STATUS_DATA_ERROR;
    }
    isDone = status != STATUS_MORE_PROCESSING_REQUIRED;
    return STATUS_SUCCESS;
}

NTSTATUS FeedsAll(VMBCHANNEL channel, const Piece *pieces, ULONG count) // keeps: restore-more-processing, restore-result-checked
{
    NTSTATUS status = STATUS_MORE_PROCESSING_REQUIRED;
    for (ULONG index = 0; index < count && status == STATUS_MORE_PROCESSING_REQUIRED; index++) {
        status = VmbChannelRestoreFromBuffer(channel, pieces[index].bytes, pieces[index].length);
    }
    return status == STATUS_MORE_PROCESSING_REQUIRED ? STATUS_FILE_CORRUPT_ERROR : status;
}

/* A success ends it; what is no success may still be no failure. */
NTSTATUS AsksForSuccessFirst(VMBCHANNEL channel, const Piece *pieces, ULONG count) // keeps: restore-more-processing
{
    for (const Piece *piece = pieces; piece != pieces + count; piece++) {
        NTSTATUS status = VmbChannelRestoreFromBuffer(channel, piece->bytes, piece->length);
        if (NT_SUCCESS(status)) {
            return STATUS_SUCCESS;
        }
        if (status != STATUS_MORE_PROCESSING_REQUIRED) {
            VmbChannelDisable(channel);
            return status;
        }
    }
    return STATUS_FILE_CORRUPT_ERROR;
}

/* The worker process feeds the pieces and looks at each status. */
NTSTATUS FeedsOne(VMBCHANNEL channel, PVOID bytes, ULONG length) // keeps: restore-more-processing, restore-result-checked
{
    NTSTATUS status = VmbChannelRestoreFromBuffer(channel, bytes, length);
    if (!NT_SUCCESS(status)) {
        DbgPrint("restore: %08x\n", status);
    }
    return status;
}

/* ---- restore-result-checked ---- */

void FeedsBlindly(VMBCHANNEL channel, const Piece *pieces, ULONG count)
{
    while (count-- > 0) {
        (void)VmbChannelRestoreFromBuffer(channel, pieces->bytes, pieces->length); // finds: restore-result-checked
        pieces++;
    }
}

NTSTATUS LooksAtTheLast(VMBCHANNEL channel, PVOID first, PVOID second)
{
    NTSTATUS status = VmbChannelRestoreFromBuffer(channel, first, 64); // finds: restore-result-checked
    status = VmbChannelRestoreFromBuffer(channel, second, 64);
    return status;
}

class Restorer {
public:
    explicit Restorer(VMBCHANNEL channel) noexcept : m_channel(channel)
    {
    }
    void feed(PVOID bytes, ULONG length) noexcept
    {
        m_last = VmbChannelRestoreFromBuffer(m_channel, bytes, length);
    }
    bool isDone() const noexcept
    {
        return m_last == STATUS_SUCCESS;
    }
    bool hasFailed() const noexcept
    {
        return m_last != STATUS_SUCCESS && m_last != STATUS_MORE_PROCESSING_REQUIRED;
    }

private:
    VMBCHANNEL m_channel;
    NTSTATUS m_last = STATUS_MORE_PROCESSING_REQUIRED;
};

NTSTATUS FeedsAnObject(VMBCHANNEL channel, const Piece *pieces, ULONG count) // keeps: restore-more-processing, restore-result-checked
{
    Restorer restorer(channel);
    for (ULONG index = 0; index < count; index++) {
        restorer.feed(pieces[index].bytes, pieces[index].length);
        if (restorer.hasFailed()) {
            return STATUS_DATA_ERROR;
        }
    }
    return restorer.isDone() ? STATUS_SUCCESS : STATUS_FILE_CORRUPT_ERROR;
}

void KeepsTheStatus(PDEVICE device, PVOID bytes, ULONG length) // keeps: restore-result-checked
{
    device->Total = static_cast<UINT32>(VmbChannelRestoreFromBuffer(device->Channel, bytes, length));
}
