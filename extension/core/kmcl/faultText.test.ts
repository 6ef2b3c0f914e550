/** What a fault says: exact addresses and sizes, whatever their width. */
import { beforeAll, describe, expect, it } from 'vitest';
import { compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `
#include <ntddk.h>
#include <vsplab.h>

static volatile ULONG Zero;
static volatile ULONG64 Low;

VSPLAB_TEST(WritesFar) {
    PULONG Wild = (PULONG)(0xFFFF800012345678ull + Low);
    *Wild = 1;
}
VSPLAB_TEST(CopiesFar) {
    UCHAR Byte;
    RtlCopyMemory(&Byte, (PVOID)(0x0020000000000001ull + Low), 1);
}
VSPLAB_TEST(CopiesMuch) {
    UCHAR Bytes[8] = {0};
    RtlCopyMemory(Bytes, Bytes + 1, 0x0020000000000003ull + Low);
}
VSPLAB_TEST(FreesFar) {
    ExFreePoolWithTag((PVOID)(0xFFFF800012345678ull + Low), 'abcd');
}
VSPLAB_TEST(AllocatesTooMuch) {
    PVOID Injected;
    VspLabFailAllocations(1, 1);
    VSPLAB_ASSERT(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'abcd') != NULL);
    Injected = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'abcd');
    VSPLAB_ASSERT(Injected == NULL);
    ExAllocatePool2(POOL_FLAG_NON_PAGED, ~(SIZE_T)0 - 64 + (SIZE_T)Low, 'abcd');
}
VSPLAB_TEST(BugChecks) {
    KeBugCheckEx(0xDEAD, 0xFFFF800012345678ull, Low, 0, 0);
}
`;

describe('addresses and sizes beyond 2^53', () => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE);
  }, 120_000);

  it.each([
    ['WritesFar', 'writes 4 bytes at 0xFFFF800012345678,'],
    ['CopiesFar', 'reads 1 byte at 0x20000000000001,'],
    ['FreesFar', 'frees 0xFFFF800012345678, which is no block of the pool'],
    [
      'AllocatesTooMuch',
      'the memory limit of 268435456 bytes (--memory) is reached: 18446744073709551551 more are asked for',
    ],
    ['BugChecks', 'KeBugCheckEx(0xDEAD, 0xFFFF800012345678, 0x0, 0x0, 0x0)'],
  ])('%s: %s', (name, text) => {
    expect(driver.test(name).end).toContain(text);
  });

  it('CopiesMuch names the size as it was given', () => {
    expect(driver.test('CopiesMuch').end).toContain(`${9_007_199_254_740_995n} bytes at`);
  });
});
