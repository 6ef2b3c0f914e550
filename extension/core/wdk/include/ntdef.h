/* Base types and macros of a kernel build (kmcl-facts 8.4, 8.5), as wide as on 64-bit Windows with every compiler. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <driverspecs.h>
#include <sal.h>

#ifndef NTDDI_VERSION
#define NTDDI_VERSION 0x0A00000C
#endif
#ifndef WDK_NTDDI_VERSION
#define WDK_NTDDI_VERSION NTDDI_VERSION
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef WINVER
#define WINVER 0x0A00
#endif
#include <sdkddkver.h>

/* ---- Compiler ---------------------------------------------------------------------------------------------------- */

#if defined(_MSC_VER)
#define NTAPI __stdcall
#define FASTCALL __fastcall
#define FORCEINLINE __forceinline
#define DECLSPEC_ALIGN(bytes) __declspec(align(bytes))
#define DECLSPEC_NORETURN __declspec(noreturn)
#define DECLSPEC_NOINLINE __declspec(noinline)
#define DECLSPEC_SELECTANY __declspec(selectany)
#define DECLSPEC_NOTHROW __declspec(nothrow)
#define DECLSPEC_RESTRICT __declspec(restrict)
#define DECLSPEC_ALLOCATOR
#define DECLSPEC_NOVTABLE __declspec(novtable)
#define DECLSPEC_DEPRECATED_DDK
#define UNALIGNED __unaligned
#else
#define NTAPI
#define FASTCALL
#define FORCEINLINE __inline __attribute__((always_inline))
#define DECLSPEC_ALIGN(bytes) __attribute__((aligned(bytes)))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_SELECTANY __attribute__((weak))
#define DECLSPEC_NOTHROW
#define DECLSPEC_RESTRICT
#define DECLSPEC_ALLOCATOR
#define DECLSPEC_NOVTABLE
#define DECLSPEC_DEPRECATED_DDK
#define UNALIGNED
#define __cdecl
#define __stdcall
#define __fastcall
#define __unaligned
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long
#endif
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(SYSTEM_CACHE_ALIGNMENT_SIZE)
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define CFORCEINLINE FORCEINLINE
#define STDAPIVCALLTYPE __cdecl
#define STDAPICALLTYPE __stdcall
#define WINAPI __stdcall
#define CALLBACK __stdcall
#define NTSYSAPI DECLSPEC_IMPORT
#define NTSYSCALLAPI DECLSPEC_IMPORT
#define NTKERNELAPI DECLSPEC_IMPORT
#define NTHALAPI DECLSPEC_IMPORT

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#define C_ASSERT(expression) static_assert(expression, #expression)
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#define C_ASSERT(expression) _Static_assert(expression, #expression)
#endif

#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef CONST
#define CONST const
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#define _ANONYMOUS_STRUCT
#define _ANONYMOUS_UNION
#define DUMMYSTRUCTNAME
#define DUMMYSTRUCTNAME2
#define DUMMYUNIONNAME
#define DUMMYUNIONNAME2
#define DUMMYUNIONNAME3
#define RESTRICTED_POINTER
#define POINTER_ALIGNMENT
#define PROBE_ALIGNMENT(type) (_Alignof(type))
#define __C89_NAMELESS

/* ---- Integers ---------------------------------------------------------------------------------------------------- */

#ifndef VOID
#define VOID void
#endif
typedef char CHAR;
typedef short SHORT;
#if defined(_MSC_VER)
typedef long LONG;
typedef unsigned long ULONG;
#else
typedef int LONG;
typedef unsigned int ULONG;
#endif
typedef int INT;
typedef unsigned int UINT;
typedef unsigned char UCHAR;
typedef unsigned short USHORT;
typedef long long LONGLONG;
typedef unsigned long long ULONGLONG;
typedef LONGLONG LONG64;
typedef ULONGLONG ULONG64, DWORD64, DWORDLONG;
typedef ULONGLONG QUAD_ALIGNED_;
typedef signed char INT8, *PINT8;
typedef signed short INT16, *PINT16;
typedef signed int INT32, *PINT32;
typedef signed long long INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
typedef unsigned long long UINT64, *PUINT64;
typedef signed int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32, DWORD32, *PDWORD32;
typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef UCHAR BYTE, *PBYTE;
typedef USHORT WORD, *PWORD;
typedef ULONG DWORD, *PDWORD;
typedef int BOOL, *PBOOL;
typedef float FLOAT, *PFLOAT;
typedef char CCHAR, *PCCHAR;
typedef short CSHORT, *PCSHORT;
typedef ULONG CLONG, *PCLONG;
typedef ULONG LOGICAL, *PLOGICAL;
typedef UCHAR FCHAR;
typedef USHORT FSHORT;
typedef ULONG FLONG;
typedef ULONG LCID, *PLCID;
typedef USHORT LANGID;
typedef wchar_t WCHAR;

/* ---- Pointer-sized ----------------------------------------------------------------------------------------------- */

typedef long long INT_PTR, *PINT_PTR;
typedef unsigned long long UINT_PTR, *PUINT_PTR;
typedef long long LONG_PTR, *PLONG_PTR;
typedef unsigned long long ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

