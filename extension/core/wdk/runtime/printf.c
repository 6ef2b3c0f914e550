/*
 * The printf of the Windows kernel: %p is 16 upper-case digits, %ld is 32 bits, %S means the other width, %wZ and %Z
 * take counted strings, floating point is refused (its specification is printed as it stands).
 */
#include "text.h"

#define UNLIMITED UINT64_MAX
#define PRINT_BYTES 4096u /* of one DbgPrint */

enum size_prefix { SIZE_NONE, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_LONG_LONG, SIZE_WIDE };

struct spec {
    int left, plus, space, alternate, zero;
    uint64_t width;
    uint64_t precision; /* UNLIMITED: none given */
    enum size_prefix size;
    uint32_t type;
};

struct counted_string { /* ANSI_STRING, UNICODE_STRING */
    uint16_t length;
    uint16_t maximum;
    void *buffer;
};

/* ---- Numbers ---- */

static uint64_t take(const struct spec *spec, va_list *arguments)
{
    const int is_signed = spec->type == 'd' || spec->type == 'i';
    if (spec->size == SIZE_LONG_LONG) {
        return va_arg(*arguments, uint64_t);
    }
    const int32_t value = va_arg(*arguments, int32_t);
    switch (spec->size) {
    case SIZE_CHAR:
        return is_signed ? (uint64_t)(int8_t)value : (uint8_t)value;
    case SIZE_SHORT:
        return is_signed ? (uint64_t)(int16_t)value : (uint16_t)value;
    default:
        return is_signed ? (uint64_t)(int64_t)value : (uint32_t)value;
    }
}

static void put_number(struct vsp_text *out, const struct spec *spec, uint64_t value)
{
    char digits[24];
    uint32_t count = 0;
    char prefix[2];
    uint32_t prefixes = 0;
    const uint64_t base = spec->type == 'o' ? 8 : spec->type == 'x' || spec->type == 'X' || spec->type == 'p' ? 16 : 10;
    const char ten = spec->type == 'x' ? 'a' : 'A';
    if (spec->type == 'd' || spec->type == 'i') {
        if ((int64_t)value < 0) {
            prefix[prefixes++] = '-';
            value = 0 - value;
        } else if (spec->plus || spec->space) {
            prefix[prefixes++] = spec->plus ? '+' : ' ';
        }
    }
    if (spec->alternate && base == 16 && value != 0) {
        prefix[prefixes++] = '0';
        prefix[prefixes++] = spec->type == 'x' ? 'x' : 'X';
    }
    for (; value != 0; value /= base) {
        const uint64_t digit = value % base;
        digits[count++] = (char)(digit < 10 ? '0' + digit : ten + (digit - 10));
    }
    uint64_t least = spec->precision == UNLIMITED ? 1 : spec->precision;
    if (spec->alternate && base == 8 && least <= count) {
        least = count + 1;
    }
    uint64_t zeros = least > count ? least - count : 0;
    const uint64_t used = prefixes + zeros + count;
    uint64_t fill = spec->width > used ? spec->width - used : 0;
    if (spec->zero && !spec->left && spec->precision == UNLIMITED) {
        zeros += fill;
        fill = 0;
    }
    vsp_text_pad(out, ' ', spec->left ? 0 : fill);
    for (uint32_t i = 0; i < prefixes; i++) {
        vsp_text_store(out, (uint8_t)prefix[i]);
    }
    vsp_text_pad(out, '0', zeros);
    while (count > 0) {
        vsp_text_store(out, (uint8_t)digits[--count]);
    }
    vsp_text_pad(out, ' ', spec->left ? fill : 0);
}

/* ---- Strings ---- */

static void put_units(struct vsp_text *out, const struct spec *spec, const void *units, uint64_t count, int wide)
{
    const uint64_t fill = spec->width > count ? spec->width - count : 0;
    vsp_text_pad(out, spec->zero && !spec->left ? '0' : ' ', spec->left ? 0 : fill);
    for (uint64_t i = 0; i < count; i++) {
        vsp_text_put(out, wide ? ((const uint16_t *)units)[i] : ((const uint8_t *)units)[i], wide);
    }
    vsp_text_pad(out, ' ', spec->left ? fill : 0);
}

/* Whether this conversion means UTF-16: the format's width, turned round by capitals, overruled by h, l and w. */
static int is_wide(const struct spec *spec, int wide_format)
{
    if (spec->size == SIZE_SHORT || spec->size == SIZE_CHAR) {
        return 0;
    }
    if (spec->size == SIZE_LONG || spec->size == SIZE_WIDE) {
        return 1;
    }
    return (spec->type == 'S' || spec->type == 'C') != wide_format;
}

static void put_string(struct vsp_text *out, const struct spec *spec, const void *text, int wide)
{
    if (text == NULL) {
        put_units(out, spec, "(null)", spec->precision < 6 ? spec->precision : 6, 0);
        return;
    }
    const uint64_t count = wide ? vsp_wide_length(text, spec->precision) : vsp_string_length(text, spec->precision);
    put_units(out, spec, text, count, wide);
}

static void put_counted(struct vsp_text *out, const struct spec *spec, const struct counted_string *string)
{
    const int wide = spec->size == SIZE_WIDE || spec->size == SIZE_LONG;
    if (string != NULL) {
        vsp_check_read(string, sizeof *string);
    }
    if (string == NULL || string->buffer == NULL) {
        put_units(out, spec, "(null)", 6, 0);
        return;
    }
    vsp_check_read(string->buffer, string->length);
    uint64_t count = wide ? string->length / 2 : string->length;
    if (count > spec->precision) {
        count = spec->precision;
    }
    put_units(out, spec, string->buffer, count, wide);
}

