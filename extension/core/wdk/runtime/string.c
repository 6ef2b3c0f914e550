/*
 * strlen, wcscpy and their kin as the driver calls them; every unit is checked before it is read or written.
 */
#include "text.h"

uint64_t vsp_string_length(const char *text, uint64_t limit)
{
    uint64_t n = 0;
    for (; n < limit; n++) {
        vsp_check_read(text + n, 1);
        if (text[n] == 0) {
            break;
        }
    }
    return n;
}

uint64_t vsp_wide_length(const uint16_t *text, uint64_t limit)
{
    uint64_t n = 0;
    for (; n < limit; n++) {
        vsp_check_read(text + n, 2);
        if (text[n] == 0) {
            break;
        }
    }
    return n;
}

uint16_t vsp_upcase(uint16_t unit)
{
    if (unit >= 'a' && unit <= 'z') {
        return (uint16_t)(unit - 32);
    }
    if (unit < 0x80) {
        return unit;
    }
    if (unit >= 0xE0 && unit <= 0xFE && unit != 0xF7) {
        return (uint16_t)(unit - 32);
    }
    if ((unit >= 0x100 && unit <= 0x137 && unit != 0x131) || (unit >= 0x14A && unit <= 0x177)) {
        return (uint16_t)(unit & ~1u);
    }
    if (unit >= 0x3B1 && unit <= 0x3CB && unit != 0x3C2) {
        return (uint16_t)(unit - 32);
    }
    if (unit >= 0x430 && unit <= 0x44F) {
        return (uint16_t)(unit - 32);
    }
    if (unit >= 0x450 && unit <= 0x45F) {
        return (uint16_t)(unit - 80);
    }
    return unit;
}

#if VSP_MODULE

/* ASCII only, as the C locale has it. */
static int fold(int unit)
{
    return unit >= 'A' && unit <= 'Z' ? unit + 32 : unit;
}

