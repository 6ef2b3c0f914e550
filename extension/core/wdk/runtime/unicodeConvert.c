/*
 * Counted strings to and from numbers, GUIDs and ANSI text. ANSI text is taken as Latin-1: one byte, one character,
 * whatever the code page of a real system.
 */
#include "unicode.h"

#define STRING_TAG 'grtS' /* of strings the Rtl functions allocate */

/* ---- Numbers and GUIDs ---- */

static int is_base(ULONG base)
{
    return base == 2 || base == 8 || base == 10 || base == 16;
}

NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(RtlIntegerToUnicodeString);
    const ULONG base = Base == 0 ? 10 : Base;
    uint16_t digits[32];
    uint32_t count = 0;
    if (!is_base(base)) {
        return STATUS_INVALID_PARAMETER;
    }
    do {
        const ULONG digit = Value % base;
        digits[31 - count++] = (uint16_t)(digit < 10 ? '0' + digit : 'A' + digit - 10);
        Value /= base;
    } while (Value != 0);
    vsp_check_write(String, sizeof *String);
    if (String->MaximumLength < 2 * count) {
        return STATUS_BUFFER_OVERFLOW;
    }
    vsp_unicode_place(String, 0, &digits[32 - count], 2 * count);
    return STATUS_SUCCESS;
}

/* 0 to 35, or 36 for what is no digit. */
static ULONG digit_of(uint16_t unit)
{
    const uint16_t upper = vsp_upcase(unit);
    return unit >= '0' && unit <= '9' ? unit - '0' : upper >= 'A' && upper <= 'Z' ? upper - 'A' + 10u : 36;
}

NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(RtlUnicodeStringToInteger);
    vsp_unicode_check(String);
    vsp_check_write(Value, sizeof *Value);
    uint32_t at = 0;
    const uint32_t count = String->Length / 2u;
    const uint16_t *text = (const uint16_t *)String->Buffer;
    while (at < count && text[at] <= ' ') {
        at++;
    }
    int negative = 0;
    if (at < count && (text[at] == '-' || text[at] == '+')) {
        negative = text[at++] == '-';
    }
    ULONG base = Base;
    if (base == 0) {
        base = 10;
        if (at + 1 < count && text[at] == '0') {
            const uint16_t mark = text[at + 1];
            base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
            at += base == 10 ? 0 : 2;
        }
    }
    if (!is_base(base)) {
        return STATUS_INVALID_PARAMETER;
    }
    ULONG value = 0;
    for (; at < count && digit_of(text[at]) < base; at++) {
        value = value * base + digit_of(text[at]);
    }
    *Value = negative ? 0 - value : value;
    return STATUS_SUCCESS;
}

#define GUID_UNITS 38u /* {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx} */

/* Byte of struct GUID in memory that the n-th pair of digits shows. */
static const uint8_t guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static int has_dash_before(uint32_t pair)
{
    return pair == 4 || pair == 6 || pair == 8 || pair == 10;
}

NTSTATUS RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(RtlStringFromGUID);
    vsp_check_read(Guid, sizeof *Guid);
    vsp_check_write(GuidString, sizeof *GuidString);
    uint16_t *text = vsp_pool_allocate(2 * (GUID_UNITS + 1), STRING_TAG, VSP_BLOCK_PAGED, 0);
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    const uint8_t *bytes = (const uint8_t *)Guid;
    uint32_t at = 0;
    text[at++] = '{';
    for (uint32_t i = 0; i < 16; i++) {
        if (has_dash_before(i)) {
            text[at++] = '-';
        }
        for (int shift = 4; shift >= 0; shift -= 4) {
            const uint32_t digit = bytes[guid_order[i]] >> shift & 15u;
            text[at++] = (uint16_t)(digit < 10 ? '0' + digit : 'A' + digit - 10);
        }
    }
    text[at++] = '}';
    text[at] = 0;
    GuidString->Buffer = (PWCH)text;
    GuidString->Length = 2 * GUID_UNITS;
    GuidString->MaximumLength = 2 * (GUID_UNITS + 1);
    return STATUS_SUCCESS;
}

