/* The few functions of stdlib.h that a kernel driver may call. There is no malloc. */
#pragma once

#if !defined(_MSC_VER)
#include_next <stdlib.h>
#else

#include <stddef.h>

#include <intrin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#define __max(a, b) (((a) > (b)) ? (a) : (b))
#define __min(a, b) (((a) < (b)) ? (a) : (b))

typedef int errno_t;

int abs(int value);
long labs(long value);
long long llabs(long long value);
int atoi(const char *text);
long atol(const char *text);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

#ifdef __cplusplus
}
#endif

#endif
