/* What both files of this driver share. */
#pragma once

#include <ntddk.h>

typedef struct _BIG {
    UINT64 Words[9];
} BIG;

typedef struct _SMALL {
    USHORT First;
    USHORT Second;
} SMALL;

extern ULONG Counter;              /* in Second.c */
extern const CHAR *const Messages[3];
ULONG Tentative;                   /* in both: one object */
__declspec(selectany) ULONG Chosen = 42;

BIG MakeBig(UINT64 First, BIG Template);
SMALL Swap(SMALL Pair);
LONG64 SumOf(ULONG Count, ...);
ULONG SecondHelper(VOID);
FORCEINLINE ULONG Twice(ULONG Value)
{
    return 2 * Value;
}
