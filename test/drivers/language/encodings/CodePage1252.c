/* Windows code page 1252: café, €, “quoted”. */
#include <ntddk.h>
#include <vsplab.h>

static const WCHAR Wide[] = L"€ü";

VSPLAB_TEST(CodePage1252Source)
{
    VSPLAB_ASSERT_EQUAL(6, sizeof(Wide));
    VSPLAB_ASSERT_EQUAL(0x20AC, Wide[0]); /* the euro sign */
    VSPLAB_ASSERT_EQUAL(0xFC, Wide[1]);
}
