/* Wide-character strings: the functions are in string.h and stdio.h. */
#pragma once

#if !defined(_MSC_VER)
#include_next <wchar.h>
#else

#include <stdio.h>
#include <string.h>

#endif
