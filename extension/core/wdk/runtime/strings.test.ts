import { describe, expect, it } from 'vitest';
import { buildRuntimeModule, type RuntimeInstance } from '../../../../test/support/runtimeModule.js';

/** Each row: a C expression of type int and its value. */
const ROWS: readonly (readonly [expression: string, value: number])[] = [
  ['(int)strlen("")', 0],
  ['(int)strlen("abc")', 3],
  ['(int)strnlen("abc", 2)', 2],
  ['(int)wcslen(L"wide")', 4],
  ['(int)wcsnlen(L"wide", 9)', 4],
  ['strcmp("abc", "abc")', 0],
  ['strcmp("abc", "abd")', -1],
  ['strcmp("abc", "ab")', 1],
  ['strcmp("\\xff", "a")', 1],
  ['strncmp("abcX", "abcY", 3)', 0],
  ['_stricmp("HeLLo", "hEllO")', 0],
  ['_strnicmp("ABx", "aby", 2)', 0],
  ['wcscmp(L"a", L"b")', -1],
  ['_wcsicmp(L"Name", L"nAME")', 0],
  ['strcmp(strcat(strcpy(text, "one"), "two"), "onetwo")', 0],
  ['strcmp(strncat(strcpy(text, "one"), "two", 1), "onet")', 0],
  ['wcscmp(wcscat(wcscpy(wide, L"one"), L"two"), L"onetwo")', 0],
  ['(strncpy(text, "ab", 5), text[1] == \'b\' && text[2] == 0 && text[4] == 0)', 1],
  ['strcmp(strchr("a.b.c", \'.\'), ".b.c")', 0],
  ['strcmp(strrchr("a.b.c", \'.\'), ".c")', 0],
  ['strchr("abc", \'x\') == NULL', 1],
  ['strcmp(strstr("haystack", "sta"), "stack")', 0],
  ['strstr("haystack", "stay") == NULL', 1],
  ['wcscmp(wcsstr(L"path\\\\file", L"\\\\"), L"\\\\file")', 0],
  ['(int)strspn("aabbc", "ab")', 4],
  ['(int)strcspn("key=value", "=:")', 3],
  ['*strpbrk("key:value", "=:")', 58],
  ['strcpy_s(text, 4, "abc")', 0],
  ['strcpy_s(text, 3, "abc")', 34],
  ['strcpy_s(text, 3, NULL)', 22],
  ['(strcpy(text, "ab"), strcat_s(text, 4, "cd"))', 34],
  ['wcscpy_s(wide, 8, L"abc")', 0],
  ['memcmp("abc", "abd", 2)', 0],
  ['memcmp("abd", "abc", 3)', 1],
  ['(memmove(strcpy(text, "abcdef") + 1, text, 5), strcmp(text, "aabcde"))', 0],
  ['(memmove(strcpy(text, "abcdef"), text + 1, 6), strcmp(text, "bcdef"))', 0],
  ['memcpy_s(text, 4, "abcdef", 6)', 34],
  ['(int)RtlCompareMemory("abcX", "abcY", 4)', 3],
  ['RtlEqualMemory("ab", "ab", 2)', 1],
  ['(RtlFillMemory(text, 4, 0x41), text[3])', 65],
  ['atoi("  -42x")', -42],
  [
    '(qsort(numbers, 5, sizeof(int), order), numbers[0] * 10000 + numbers[1] * 1000 + numbers[2] * 100 + numbers[3] * 10 + numbers[4])',
    12345,
  ],
  ['(key = 4, (int)((int *)bsearch(&key, sorted, 4, sizeof(int), order) - sorted))', 2],
  ['(key = 5, bsearch(&key, sorted, 4, sizeof(int), order) == NULL)', 1],
  // counted strings
  ['(RtlInitUnicodeString(&a, L"abc"), a.Length * 100 + a.MaximumLength)', 608],
  ['(RtlInitUnicodeString(&a, NULL), a.Length + a.MaximumLength + (a.Buffer != NULL))', 0],
  [
    '(RtlInitUnicodeString(&a, L"Name"), RtlInitUnicodeString(&b, L"nAMe"), RtlEqualUnicodeString(&a, &b, TRUE) * 10 + RtlEqualUnicodeString(&a, &b, FALSE))',
    10,
  ],
  [
    '(RtlInitUnicodeString(&a, L"\\x00e4\\x0431"), RtlInitUnicodeString(&b, L"\\x00c4\\x0411"), RtlEqualUnicodeString(&a, &b, TRUE))',
    1,
  ],
  [
    '(RtlInitUnicodeString(&a, L"ab"), RtlInitUnicodeString(&b, L"abc"), RtlPrefixUnicodeString(&a, &b, FALSE) * 10 + RtlPrefixUnicodeString(&b, &a, FALSE))',
    10,
  ],
  ['(RtlInitUnicodeString(&a, L"abc"), RtlInitUnicodeString(&b, L"abd"), RtlCompareUnicodeString(&a, &b, FALSE))', -1],
  ['(room(6), RtlInitUnicodeString(&a, L"abcdef"), RtlCopyUnicodeString(&c, &a), c.Length)', 6],
  ['(room(20), RtlAppendUnicodeToString(&c, L"ab") + RtlAppendUnicodeToString(&c, L"cd") + c.Length)', 8],
  ['(room(6), RtlAppendUnicodeToString(&c, L"abcd"))', 0xc0000023 | 0],
  ['(room(40), RtlIntegerToUnicodeString(0xBEEF, 16, &c) + wcscmp(wide, L"BEEF"))', 0],
  ['(room(40), RtlIntegerToUnicodeString(0, 10, &c) + wcscmp(wide, L"0"))', 0],
  ['(room(4), RtlIntegerToUnicodeString(123, 10, &c))', 0x80000005 | 0],
  ['(RtlInitUnicodeString(&a, L"0x1fG"), RtlUnicodeStringToInteger(&a, 0, &number) + (int)number)', 31],
  ['(RtlInitUnicodeString(&a, L" -12"), RtlUnicodeStringToInteger(&a, 10, &number) + (int)number)', -12],
  [
    '(RtlInitUnicodeString(&a, L"{00112233-4455-6677-8899-AABBCCDDEEFF}"), RtlGUIDFromString(&a, &guid) + (guid.Data1 == 0x00112233 && guid.Data2 == 0x4455 && guid.Data4[7] == 0xFF))',
    1,
  ],
  [
    '(RtlInitUnicodeString(&a, L"{00112233-4455-6677-8899-AABBCCDDEEF}"), RtlGUIDFromString(&a, &guid))',
    0xc000000d | 0,
  ],
  [
    '(RtlStringFromGUID(&known, &a), wcscmp(a.Buffer, L"{DEADBEEF-0001-0203-0405-060708090A0B}") + (RtlFreeUnicodeString(&a), 0))',
    0,
  ],
  [
    '(RtlInitAnsiString(&ansi, "text"), RtlAnsiStringToUnicodeString(&a, &ansi, TRUE) + wcscmp(a.Buffer, L"text") + (RtlFreeUnicodeString(&a), 0))',
    0,
  ],
  [
    '(RtlInitUnicodeString(&a, L"a\\x20ac"), RtlUnicodeStringToAnsiString(&ansi, &a, TRUE) + strcmp(ansi.Buffer, "a?") + (RtlFreeAnsiString(&ansi), 0))',
    0,
  ],
  ["RtlUpcaseUnicodeChar(L'z') * 1000 + RtlDowncaseUnicodeChar(L'Z')", 90122],
  ['RtlDowncaseUnicodeChar(0x00c4)', 0xe4],
];

