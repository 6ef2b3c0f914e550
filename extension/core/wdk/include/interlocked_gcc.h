/* The intrinsics of intrin.h for the compilers of the benchmark's native half. Included by intrin.h. */
#pragma once

#define VSP_INTERLOCKED_(suffix, type)                                                                                 \
    static __inline type _InterlockedIncrement##suffix(type volatile *p)                                               \
    {                                                                                                                  \
        return __atomic_add_fetch(p, 1, 5);                                                                            \
    }                                                                                                                  \
    static __inline type _InterlockedDecrement##suffix(type volatile *p)                                               \
    {                                                                                                                  \
        return __atomic_sub_fetch(p, 1, 5);                                                                            \
    }                                                                                                                  \
    static __inline type _InterlockedExchange##suffix(type volatile *p, type v)                                        \
    {                                                                                                                  \
        return __atomic_exchange_n(p, v, 5);                                                                           \
    }                                                                                                                  \
    static __inline type _InterlockedExchangeAdd##suffix(type volatile *p, type v)                                     \
    {                                                                                                                  \
        return __atomic_fetch_add(p, v, 5);                                                                            \
    }                                                                                                                  \
    static __inline type _InterlockedAnd##suffix(type volatile *p, type v)                                             \
    {                                                                                                                  \
        return __atomic_fetch_and(p, v, 5);                                                                            \
    }                                                                                                                  \
    static __inline type _InterlockedOr##suffix(type volatile *p, type v)                                              \
    {                                                                                                                  \
        return __atomic_fetch_or(p, v, 5);                                                                             \
    }                                                                                                                  \
    static __inline type _InterlockedXor##suffix(type volatile *p, type v)                                             \
    {                                                                                                                  \
        return __atomic_fetch_xor(p, v, 5);                                                                            \
    }                                                                                                                  \
    static __inline type _InterlockedCompareExchange##suffix(type volatile *p, type v, type c)                         \
    {                                                                                                                  \
        __atomic_compare_exchange_n(p, &c, v, 0, 5, 5);                                                                \
        return c;                                                                                                      \
    }
VSP_INTERLOCKED_(, int)
VSP_INTERLOCKED_(8, char)
VSP_INTERLOCKED_(16, short)
VSP_INTERLOCKED_(64, long long)
#undef VSP_INTERLOCKED_

static __inline void *_InterlockedExchangePointer(void *volatile *target, void *value)
{
    return __atomic_exchange_n(target, value, 5);
}
static __inline void *_InterlockedCompareExchangePointer(void *volatile *destination, void *exchange, void *comparand)
{
    __atomic_compare_exchange_n(destination, &comparand, exchange, 0, 5, 5);
    return comparand;
}
static __inline unsigned char _BitScanForward(unsigned int *index, unsigned int mask)
{
    if (mask != 0) *index = (unsigned)__builtin_ctz(mask);
    return mask != 0;
}
static __inline unsigned char _BitScanReverse(unsigned int *index, unsigned int mask)
{
    if (mask != 0) *index = 31u - (unsigned)__builtin_clz(mask);
    return mask != 0;
}
static __inline unsigned char _BitScanForward64(unsigned int *index, unsigned long long mask)
{
    if (mask != 0) *index = (unsigned)__builtin_ctzll(mask);
    return mask != 0;
}
static __inline unsigned char _BitScanReverse64(unsigned int *index, unsigned long long mask)
{
    if (mask != 0) *index = 63u - (unsigned)__builtin_clzll(mask);
    return mask != 0;
}
static __inline unsigned int _rotl(unsigned int value,
                                   int shift) { return (value << (shift & 31)) | (value >> (-shift & 31)); }
static __inline unsigned int _rotr(unsigned int value,
                                   int shift) { return (value >> (shift & 31)) | (value << (-shift & 31)); }
static __inline unsigned long long _rotl64(unsigned long long value, int shift)
{
    return (value << (shift & 63)) | (value >> (-shift & 63));
}
static __inline unsigned long long _rotr64(unsigned long long value, int shift)
{
    return (value >> (shift & 63)) | (value << (-shift & 63));
}
static __inline unsigned int __popcnt(unsigned int value) { return (unsigned)__builtin_popcount(value); }
static __inline unsigned long long __popcnt64(unsigned long long value)
{
    return (unsigned)__builtin_popcountll(value);
}
#define _ReadWriteBarrier() __atomic_signal_fence(5)
#define _ReadBarrier() __atomic_signal_fence(5)
#define _WriteBarrier() __atomic_signal_fence(5)
