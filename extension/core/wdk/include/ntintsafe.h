/* Checked arithmetic: RtlULongAdd, RtlSizeTMult, RtlSizeTToULong and family. Overflow is STATUS_INTEGER_OVERFLOW. */
#pragma once

#include <ntdef.h>

#define INT8_ERROR (-1)
#define UINT8_ERROR 0xff
#define BYTE_ERROR 0xff
#define SHORT_ERROR (-1)
#define INT16_ERROR (-1)
#define USHORT_ERROR 0xffff
#define UINT16_ERROR 0xffff
#define INT_ERROR (-1)
#define LONG_ERROR (-1L)
#define UINT_ERROR 0xffffffff
#define ULONG_ERROR 0xffffffffUL
#define DWORD_ERROR 0xffffffffUL
#define LONGLONG_ERROR (-1LL)
#define ULONGLONG_ERROR 0xffffffffffffffffULL
#define SIZET_ERROR 0xffffffffffffffffULL
#define ULONG_PTR_ERROR 0xffffffffffffffffULL

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One function per operation and type; names for the same type are macros. Drivers include this header for two or three
 * of its three hundred names, and each function costs every compilation as much as a line of the driver.
 */

/* ---- Conversion to each type, from any signed or unsigned one: a value fits if it comes back with its sign ------- */

#define VSP_FIT_(Goal, Type)                                                                                           \
    _Must_inspect_result_ FORCEINLINE NTSTATUS VspSignedTo##Goal##_(_In_ LONGLONG Operand, _Out_ Type *Result)         \
    {                                                                                                                  \
        BOOLEAN fits = (LONGLONG)(Type)Operand == Operand && ((Type)Operand < 0) == (Operand < 0);                     \
        *Result = fits ? (Type)Operand : (Type)-1;                                                                     \
        return fits ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW;                                                        \
    }                                                                                                                  \
    _Must_inspect_result_ FORCEINLINE NTSTATUS VspUnsignedTo##Goal##_(_In_ ULONGLONG Operand, _Out_ Type *Result)      \
    {                                                                                                                  \
        BOOLEAN fits = (ULONGLONG)(Type)Operand == Operand && !((Type)Operand < 0);                                    \
        *Result = fits ? (Type)Operand : (Type)-1;                                                                     \
        return fits ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW;                                                        \
    }

#if defined(__clang__) || defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
#endif

VSP_FIT_(Int8, INT8)
VSP_FIT_(UInt8, UINT8)
VSP_FIT_(Short, SHORT)
VSP_FIT_(UShort, USHORT)
VSP_FIT_(Int, INT)
VSP_FIT_(UInt, UINT)
VSP_FIT_(Long, LONG)
VSP_FIT_(ULong, ULONG)
VSP_FIT_(LongLong, LONGLONG)
VSP_FIT_(ULongLong, ULONGLONG)

#if defined(__clang__) || defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#undef VSP_FIT_

/* ---- Add, subtract, multiply ------------------------------------------------------------------------------------- */

/* On overflow the result is all ones, or -1. */
#define VSP_CHECKED_(Name, Type, Operation, Parameter1, Parameter2, Overflows, Value)                                  \
    _Must_inspect_result_ FORCEINLINE NTSTATUS Rtl##Name##Operation(Type Parameter1, Type Parameter2, Type *Result)    \
    {                                                                                                                  \
        BOOLEAN overflows = (BOOLEAN)(Overflows);                                                                      \
        *Result = overflows ? (Type)-1 : (Type)(Value);                                                                \
        return overflows ? STATUS_INTEGER_OVERFLOW : STATUS_SUCCESS;                                                   \
    }

#define VSP_CHECKED_UNSIGNED_(Name, Type)                                                                              \
    VSP_CHECKED_(Name, Type, Add, Augend, Addend, (Type)(Augend + Addend) < Augend, Augend + Addend)                   \
    VSP_CHECKED_(Name, Type, Sub, Minuend, Subtrahend, Minuend < Subtrahend, Minuend - Subtrahend)                     \
    VSP_CHECKED_(Name, Type, Mult, Multiplicand, Multiplier,                                                           \
                 Multiplicand != 0 && Multiplier > (Type)-1 / Multiplicand,                                            \
                 (ULONGLONG)Multiplicand * (ULONGLONG)Multiplier)

/* At most 32 bits: 64 hold every result. */
#define VSP_CHECKED_SMALL_(Name, Type, Operation, Parameter1, Operator, Parameter2)                                    \
    _Must_inspect_result_ FORCEINLINE NTSTATUS Rtl##Name##Operation(Type Parameter1, Type Parameter2, Type *Result)    \
    {                                                                                                                  \
        return VspSignedTo##Name##_((LONGLONG)Parameter1 Operator Parameter2, Result);                                 \
    }
