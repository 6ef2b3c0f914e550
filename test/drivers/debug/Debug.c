/* For tests of the debugger: lines that are spoken of are marked with their names. */
#include <vsplab.h>

#include "Debug.h"

#define BUMP(Counter) ((Counter) += 1)

static LIST_ENTRY Tickets;
static UINT32 Bumps;

static UINT32 Count(UINT32 Limit)
{
    UINT32 Index;
    UINT32 Total = 0; /* count-begins */

    for (Index = 0; Index < Limit; Index++) {
        Total += Index; /* count-adds */
    }
    return Total; /* count-returns */
}

static UINT32 Deep(UINT32 Depth)
{
    if (Depth == 0) {
        return 1; /* deepest */
    }
    return 1 + Deep(Depth - 1);
}

VSPLAB_TEST(Steps)
{
    UINT32 Value = 5; /* steps-begins */
    UINT32 Sum;
    TICKET First;
    TICKET Second;

    InitializeListHead(&Tickets);
    First.Number = 1;
    First.Urgent = 1;
    First.Kind = 5;
    Second.Number = 2;
    Second.Urgent = 0;
    Second.Kind = 0;
    InsertTailList(&Tickets, &First.Link);
    InsertTailList(&Tickets, &Second.Link);
    Sum = Count(Value); /* steps-calls */
    BUMP(Bumps); /* steps-macro */
    Sum += Twice(Sum); /* steps-header */
    VSPLAB_LOG("sum %u", Sum);
    Sum += Deep(4); /* steps-deep */
    if (FALSE) {
        Sum = 0; /* steps-dead */
    }
    VSPLAB_ASSERT_EQUAL(35, Sum); /* steps-ends */
}

VSPLAB_TEST(Loops)
{
    volatile UINT32 Turns = 0;

    while (Turns < 1000000) {
        Turns += 1; /* loops-turns */
    }
    VSPLAB_ASSERT(Turns != 0);
}

VSPLAB_TEST(Endless)
{
    volatile UINT32 Turns = 0;

    for (;;) {
        Turns += 1; /* endless-turns */
    }
}

VSPLAB_TEST(Leaks)
{
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'kaeL'); /* leaks-allocates */

    VSPLAB_ASSERT(Block != NULL);
}

VSPLAB_TEST(Overruns)
{
    PUINT8 Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'revO');

    VSPLAB_ASSERT(Block != NULL);
    Block[16] = 1; /* overruns-writes */
    ExFreePoolWithTag(Block, 'revO');
}