typedef void *PVOID;
typedef void *PVOID64;
typedef const void *PCVOID;
typedef void *HANDLE;
typedef HANDLE *PHANDLE;

/* ---- Pointers ---------------------------------------------------------------------------------------------------- */

typedef CHAR *PCHAR, *LPCH, *PCH, *NPSTR, *LPSTR, *PSTR, *PSZ;
typedef CONST CHAR *LPCCH, *PCCH, *LPCSTR, *PCSTR, *PCSZ;
typedef SHORT *PSHORT;
typedef LONG *PLONG;
typedef UCHAR *PUCHAR;
typedef USHORT *PUSHORT;
typedef ULONG *PULONG;
typedef INT *PINT;
typedef UINT *PUINT;
typedef LONGLONG *PLONGLONG;
typedef ULONGLONG *PULONGLONG;
typedef LONG64 *PLONG64;
typedef ULONG64 *PULONG64;
typedef WCHAR *PWCHAR, *LPWCH, *PWCH, *NWPSTR, *LPWSTR, *PWSTR;
typedef PWSTR *PZPWSTR;
typedef CONST WCHAR *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR;
typedef CONST WCHAR *PCNZWCH, *PCUNZWCH;
typedef PCWSTR *PZPCWSTR;
typedef CONST UCHAR *PCUCHAR;
typedef CONST USHORT *PCUSHORT;
typedef CONST ULONG *PCULONG;

#define MINCHAR 0x80
#define MAXCHAR 0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG 0x80000000
#define MAXLONG 0x7fffffff
#define MAXUCHAR 0xff
#define MAXUSHORT 0xffff
#define MAXULONG 0xffffffff
#define MAXUINT8 ((UINT8)~((UINT8)0))
#define MAXINT8 ((INT8)(MAXUINT8 >> 1))
#define MAXUINT16 ((UINT16)~((UINT16)0))
#define MAXINT16 ((INT16)(MAXUINT16 >> 1))
#define MAXUINT32 ((UINT32)~((UINT32)0))
#define MAXINT32 ((INT32)(MAXUINT32 >> 1))
#define MININT32 ((INT32)~MAXINT32)
#define MAXUINT64 ((UINT64)~((UINT64)0))
#define MAXINT64 ((INT64)(MAXUINT64 >> 1))
#define MININT64 ((INT64)~MAXINT64)
#define MAXULONG32 ((ULONG32)~((ULONG32)0))
#define MAXULONG64 ((ULONG64)~((ULONG64)0))
#define MAXLONG64 ((LONG64)(MAXULONG64 >> 1))
#define MAXLONGLONG (0x7fffffffffffffffLL)
#define MAXULONGLONG ((ULONGLONG)~((ULONGLONG)0))
#define MAXSIZE_T ((SIZE_T)~((SIZE_T)0))
#define MAXULONG_PTR ((ULONG_PTR)~((ULONG_PTR)0))
#define MAXLONG_PTR ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MAXUINT ((UINT)~((UINT)0))
#define MAXINT ((INT)(MAXUINT >> 1))

#define PtrToUlong(p) ((ULONG)(ULONG_PTR)(p))
#define PtrToLong(p) ((LONG)(LONG_PTR)(p))
#define PtrToUint(p) ((UINT)(UINT_PTR)(p))
#define UlongToPtr(v) ((PVOID)(ULONG_PTR)(ULONG)(v))
#define LongToPtr(v) ((PVOID)(LONG_PTR)(LONG)(v))
#define UintToPtr(v) ((PVOID)(UINT_PTR)(UINT)(v))
#define ULongToPtr(v) UlongToPtr(v)
#define HandleToULong(h) ((ULONG)(ULONG_PTR)(h))
#define HandleToUlong(h) HandleToULong(h)
#define HandleToLong(h) ((LONG)(LONG_PTR)(h))
#define ULongToHandle(v) ((HANDLE)(ULONG_PTR)(v))
#define UlongToHandle(v) ULongToHandle(v)
#define LongToHandle(v) ((HANDLE)(LONG_PTR)(v))
#define Int32x32To64(a, b) ((LONGLONG)(LONG)(a) * (LONGLONG)(LONG)(b))
#define UInt32x32To64(a, b) ((ULONGLONG)(ULONG)(a) * (ULONGLONG)(ULONG)(b))
#define LODWORD(v) ((ULONG)(v))
#define HIDWORD(v) ((ULONG)(((ULONGLONG)(v)) >> 32))
#define LOWORD(v) ((USHORT)(((ULONG_PTR)(v)) & 0xffff))
#define HIWORD(v) ((USHORT)((((ULONG_PTR)(v)) >> 16) & 0xffff))
#define LOBYTE(v) ((UCHAR)(((ULONG_PTR)(v)) & 0xff))
#define HIBYTE(v) ((UCHAR)((((ULONG_PTR)(v)) >> 8) & 0xff))
#define MAKEWORD(low, high) ((USHORT)(((UCHAR)(low)) | ((USHORT)((UCHAR)(high))) << 8))

#include <ntdeftypes.h>
