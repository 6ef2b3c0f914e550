/* __try, __finally and __leave: what runs, in which order, and what AbnormalTermination says. */
#include <ntddk.h>
#include <vsplab.h>

static CHAR Trace[64];
static ULONG TraceLength;

static VOID Mark(CHAR Letter)
{
    Trace[TraceLength++] = Letter;
}

static VOID AssertTrace(PCSTR Expected)
{
    SIZE_T Length = strlen(Expected);

    VSPLAB_ASSERT_EQUAL(Length, TraceLength);
    VSPLAB_ASSERT_BYTES(Expected, Trace, Length);
}

VSPLAB_TEST(FinallyRunsAtTheEnd)
{
    __try {
        Mark('a');
    } __finally {
        Mark(AbnormalTermination() ? 'X' : 'b');
    }
    Mark('c');
    AssertTrace("abc");
}

VSPLAB_TEST(LeaveGoesToFinally)
{
    ULONG Value = 1;

    __try {
        Mark('a');
        if (Value == 1) {
            __leave;
        }
        Mark('X');
    } __finally {
        Mark(AbnormalTermination() ? 'X' : 'b');
        Value = 2;
    }
    VSPLAB_ASSERT_EQUAL(2, Value);
    AssertTrace("ab");
}

static ULONG Returns(ULONG Value)
{
    __try {
        Mark('a');
        if (Value > 10) {
            return Value; /* taken before __finally changes it */
        }
        Mark('b');
    } __finally {
        Mark(AbnormalTermination() ? 'n' : 'y');
        Value = 99;
    }
    return Value;
}

VSPLAB_TEST(ReturnRunsFinally)
{
    VSPLAB_ASSERT_EQUAL(11, Returns(11));
    VSPLAB_ASSERT_EQUAL(99, Returns(1));
    AssertTrace("anaby");
}

VSPLAB_TEST(LoopsLeaveByBreakAndContinue)
{
    ULONG Index;

    for (Index = 0; Index < 4; Index++) {
        __try {
            if (Index == 1) {
                continue;
            }
            if (Index == 3) {
                break;
            }
            Mark('a');
        } __finally {
            Mark('f');
        }
    }
    AssertTrace("affaff");
}

VSPLAB_TEST(NestedBlocksUnwindInside)
{
    __try {
        __try {
            Mark('a');
            __leave;
        } __finally {
            Mark('b');
        }
        Mark('c');
        __leave;
    } __finally {
        Mark('d');
    }
    AssertTrace("abcd");
}

static NTSTATUS Acquire(ULONG FailAt, PULONG Held)
{
    NTSTATUS Status = STATUS_UNSUCCESSFUL;
    PVOID First = NULL;
    PVOID Second = NULL;

    __try {
        First = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'hesL');
        if (First == NULL || FailAt == 1) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            __leave;
        }
        Second = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'hesL');
        if (Second == NULL || FailAt == 2) {
            Status = STATUS_NO_MEMORY;
            __leave;
        }
        *Held += 2;
        Status = STATUS_SUCCESS;
    } __finally {
        if (Second != NULL) {
            ExFreePoolWithTag(Second, 'hesL');
        }
        if (First != NULL) {
            ExFreePoolWithTag(First, 'hesL');
        }
        *Held += 1;
    }
    return Status;
}

VSPLAB_TEST(FinallyReachesLocalsAndParameters)
{
    ULONG Held = 0;

    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, Acquire(1, &Held));
    VSPLAB_ASSERT_STATUS(STATUS_NO_MEMORY, Acquire(2, &Held));
    VSPLAB_ASSERT_SUCCESS(Acquire(0, &Held));
    VSPLAB_ASSERT_EQUAL(5, Held);
}

static ULONG Factorial(ULONG Number)
{
    ULONG Result = 1;

    __try {
        if (Number > 1) {
            Result = Number * Factorial(Number - 1);
        }
    } __finally {
        Mark((CHAR)('0' + Number));
    }
    return Result;
}

VSPLAB_TEST(FinallyInRecursion)
{
    VSPLAB_ASSERT_EQUAL(120, Factorial(5));
    AssertTrace("12345");
}

VSPLAB_TEST(ExceptBlocksAreCompiledAndNotTaken)
{
    volatile ULONG Value = 3;

    __try {
        Value += 4;
    } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        Value = 0;
    }
    VSPLAB_ASSERT_EQUAL(7, Value);
}

/* Drivers wrap the keywords. */
#define TRY_BLOCK __try
#define TRY_LEAVE __leave
#define FINALLY_BLOCK __finally

VSPLAB_TEST(MacrosAroundTheKeywords)
{
    TRY_BLOCK {
        Mark('a');
        TRY_LEAVE;
    } FINALLY_BLOCK {
        Mark('b');
    }
    AssertTrace("ab");
}
