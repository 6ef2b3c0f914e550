/* Formatted output a kernel driver may call. */
#pragma once

#if !defined(_MSC_VER)
#include_next <stdio.h>
#else

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define _TRUNCATE ((size_t)-1)

int sprintf(char *buffer, const char *format, ...);
int snprintf(char *buffer, size_t count, const char *format, ...);
int vsprintf(char *buffer, const char *format, va_list arguments);
int vsnprintf(char *buffer, size_t count, const char *format, va_list arguments);
int _snprintf(char *buffer, size_t count, const char *format, ...);
int _vsnprintf(char *buffer, size_t count, const char *format, va_list arguments);
int sprintf_s(char *buffer, size_t capacity, const char *format, ...);
int vsprintf_s(char *buffer, size_t capacity, const char *format, va_list arguments);
int _snprintf_s(char *buffer, size_t capacity, size_t count, const char *format, ...);
int _vsnprintf_s(char *buffer, size_t capacity, size_t count, const char *format, va_list arguments);
int _snwprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...);
int _vsnwprintf(wchar_t *buffer, size_t count, const wchar_t *format, va_list arguments);
int swprintf_s(wchar_t *buffer, size_t capacity, const wchar_t *format, ...);
int vswprintf_s(wchar_t *buffer, size_t capacity, const wchar_t *format, va_list arguments);
int _snwprintf_s(wchar_t *buffer, size_t capacity, size_t count, const wchar_t *format, ...);

#ifdef __cplusplus
}
#endif

#endif
