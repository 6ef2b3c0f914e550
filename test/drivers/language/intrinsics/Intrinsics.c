/* What stands for single instructions: interlocked operations, bit scans, byte swaps; and the lists made of them. */
#include <ntddk.h>
#include <vsplab.h>

VSPLAB_TEST(InterlockedOn32Bits)
{
    volatile LONG Value = 5;

    VSPLAB_ASSERT_EQUAL(6, _InterlockedIncrement(&Value));
    VSPLAB_ASSERT_EQUAL(5, InterlockedDecrement(&Value));
    VSPLAB_ASSERT_EQUAL(5, _InterlockedExchangeAdd(&Value, -10));
    VSPLAB_ASSERT_EQUAL(-5, _InterlockedExchange(&Value, 12));
    VSPLAB_ASSERT_EQUAL(12, _InterlockedCompareExchange(&Value, 1, 99)); /* not equal: stays */
    VSPLAB_ASSERT_EQUAL(12, InterlockedCompareExchange(&Value, 0xF0, 12));
    VSPLAB_ASSERT_EQUAL(0xF0, _InterlockedOr(&Value, 0x0F));
    VSPLAB_ASSERT_EQUAL(0xFF, _InterlockedAnd(&Value, 0x3C));
    VSPLAB_ASSERT_EQUAL(0x3C, _InterlockedXor(&Value, 0xFF));
    VSPLAB_ASSERT_EQUAL(0xC3, Value);
    VSPLAB_ASSERT_EQUAL(0xC5, InterlockedAdd(&Value, 2));
}

VSPLAB_TEST(InterlockedOnOtherWidths)
{
    volatile LONG64 Wide = MAXULONG;
    volatile SHORT Short = 7;
    volatile CHAR Byte = 1;
    PVOID volatile Pointer = NULL;
    ULONG Object;

    VSPLAB_ASSERT_EQUAL(0x100000000, InterlockedIncrement64(&Wide));
    VSPLAB_ASSERT_EQUAL(0x100000000, InterlockedCompareExchange64(&Wide, -1, 0x100000000));
    VSPLAB_ASSERT_EQUAL(-1, InterlockedExchange64(&Wide, 3));
    VSPLAB_ASSERT_EQUAL(8, _InterlockedIncrement16(&Short));
    VSPLAB_ASSERT_EQUAL(1, _InterlockedExchange8(&Byte, 2));
    VSPLAB_ASSERT_EQUAL(2, _InterlockedOr8(&Byte, 4));
    VSPLAB_ASSERT(InterlockedExchangePointer(&Pointer, &Object) == NULL);
    VSPLAB_ASSERT(InterlockedCompareExchangePointer(&Pointer, NULL, &Object) == &Object);
    VSPLAB_ASSERT(Pointer == NULL);
}

VSPLAB_TEST(BitTests)
{
    LONG Bits[2] = {0};

    VSPLAB_ASSERT_EQUAL(0, InterlockedBitTestAndSet(Bits, 35));
    VSPLAB_ASSERT_EQUAL(1, InterlockedBitTestAndSet(Bits, 35));
    VSPLAB_ASSERT_EQUAL(8, Bits[1]);
    VSPLAB_ASSERT_EQUAL(1, BitTest(Bits, 35));
    VSPLAB_ASSERT_EQUAL(1, InterlockedBitTestAndReset(Bits, 35));
    VSPLAB_ASSERT_EQUAL(0, Bits[1]);
}

VSPLAB_TEST(BitScans)
{
    ULONG Index = 77;

    VSPLAB_ASSERT_EQUAL(0, _BitScanForward(&Index, 0));
    VSPLAB_ASSERT(_BitScanForward(&Index, 0x00300000) && Index == 20);
    VSPLAB_ASSERT(_BitScanReverse(&Index, 0x00300000) && Index == 21);
    VSPLAB_ASSERT(_BitScanForward64(&Index, 1ull << 63) && Index == 63);
    VSPLAB_ASSERT(_BitScanReverse64(&Index, 0x1FFFFFFFFull) && Index == 32);
    VSPLAB_ASSERT_EQUAL(0, _BitScanReverse64(&Index, 0));
}