/* ---- The format ---- */

static uint32_t unit_at(const void *format, int wide, uint64_t index)
{
    return wide ? ((const uint16_t *)format)[index] : ((const uint8_t *)format)[index];
}

/* A number or '*'; a negative '*' width means left-aligned, a negative '*' precision means none. */
static uint64_t read_count(const void *format, int wide, uint64_t *at, va_list *arguments, int *negative)
{
    *negative = 0;
    if (unit_at(format, wide, *at) == '*') {
        ++*at;
        const int32_t value = va_arg(*arguments, int32_t);
        *negative = value < 0;
        return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    }
    uint64_t value = 0;
    for (uint32_t unit; (unit = unit_at(format, wide, *at)) >= '0' && unit <= '9'; ++*at) {
        value = value < 100000 ? value * 10 + (unit - '0') : value;
    }
    return value;
}

static enum size_prefix read_size(const void *format, int wide, uint64_t *at)
{
    const uint32_t first = unit_at(format, wide, *at);
    const uint32_t second = first == 0 ? 0 : unit_at(format, wide, *at + 1);
    uint64_t length = 1;
    enum size_prefix size = SIZE_NONE;
    switch (first) {
    case 'h':
        length = second == 'h' ? 2 : 1;
        size = second == 'h' ? SIZE_CHAR : SIZE_SHORT;
        break;
    case 'l':
        length = second == 'l' ? 2 : 1;
        size = second == 'l' ? SIZE_LONG_LONG : SIZE_LONG;
        break;
    case 'w':
        size = SIZE_WIDE;
        break;
    case 'j':
    case 'z':
    case 't':
        size = SIZE_LONG_LONG;
        break;
    case 'I': {
        const uint32_t third = second == 0 ? 0 : unit_at(format, wide, *at + 2);
        size = SIZE_LONG_LONG;
        if (second == '3' && third == '2') {
            size = SIZE_LONG;
            length = 3;
        } else if (second == '6' && third == '4') {
            length = 3;
        }
        break;
    }
    default:
        length = 0;
    }
    *at += length;
    return size;
}

static void read_flags(const void *format, int wide, uint64_t *at, struct spec *spec)
{
    for (;; ++*at) {
        switch (unit_at(format, wide, *at)) {
        case '-':
            spec->left = 1;
            break;
        case '+':
            spec->plus = 1;
            break;
        case ' ':
            spec->space = 1;
            break;
        case '#':
            spec->alternate = 1;
            break;
        case '0':
            spec->zero = 1;
            break;
        default:
            return;
        }
    }
}

static void convert(struct vsp_text *out, struct spec *spec, int wide, va_list *arguments)
{
    switch (spec->type) {
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_number(out, spec, take(spec, arguments));
        break;
    case 'p':
        spec->precision = 16;
        put_number(out, spec, va_arg(*arguments, uint64_t));
        break;
    case 'c':
    case 'C': {
        const uint16_t unit = (uint16_t)va_arg(*arguments, int32_t);
        put_units(out, spec, &unit, 1, is_wide(spec, wide));
        break;
    }
    case 's':
    case 'S':
        put_string(out, spec, va_arg(*arguments, const void *), is_wide(spec, wide));
        break;
    case 'Z':
        put_counted(out, spec, va_arg(*arguments, const struct counted_string *));
        break;
    default:
        break;
    }
}

void vsp_format(struct vsp_text *out, const void *format, int wide, va_list list)
{
    va_list arguments;
    va_copy(arguments, list);
    if (wide) {
        (void)vsp_wide_length(format, UNLIMITED);
    } else {
        (void)vsp_string_length(format, UNLIMITED);
    }
    uint64_t at = 0;
    for (uint32_t unit; (unit = unit_at(format, wide, at)) != 0;) {
        const uint64_t begin = at++;
        if (unit != '%') {
            vsp_text_put(out, unit, wide);
            continue;
        }
        struct spec spec = {.precision = UNLIMITED};
        int negative;
        read_flags(format, wide, &at, &spec);
        spec.width = read_count(format, wide, &at, &arguments, &negative);
        spec.left |= negative;
        if (unit_at(format, wide, at) == '.') {
            at++;
            spec.precision = read_count(format, wide, &at, &arguments, &negative);
            spec.precision = negative ? UNLIMITED : spec.precision;
        }
        spec.size = read_size(format, wide, &at);
        spec.type = unit_at(format, wide, at);
        if (spec.type != 0) {
            at++;
        }
        if (spec.type == '%') {
            vsp_text_store(out, '%');
            continue;
        }
        int known = 0;
        for (const char *type = "diuoxXpcCsSZ"; *type != 0; type++) {
            known |= (uint32_t)*type == spec.type;
        }
        if (known) {
            convert(out, &spec, wide, &arguments);
            continue;
        }
        for (const char *type = "eEfFgGaAn"; *type != 0; type++) {
            if ((uint32_t)*type == spec.type) {
                (void)va_arg(arguments, uint64_t);
            }
        }
        for (uint64_t i = begin; i < at; i++) {
            vsp_text_put(out, unit_at(format, wide, i), wide);
        }
    }
    va_end(arguments);
}

uint64_t vsp_print_format(const void *format, va_list arguments)
{
    static uint8_t buffer[PRINT_BYTES];
    struct vsp_text out = {buffer, PRINT_BYTES, 0, VSP_TEXT_UTF8, 0};
    vsp_format(&out, format, 0, arguments);
    const uint64_t length = out.length < PRINT_BYTES ? out.length : PRINT_BYTES;
    vsp_print((const char *)buffer, length);
    return length;
}
