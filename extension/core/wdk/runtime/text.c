/*
 * Where formatted text goes: bytes, UTF-16, or UTF-8.
 */
#include "text.h"

void vsp_text_store(struct vsp_text *out, uint32_t unit)
{
    if (out->length < out->capacity) {
        if (out->kind == VSP_TEXT_WIDE) {
            ((uint16_t *)out->buffer)[out->length] = (uint16_t)unit;
        } else {
            ((uint8_t *)out->buffer)[out->length] = (uint8_t)unit;
        }
    }
    out->length++;
}

static void store_utf8(struct vsp_text *out, uint32_t code)
{
    if (code < 0x80) {
        vsp_text_store(out, code);
    } else if (code < 0x800) {
        vsp_text_store(out, 0xC0 | code >> 6);
        vsp_text_store(out, 0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        vsp_text_store(out, 0xE0 | code >> 12);
        vsp_text_store(out, 0x80 | (code >> 6 & 0x3F));
        vsp_text_store(out, 0x80 | (code & 0x3F));
    } else {
        vsp_text_store(out, 0xF0 | code >> 18);
        vsp_text_store(out, 0x80 | (code >> 12 & 0x3F));
        vsp_text_store(out, 0x80 | (code >> 6 & 0x3F));
        vsp_text_store(out, 0x80 | (code & 0x3F));
    }
}

static void put_wide(struct vsp_text *out, uint32_t unit)
{
    if (out->kind == VSP_TEXT_WIDE) {
        vsp_text_store(out, unit);
        return;
    }
    if (out->kind == VSP_TEXT_ANSI) {
        vsp_text_store(out, unit < 0x100 ? unit : '?');
        return;
    }
    const uint32_t high = out->high_surrogate;
    out->high_surrogate = 0;
    if ((unit & 0xFC00) == 0xDC00 && high != 0) {
        store_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
    } else if ((unit & 0xFC00) == 0xD800) {
        out->high_surrogate = (uint16_t)unit;
    } else {
        store_utf8(out, (unit & 0xFC00) == 0xDC00 ? 0xFFFD : unit);
    }
}

void vsp_text_put(struct vsp_text *out, uint32_t unit, int wide)
{
    if (wide) {
        put_wide(out, unit);
    } else {
        vsp_text_store(out, unit & 0xFF);
    }
}

void vsp_text_pad(struct vsp_text *out, uint32_t unit, uint64_t count)
{
    while (count-- > 0) {
        vsp_text_store(out, unit);
    }
}
