/* The other file: functions with the same static names, variadic and by-value ones, data. */
#include "Shared.h"

#include <stdarg.h>

ULONG Counter = 7;
const CHAR *const Messages[3] = {"zero", "one", "two"};

static ULONG Helper(VOID) /* the other file has one too */
{
    static ULONG Calls;
    return ++Calls + Twice(50);
}

ULONG SecondHelper(VOID)
{
    return Helper();
}

BIG MakeBig(UINT64 First, BIG Template)
{
    Template.Words[0] = First;
    Template.Words[8]++;
    return Template;
}

SMALL Swap(SMALL Pair)
{
    SMALL Swapped = {Pair.Second, Pair.First};
    return Swapped;
}

/* Every second argument is a LONG64, the others are LONG. */
LONG64 SumOf(ULONG Count, ...)
{
    LONG64 Sum = 0;
    ULONG Index;
    va_list Arguments;
    va_list Copy;

    va_start(Arguments, Count);
    va_copy(Copy, Arguments);
    for (Index = 0; Index < Count; Index++) {
        Sum += Index % 2 == 0 ? va_arg(Arguments, LONG) : va_arg(Arguments, LONG64);
    }
    if (Count != 0) {
        Sum += 1000 * (LONG64)va_arg(Copy, LONG);
    }
    va_end(Copy);
    va_end(Arguments);
    return Sum;
}
