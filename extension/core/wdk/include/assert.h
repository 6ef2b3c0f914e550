/* assert: what a failed one does is what NT_ASSERT does. */
#pragma once

#if !defined(_MSC_VER)
#include_next <assert.h>
#else

#include <wdm.h>

#ifdef NDEBUG
#define assert(expression) ((void)0)
#else
#define assert(expression) ASSERT(expression)
#endif
#ifndef __cplusplus
#define static_assert _Static_assert
#endif

#endif
