/*
 * Compiler intrinsics a driver may use on any processor: interlocked operations, bit scans, byte swaps, barriers.
 * Instructions of one processor family (_mm_crc32_u32, __cpuid, __readmsr ...) are declared nowhere: naming one is an
 * error of the compiler.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_MSC_VER)

long _InterlockedIncrement(long volatile *addend);
long _InterlockedDecrement(long volatile *addend);
long _InterlockedExchange(long volatile *target, long value);
long _InterlockedExchangeAdd(long volatile *addend, long value);
long _InterlockedCompareExchange(long volatile *destination, long exchange, long comparand);
long _InterlockedAnd(long volatile *destination, long value);
long _InterlockedOr(long volatile *destination, long value);
long _InterlockedXor(long volatile *destination, long value);
short _InterlockedIncrement16(short volatile *addend);
short _InterlockedDecrement16(short volatile *addend);
short _InterlockedExchange16(short volatile *target, short value);
short _InterlockedExchangeAdd16(short volatile *addend, short value);
short _InterlockedCompareExchange16(short volatile *destination, short exchange, short comparand);
short _InterlockedAnd16(short volatile *destination, short value);
short _InterlockedOr16(short volatile *destination, short value);
short _InterlockedXor16(short volatile *destination, short value);
char _InterlockedExchange8(char volatile *target, char value);
char _InterlockedExchangeAdd8(char volatile *addend, char value);
char _InterlockedCompareExchange8(char volatile *destination, char exchange, char comparand);
char _InterlockedAnd8(char volatile *destination, char value);
char _InterlockedOr8(char volatile *destination, char value);
char _InterlockedXor8(char volatile *destination, char value);
__int64 _InterlockedIncrement64(__int64 volatile *addend);
__int64 _InterlockedDecrement64(__int64 volatile *addend);
__int64 _InterlockedExchange64(__int64 volatile *target, __int64 value);
__int64 _InterlockedExchangeAdd64(__int64 volatile *addend, __int64 value);
__int64 _InterlockedCompareExchange64(__int64 volatile *destination, __int64 exchange, __int64 comparand);
__int64 _InterlockedAnd64(__int64 volatile *destination, __int64 value);
__int64 _InterlockedOr64(__int64 volatile *destination, __int64 value);
__int64 _InterlockedXor64(__int64 volatile *destination, __int64 value);
void *_InterlockedExchangePointer(void *volatile *target, void *value);
void *_InterlockedCompareExchangePointer(void *volatile *destination, void *exchange, void *comparand);
unsigned char _BitScanForward(unsigned long *index, unsigned long mask);
unsigned char _BitScanReverse(unsigned long *index, unsigned long mask);
unsigned char _BitScanForward64(unsigned long *index, unsigned __int64 mask);
unsigned char _BitScanReverse64(unsigned long *index, unsigned __int64 mask);
unsigned int _rotl(unsigned int value, int shift);
unsigned int _rotr(unsigned int value, int shift);
unsigned __int64 _rotl64(unsigned __int64 value, int shift);
unsigned __int64 _rotr64(unsigned __int64 value, int shift);
unsigned char _rotl8(unsigned char value, unsigned char shift);
unsigned char _rotr8(unsigned char value, unsigned char shift);
unsigned short _rotl16(unsigned short value, unsigned char shift);
unsigned short _rotr16(unsigned short value, unsigned char shift);
unsigned long _lrotl(unsigned long value, int shift);
unsigned long _lrotr(unsigned long value, int shift);
unsigned short __popcnt16(unsigned short value);
unsigned int __popcnt(unsigned int value);
unsigned __int64 __popcnt64(unsigned __int64 value);
void _ReadWriteBarrier(void);
void _ReadBarrier(void);
void _WriteBarrier(void);
void *_AddressOfReturnAddress(void);
void *_ReturnAddress(void);

#else

#include <interlocked_gcc.h>

#endif

#if defined(_MSC_VER)
#define VSP_LONG_ long
#else
#define VSP_LONG_ int
#endif

static __inline unsigned short _byteswap_ushort(unsigned short value) { return __builtin_bswap16(value); }
static __inline unsigned VSP_LONG_ _byteswap_ulong(unsigned VSP_LONG_ value) { return __builtin_bswap32(value); }
static __inline unsigned long long _byteswap_uint64(unsigned long long value) { return __builtin_bswap64(value); }

/* Bit tests by number; the interlocked ones need no more, since one thread runs at a time. */
#define VSP_BIT_TEST_(suffix, type, utype, shift)                                                                      \
    static __inline unsigned char VspBitTest##suffix(type const volatile *base, type offset)                           \
    {                                                                                                                  \
        return (unsigned char)(((utype)base[offset >> shift] >> (offset & ((1 << shift) - 1))) & 1);                   \
    }                                                                                                                  \
    static __inline unsigned char VspBitTestChange##suffix(type volatile *base, type offset, int clear, int toggle)    \
    {                                                                                                                  \
        utype mask = (utype)1 << (offset & ((1 << shift) - 1));                                                        \
        utype old = (utype)base[offset >> shift];                                                                      \
        base[offset >> shift] = (type)(toggle ? old ^ mask : clear ? old & ~mask : old | mask);                        \
        return (unsigned char)((old & mask) != 0);                                                                     \
    }
