/*
 * Counted strings: set-up, copy, comparison.
 */
#include "unicode.h"


void vsp_unicode_check(PCUNICODE_STRING string)
{
    vsp_check_read(string, sizeof *string);
    vsp_check_read(string->Buffer, string->Length);
}

/* ---- Set-up ---- */

static NTSTATUS initialise(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    vsp_check_write(DestinationString, sizeof *DestinationString);
    DestinationString->Length = 0;
    DestinationString->MaximumLength = 0;
    DestinationString->Buffer = (PWCH)(uint64_t)SourceString;
    if (SourceString == NULL) {
        return STATUS_SUCCESS;
    }
    const uint64_t bytes = 2 * vsp_wide_length((const uint16_t *)SourceString, UINT64_MAX);
    if (bytes > VSP_UNICODE_MAX_BYTES - 2) {
        DestinationString->Buffer = NULL;
        return STATUS_NAME_TOO_LONG;
    }
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = (USHORT)(bytes + 2);
    return STATUS_SUCCESS;
}

NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    VSP_MAY_FAIL(RtlInitUnicodeStringEx);
    return initialise(DestinationString, SourceString);
}

VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    if (initialise(DestinationString, SourceString) != STATUS_SUCCESS) {
        DestinationString->Buffer = (PWCH)(uint64_t)SourceString;
        DestinationString->Length = VSP_UNICODE_MAX_BYTES - 2;
        DestinationString->MaximumLength = VSP_UNICODE_MAX_BYTES;
    }
}

VOID RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    vsp_check_write(DestinationString, sizeof *DestinationString);
    const uint64_t bytes = SourceString == NULL ? 0 : vsp_string_length(SourceString, VSP_UNICODE_MAX_BYTES);
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = (USHORT)(SourceString == NULL ? 0 : bytes + 1);
    DestinationString->Buffer = (PCHAR)(uint64_t)SourceString;
}

VOID RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    RtlInitAnsiString(DestinationString, SourceString);
}

/* ---- Copy and append ---- */

int vsp_unicode_place(PUNICODE_STRING to, uint64_t at, const void *from, uint64_t size)
{
    const uint64_t room = to->MaximumLength > at ? (to->MaximumLength - at) & ~1ull : 0;
    const uint64_t placed = size < room ? size : room;
    char *buffer = (char *)to->Buffer + at;
    vsp_check_write(buffer, placed);
    vsp_copy(buffer, from, placed);
    to->Length = (USHORT)(at + placed);
    if (room - placed >= 2) {
        vsp_check_write(buffer + placed, 2);
        vsp_set(buffer + placed, 0, 2);
    }
    return placed == size;
}

VOID RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    vsp_check_write(DestinationString, sizeof *DestinationString);
    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    vsp_unicode_check(SourceString);
    vsp_unicode_place(DestinationString, 0, SourceString->Buffer, SourceString->Length);
}

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    VSP_MAY_FAIL(RtlAppendUnicodeStringToString);
    vsp_check_write(Destination, sizeof *Destination);
    vsp_unicode_check(Source);
    if (Source->Length > Destination->MaximumLength - Destination->Length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    vsp_unicode_place(Destination, Destination->Length, Source->Buffer, Source->Length);
    return STATUS_SUCCESS;
}

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    VSP_MAY_FAIL(RtlAppendUnicodeToString);
    UNICODE_STRING source;
    RtlInitUnicodeString(&source, Source);
    vsp_check_write(Destination, sizeof *Destination);
    if (source.Length > Destination->MaximumLength - Destination->Length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    vsp_unicode_place(Destination, Destination->Length, source.Buffer, source.Length);
    return STATUS_SUCCESS;
}

/* ---- Compare ---- */

WCHAR RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    return (WCHAR)vsp_upcase((uint16_t)SourceCharacter);
}

WCHAR RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    const uint16_t unit = (uint16_t)SourceCharacter;
    if (unit < 0x80) {
        return (WCHAR)(unit >= 'A' && unit <= 'Z' ? unit + 32 : unit);
    }
    const uint16_t steps[] = {32, 1, 80};
    for (uint32_t i = 0; i < 3; i++) {
        const uint16_t lower = (uint16_t)(unit + steps[i]);
        if (vsp_upcase(unit) == unit && vsp_upcase(lower) == unit && lower != unit) {
            return (WCHAR)lower;
        }
    }
    return SourceCharacter;
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    vsp_unicode_check(String1);
    vsp_unicode_check(String2);
    const uint32_t common = (String1->Length < String2->Length ? String1->Length : String2->Length) / 2u;
    for (uint32_t i = 0; i < common; i++) {
        uint16_t a = (uint16_t)String1->Buffer[i];
        uint16_t b = (uint16_t)String2->Buffer[i];
        if (CaseInSensitive) {
            a = vsp_upcase(a);
            b = vsp_upcase(b);
        }
        if (a != b) {
            return (LONG)a - b;
        }
    }
    return (LONG)String1->Length - String2->Length;
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    return RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    vsp_unicode_check(String2);
    UNICODE_STRING head = *String2;
    vsp_check_read(String1, sizeof *String1);
    if (String1->Length > head.Length) {
        return FALSE;
    }
    head.Length = String1->Length;
    return RtlCompareUnicodeString(String1, &head, CaseInSensitive) == 0;
}

/* X65599 is also the default. */
NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm, PULONG HashValue)
{
    VSP_MAY_FAIL(RtlHashUnicodeString);
    if (HashAlgorithm > HASH_STRING_ALGORITHM_X65599) {
        return STATUS_INVALID_PARAMETER;
    }
    vsp_unicode_check(String);
    vsp_check_write(HashValue, sizeof *HashValue);
    ULONG hash = 0;
    for (uint32_t i = 0; i < String->Length / 2u; i++) {
        const uint16_t unit = (uint16_t)String->Buffer[i];
        hash = hash * 65599 + (CaseInSensitive ? vsp_upcase(unit) : unit);
    }
    *HashValue = hash;
    return STATUS_SUCCESS;
}
