/* What a test relies on besides what is promised: the order in which packets come back. */
#include "Differential.h"

static UINT32 LastId;
static BOOLEAN OutOfOrder;

/* Requests carry their numbers, but this takes them to come back as they were sent. */
RESTORE(RestoresInTurn)
{
    RECORD Record = {0};
    NTSTATUS Status = ReadRecord(SaveBuf, SaveBufSize, &Record);
    if (NT_SUCCESS(Status) && Record.Id < LastId) {
        OutOfOrder = TRUE;
    }
    LastId = Record.Id;
    return Restore(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}

VSPLAB_TEST(Fine_order)
{
    Migrate(Save, RestoresInTurn);
}

VSPLAB_TEST(roundtrip_differs__order)
{
    Migrate(Save, RestoresInTurn);
    VSPLAB_ASSERT(!OutOfOrder); // breaks roundtrip-differs
}
