/*
 * memcpy and its kin as the driver calls them: every range is checked. Our own code uses vsp_copy and vsp_set.
 * The compiler's own copies in driver code (struct assignment, initialised arrays) arrive here too when checks are on.
 */
#include "internal.h"

#if VSP_MODULE

void *memcpy(void *to, const void *from, size_t size)
{
    vsp_check_read(from, size);
    vsp_check_write(to, size);
    vsp_copy(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    vsp_check_read(from, size);
    vsp_check_write(to, size);
    vsp_copy(to, from, size);
    return to;
}

void *memset(void *to, int value, size_t size)
{
    vsp_check_write(to, size);
    vsp_set(to, (uint8_t)value, size);
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left;
    const uint8_t *b = right;
    vsp_check_read(left, size);
    vsp_check_read(right, size);
    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}

void *memchr(const void *buffer, int value, size_t size)
{
    const uint8_t *at = buffer;
    for (; size > 0; size--, at++) {
        vsp_check_read(at, 1);
        if (*at == (uint8_t)value) {
            return (void *)(uint64_t)at;
        }
    }
    return NULL;
}

int memcpy_s(void *to, size_t capacity, const void *from, size_t size)
{
    if (size > capacity || to == NULL || from == NULL) {
        if (to != NULL) {
            memset(to, 0, capacity);
        }
        return size > capacity ? 34 : 22; /* ERANGE, EINVAL */
    }
    memcpy(to, from, size);
    return 0;
}

int memmove_s(void *to, size_t capacity, const void *from, size_t size)
{
    if (size > capacity || to == NULL || from == NULL) {
        return size > capacity ? 34 : 22;
    }
    memmove(to, from, size);
    return 0;
}

size_t RtlCompareMemory(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left;
    const uint8_t *b = right;
    size_t same = 0;
    vsp_check_read(left, size);
    vsp_check_read(right, size);
    while (same < size && a[same] == b[same]) {
        same++;
    }
    return same;
}

size_t RtlCompareMemoryUlong(void *source, size_t size, uint32_t pattern)
{
    const uint32_t *words = source;
    size_t same = 0;
    vsp_check_read(source, size);
    while (same < size / 4 && words[same] == pattern) {
        same++;
    }
    return same * 4;
}

#endif
