/*
 * The few C library functions of stdlib.h and ctype.h that a kernel driver may call.
 */
#include "text.h"

#if VSP_MODULE

int abs(int value)
{
    return value < 0 ? -value : value;
}

long labs(long value)
{
    return value < 0 ? -value : value;
}

long long llabs(long long value)
{
    return value < 0 ? -value : value;
}

long atol(const char *text)
{
    const uint64_t length = vsp_string_length(text, UINT64_MAX);
    uint64_t at = 0;
    while (at < length && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) {
        at++;
    }
    const int negative = text[at] == '-';
    at += text[at] == '-' || text[at] == '+';
    uint32_t value = 0;
    for (; text[at] >= '0' && text[at] <= '9'; at++) {
        value = value * 10 + (uint32_t)(text[at] - '0');
    }
    return (long)(negative ? 0 - value : value);
}

int atoi(const char *text)
{
    return (int)atol(text);
}

static void swap(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

/* Heap sort: the same order of calls on every run, no recursion. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    char *items = base;
    vsp_check_write(base, count * size);
    for (size_t end = count, start = count / 2; end > 1;) {
        if (start > 0) {
            start--;
        } else {
            end--;
            swap(items, items + end * size, size);
        }
        for (size_t root = start, child; (child = 2 * root + 1) < end; root = child) {
            if (child + 1 < end && compare(items + child * size, items + (child + 1) * size) < 0) {
                child++;
            }
            if (compare(items + root * size, items + child * size) >= 0) {
                break;
            }
            swap(items + root * size, items + child * size, size);
        }
    }
}

void *bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const char *items = base;
    while (count > 0) {
        const char *middle = items + count / 2 * size;
        const int order = compare(key, middle);
        if (order == 0) {
            return (void *)(uint64_t)middle;
        }
        if (order > 0) {
            items = middle + size;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}

int isdigit(int unit)
{
    return unit >= '0' && unit <= '9';
}

int isupper(int unit)
{
    return unit >= 'A' && unit <= 'Z';
}

int islower(int unit)
{
    return unit >= 'a' && unit <= 'z';
}

int isalpha(int unit)
{
    return isupper(unit) || islower(unit);
}

int isalnum(int unit)
{
    return isalpha(unit) || isdigit(unit);
}

int isxdigit(int unit)
{
    return isdigit(unit) || (unit >= 'a' && unit <= 'f') || (unit >= 'A' && unit <= 'F');
}

int isspace(int unit)
{
    return unit == ' ' || (unit >= '\t' && unit <= '\r');
}

int isprint(int unit)
{
    return unit >= ' ' && unit <= '~';
}

int toupper(int unit)
{
    return islower(unit) ? unit - 32 : unit;
}

int tolower(int unit)
{
    return isupper(unit) ? unit + 32 : unit;
}

#endif
