/*
 * WDF strings.
 */
#include "framework.h"

#define STRING_TAG 'SfdW'

struct string {
    struct wdf_object object;
    UNICODE_STRING text; /* its buffer is driver memory */
};

static void destroy_string(struct wdf_object *object)
{
    vsp_user_free(VSP_ARENA_HOST, ((struct string *)object)->text.Buffer);
}

NTSTATUS WdfStringCreate(PCUNICODE_STRING UnicodeString, PWDF_OBJECT_ATTRIBUTES StringAttributes, WDFSTRING *String)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfStringCreate);
    const NTSTATUS status = WDF_CREATE(WDF_TYPE_STRING, struct string, StringAttributes, wdf_driver(), String);
    if (!NT_SUCCESS(status) || UnicodeString == NULL) {
        return status;
    }
    struct string *string = (struct string *)*String;
    vsp_check_read(UnicodeString, sizeof *UnicodeString);
    vsp_check_read(UnicodeString->Buffer, UnicodeString->Length);
    string->object.destroy = destroy_string;
    string->text.Length = UnicodeString->Length;
    string->text.MaximumLength = (USHORT)(UnicodeString->Length + 2);
    const uint64_t size = string->text.MaximumLength;
    string->text.Buffer = vsp_block_allocate(VSP_ARENA_HOST, size, STRING_TAG, VSP_BLOCK_EXEMPT, 1);
    vsp_copy(string->text.Buffer, UnicodeString->Buffer, UnicodeString->Length);
    return STATUS_SUCCESS;
}

VOID WdfStringGetUnicodeString(WDFSTRING String, PUNICODE_STRING UnicodeString)
{
    const struct string *string = (struct string *)wdf_of(String, WDF_TYPE_STRING);
    vsp_check_write(UnicodeString, sizeof *UnicodeString);
    *UnicodeString = string->text;
}
