/* Blocks of the pool (kmcl-facts 7.8, mem-). */
#include "../Corpus.h"

static KSPIN_LOCK Lock;

typedef struct _NODE {
    struct _NODE *Next;
    UINT32 Values[4];
} NODE;

static NODE *NewNode(NODE *Next)
{
    NODE *Node = (NODE *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Node), TAG);
    VSPLAB_ASSERT(Node != NULL);
    Node->Next = Next;
    return Node;
}

VSPLAB_TEST(OneByteBehindABlock)
{
    PUINT8 Block = (PUINT8)ExAllocatePool2(POOL_FLAG_NON_PAGED, 24, TAG);
    UINT32 Index;
    for (Index = 0; Index BROKEN(<=) MENDED(<) 24; Index++) {
        Block[Index] = 1; // finds: mem-out-of-bounds
    }
    ExFreePoolWithTag(Block, TAG);
}

static UINT32 LastOf(const UINT32 *Values, INT32 Count)
{
    return Values[Count - 1]; // finds: mem-out-of-bounds
}
VSPLAB_TEST(OneWordBeforeABlock)
{
    PUINT32 Block = (PUINT32)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    VSPLAB_LOG("%u", LastOf(Block, BROKEN(0) MENDED(1)));
    ExFreePoolWithTag(Block, TAG);
}

VSPLAB_TEST(WalksAFreedList)
{
    NODE *Head = NewNode(NewNode(NULL));
    NODE *Next;
    while (Head != NULL) {
        MENDED(Next = Head->Next;)
        ExFreePoolWithTag(Head, TAG);
        BROKEN(Next = Head->Next;) // finds: mem-use-after-free
        Head = Next;
    }
}

COMPLETION(LogsAfterFinish)
{
    PREQUEST Request = (PREQUEST)VmbPacketGetPointer(Packet);
    MENDED(VSPLAB_LOG("%u", Request->Id);)
    Finish(Packet, Status, Buffer, Length);
    BROKEN(VSPLAB_LOG("%u", Request->Id);) // finds: mem-use-after-free
}
VSPLAB_TEST(LogsAFreedRequest)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PREQUEST Request = (PREQUEST)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG);
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, LogsAfterFinish);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

VSPLAB_TEST(FreesABlockTwice)
{
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, TAG);
    ExFreePoolWithTag(Block, TAG);
    BROKEN(ExFreePoolWithTag(Block, TAG);) // finds: mem-double-free
}

static NTSTATUS Parse(PUINT8 Block, UINT32 Length)
{
    if (Length > 8) {
        BROKEN(ExFreePoolWithTag(Block, TAG);)
        return STATUS_INVALID_PARAMETER;
    }
    Block[0] = 0;
    return STATUS_SUCCESS;
}
VSPLAB_TEST(FreesInHelperAndCaller)
{
    PUINT8 Block = (PUINT8)ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, TAG);
    NTSTATUS Status = Parse(Block, 9);
    if (!NT_SUCCESS(Status)) {
        goto Failed;
    }
Failed:
    ExFreePoolWithTag(Block, TAG); // finds: mem-double-free
}

VSPLAB_TEST(FreesWithAnotherTag)
{
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, TAG);
    ExFreePoolWithTag(Block, BROKEN('rehO') MENDED(TAG)); // finds: mem-free-once
}

static VOID Release(PVOID Block)
{
    ExFreePoolWithTag(Block, TAG); // finds: mem-free-once
}
VSPLAB_TEST(FreesTheMiddleOfABlock)
{
    PUINT8 Block = (PUINT8)ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);
    Release(Block BROKEN(+ 16));
}

VSPLAB_TEST(LosesABlock)
{
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, TAG); // finds: mem-leak
    VSPLAB_ASSERT(Block != NULL);
    MENDED(ExFreePoolWithTag(Block, TAG);)
}

static NTSTATUS Build(NODE **Result)
{
    NODE *First = NewNode(NULL);
    NODE *Second = (NODE *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Second), TAG); // finds: mem-leak
    First->Next = Second;
    if (First->Values[0] == 0) {
        MENDED(ExFreePoolWithTag(Second, TAG);)
        ExFreePoolWithTag(First, TAG);
        *Result = NULL;
        return STATUS_NOT_FOUND;
    }
    *Result = First;
    return STATUS_SUCCESS;
}
VSPLAB_TEST(LosesTheTailOfAList)
{
    NODE *List;
    VSPLAB_ASSERT(!NT_SUCCESS(Build(&List)));
}

VSPLAB_TEST(UsesAFailedAllocation)
{
    PUINT32 Block;
    VspLabFailAllocations(0, 1);
    Block = (PUINT32)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    MENDED(if (Block == NULL) return;)
    Block[1] = 2; // finds: mem-null-dereference
    ExFreePoolWithTag(Block, TAG);
}

static UINT32 ValueOf(const NODE *Node)
{
    return Node->Values[2]; // finds: mem-null-dereference
}
VSPLAB_TEST(ReadsAFieldOfNull)
{
    NODE *Node = NewNode(NULL);
    UINT32 Value = 0;
    if (BROKEN(TRUE) MENDED(Node->Next != NULL)) {
        Value = ValueOf(Node->Next);
    }
    VSPLAB_LOG("%u", Value);
    ExFreePoolWithTag(Node, TAG);
}

VSPLAB_TEST(PagedPoolUnderASpinLock)
{
    PUINT32 Counter = (PUINT32)ExAllocatePool2(BROKEN(POOL_FLAG_PAGED) MENDED(POOL_FLAG_NON_PAGED), 16, TAG);
    KIRQL Irql;
    KeAcquireSpinLock(&Lock, &Irql);
    *Counter = 1; // finds: mem-nonpaged-at-dispatch
    KeReleaseSpinLock(&Lock, Irql);
    ExFreePoolWithTag(Counter, TAG);
}

static PUINT8 Table;
DPC(FillsTable)
{
    RtlFillMemory(Table, 64, 1); // finds: mem-nonpaged-at-dispatch
}
VSPLAB_TEST(PagedPoolInADpc)
{
    static KDPC Object;
    Table = (PUINT8)ExAllocatePool2(BROKEN(POOL_FLAG_PAGED) MENDED(POOL_FLAG_NON_PAGED), 64, TAG);
    KeInitializeDpc(&Object, FillsTable, NULL);
    KeInsertQueueDpc(&Object, NULL, NULL);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(Table, TAG);
    Table = NULL;
}