VSPLAB_TEST(ByteSwapsAndRotations)
{
    VSPLAB_ASSERT_EQUAL(0x3412, _byteswap_ushort(0x1234));
    VSPLAB_ASSERT_EQUAL(0x78563412, _byteswap_ulong(0x12345678));
    VSPLAB_ASSERT_EQUAL(0xEFCDAB8967452301, _byteswap_uint64(0x0123456789ABCDEF));
    VSPLAB_ASSERT_EQUAL(0x78563412, RtlUlongByteSwap(0x12345678));
    VSPLAB_ASSERT_EQUAL(0x23456781, _rotl(0x12345678, 4));
    VSPLAB_ASSERT_EQUAL(0x81234567, _rotr(0x12345678, 4));
    VSPLAB_ASSERT_EQUAL(0x8000000000000000, _rotr64(1, 1));
    VSPLAB_ASSERT_EQUAL(12, __popcnt(0xFF0F));
    VSPLAB_ASSERT_EQUAL(64, __popcnt64(MAXUINT64));
}

VSPLAB_TEST(Barriers)
{
    volatile ULONG Value = 1;

    YieldProcessor();
    KeMemoryBarrier();
    MemoryBarrier();
    _ReadWriteBarrier();
    KeMemoryBarrierWithoutFence();
    VSPLAB_ASSERT_EQUAL(1, ReadULongAcquire(&Value));
    WriteULongRelease(&Value, 2);
    VSPLAB_ASSERT_EQUAL(2, ReadULongNoFence(&Value));
}

VSPLAB_TEST(MultiplicationToTwiceTheWidth)
{
    ULONG64 High;
    ULONG64 Low = _umul128(0xFFFFFFFFFFFFFFFF, 0x10, &High);

    VSPLAB_ASSERT_EQUAL(0xFFFFFFFFFFFFFFF0, Low);
    VSPLAB_ASSERT_EQUAL(0xF, High);
    VSPLAB_ASSERT_EQUAL(0x1FFFFFFFE, UInt32x32To64(0xFFFFFFFF, 2));
    VSPLAB_ASSERT_EQUAL(-2, Int32x32To64(-1, 2));
}

typedef struct DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) _ITEM {
    SLIST_ENTRY Link;
    ULONG Number;
} ITEM;

VSPLAB_TEST(SinglyLinkedLists)
{
    SLIST_HEADER Head;
    ITEM Items[3] = {0};
    ULONG Index;

    InitializeSListHead(&Head);
    VSPLAB_ASSERT(InterlockedPopEntrySList(&Head) == NULL);
    for (Index = 0; Index < ARRAYSIZE(Items); Index++) {
        PSLIST_ENTRY Previous = InterlockedPushEntrySList(&Head, &Items[Index].Link);
        VSPLAB_ASSERT(Previous == (Index == 0 ? NULL : &Items[Index - 1].Link));
    }
    VSPLAB_ASSERT_EQUAL(3, ExQueryDepthSList(&Head));
    VSPLAB_ASSERT(InterlockedPopEntrySList(&Head) == &Items[2].Link);
    VSPLAB_ASSERT(InterlockedFlushSList(&Head) == &Items[1].Link);
    VSPLAB_ASSERT(Items[1].Link.Next == &Items[0].Link);
    VSPLAB_ASSERT_EQUAL(0, ExQueryDepthSList(&Head));
}

VSPLAB_TEST(DoublyLinkedLists)
{
    LIST_ENTRY Head;
    LIST_ENTRY First;
    LIST_ENTRY Second;

    InitializeListHead(&Head);
    InsertTailList(&Head, &First);
    InsertHeadList(&Head, &Second);
    VSPLAB_ASSERT(Head.Flink == &Second && Head.Blink == &First);
    VSPLAB_ASSERT(!RemoveEntryList(&Second));
    VSPLAB_ASSERT(RemoveTailList(&Head) == &First);
    VSPLAB_ASSERT(IsListEmpty(&Head));
}
