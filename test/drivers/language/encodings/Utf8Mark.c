/* UTF-8 with a byte order mark. */
#include "Headers/inner/names.H"
#include <vsplab.h>

static const WCHAR Wide[] = L"é鍵";
static const CHAR Narrow[] = u8"é";

VSPLAB_TEST(Utf8SourceWithMark)
{
    VSPLAB_ASSERT_EQUAL(6, sizeof(Wide));
    VSPLAB_ASSERT_EQUAL(0xE9, Wide[0]);
    VSPLAB_ASSERT_EQUAL(3, sizeof(Narrow));
    VSPLAB_ASSERT_EQUAL(17, NAMED_VALUE);
}
