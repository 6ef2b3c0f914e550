/* The part of ntdef.h that is structures and helpers: status, strings, lists, layout macros. Included by ntdef.h. */
#pragma once

#include <guiddef.h>
#include <ntdef.h>

/* ---- Status ------------------------------------------------------------------------------------------------------ */

typedef _Return_type_success_(return >= 0) LONG NTSTATUS;
typedef NTSTATUS *PNTSTATUS;
typedef _Return_type_success_(return >= 0) LONG HRESULT;

#define NT_SUCCESS(Status) (((NTSTATUS)(Status)) >= 0)
#define NT_INFORMATION(Status) ((((ULONG)(Status)) >> 30) == 1)
#define NT_WARNING(Status) ((((ULONG)(Status)) >> 30) == 2)
#define NT_ERROR(Status) ((((ULONG)(Status)) >> 30) == 3)
#define APPLICATION_ERROR_MASK 0x20000000
#define ERROR_SEVERITY_SUCCESS 0x00000000
#define ERROR_SEVERITY_INFORMATIONAL 0x40000000
#define ERROR_SEVERITY_WARNING 0x80000000
#define ERROR_SEVERITY_ERROR 0xC0000000

#include <ntstatus.h>

/* ---- Handles ----------------------------------------------------------------------------------------------------- */

#if !defined(NO_STRICT)
#define DECLARE_HANDLE(name)                                                                                           \
    struct name##__ {                                                                                                  \
        int unused;                                                                                                    \
    };                                                                                                                 \
    typedef struct name##__ *name
#else
#define DECLARE_HANDLE(name) typedef HANDLE name
#endif

/* ---- Large integers ---------------------------------------------------------------------------------------------- */

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

/* ---- Strings ----------------------------------------------------------------------------------------------------- */

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    _Field_size_bytes_part_(MaximumLength, Length) PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    _Field_size_bytes_part_(MaximumLength, Length) PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING, *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING, *PCUTF8_STRING;

#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)
#define DECLARE_CONST_UNICODE_STRING(name, text)                                                                       \
    const WCHAR name##_buffer[] = text;                                                                                \
    const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)name##_buffer}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(name, text)                                                                \
    extern const DECLSPEC_SELECTANY UNICODE_STRING name;                                                               \
    const DECLSPEC_SELECTANY UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)(text)}
#define DECLARE_UNICODE_STRING_SIZE(name, characters)                                                                  \
    WCHAR name##_buffer[characters];                                                                                   \
    UNICODE_STRING name = {0, (characters) * sizeof(WCHAR), name##_buffer}
#define RTL_CONSTANT_STRING(text) {sizeof(text) - sizeof((text)[0]), sizeof(text), (text)}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *RESTRICTED_POINTER PRLIST_ENTRY;
typedef const LIST_ENTRY *PCLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
    struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG Reserved : 4;
        ULONGLONG NextEntry : 60;
    } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

/* ---- Object attributes ------------------------------------------------------------------------------------------- */

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002
#define OBJ_PERMANENT 0x00000010
#define OBJ_EXCLUSIVE 0x00000020
#define OBJ_CASE_INSENSITIVE 0x00000040
#define OBJ_OPENIF 0x00000080
#define OBJ_OPENLINK 0x00000100
#define OBJ_KERNEL_HANDLE 0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400
#define OBJ_VALID_ATTRIBUTES 0x00001FF2

#define InitializeObjectAttributes(p, name, attributes, root, security)                                                \
    do {                                                                                                               \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                                                                       \
        (p)->RootDirectory = (root);                                                                                   \
        (p)->Attributes = (attributes);                                                                                \
        (p)->ObjectName = (name);                                                                                      \
        (p)->SecurityDescriptor = (security);                                                                          \
        (p)->SecurityQualityOfService = NULL;                                                                          \
    } while (0)

typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny } WAIT_TYPE;

/* ---- Layout ------------------------------------------------------------------------------------------------------ */

#define ANYSIZE_ARRAY 1
#define FIELD_OFFSET(type, field) ((LONG)(LONG_PTR)offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG)(ULONG_PTR)offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address) - (ULONG_PTR)offsetof(type, field)))
#define RTL_FIELD_TYPE(type, field) (((type *)0)->field)
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(structure, size, field)                                                                     \
    ((((PCHAR)(&(structure)->field)) + sizeof((structure)->field)) <= (((PCHAR)(structure)) + (size)))
