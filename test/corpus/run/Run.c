/* Faults that end a run. */
#include "../Corpus.h"

static KEVENT Event;
static volatile UINT32 Divisor;

VSPLAB_TEST(AssertsTheWrongCount)
{
    VMBCHANNEL Channel = Open();
    Send(Channel, 1);
    VSPLAB_ASSERT_EQUAL(BROKEN(2) MENDED(1), VspLabInFlight(Channel)); // finds: assert-failed
    Close(Channel);
}

static VOID Expect(NTSTATUS Status)
{
    VSPLAB_ASSERT_SUCCESS(Status); // finds: assert-failed
}
VSPLAB_TEST(AssertsInAHelper)
{
    Expect(BROKEN(STATUS_UNSUCCESSFUL) MENDED(STATUS_SUCCESS));
}

VSPLAB_TEST(SpinsForEver)
{
    UINT32 Turns = 0;
    while (BROKEN(TRUE) MENDED(Turns < 10)) { // finds: run-timeout
        Turns++;
    }
    VSPLAB_LOG("%u", Turns);
}

typedef struct _LINK {
    struct _LINK *Next;
} LINK;
static UINT32 LengthOf(const LINK *Link)
{
    UINT32 Count = 0;
    for (; Link != NULL; Link = Link->Next) { // finds: run-timeout
        Count++;
    }
    return Count;
}
VSPLAB_TEST(WalksACircle)
{
    static LINK Links[3];
    Links[0].Next = &Links[1];
    Links[1].Next = &Links[2];
    Links[2].Next = BROKEN(&Links[0]) MENDED(NULL);
    VSPLAB_LOG("%u", LengthOf(Links));
}

static UINT32 Depth(UINT32 Level)
{
    if (Level == BROKEN(0xFFFFFFFF) MENDED(20)) {
        return 0;
    }
    return 1 + Depth(Level + 1); // finds: run-stack-overflow
}
VSPLAB_TEST(RecursesForEver)
{
    VSPLAB_LOG("%u", Depth(0));
}

static UINT32 Odd(UINT32 Number);
static UINT32 Even(UINT32 Number)
{
    UINT8 Large[BROKEN(65536) MENDED(16)];
    Large[0] = (UINT8)Number;
    return Number == 0 ? Large[0] : Odd(Number - 1);
}
static UINT32 Odd(UINT32 Number)
{
    return Number == 0 ? 1 : Even(Number - 1); // finds: run-stack-overflow
}
VSPLAB_TEST(LargeLocalsInARecursion)
{
    VSPLAB_LOG("%u", Even(64));
}

VSPLAB_TEST(AllocatesWithoutEnd)
{
    PVOID Previous = NULL;
    ULONG Count;
    for (Count = 0; Count < BROKEN(100000) MENDED(4); Count++) {
        PVOID *Block = (PVOID *)ExAllocatePool2(POOL_FLAG_NON_PAGED, 1 << 26, TAG); // finds: run-out-of-memory
        VSPLAB_ASSERT(Block != NULL);
        *Block = Previous;
        Previous = Block;
    }
    while (Previous != NULL) {
        PVOID Next = *(PVOID *)Previous;
        ExFreePoolWithTag(Previous, TAG);
        Previous = Next;
    }
}

static PVOID Reserve(SIZE_T Size)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, TAG); // finds: run-out-of-memory
}
VSPLAB_TEST(AllocatesANegativeSize)
{
    INT32 Length = BROKEN(-16) MENDED(16);
    PVOID Block = Reserve((SIZE_T)Length);
    if (Block != NULL) {
        ExFreePoolWithTag(Block, TAG);
    }
}

VSPLAB_TEST(DividesByZero)
{
    MENDED(Divisor = 4;)
    VSPLAB_LOG("%u", 100 / Divisor); // finds: run-trap
}

typedef VOID HANDLER(UINT32 Value);
static VOID Handle(UINT32 Value)
{
    VSPLAB_LOG("%u", Value);
}
static HANDLER *Handlers[4] = {Handle, Handle};
static VOID Dispatch(UINT32 Type)
{
    Handlers[Type](Type); // finds: run-trap
}
VSPLAB_TEST(CallsAHandlerThatIsNotThere)
{
    Dispatch(BROKEN(3) MENDED(1));
}

VSPLAB_TEST(StopsTheSystem)
{
    BROKEN(KeBugCheckEx(0xE2, 1, 2, 3, 4);) // finds: run-bugcheck
    VSPLAB_LOG("alive");
}

static VOID Check(BOOLEAN Good)
{
    if (!Good) {
        KeBugCheck(0x139); // finds: run-bugcheck
    }
}
VSPLAB_TEST(StopsTheSystemInAHelper)
{
    Check(BROKEN(FALSE) MENDED(TRUE));
}

VSPLAB_TEST(WaitsForNobody)
{
    KeInitializeEvent(&Event, NotificationEvent, BROKEN(FALSE) MENDED(TRUE));
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL); // finds: run-deadlock
}

static VOID Take(PKSPIN_LOCK Lock, PKIRQL Irql)
{
    KeAcquireSpinLock(Lock, Irql); // finds: run-deadlock
}
VSPLAB_TEST(TakesALockTwice)
{
    static KSPIN_LOCK Lock;
    KIRQL Irql, Again;
    Take(&Lock, &Irql);
    MENDED(KeReleaseSpinLock(&Lock, Irql);)
    Take(&Lock, &Again);
    KeReleaseSpinLock(&Lock, Again);
}