VSP_BIT_TEST_(32_, VSP_LONG_, unsigned VSP_LONG_, 5)
VSP_BIT_TEST_(64_, long long, unsigned long long, 6)
#undef VSP_BIT_TEST_
#define _bittest(base, offset) VspBitTest32_(base, offset)
#define _bittestandset(base, offset) VspBitTestChange32_(base, offset, 0, 0)
#define _bittestandreset(base, offset) VspBitTestChange32_(base, offset, 1, 0)
#define _bittestandcomplement(base, offset) VspBitTestChange32_(base, offset, 0, 1)
#define _interlockedbittestandset(base, offset) VspBitTestChange32_(base, offset, 0, 0)
#define _interlockedbittestandreset(base, offset) VspBitTestChange32_(base, offset, 1, 0)
#define _bittest64(base, offset) VspBitTest64_(base, offset)
#define _bittestandset64(base, offset) VspBitTestChange64_(base, offset, 0, 0)
#define _bittestandreset64(base, offset) VspBitTestChange64_(base, offset, 1, 0)
#define _bittestandcomplement64(base, offset) VspBitTestChange64_(base, offset, 0, 1)
#define _interlockedbittestandset64(base, offset) VspBitTestChange64_(base, offset, 0, 0)
#define _interlockedbittestandreset64(base, offset) VspBitTestChange64_(base, offset, 1, 0)

/* Every access is performed in order here, so a 128-bit exchange is two loads, a comparison and two stores. */
static __inline unsigned char VspCompareExchange128_(long long volatile *destination, long long high, long long low,
                                                     long long *comparand)
{
    long long oldLow = destination[0];
    long long oldHigh = destination[1];
    if (oldLow == comparand[0] && oldHigh == comparand[1]) {
        destination[0] = low;
        destination[1] = high;
        return 1;
    }
    comparand[0] = oldLow;
    comparand[1] = oldHigh;
    return 0;
}
#define _InterlockedCompareExchange128(destination, high, low, comparand)                                              \
    VspCompareExchange128_(destination, high, low, comparand)

static __inline unsigned long long VspMultiplyHigh_(unsigned long long a, unsigned long long b, unsigned long long *low)
{
    unsigned long long a0 = (unsigned)a, a1 = a >> 32, b0 = (unsigned)b, b1 = b >> 32;
    unsigned long long middle = a1 * b0 + ((a0 * b0) >> 32);
    unsigned long long other = a0 * b1 + (unsigned)middle;
    *low = a * b;
    return a1 * b1 + (middle >> 32) + (other >> 32);
}
static __inline unsigned long long VspUnsignedMultiplyHigh_(unsigned long long a, unsigned long long b)
{
    unsigned long long low;
    return VspMultiplyHigh_(a, b, &low);
}
static __inline long long VspSignedMultiplyHigh_(long long a, long long b)
{
    unsigned long long low;
    unsigned long long high = VspMultiplyHigh_((unsigned long long)a, (unsigned long long)b, &low);
    return (long long)(high - (a < 0 ? (unsigned long long)b : 0) - (b < 0 ? (unsigned long long)a : 0));
}
#define __umulh(a, b) VspUnsignedMultiplyHigh_(a, b)
#define __mulh(a, b) VspSignedMultiplyHigh_(a, b)
static __inline unsigned long long VspUnsignedMultiply128_(unsigned long long a, unsigned long long b,
                                                           unsigned long long *high)
{
    unsigned long long low;
    *high = VspMultiplyHigh_(a, b, &low);
    return low;
}
#define _umul128(a, b, high) VspUnsignedMultiply128_(a, b, high)

/* Fast fail and breakpoints end the test with a finding at this line. */
#if defined(_MSC_VER)
__declspec(noreturn)
#else
__attribute__((noreturn))
#endif
void VspFastFail_(unsigned int code);
void DbgBreakPoint(void);
#define __fastfail(code) VspFastFail_(code)
#define __debugbreak() DbgBreakPoint()

/* Hints and fences mean nothing where one thread runs at a time. */
#define _mm_pause() ((void)0)
#define __yield() ((void)0)
#define _mm_mfence() _ReadWriteBarrier()
#define _mm_lfence() _ReadWriteBarrier()
#define _mm_sfence() _ReadWriteBarrier()
#define __faststorefence() _ReadWriteBarrier()
#define _mm_prefetch(address, hint) ((void)(address))
#define _m_prefetchw(address) ((void)(address))

#ifdef __cplusplus
}
#endif
