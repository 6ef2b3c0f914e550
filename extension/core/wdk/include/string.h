/* Memory and string functions a driver may call. */
#pragma once

#if !defined(_MSC_VER)
#include_next <string.h>
#else

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *destination, const void *source, size_t count);
void *memmove(void *destination, const void *source, size_t count);
void *memset(void *destination, int value, size_t count);
int memcmp(const void *left, const void *right, size_t count);
void *memchr(const void *buffer, int value, size_t count);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t count);
char *strcpy(char *destination, const char *source);
char *strncpy(char *destination, const char *source, size_t count);
char *strcat(char *destination, const char *source);
char *strncat(char *destination, const char *source, size_t count);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strstr(const char *text, const char *part);
size_t strspn(const char *text, const char *set);
size_t strcspn(const char *text, const char *set);
char *strpbrk(const char *text, const char *set);

int _stricmp(const char *left, const char *right);
int _strnicmp(const char *left, const char *right, size_t count);
size_t wcslen(const wchar_t *text);
size_t wcsnlen(const wchar_t *text, size_t limit);
int wcscmp(const wchar_t *left, const wchar_t *right);
int wcsncmp(const wchar_t *left, const wchar_t *right, size_t count);
int _wcsicmp(const wchar_t *left, const wchar_t *right);
int _wcsnicmp(const wchar_t *left, const wchar_t *right, size_t count);
wchar_t *wcscpy(wchar_t *destination, const wchar_t *source);
wchar_t *wcsncpy(wchar_t *destination, const wchar_t *source, size_t count);
wchar_t *wcscat(wchar_t *destination, const wchar_t *source);
wchar_t *wcsncat(wchar_t *destination, const wchar_t *source, size_t count);
wchar_t *wcschr(const wchar_t *text, wchar_t character);
wchar_t *wcsrchr(const wchar_t *text, wchar_t character);
wchar_t *wcsstr(const wchar_t *text, const wchar_t *part);
int memcpy_s(void *destination, size_t capacity, const void *source, size_t count);
int memmove_s(void *destination, size_t capacity, const void *source, size_t count);
int strcpy_s(char *destination, size_t capacity, const char *source);
int strncpy_s(char *destination, size_t capacity, const char *source, size_t count);
int strcat_s(char *destination, size_t capacity, const char *source);
int wcscpy_s(wchar_t *destination, size_t capacity, const wchar_t *source);
int wcsncpy_s(wchar_t *destination, size_t capacity, const wchar_t *source, size_t count);
int wcscat_s(wchar_t *destination, size_t capacity, const wchar_t *source);

#ifdef __cplusplus
}
#endif

#endif