#define VSP_CHECKED_SIGNED_(Name, Type)                                                                                \
    VSP_CHECKED_SMALL_(Name, Type, Add, Augend, +, Addend)                                                             \
    VSP_CHECKED_SMALL_(Name, Type, Sub, Minuend, -, Subtrahend)                                                        \
    VSP_CHECKED_SMALL_(Name, Type, Mult, Multiplicand, *, Multiplier)

VSP_CHECKED_UNSIGNED_(UInt8, UINT8)
VSP_CHECKED_UNSIGNED_(UShort, USHORT)
VSP_CHECKED_UNSIGNED_(UInt, UINT)
VSP_CHECKED_UNSIGNED_(ULong, ULONG)
VSP_CHECKED_UNSIGNED_(ULongLong, ULONGLONG)
VSP_CHECKED_SIGNED_(Int8, INT8)
VSP_CHECKED_SIGNED_(Short, SHORT)
VSP_CHECKED_SIGNED_(Int, INT)
VSP_CHECKED_SIGNED_(Long, LONG)
VSP_CHECKED_(LongLong, LONGLONG, Add, Augend, Addend,
             (Addend >= 0) ? (Augend > MAXLONGLONG - Addend) : (Augend < -MAXLONGLONG - 1 - Addend), Augend + Addend)
VSP_CHECKED_(LongLong, LONGLONG, Sub, Minuend, Subtrahend,
             (Subtrahend >= 0) ? (Minuend < -MAXLONGLONG - 1 + Subtrahend) : (Minuend > MAXLONGLONG + Subtrahend),
             Minuend - Subtrahend)

_Must_inspect_result_ FORCEINLINE NTSTATUS RtlLongLongMult(LONGLONG Multiplicand, LONGLONG Multiplier, LONGLONG *Result)
{
    ULONGLONG a = (Multiplicand < 0) ? 0 - (ULONGLONG)Multiplicand : (ULONGLONG)Multiplicand;
    ULONGLONG b = (Multiplier < 0) ? 0 - (ULONGLONG)Multiplier : (ULONGLONG)Multiplier;
    BOOLEAN negative = (BOOLEAN)((Multiplicand < 0) != (Multiplier < 0));
    ULONGLONG limit = (ULONGLONG)MAXLONGLONG + (negative ? 1 : 0);
    if (a != 0 && b > limit / a) {
        *Result = -1;
        return STATUS_INTEGER_OVERFLOW;
    }
    *Result = negative ? (LONGLONG)(0 - a * b) : (LONGLONG)(a * b);
    return STATUS_SUCCESS;
}

#undef VSP_CHECKED_
#undef VSP_CHECKED_UNSIGNED_
#undef VSP_CHECKED_SMALL_
#undef VSP_CHECKED_SIGNED_

#define RtlULongPtrAdd RtlULongLongAdd
#define RtlULongPtrSub RtlULongLongSub
#define RtlULongPtrMult RtlULongLongMult
#define RtlUIntPtrAdd RtlULongLongAdd
#define RtlUIntPtrSub RtlULongLongSub
#define RtlUIntPtrMult RtlULongLongMult
#define RtlSizeTAdd RtlULongLongAdd
#define RtlSizeTSub RtlULongLongSub
#define RtlSizeTMult RtlULongLongMult
#define RtlLongPtrAdd RtlLongLongAdd
#define RtlLongPtrSub RtlLongLongSub
#define RtlLongPtrMult RtlLongLongMult
#define RtlSSizeTAdd RtlLongLongAdd
#define RtlSSizeTSub RtlLongLongSub
#define RtlSSizeTMult RtlLongLongMult
#define RtlUInt16Add RtlUShortAdd
#define RtlUInt16Sub RtlUShortSub
#define RtlUInt16Mult RtlUShortMult
#define RtlWordAdd RtlUShortAdd
#define RtlUInt32Add RtlUIntAdd
#define RtlUInt32Sub RtlUIntSub
#define RtlUInt32Mult RtlUIntMult
#define RtlDWordAdd RtlULongAdd
#define RtlDWordSub RtlULongSub
#define RtlDWordMult RtlULongMult
#define RtlUInt64Add RtlULongLongAdd
#define RtlUInt64Sub RtlULongLongSub
#define RtlUInt64Mult RtlULongLongMult
#define RtlULong64Add RtlULongLongAdd
#define RtlULong64Mult RtlULongLongMult
#define RtlSIZETAdd RtlULongLongAdd
#define RtlSIZETSub RtlULongLongSub
#define RtlSIZETMult RtlULongLongMult
#define RtlInt32Add RtlIntAdd
#define RtlInt32Sub RtlIntSub
#define RtlInt32Mult RtlIntMult
#define RtlInt64Add RtlLongLongAdd
#define RtlInt64Sub RtlLongLongSub
#define RtlInt64Mult RtlLongLongMult

#ifdef __cplusplus
}
#endif

#include <ntintsafeconvert.h>
