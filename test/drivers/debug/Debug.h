#pragma once

#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

#define DEBUG_LIMIT 3

typedef struct _TICKET {
    LIST_ENTRY Link;
    UINT32 Number;
    UINT8 Urgent : 1;
    UINT8 Kind : 3;
} TICKET, *PTICKET;

/* A function in a header has lines like any other. */
static __inline UINT32 Twice(UINT32 Value)
{
    UINT32 Sum = Value;

    Sum += Value;
    return Sum;
}