NTSTATUS RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(RtlGUIDFromString);
    vsp_unicode_check(GuidString);
    vsp_check_write(Guid, sizeof *Guid);
    const uint16_t *text = (const uint16_t *)GuidString->Buffer;
    uint8_t bytes[16];
    uint32_t at = 1;
    if (GuidString->Length < 2 * GUID_UNITS || text[0] != '{' || text[GUID_UNITS - 1] != '}') {
        return STATUS_INVALID_PARAMETER;
    }
    for (uint32_t i = 0; i < 16; i++) {
        if (has_dash_before(i) && text[at++] != '-') {
            return STATUS_INVALID_PARAMETER;
        }
        const ULONG high = digit_of(text[at++]);
        const ULONG low = digit_of(text[at++]);
        if (high > 15 || low > 15) {
            return STATUS_INVALID_PARAMETER;
        }
        bytes[guid_order[i]] = (uint8_t)(high << 4 | low);
    }
    vsp_copy(Guid, bytes, sizeof *Guid);
    return STATUS_SUCCESS;
}

/* ---- ANSI and back ---- */

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING Destination, PCANSI_STRING Source, BOOLEAN Allocate)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(RtlAnsiStringToUnicodeString);
    vsp_check_read(Source, sizeof *Source);
    vsp_check_read(Source->Buffer, Source->Length);
    vsp_check_write(Destination, sizeof *Destination);
    const uint64_t bytes = 2ull * Source->Length;
    if (bytes > VSP_UNICODE_MAX_BYTES - 2) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (Allocate) {
        Destination->Buffer = vsp_pool_allocate(bytes + 2, STRING_TAG, VSP_BLOCK_PAGED, 0);
        Destination->MaximumLength = (USHORT)(bytes + 2);
        if (Destination->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
    } else if (Destination->MaximumLength < bytes + 2) {
        return STATUS_BUFFER_OVERFLOW;
    }
    vsp_check_write(Destination->Buffer, bytes + 2);
    for (uint32_t i = 0; i < Source->Length; i++) {
        Destination->Buffer[i] = (WCHAR)(uint8_t)Source->Buffer[i];
    }
    Destination->Buffer[Source->Length] = 0;
    Destination->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING Destination, PCUNICODE_STRING Source, BOOLEAN Allocate)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(RtlUnicodeStringToAnsiString);
    vsp_unicode_check(Source);
    vsp_check_write(Destination, sizeof *Destination);
    const uint32_t count = Source->Length / 2u;
    if (Allocate) {
        Destination->Buffer = vsp_pool_allocate(count + 1, STRING_TAG, VSP_BLOCK_PAGED, 0);
        Destination->MaximumLength = (USHORT)(count + 1);
        if (Destination->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
    } else if (Destination->MaximumLength < count + 1) {
        return STATUS_BUFFER_OVERFLOW;
    }
    vsp_check_write(Destination->Buffer, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t unit = (uint16_t)Source->Buffer[i];
        Destination->Buffer[i] = (CHAR)(unit < 0x100 ? unit : '?');
    }
    Destination->Buffer[count] = 0;
    Destination->Length = (USHORT)count;
    return STATUS_SUCCESS;
}

VOID RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    vsp_check_write(UnicodeString, sizeof *UnicodeString);
    if (UnicodeString->Buffer != NULL) {
        ExFreePool(UnicodeString->Buffer);
        UnicodeString->Buffer = NULL;
        UnicodeString->Length = UnicodeString->MaximumLength = 0;
    }
}

VOID RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    vsp_check_write(AnsiString, sizeof *AnsiString);
    if (AnsiString->Buffer != NULL) {
        ExFreePool(AnsiString->Buffer);
        AnsiString->Buffer = NULL;
        AnsiString->Length = AnsiString->MaximumLength = 0;
    }
}