const module = buildRuntimeModule(
  {
    'driver.c': `
    #include <ntifs.h>
    #include <stdlib.h>
    char text[16];
    WCHAR wide[32];
    int numbers[5] = {3, 1, 5, 2, 4}, sorted[4] = {1, 2, 4, 8}, key;
    UNICODE_STRING a, b, c;
    ANSI_STRING ansi;
    GUID guid, known = {0xdeadbeef, 1, 0x203, {4, 5, 6, 7, 8, 9, 10, 11}};
    ULONG number;
    static int order(const void *left, const void *right) { return *(const int *)left - *(const int *)right; }
    static void room(USHORT bytes) { c.Buffer = wide; c.Length = 0; c.MaximumLength = bytes; }
    ${ROWS.map(([expression], index) => `int row${index}(void) { return ${expression}; }`).join('\n')}
    int copyOver(int size) { char small[8]; strncpy(small, "0123456789", (SIZE_T)size); return small[0]; }
    int appendOver(void) { char small[8] = "01234"; strcat(small, "567"); return small[0]; }
    int wideOver(void) { WCHAR small[3]; wcscpy(small, L"abc"); return small[0]; }
    int lengthOver(void) { WCHAR raw[2] = {'a', 'b'}; return (int)wcslen(raw); }
    int unicodeOver(void) { WCHAR raw[2] = {'a', 'b'}; a.Buffer = raw; a.Length = 6; return RtlCompareUnicodeString(&a, &a, FALSE); }`,
  },
  { checked: true },
);

describe('string functions', () => {
  it.each(ROWS.map(([expression, value], index) => [expression, value, index] as const))(
    '%s is %i',
    (_expression, value, index) => {
      const run: RuntimeInstance = module.start({ checks: 2 });
      const answer = run.call(`row${index}`) as number;
      expect(value < 0 && value > -100 ? Math.sign(answer) * Math.abs(value) : answer).toBe(value);
    },
  );

  it.each([
    ['copyOver', 9, 1n],
    ['appendOver', undefined, 1n],
    ['wideOver', undefined, 1n],
    ['lengthOver', undefined, 0n],
    ['unicodeOver', undefined, 0n],
  ] as const)('%s faults where the buffer ends', (name, argument, access) => {
    const run = module.start({ checks: 2 });
    expect(run.faultOf(name, ...(argument === undefined ? [] : [argument]))).toMatchObject({
      kind: 'out-of-bounds',
      detail: access,
    });
  });
});