/* The same functions for bytes and for UTF-16: `T` is the unit, `U` its unsigned type, `length` measures. */
#define STRING_FUNCTIONS(T, U, length, Len, NLen, Cmp, NCmp, ICmp, NICmp, Cpy, NCpy, Cat, NCat, Str)         \
    size_t Len(const T *text)                                                                                          \
    {                                                                                                                  \
        return length((const void *)text, UINT64_MAX);                                                                 \
    }                                                                                                                  \
    size_t NLen(const T *text, size_t limit)                                                                           \
    {                                                                                                                  \
        return length((const void *)text, limit);                                                                      \
    }                                                                                                                  \
    static int compare_##Len(const T *left, const T *right, size_t limit, int folded)                                  \
    {                                                                                                                  \
        for (; limit > 0; limit--, left++, right++) {                                                                  \
            vsp_check_read(left, sizeof(T));                                                                           \
            vsp_check_read(right, sizeof(T));                                                                          \
            const int a = folded ? fold((U)*left) : (U)*left;                                                          \
            const int b = folded ? fold((U)*right) : (U)*right;                                                        \
            if (a != b || a == 0) {                                                                                    \
                return a < b ? -1 : a > b;                                                                             \
            }                                                                                                          \
        }                                                                                                              \
        return 0;                                                                                                      \
    }                                                                                                                  \
    int Cmp(const T *left, const T *right)                                                                             \
    {                                                                                                                  \
        return compare_##Len(left, right, SIZE_MAX, 0);                                                                \
    }                                                                                                                  \
    int NCmp(const T *left, const T *right, size_t limit)                                                              \
    {                                                                                                                  \
        return compare_##Len(left, right, limit, 0);                                                                   \
    }                                                                                                                  \
    int ICmp(const T *left, const T *right)                                                                            \
    {                                                                                                                  \
        return compare_##Len(left, right, SIZE_MAX, 1);                                                                \
    }                                                                                                                  \
    int NICmp(const T *left, const T *right, size_t limit)                                                             \
    {                                                                                                                  \
        return compare_##Len(left, right, limit, 1);                                                                   \
    }                                                                                                                  \
    static void place_##Len(T *to, const T *from, size_t units)                                                        \
    {                                                                                                                  \
        vsp_check_write(to, (units + 1) * sizeof(T));                                                                  \
        vsp_copy(to, from, units * sizeof(T));                                                                         \
        to[units] = 0;                                                                                                 \
    }                                                                                                                  \
    T *Cpy(T *to, const T *from)                                                                                       \
    {                                                                                                                  \
        place_##Len(to, from, Len(from));                                                                              \
        return to;                                                                                                     \
    }                                                                                                                  \
    T *NCpy(T *to, const T *from, size_t limit)                                                                        \
    {                                                                                                                  \
        const size_t units = NLen(from, limit);                                                                        \
        vsp_check_write(to, limit * sizeof(T));                                                                        \
        vsp_copy(to, from, units * sizeof(T));                                                                         \
        vsp_set(to + units, 0, (limit - units) * sizeof(T));                                                           \
        return to;                                                                                                     \
    }                                                                                                                  \
    T *Cat(T *to, const T *from)                                                                                       \
    {                                                                                                                  \
        place_##Len(to + Len(to), from, Len(from));                                                                    \
        return to;                                                                                                     \
    }                                                                                                                  \
    T *NCat(T *to, const T *from, size_t limit)                                                                        \
    {                                                                                                                  \
        place_##Len(to + Len(to), from, NLen(from, limit));                                                            \
        return to;                                                                                                     \
    }                                                                                                                  \
    static T *search_##Len(const T *text, int unit, int last)                                                          \
    {                                                                                                                  \
        const T *found = NULL;                                                                                         \
        for (;; text++) {                                                                                              \
            vsp_check_read(text, sizeof(T));                                                                           \
            if (*text == (T)unit) {                                                                                    \
                found = text;                                                                                          \
                if (!last) {                                                                                           \
                    break;                                                                                             \
                }                                                                                                      \
            }                                                                                                          \
            if (*text == 0) {                                                                                          \
                break;                                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
        return (T *)(uint64_t)found;                                                                                   \
    }                                                                                                                  \
    T *Str(const T *text, const T *part)                                                                               \
    {                                                                                                                  \
        const size_t count = Len(part);                                                                                \
        for (;; text++) {                                                                                              \
            if (compare_##Len(text, part, count, 0) == 0) {                                                            \
                return (T *)(uint64_t)text;                                                                            \
            }                                                                                                          \
            if (*text == 0) {                                                                                          \
                return NULL;                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

STRING_FUNCTIONS(char, uint8_t, vsp_string_length, strlen, strnlen, strcmp, strncmp, _stricmp, _strnicmp, strcpy,
                 strncpy, strcat, strncat, strstr)
STRING_FUNCTIONS(uint16_t, uint16_t, vsp_wide_length, wcslen, wcsnlen, wcscmp, wcsncmp, _wcsicmp, _wcsnicmp, wcscpy,
                 wcsncpy, wcscat, wcsncat, wcsstr)

char *strchr(const char *text, int unit)
{
    return search_strlen(text, unit, 0);
}

char *strrchr(const char *text, int unit)
{
    return search_strlen(text, unit, 1);
}

uint16_t *wcschr(const uint16_t *text, uint16_t unit)
{
    return search_wcslen(text, unit, 0);
}

uint16_t *wcsrchr(const uint16_t *text, uint16_t unit)
{
    return search_wcslen(text, unit, 1);
}

/* Units of `text` before the first that is (`in` = 0) or is not (`in` = 1) in `set`. */
static size_t span(const char *text, const char *set, int in)
{
    size_t n = 0;
    for (;; n++) {
        vsp_check_read(text + n, 1);
        if (text[n] == 0 || (strchr(set, text[n]) != NULL) != in) {
            return n;
        }
    }
}

size_t strspn(const char *text, const char *set)
{
    return span(text, set, 1);
}

size_t strcspn(const char *text, const char *set)
{
    return span(text, set, 0);
}

char *strpbrk(const char *text, const char *set)
{
    const char *found = text + span(text, set, 0);
    return *found != 0 ? (char *)(uint64_t)found : NULL;
}

/* ---- Secure variants: EINVAL 22, ERANGE 34; the destination becomes empty on failure ---- */

#define SECURE_FUNCTIONS(T, Len, NLen, CpyS, NCpyS, CatS)                                                              \
    static int secure_##Len(T *to, size_t capacity, size_t at, const T *from, size_t limit)                            \
    {                                                                                                                  \
        if (to == NULL || capacity == 0) {                                                                             \
            return 22;                                                                                                 \
        }                                                                                                              \
        const size_t units = from == NULL ? 0 : NLen(from, limit);                                                     \
        if (from == NULL || at >= capacity || units >= capacity - at) {                                                \
            vsp_check_write(to, sizeof(T));                                                                            \
            to[0] = 0;                                                                                                 \
            return from == NULL ? 22 : 34;                                                                             \
        }                                                                                                              \
        place_##Len(to + at, from, units);                                                                             \
        return 0;                                                                                                      \
    }                                                                                                                  \
    int CpyS(T *to, size_t capacity, const T *from)                                                                    \
    {                                                                                                                  \
        return secure_##Len(to, capacity, 0, from, SIZE_MAX);                                                          \
    }                                                                                                                  \
    int NCpyS(T *to, size_t capacity, const T *from, size_t limit)                                                     \
    {                                                                                                                  \
        return secure_##Len(to, capacity, 0, from, limit);                                                             \
    }                                                                                                                  \
    int CatS(T *to, size_t capacity, const T *from)                                                                    \
    {                                                                                                                  \
        return secure_##Len(to, capacity, to == NULL ? 0 : NLen(to, capacity), from, SIZE_MAX);                        \
    }

SECURE_FUNCTIONS(char, strlen, strnlen, strcpy_s, strncpy_s, strcat_s)
SECURE_FUNCTIONS(uint16_t, wcslen, wcsnlen, wcscpy_s, wcsncpy_s, wcscat_s)

#endif
