/*
 * Where text leaves the driver: DbgPrint and its kin, VSPLAB_LOG; and the kernel's _snprintf family.
 */
#include "kernel.h"
#include "text.h"

ULONG DbgPrint(PCSTR Format, ...)
{
    va_list arguments;
    va_start(arguments, Format);
    vsp_print_format(Format, arguments);
    va_end(arguments);
    return STATUS_SUCCESS;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    (void)ComponentId;
    (void)Level;
    va_list arguments;
    va_start(arguments, Format);
    vsp_print_format(Format, arguments);
    va_end(arguments);
    return STATUS_SUCCESS;
}

ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, va_list Arguments)
{
    (void)ComponentId;
    (void)Level;
    vsp_print_format(Format, Arguments);
    return STATUS_SUCCESS;
}

ULONG vDbgPrintExWithPrefix(PCSTR Prefix, ULONG ComponentId, ULONG Level, PCSTR Format, va_list Arguments)
{
    vsp_print(Prefix, vsp_string_length(Prefix, UINT64_MAX));
    return vDbgPrintEx(ComponentId, Level, Format, Arguments);
}

VOID VspLabLog_(PCSTR Format, ...)
{
    va_list arguments;
    va_start(arguments, Format);
    vsp_print_format(Format, arguments);
    va_end(arguments);
}

#if VSP_MODULE

/* Formats into a buffer of `capacity` units; answers the length, or -1 when it was cut (then it has no terminator). */
static int format_into(void *buffer, uint64_t capacity, int wide, const void *format, va_list arguments)
{
    struct vsp_text out = {buffer, capacity, 0, wide ? VSP_TEXT_WIDE : VSP_TEXT_ANSI, 0};
    struct vsp_text measure = out;
    measure.capacity = 0;
    vsp_format(&measure, format, wide, arguments);
    const uint64_t needed = measure.length < capacity ? measure.length + 1 : capacity;
    vsp_check_write(buffer, needed * (wide ? 2 : 1));
    vsp_format(&out, format, wide, arguments);
    if (out.length < capacity) {
        vsp_set((char *)buffer + out.length * (wide ? 2 : 1), 0, wide ? 2 : 1);
    }
    return out.length <= capacity ? (int)out.length : -1;
}

int _vsnprintf(char *buffer, size_t capacity, const char *format, va_list arguments)
{
    return format_into(buffer, capacity, 0, format, arguments);
}

int _vsnwprintf(wchar_t *buffer, size_t capacity, const wchar_t *format, va_list arguments)
{
    return format_into(buffer, capacity, 1, format, arguments);
}

int vsprintf(char *buffer, const char *format, va_list arguments)
{
    return format_into(buffer, UINT64_MAX, 0, format, arguments);
}

/* C99: always terminated, answers the length the whole text has. */
int vsnprintf(char *buffer, size_t capacity, const char *format, va_list arguments)
{
    struct vsp_text measure = {NULL, 0, 0, VSP_TEXT_ANSI, 0};
    vsp_format(&measure, format, 0, arguments);
    if (format_into(buffer, capacity, 0, format, arguments) < 0 || measure.length == capacity) {
        vsp_set(buffer + capacity - 1, 0, capacity != 0);
    }
    return (int)measure.length;
}

#define TRUNCATE SIZE_MAX /* _TRUNCATE */

/*
 * The _s functions: at most `count` units are wanted. What is longer is cut there or, for TRUNCATE, where the buffer
 * ends; what does not fit otherwise ends the program on a real system and leaves an empty text here. -1 unless all of
 * it is there.
 */
static int format_secure(void *buffer, uint64_t capacity, uint64_t count, int wide, const void *format,
                         va_list arguments)
{
    const uint64_t unit = wide ? 2 : 1;
    const enum vsp_text_kind kind = wide ? VSP_TEXT_WIDE : VSP_TEXT_ANSI;
    struct vsp_text measure = {NULL, 0, 0, kind, 0};
    if (capacity == 0) {
        return -1;
    }
    vsp_format(&measure, format, wide, arguments);
    const uint64_t limit = count < capacity ? count : capacity - 1;
    const int fits = measure.length <= limit;
    const int may_cut = count < capacity || count == TRUNCATE;
    struct vsp_text out = {buffer, fits ? measure.length : may_cut ? limit : 0, 0, kind, 0};
    vsp_check_write(buffer, (out.capacity + 1) * unit);
    vsp_format(&out, format, wide, arguments);
    vsp_set((char *)buffer + out.capacity * unit, 0, unit);
    return fits ? (int)measure.length : -1;
}

int vsprintf_s(char *buffer, size_t capacity, const char *format, va_list arguments)
{
    return format_secure(buffer, capacity, capacity, 0, format, arguments);
}

int vswprintf_s(wchar_t *buffer, size_t capacity, const wchar_t *format, va_list arguments)
{
    return format_secure(buffer, capacity, capacity, 1, format, arguments);
}

int _vsnprintf_s(char *buffer, size_t capacity, size_t count, const char *format, va_list arguments)
{
    return format_secure(buffer, capacity, count, 0, format, arguments);
}

/* The same functions with `...`: each hands its arguments to an expression. */
#define VARIADIC(name, parameters, call)                                                                               \
    int name parameters                                                                                                \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        const int length = call;                                                                                       \
        va_end(arguments);                                                                                             \
        return length;                                                                                                 \
    }

VARIADIC(sprintf, (char *buffer, const char *format, ...), vsprintf(buffer, format, arguments))
VARIADIC(snprintf, (char *buffer, size_t capacity, const char *format, ...),
         vsnprintf(buffer, capacity, format, arguments))
VARIADIC(_snprintf, (char *buffer, size_t capacity, const char *format, ...),
         _vsnprintf(buffer, capacity, format, arguments))
VARIADIC(_snwprintf, (wchar_t *buffer, size_t capacity, const wchar_t *format, ...),
         _vsnwprintf(buffer, capacity, format, arguments))
VARIADIC(sprintf_s, (char *buffer, size_t capacity, const char *format, ...),
         vsprintf_s(buffer, capacity, format, arguments))
VARIADIC(swprintf_s, (wchar_t *buffer, size_t capacity, const wchar_t *format, ...),
         vswprintf_s(buffer, capacity, format, arguments))
VARIADIC(_snprintf_s, (char *buffer, size_t capacity, size_t count, const char *format, ...),
         _vsnprintf_s(buffer, capacity, count, format, arguments))
VARIADIC(_snwprintf_s, (wchar_t *buffer, size_t capacity, size_t count, const wchar_t *format, ...),
         format_secure(buffer, capacity, count, 1, format, arguments))

#endif
