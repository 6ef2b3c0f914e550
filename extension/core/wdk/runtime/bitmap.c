/*
 * RTL_BITMAP.
 */
#include "kernel.h"

static void check(PRTL_BITMAP map)
{
    vsp_check_read(map, sizeof *map);
    vsp_check_write(map->Buffer, (map->SizeOfBitMap + 31ull) / 32 * 4);
}

static int get(PRTL_BITMAP map, ULONG bit)
{
    return map->Buffer[bit / 32] >> bit % 32 & 1;
}

static void put(PRTL_BITMAP map, ULONG first, ULONG count, int value)
{
    for (uint64_t bit = first; bit < (uint64_t)first + count && bit < map->SizeOfBitMap; bit++) {
        const ULONG mask = 1u << bit % 32;
        map->Buffer[bit / 32] = value ? map->Buffer[bit / 32] | mask : map->Buffer[bit / 32] & ~mask;
    }
}

static int all(PRTL_BITMAP map, ULONG first, ULONG count, int value)
{
    if ((uint64_t)first + count > map->SizeOfBitMap) {
        return 0;
    }
    for (ULONG i = 0; i < count; i++) {
        if (get(map, first + i) != value) {
            return 0;
        }
    }
    return 1;
}

/* First run of `count` bits of `value` at or after the hint, then from 0; MAXULONG when there is none. */
static ULONG find(PRTL_BITMAP map, ULONG count, ULONG hint, int value)
{
    const ULONG start = hint < map->SizeOfBitMap ? hint & ~7u : 0;
    ULONG run = 0;
    for (ULONG i = start; i < map->SizeOfBitMap; i++) {
        run = get(map, i) == value ? run + 1 : 0;
        if (run >= count) {
            return i + 1 - run;
        }
    }
    run = 0;
    for (uint64_t i = 0; i < map->SizeOfBitMap && i < (uint64_t)start + count; i++) {
        run = get(map, (ULONG)i) == value ? run + 1 : 0;
        if (run >= count) {
            return (ULONG)i + 1 - run;
        }
    }
    return MAXULONG;
}

VOID RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    vsp_check_write(BitMapHeader, sizeof *BitMapHeader);
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

VOID RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    check(BitMapHeader);
    vsp_set(BitMapHeader->Buffer, 0, (BitMapHeader->SizeOfBitMap + 31ull) / 32 * 4);
}

VOID RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    check(BitMapHeader);
    vsp_set(BitMapHeader->Buffer, 0xFF, (BitMapHeader->SizeOfBitMap + 31ull) / 32 * 4);
}

VOID RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    RtlSetBits(BitMapHeader, BitNumber, 1);
}

VOID RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    RtlClearBits(BitMapHeader, BitNumber, 1);
}

BOOLEAN RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    return RtlAreBitsSet(BitMapHeader, BitNumber, 1);
}

VOID RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    check(BitMapHeader);
    put(BitMapHeader, StartingIndex, NumberToSet, 1);
}

VOID RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    check(BitMapHeader);
    put(BitMapHeader, StartingIndex, NumberToClear, 0);
}

ULONG RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    check(BitMapHeader);
    return NumberToFind == 0 ? HintIndex & ~7u : find(BitMapHeader, NumberToFind, HintIndex, 0);
}

ULONG RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    const ULONG first = RtlFindClearBits(BitMapHeader, NumberToFind, HintIndex);
    if (first != MAXULONG) {
        put(BitMapHeader, first, NumberToFind, 1);
    }
    return first;
}

ULONG RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    check(BitMapHeader);
    return NumberToFind == 0 ? HintIndex & ~7u : find(BitMapHeader, NumberToFind, HintIndex, 1);
}

ULONG RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    check(BitMapHeader);
    ULONG count = 0;
    for (ULONG i = 0; i < BitMapHeader->SizeOfBitMap; i++) {
        count += (ULONG)get(BitMapHeader, i);
    }
    return count;
}

ULONG RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader)
{
    return BitMapHeader->SizeOfBitMap - RtlNumberOfSetBits(BitMapHeader);
}

BOOLEAN RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    check(BitMapHeader);
    return (BOOLEAN)all(BitMapHeader, StartingIndex, Length, 0);
}

BOOLEAN RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    check(BitMapHeader);
    return (BOOLEAN)all(BitMapHeader, StartingIndex, Length, 1);
}
