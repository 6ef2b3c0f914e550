/* Each way a statement can be begun, for the debugger's tests. Lines are named by their comments. */
#include <ntddk.h>
#include <vsplab.h>

#define TWICE(x) do { int twice = (x); Total += 2 * twice; } while (0)

static int Total;

typedef struct _PAIR {
    ULONG First;
    UINT64 Second;
    UCHAR Bytes[12];
} PAIR;

FORCEINLINE int Inlined(int value)
{
    int own = value + 1;           // inlined first
    return own * 2;                // inlined last
}

static int Depth(int n)
{
    int here = n * 10;             // depth first
    if (n == 0) {
        return here;               // depth bottom
    }
    return Depth(n - 1) + here;    // depth again
}

static PAIR Make(PAIR by, ULONG first)
{
    PAIR made = by;                // make first
    made.First = first;
    made.Bytes[3] = 7;
    return made;
}

VSPLAB_TEST(Walk)
{
    int i;
    int sum = 0;                   // walk first
    PAIR pair = { 1, 2, { 3 } };
    for (i = 0; i < 3; i++) {      // walk loop
        sum += Depth(i);           // walk body
    }
    sum += Inlined(sum);           // walk inlined
    TWICE(sum);                    // walk macro
    pair = Make(
        pair,                      // walk over lines
        5);
    {
        int sum = 100;             // walk inner
        Total += sum;              // walk shadow
    }
    VSPLAB_LOG("total %d", Total);
    sum = 1; i = 2; Total = 3;     // walk three
    VSPLAB_ASSERT_EQUAL(3, Total); // walk assert
}

VSPLAB_TEST(Watch)
{
    UCHAR *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, 'hctW');
    VSPLAB_ASSERT(block != NULL);
    Total = 0;                     // watch before
    block[7] = 9;                  // watch other
    Total = Total + 0;             // watch same
    RtlFillMemory(block, 16, 0x5a); // watch copy
    Total++;                       // watch after
    ExFreePoolWithTag(block, 'hctW');
}

VSPLAB_TEST(Overrun)
{
    UCHAR *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'revO');
    ULONG at;
    for (at = 0; at < 16; at++) {
        block[at] = (UCHAR)at;     // overrun fault
    }
    ExFreePoolWithTag(block, 'revO');
}

VSPLAB_TEST(Bugcheck)
{
    Total = 1;
    KeBugCheckEx(0xE2, 1, 2, 3, 4); // bugcheck here
}

VSPLAB_TEST(Assertion)
{
    Total = 1;
    VSPLAB_ASSERT_EQUAL(2, Total); // assertion here
}

VSPLAB_TEST(Endless)
{
    volatile int turning = 1;
    while (turning) {
        Total++;
    }
}

VSPLAB_TEST(EndlessSilent)
{
    for (;;)
        ;
}

VSPLAB_TEST(Long)
{
    ULONG i;
    ULONG sum = 0;                 // long first
    for (i = 0; i < 5000; i++) sum += Depth(2); // long line
    sum++;                         // long after
    Total = (int)sum;
}

static int Overflow(int n)
{
    volatile int deep[16];
    deep[n & 15] = n;
    return Overflow(n + 1) + deep[0]; // overflow
}

VSPLAB_TEST(Recursion)
{
    Total = Overflow(0);
}
