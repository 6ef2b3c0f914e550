/** Context fields as a driver's own types have them, and what a whole comparison makes of them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { type ContextType, contextTypes, type Leaf } from './contextFields.js';

const SOURCE = `
#include <vsplab.h>
typedef enum _PHASE { PhaseQueued = 3, PhaseSent = 9 } PHASE;
typedef struct _INNER { ULONG A; PVOID B; } INNER;
typedef struct _REQUEST {
    LIST_ENTRY Link;
    KSPIN_LOCK Lock;
    KEVENT Event;
    HANDLE Thread;
    VMBPACKET Packet;
    UNICODE_STRING Name;
    VOID (*Done)(PVOID);
    ULONG Id;
    PHASE Phase;
    BOOLEAN Urgent;
    UCHAR Bytes[6];
    ULONG Low : 3;
    ULONG High : 5;
    double Rate;
    INNER Inner[2];
    union { ULONG Number; UCHAR Parts[4]; } Plain;
    union { ULONG64 Number; PVOID Pointer; } Mixed;
    ULONG Cached;
} REQUEST, *PREQUEST;
VSPLAB_TRANSIENT(REQUEST, Cached)

VSPLAB_TEST(Uses)
{
    PREQUEST request = VmbPacketGetPointer(NULL);
    (void)request;
}
`;

describe('contextTypes', () => {
  let driver: TestDriver;
  let type: ContextType | undefined;
  beforeAll(async () => {
    driver = await compileText(SOURCE);
    [type] = contextTypes(driver.driver, undefined);
  }, COMPILE_TIMEOUT);

  const leaf = (name: string): Leaf | undefined => type?.leaves.find((each) => each.name === name);

  it('finds the record that VmbPacketGetPointer answers', () => {
    expect(contextTypes(driver.driver, undefined)).toHaveLength(1);
    expect(type?.name).toBe('REQUEST');
  });

  it.each([
    ['Link', 'list'],
    ['Lock', 'lock'],
    ['Event', 'kernel object'],
    ['Thread', 'handle'],
    ['Packet', 'handle'],
    ['Name', 'pointer'],
    ['Done', 'pointer'],
    ['Inner[1].B', 'pointer'],
    ['Mixed', 'pointer'],
    ['Cached', 'transient'],
  ])('%s is skipped: %s', (name, kind) => {
    expect([leaf(name)?.skipped, leaf(name)?.changes]).toEqual([kind, []]);
  });

  it.each([
    ['Id', 3],
    ['Phase', 1],
    ['Urgent', 1],
    ['Bytes', 1],
    ['Low', 2],
    ['Rate', 1],
    ['Inner[0].A', 3],
    ['Plain', 1],
  ])('%s has %i other values', (name, count) => {
    expect([leaf(name)?.skipped, leaf(name)?.changes.length]).toEqual([undefined, count]);
  });

  it('gives an enumeration another of its values', () => {
    expect(leaf('Phase')?.changes[0]?.value).toBe((9n << 32n) | 3n);
  });

  it('covers the record without overlaps, bit-fields aside', () => {
    const ends = (type?.leaves ?? []).map(({ offset, size }) => [offset, offset + size] as const);
    const bits = new Set([leaf('Low')?.offset]);
    const apart = ends.filter(([offset]) => !bits.has(offset)).sort(([a], [b]) => a - b);
    expect(apart.every(([offset], index) => index === 0 || offset >= (apart[index - 1]?.[1] ?? 0))).toBe(true);
  });
});
