/* Strings of known capacity: RtlStringCbPrintfW, RtlStringCchCopyA and their family; RtlUnicodeStringPrintf. */
#pragma once

#include <ntdef.h>
#include <stdio.h>
#include <string.h>

#if defined(_MSC_VER)

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

typedef PSTR NTSTRSAFE_PSTR;
typedef PCSTR NTSTRSAFE_PCSTR;
typedef PWSTR NTSTRSAFE_PWSTR;
typedef PCWSTR NTSTRSAFE_PCWSTR;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One family per character type. Capacities and lengths are in characters; the Cb variants divide. A capacity of 0 or
 * above NTSTRSAFE_MAX_CCH is STATUS_INVALID_PARAMETER; what does not fit is cut, terminated and STATUS_BUFFER_OVERFLOW.
 */
#define VSP_STRSAFE_(S, Char, Text, ConstText, Print)                                                                  \
    static __inline NTSTATUS VspStringCopy##S##_(Text Dest, SIZE_T Capacity, SIZE_T At, ConstText Src, SIZE_T Limit)   \
    {                                                                                                                  \
        if (Capacity == 0 || Capacity > NTSTRSAFE_MAX_CCH) {                                                           \
            return STATUS_INVALID_PARAMETER;                                                                           \
        }                                                                                                              \
        for (; Limit > 0 && *Src != 0; Limit--) {                                                                      \
            if (At + 1 >= Capacity) {                                                                                  \
                Dest[Capacity - 1] = 0;                                                                                \
                return STATUS_BUFFER_OVERFLOW;                                                                         \
            }                                                                                                          \
            Dest[At++] = *Src++;                                                                                       \
        }                                                                                                              \
        Dest[At] = 0;                                                                                                  \
        return STATUS_SUCCESS;                                                                                         \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCchLength##S(ConstText Source, SIZE_T Maximum, SIZE_T *Length)                   \
    {                                                                                                                  \
        SIZE_T length = 0;                                                                                             \
        while (Source != NULL && Maximum <= NTSTRSAFE_MAX_CCH && length < Maximum && Source[length] != 0) {            \
            length++;                                                                                                  \
        }                                                                                                              \
        if (Source == NULL || Maximum > NTSTRSAFE_MAX_CCH || length == Maximum) {                                      \
            length = 0;                                                                                                \
            Maximum = 0;                                                                                               \
        }                                                                                                              \
        if (Length != NULL) {                                                                                          \
            *Length = length;                                                                                          \
        }                                                                                                              \
        return (Maximum != 0) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;                                             \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCbLength##S(ConstText Source, SIZE_T Maximum, SIZE_T *Length)                    \
    {                                                                                                                  \
        NTSTATUS status = RtlStringCchLength##S(Source, Maximum / sizeof(Char), Length);                               \
        if (Length != NULL) {                                                                                          \
            *Length *= sizeof(Char);                                                                                   \
        }                                                                                                              \
        return status;                                                                                                 \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCchCopyN##S(Text Dest, SIZE_T Capacity, ConstText Src, SIZE_T Count)             \
    {                                                                                                                  \
        return VspStringCopy##S##_(Dest, Capacity, 0, Src, Count);                                                     \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCchCopy##S(Text Dest, SIZE_T Capacity, ConstText Src)                            \
    {                                                                                                                  \
        return VspStringCopy##S##_(Dest, Capacity, 0, Src, NTSTRSAFE_MAX_CCH);                                         \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCbCopyN##S(Text Dest, SIZE_T Bytes, ConstText Src, SIZE_T Count)                 \
    {                                                                                                                  \
        return VspStringCopy##S##_(Dest, Bytes / sizeof(Char), 0, Src, Count / sizeof(Char));                          \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCbCopy##S(Text Dest, SIZE_T Bytes, ConstText Src)                                \
    {                                                                                                                  \
        return VspStringCopy##S##_(Dest, Bytes / sizeof(Char), 0, Src, NTSTRSAFE_MAX_CCH);                             \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCchCatN##S(Text Dest, SIZE_T Capacity, ConstText Src, SIZE_T Count)              \
    {                                                                                                                  \
        SIZE_T length;                                                                                                 \
        NTSTATUS status = RtlStringCchLength##S(Dest, Capacity, &length);                                              \
        return NT_SUCCESS(status) ? VspStringCopy##S##_(Dest, Capacity, length, Src, Count) : status;                  \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCchCat##S(Text Dest, SIZE_T Capacity, ConstText Src)                             \
    {                                                                                                                  \
        return RtlStringCchCatN##S(Dest, Capacity, Src, NTSTRSAFE_MAX_CCH);                                            \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCbCat##S(Text Dest, SIZE_T Bytes, ConstText Src)                                 \
    {                                                                                                                  \
        return RtlStringCchCatN##S(Dest, Bytes / sizeof(Char), Src, NTSTRSAFE_MAX_CCH);                                \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCbCatN##S(Text Dest, SIZE_T Bytes, ConstText Src, SIZE_T Count)                  \
    {                                                                                                                  \
        return RtlStringCchCatN##S(Dest, Bytes / sizeof(Char), Src, Count / sizeof(Char));                             \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCchVPrintf##S(Text Dest, SIZE_T Capacity, ConstText Format, va_list Arguments)   \
    {                                                                                                                  \
        int length;                                                                                                    \
        if (Capacity == 0 || Capacity > NTSTRSAFE_MAX_CCH) {                                                           \
            return STATUS_INVALID_PARAMETER;                                                                           \
        }                                                                                                              \
        length = Print(Dest, Capacity - 1, Format, Arguments);                                                         \
        if (length < 0 || (SIZE_T)length >= Capacity) {                                                                \
            Dest[Capacity - 1] = 0;                                                                                    \
            return STATUS_BUFFER_OVERFLOW;                                                                             \
        }                                                                                                              \
        Dest[length] = 0;                                                                                              \
        return STATUS_SUCCESS;                                                                                         \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCbVPrintf##S(Text Dest, SIZE_T Bytes, ConstText Format, va_list Arguments)       \
    {                                                                                                                  \
        return RtlStringCchVPrintf##S(Dest, Bytes / sizeof(Char), Format, Arguments);                                  \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCchPrintf##S(Text Dest, SIZE_T Capacity, ConstText Format, ...)                  \
    {                                                                                                                  \
        NTSTATUS status;                                                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, Format);                                                                                   \
        status = RtlStringCchVPrintf##S(Dest, Capacity, Format, arguments);                                            \
        va_end(arguments);                                                                                             \
        return status;                                                                                                 \
    }                                                                                                                  \
    static __inline NTSTATUS RtlStringCbPrintf##S(Text Dest, SIZE_T Bytes, ConstText Format, ...)                      \
    {                                                                                                                  \
        NTSTATUS status;                                                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, Format);                                                                                   \
        status = RtlStringCchVPrintf##S(Dest, Bytes / sizeof(Char), Format, arguments);                                \
        va_end(arguments);                                                                                             \
        return status;                                                                                                 \
    }

VSP_STRSAFE_(A, CHAR, NTSTRSAFE_PSTR, NTSTRSAFE_PCSTR, _vsnprintf)
VSP_STRSAFE_(W, WCHAR, NTSTRSAFE_PWSTR, NTSTRSAFE_PCWSTR, _vsnwprintf)
#undef VSP_STRSAFE_

static __inline NTSTATUS RtlUnicodeStringInit(_Out_ PUNICODE_STRING DestinationString, _In_opt_ NTSTRSAFE_PCWSTR pszSrc)
{
    SIZE_T length = 0;
    NTSTATUS status = STATUS_SUCCESS;
    if (pszSrc != NULL) {
        status = RtlStringCchLengthW(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &length);
    }
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    DestinationString->Buffer = NT_SUCCESS(status) ? (PWCH)pszSrc : NULL;
    DestinationString->MaximumLength = (USHORT)((DestinationString->Buffer != NULL) ? (length + 1) * sizeof(WCHAR) : 0);
    return status;
}

static __inline NTSTATUS RtlUnicodeStringCopyString(_Inout_ PUNICODE_STRING DestinationString,
                                                    _In_ NTSTRSAFE_PCWSTR pszSrc)
{
    SIZE_T capacity = DestinationString->MaximumLength / sizeof(WCHAR);
    SIZE_T length = 0;
    while (length < capacity && pszSrc[length] != 0) {
        DestinationString->Buffer[length] = pszSrc[length];
        length++;
    }
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    return (pszSrc[length] == 0) ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static __inline NTSTATUS RtlUnicodeStringPrintf(_Inout_ PUNICODE_STRING DestinationString,
                                                _In_ NTSTRSAFE_PCWSTR pszFormat, ...)
{
    SIZE_T capacity = DestinationString->MaximumLength / sizeof(WCHAR);
    int length;
    va_list arguments;
    va_start(arguments, pszFormat);
    length = _vsnwprintf(DestinationString->Buffer, capacity, pszFormat, arguments);
    va_end(arguments);
    DestinationString->Length = (USHORT)(((length < 0) ? capacity : (SIZE_T)length) * sizeof(WCHAR));
    return (length < 0) ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

#ifdef __cplusplus
}
#endif

#endif