#define RTL_BITS_OF(sizeOf) (sizeof(sizeOf) * 8)
#define RTL_BITS_OF_FIELD(type, field) (RTL_BITS_OF(RTL_FIELD_TYPE(type, field)))
#ifdef __cplusplus
extern "C++" {
template <typename Type, size_t Count> char (&RtlpNumberOf_(UNALIGNED Type (&)[Count]))[Count];
}
#define RTL_NUMBER_OF_V2(array) (sizeof(RtlpNumberOf_(array)))
#else
#define RTL_NUMBER_OF_V2(array) RTL_NUMBER_OF_V1(array)
#endif
#define RTL_NUMBER_OF_V1(array) (sizeof(array) / sizeof((array)[0]))
#define RTL_NUMBER_OF(array) RTL_NUMBER_OF_V1(array)
#define ARRAYSIZE(array) RTL_NUMBER_OF_V2(array)
#define _ARRAYSIZE(array) RTL_NUMBER_OF_V1(array)
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(RTL_FIELD_TYPE(type, field)))
#define RTL_PADDING_BETWEEN_FIELDS(type, first, second)                                                                \
    ((FIELD_OFFSET(type, second) > FIELD_OFFSET(type, first))                                                          \
         ? (FIELD_OFFSET(type, second) - FIELD_OFFSET(type, first) - (LONG)RTL_FIELD_SIZE(type, first))                \
         : (FIELD_OFFSET(type, first) - FIELD_OFFSET(type, second) - (LONG)RTL_FIELD_SIZE(type, second)))

#define ALIGN_DOWN_BY(value, alignment) (((ULONG_PTR)(value)) & ~((ULONG_PTR)(alignment) - 1))
#define ALIGN_UP_BY(value, alignment) (ALIGN_DOWN_BY(((ULONG_PTR)(value) + (alignment) - 1), alignment))
#define ALIGN_DOWN_POINTER_BY(pointer, alignment) ((PVOID)ALIGN_DOWN_BY(pointer, alignment))
#define ALIGN_UP_POINTER_BY(pointer, alignment) ((PVOID)ALIGN_UP_BY(pointer, alignment))
#define ALIGN_DOWN(value, type) ALIGN_DOWN_BY(value, sizeof(type))
#define ALIGN_UP(value, type) ALIGN_UP_BY(value, sizeof(type))
#define ALIGN_DOWN_POINTER(pointer, type) ALIGN_DOWN_POINTER_BY(pointer, sizeof(type))
#define ALIGN_UP_POINTER(pointer, type) ALIGN_UP_POINTER_BY(pointer, sizeof(type))
#define IS_ALIGNED(value, alignment) ((((ULONG_PTR)(value)) & ((alignment) - 1)) == 0)
#define ARGUMENT_PRESENT(argument) (((argument) != NULL) ? TRUE : FALSE)
#define FlagOn(flags, single) ((flags) & (single))
#define BooleanFlagOn(flags, single) ((BOOLEAN)(((flags) & (single)) != 0))
#define SetFlag(flags, single) ((flags) |= (single))
#define ClearFlag(flags, single) ((flags) &= ~(single))

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#define UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))

#define DEFINE_ENUM_FLAG_OPERATORS_BODY_(type)                                                                         \
    inline constexpr type operator|(type a, type b) { return (type)((int)a | (int)b); }                                \
    inline constexpr type operator&(type a, type b) { return (type)((int)a & (int)b); }                                \
    inline constexpr type operator~(type a) { return (type)(~(int)a); }                                                \
    inline constexpr type operator^(type a, type b) { return (type)((int)a ^ (int)b); }                                \
    inline type &operator|=(type &a, type b) { return a = a | b; }                                                     \
    inline type &operator&=(type &a, type b) { return a = a & b; }                                                     \
    inline type &operator^=(type &a, type b) { return a = a ^ b; }
#ifdef __cplusplus
#define DEFINE_ENUM_FLAG_OPERATORS(type) extern "C++" { DEFINE_ENUM_FLAG_OPERATORS_BODY_(type) }
#else
#define DEFINE_ENUM_FLAG_OPERATORS(type)
#endif
