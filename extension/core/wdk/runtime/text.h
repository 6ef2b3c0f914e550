/*
 * The formatting core that DbgPrint, VSPLAB_LOG, ntstrsafe and _snprintf share, and checked reading of strings.
 */
#pragma once

#include <stdarg.h>

#include "internal.h"

enum vsp_text_kind {
    VSP_TEXT_ANSI = 0, /* bytes; what does not fit into one becomes '?' */
    VSP_TEXT_WIDE = 1, /* UTF-16 units */
    VSP_TEXT_UTF8 = 2, /* bytes; UTF-16 is encoded, bytes pass */
};

/* Where formatted text goes: at most `capacity` units are stored, `length` counts all of them. */
struct vsp_text {
    void *buffer;
    uint64_t capacity;
    uint64_t length;
    enum vsp_text_kind kind;
    uint16_t high_surrogate; /* waits for its other half */
};

/* One unit as it is; a byte or, if `wide`, a UTF-16 unit converted; `count` times one unit. */
void vsp_text_store(struct vsp_text *out, uint32_t unit);
void vsp_text_put(struct vsp_text *out, uint32_t unit, int wide);
void vsp_text_pad(struct vsp_text *out, uint32_t unit, uint64_t count);

/* `wide`: the format is UTF-16. Arguments are those of the Windows kernel's printf family. */
void vsp_format(struct vsp_text *out, const void *format, int wide, va_list arguments);

/* Formats UTF-8 and hands it to vsp_print; answers the bytes printed. */
uint64_t vsp_print_format(const void *format, va_list arguments);

/* Units before the terminator, at most `limit`; the driver's memory is checked. */
uint64_t vsp_string_length(const char *text, uint64_t limit);
uint64_t vsp_wide_length(const uint16_t *text, uint64_t limit);

/* Case folding of RtlUpcaseUnicodeChar: ASCII and Latin-1, Greek and Cyrillic letters. */
uint16_t vsp_upcase(uint16_t unit);
