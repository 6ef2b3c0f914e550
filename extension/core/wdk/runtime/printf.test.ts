import { describe, expect, it } from 'vitest';
import { buildRuntimeModule } from '../../../../test/support/runtimeModule.js';

/** Each row: a call of DbgPrint, and what the Windows kernel prints for it. */
const ROWS: readonly (readonly [call: string, text: string])[] = [
  ['"plain"', 'plain'],
  ['"%%"', '%'],
  ['"%d %d %d", 0, -1, 2147483647', '0 -1 2147483647'],
  ['"%i", -2147483647 - 1', '-2147483648'],
  ['"%u", 4294967295u', '4294967295'],
  ['"%x %X", 0xdeadbeef, 0xDEADBEEF', 'deadbeef DEADBEEF'],
  ['"%o", 8', '10'],
  ['"%08x", 0xab', '000000ab'],
  ['"%#x %#X %#o", 255, 255, 8', '0xff 0XFF 010'],
  ['"%#x", 0', '0'],
  ['"[%5d] [%-5d] [%05d]", 42, 42, -42', '[   42] [42   ] [-0042]'],
  ['"%+d % d", 5, 5', '+5  5'],
  ['"%.3d %5.3d|%-6.2x|", 7, 7, 0xa', '007   007|0a    |'],
  ['"[%.0d]", 0', '[]'],
  ['"%*d|%-*d|%.*s", 4, 1, 4, 2, 2, "abcdef"', '   1|2   |ab'],
  ['"%*d|", -4, 1', '1   |'],
  ['"%hd %hu %hhd %hhu", 65537, 65537, 257, -1', '1 1 1 255'],
  ['"%ld %lu %lx", -1L, 4294967295UL, 0x80000000UL', '-1 4294967295 80000000'],
  ['"%lld %llu %llx", -1LL, 18446744073709551615ULL, 0x123456789abcdefULL', '-1 18446744073709551615 123456789abcdef'],
  ['"%I64d %I64u %I64x %I64X", -5LL, 5ULL, 0xabcdef0123ULL, 0xabcdef0123ULL', '-5 5 abcdef0123 ABCDEF0123'],
  ['"%I32d %Iu %Id %Ix", -3, (SIZE_T)-1, (LONG_PTR)-2, (SIZE_T)0x1122334455', '-3 18446744073709551615 -2 1122334455'],
  ['"%zu %jd %td", (SIZE_T)7, -7LL, -8LL', '7 -7 -8'],
  ['"%p", (PVOID)0xfedcba9876543210ULL', 'FEDCBA9876543210'],
  ['"%p|%18p", NULL, (PVOID)0x10', '0000000000000000|  0000000000000010'],
  ['"%c%c%c", \'a\', 66, 0x43', 'aBC'],
  ["\"%C|%3c|%-3c|\", L'w', 'x', 'y'", 'w|  x|y  |'],
  ['"%s", "text"', 'text'],
  ['"[%6s] [%-6s] [%.2s]", "abc", "abc", "abc"', '[   abc] [abc   ] [ab]'],
  ['"%s", (PCSTR)NULL', '(null)'],
  ['"%S %ls %ws", L"wide", L"long", L"wchar"', 'wide long wchar'],
  ['"%hs", "narrow"', 'narrow'],
  ['"%ws", L"\\x00fc\\x20ac"', 'ü€'],
  ['"%ws", L"\\xd83d\\xde00"', '😀'],
  ['"%wZ|%10wZ|%.2wZ", &unicode, &unicode, &unicode', 'count|     count|co'],
  ['"%Z", &ansi', 'ansi'],
  ['"%wZ", (PUNICODE_STRING)NULL', '(null)'],
  ['"%wZ", &empty', '(null)'],
  ['"%f and %d", 1.5, 3', '%f and 3'],
  ['"%q", 1', '%q'],
  ['"100%"', '100%'],
  ['"%d %s %I64x %c", 1, "two", 3ULL, \'4\'', '1 two 3 4'],
  ['"%u %u %u %u %u %u %u %u %u", 1, 2, 3, 4, 5, 6, 7, 8, 9', '1 2 3 4 5 6 7 8 9'],
];

