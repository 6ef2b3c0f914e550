/* Character classes a kernel driver may ask for. */
#pragma once

#if !defined(_MSC_VER)
#include_next <ctype.h>
#else

#ifdef __cplusplus
extern "C" {
#endif

int isdigit(int character);
int isxdigit(int character);
int isalpha(int character);
int isalnum(int character);
int isspace(int character);
int isprint(int character);
int isupper(int character);
int islower(int character);
int toupper(int character);
int tolower(int character);

#ifdef __cplusplus
}
#endif

#endif
