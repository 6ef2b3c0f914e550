/* Debug output, assertions, code sections. Included by wdm.h. */
#pragma once

#include <ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

ULONG __cdecl DbgPrint(_In_z_ _Printf_format_string_ PCSTR Format, ...);
ULONG __cdecl DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ _Printf_format_string_ PCSTR Format, ...);
ULONG NTAPI vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ PCSTR Format, _In_ va_list Arguments);
ULONG NTAPI vDbgPrintExWithPrefix(_In_z_ PCSTR Prefix, _In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ PCSTR Format,
                                  _In_ va_list Arguments);
VOID NTAPI DbgBreakPointWithStatus(_In_ ULONG Status);
VOID NTAPI RtlAssert(_In_ PVOID VoidFailedAssertion, _In_ PVOID VoidFileName, _In_ ULONG LineNumber,
                     _In_opt_ PSTR MutableMessage);

/* PAGED_CODE() of a checked build: a breach of mem-paged-code above APC_LEVEL. */
VOID VspPagedCode_(VOID);

#ifdef __cplusplus
}
#endif

#define DPFLTR_SYSTEM_ID 0
#define DPFLTR_IHVDRIVER_ID 77
#define DPFLTR_IHVVIDEO_ID 78
#define DPFLTR_IHVAUDIO_ID 79
#define DPFLTR_IHVNETWORK_ID 80
#define DPFLTR_IHVSTREAMING_ID 81
#define DPFLTR_IHVBUS_ID 82
#define DPFLTR_DEFAULT_ID 101
#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
#define DPFLTR_MASK 0x80000000

#ifndef DBG
#define DBG 0
#endif

#if DBG
#define KdPrint(arguments) DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#define vKdPrintEx(arguments) vDbgPrintEx arguments
#define KdBreakPoint() DbgBreakPoint()
#define VSP_ASSERT_FAILED_(text, message) RtlAssert((PVOID)(text), (PVOID)(__FILE__), __LINE__, (PSTR)(message))
#define ASSERT(expression) ((!(expression)) ? VSP_ASSERT_FAILED_(#expression, NULL) : (void)0)
#define ASSERTMSG(message, expression) ((!(expression)) ? VSP_ASSERT_FAILED_(#expression, message) : (void)0)
#define NT_ASSERT(expression) ((!(expression)) ? (VSP_ASSERT_FAILED_(#expression, NULL), FALSE) : TRUE)
#define NT_ASSERTMSG(message, expression) ((!(expression)) ? (VSP_ASSERT_FAILED_(#expression, message), FALSE) : TRUE)
#define NT_VERIFY(expression) NT_ASSERT(expression)
#define NT_VERIFYMSG(message, expression) NT_ASSERTMSG(message, expression)
#define PAGED_CODE() VspPagedCode_()
#define PAGED_CODE_LOCKED() ((void)0)
#else
#define KdPrint(arguments) ((void)0)
#define KdPrintEx(arguments) ((void)0)
#define vKdPrintEx(arguments) ((void)0)
#define KdBreakPoint() ((void)0)
#define ASSERT(expression) ((void)0)
#define ASSERTMSG(message, expression) ((void)0)
#define NT_ASSERT(expression) ((void)0)
#define NT_ASSERTMSG(message, expression) ((void)0)
#define NT_VERIFY(expression) ((expression) ? TRUE : FALSE)
#define NT_VERIFYMSG(message, expression) ((expression) ? TRUE : FALSE)
#define PAGED_CODE() ((void)0)
#define PAGED_CODE_LOCKED() ((void)0)
#endif
#define RTL_VERIFY(expression) NT_VERIFY(expression)
#define RTL_SOFT_ASSERT(expression) NT_ASSERT(expression)
#define RTL_ASSERT(expression) ASSERT(expression)
#define NT_ANALYSIS_ASSUME(expression) ((void)0)
#define NT_FRE_ASSERT(expression)                                                                                      \
    ((!(expression)) ? RtlAssert((PVOID)(#expression), (PVOID)(__FILE__), __LINE__, NULL) : (void)0)
#define PAGED_ASSERT(expression) ASSERT(expression)
#define DbgRaiseAssertionFailure() RtlAssert((PVOID) "DbgRaiseAssertionFailure", (PVOID)(__FILE__), __LINE__, NULL)

#define ALLOC_PRAGMA 1
#define ALLOC_DATA_PRAGMA 1