const PRELUDE = `
  #include <ntddk.h>
  #include <ntstrsafe.h>
  #include <stdio.h>
  static UNICODE_STRING unicode = {10, 10, (PWCH)L"countXX"};
  static UNICODE_STRING empty;
  static ANSI_STRING ansi = {4, 4, (PCHAR)"ansiX"};
`;

const module = buildRuntimeModule(
  {
    'driver.c': `${PRELUDE}
      ${ROWS.map(([call], index) => `void row${index}(void) { DbgPrint(${call}); }`).join('\n')}
      void extended(void) { DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%d:%s", 1, "x"); }
      char bytes[64];
      WCHAR units[64];
      NTSTATUS printNarrow(SIZE_T size, int value) { return RtlStringCbPrintfA(bytes, size, "%d-%S", value, L"w"); }
      NTSTATUS printWide(SIZE_T size, int value) { return RtlStringCbPrintfW(units, size, L"%d-%s-%S", value, L"w", "n"); }
      char *narrow(void) { return bytes; }
      WCHAR *wide(void) { return units; }
      int cut(SIZE_T size) { return _snprintf(bytes, size, "%s", "abcdef"); }
      int whole(SIZE_T size) { return snprintf(bytes, size, "%s", "abcdef"); }
      int secure(SIZE_T size) { return sprintf_s(bytes, size, "%s", "abcdef"); }
      int overrun(void) { char small[4]; return sprintf(small, "%s", "abcdef"); }
      void unterminated(void) { char raw[4] = {'a', 'b', 'c', 'd'}; DbgPrint("%s", raw); }
      void limited(void) { char raw[4] = {'a', 'b', 'c', 'd'}; DbgPrint("%.4s", raw); }
      void badPointer(void) { DbgPrint("%s", (PCSTR)8); }
    `,
  },
  { checked: true },
);

describe('DbgPrint', () => {
  it.each(ROWS.map(([call, text], index) => [call, text, index] as const))('(%s) prints %s', (_call, text, index) => {
    const run = module.start({ checks: 2 });
    run.call(`row${index}`);
    expect(run.output).toEqual([text]);
  });

  it('prints through DbgPrintEx as well', () => {
    const run = module.start();
    run.call('extended');
    expect(run.output).toEqual(['1:x']);
  });

  it('reads no further than a string may be read', () => {
    const run = module.start({ checks: 2 });
    expect(run.faultOf('unterminated').kind).toBe('out-of-bounds');
    run.call('limited');
    expect(run.output).toEqual(['abcd']);
    expect(run.faultOf('badPointer').kind).toBe('null');
  });
});

describe('printing into buffers', () => {
  it('RtlStringCbPrintf cuts with STATUS_BUFFER_OVERFLOW and always terminates', () => {
    const run = module.start({ checks: 2 });
    const text = (): string => run.text(run.call('narrow') as bigint);
    expect(run.call('printNarrow', 64n, 12345)).toBe(0);
    expect(text()).toBe('12345-w');
    expect(run.call('printNarrow', 4n, 12345)).toBe(0x80000005 | 0);
    expect(text()).toBe('123');
    expect(run.call('printWide', 64n, -1)).toBe(0);
    const units = new Uint16Array(run.view().buffer, Number(run.call('wide') as bigint), 7);
    expect(String.fromCharCode(...units)).toBe('-1-w-n\0');
  });

  it.each([
    ['cut', 10n, 6, 'abcdef'],
    ['cut', 6n, 6, 'abcdef'],
    ['cut', 3n, -1, 'abcXXXXXXX'],
    ['whole', 10n, 6, 'abcdef'],
    ['whole', 3n, 6, 'ab'],
    ['secure', 7n, 6, 'abcdef'],
    ['secure', 6n, -1, ''],
  ] as const)('%s into %i answers %i and leaves %s', (name, size, answer, text) => {
    const run = module.start({ checks: 2 });
    const buffer = Number(run.call('narrow') as bigint);
    new Uint8Array(run.view().buffer, buffer, 10).fill(88);
    expect(run.call(name, size)).toBe(answer);
    expect(run.text(BigInt(buffer), 10n).split('\0')[0]?.slice(0, 10)).toBe(
      text.length === 6 && size === 6n ? 'abcdefXXXX' : text,
    );
  });

  it('faults where sprintf runs over its buffer', () => {
    expect(module.start({ checks: 2 }).faultOf('overrun').kind).toBe('out-of-bounds');
  });
});
