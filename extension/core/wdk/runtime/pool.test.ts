import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleNumber } from '../../../../test/support/ruleNumbers.js';
import { buildRuntimeModule, type RuntimeInstance } from '../../../../test/support/runtimeModule.js';

const NON_PAGED = 0x40n;
const PAGED = 0x100n;
const UNINITIALIZED = 0x2n;
const RAISE = 0x20n;
const TAG = 0x31676154; // 'Tag1'

const module = buildRuntimeModule(
  {
    'driver.c': `
    #include <ntddk.h>
    struct node { struct node *next; char payload[40]; LIST_ENTRY link; };
    struct node *head;
    PLIST_ENTRY inner;
    PVOID pool2(ULONG64 flags, SIZE_T size, ULONG tag) { return ExAllocatePool2(flags, size, tag); }
    PVOID withTag(int type, SIZE_T size, ULONG tag) { return ExAllocatePoolWithTag((POOL_TYPE)type, size, tag); }
    PVOID zeroed(int type, SIZE_T size, ULONG tag) { return ExAllocatePoolZero((POOL_TYPE)type, size, tag); }
    PVOID quota(int type, SIZE_T size, ULONG tag) { return ExAllocatePoolWithQuotaTag((POOL_TYPE)type, size, tag); }
    void freeTag(PVOID p, ULONG tag) { ExFreePoolWithTag(p, tag); }
    void freeAny(PVOID p) { ExFreePool(p); }
    void own(struct node *node) { head = node; }
    void ownInner(struct node *node) { inner = &node->link; }
    void join(struct node *from, struct node *to) { from->next = to; }
    void raise(void) { KIRQL old; KeRaiseIrql(DISPATCH_LEVEL, &old); }`,
  },
  { checked: true },
);

function allocate(run: RuntimeInstance, size: number, tag = TAG, flags = NON_PAGED): bigint {
  return run.call('pool2', flags, BigInt(size), tag) as bigint;
}

function bytes(run: RuntimeInstance, address: bigint, size: number): number[] {
  return [...new Uint8Array(run.view().buffer, Number(address), size)];
}

describe('allocation', () => {
  it('ExAllocatePool2 zeroes unless told not to; the older functions do not', () => {
    const run = module.start({ checks: 2, fill: 0xee });
    expect(bytes(run, allocate(run, 40), 40)).toEqual(Array(40).fill(0));
    expect(bytes(run, allocate(run, 40, TAG, NON_PAGED | UNINITIALIZED), 40)).toEqual(Array(40).fill(0xee));
    expect(bytes(run, run.call('withTag', 512, 40n, TAG) as bigint, 40)).toEqual(Array(40).fill(0xee));
    expect(bytes(run, run.call('zeroed', 512, 40n, TAG) as bigint, 40)).toEqual(Array(40).fill(0));
  });

  it('skips and fails as many as VspLabFailAllocations says', () => {
    const run = module.start({ checks: 2 });
    run.setLasting('fail_skip', 2);
    run.setLasting('fail_count', 3);
    const answers = Array.from({ length: 7 }, () => allocate(run, 8) !== 0n);
    expect(answers).toEqual([true, true, false, false, false, true, true]);
  });

  it('raises where the caller asked for it', () => {
    const run = module.start({ checks: 2 });
    run.setLasting('fail_count', 9);
    expect(run.faultOf('pool2', NON_PAGED | RAISE, 8n, TAG)).toMatchObject({ kind: 'bugcheck', address: 0x1en });
    expect(run.faultOf('quota', 0, 8n, TAG)).toMatchObject({ kind: 'bugcheck' });
    expect(run.call('quota', 8, 8n, TAG)).toBe(0n);
  });

  it('is a breach of irql-call for paged pool at DISPATCH_LEVEL, not for nonpaged pool', () => {
    const run = module.start({ checks: 2 });
    run.call('raise');
    allocate(run, 8);
    expect(run.breaches).toEqual([]);
    allocate(run, 8, TAG, PAGED);
    expect(run.breaches.map(({ rule }) => rule)).toEqual([ruleNumber('irql-call')]);
    expect(run.text(run.breaches[0]?.object ?? 0n)).toBe('ExAllocatePool2');
    expect(run.breaches[0]?.detail).toBe(0x102n);
  });
});

describe('freeing', () => {
  it('is right with the tag, with 0 and without one', () => {
    const run = module.start({ checks: 2 });
    run.call('freeTag', allocate(run, 10), TAG);
    run.call('freeTag', allocate(run, 10), 0);
    run.call('freeAny', allocate(run, 10));
  });

  it.each([0 as const, 2 as const])('with another tag is refused (checks %i)', (checks) => {
    const run = module.start({ checks });
    const block = allocate(run, 10);
    expect(run.faultOf('freeTag', block, 0x32676154)).toMatchObject({
      kind: 'bad-free',
      address: block,
      size: 0x32676154n,
      detail: BigInt(TAG),
    });
  });

  it('twice is a double free, also after the quarantine let the block go', () => {
    const run = module.start({ checks: 2 });
    const block = allocate(run, 100);
    run.call('freeTag', block, TAG);
    expect(run.faultOf('freeTag', block, TAG)).toMatchObject({ kind: 'double-free', address: block });
    const found = run.describe(block);
    expect(run.stack(found.freedStack).map((position) => position?.function)).toEqual(['freeTag']);
    for (let i = 0; i < 60; i++) {
      run.call('freeTag', allocate(run, 100_000), TAG);
    }
    expect(run.faultOf('freeTag', block, TAG)).toMatchObject({ kind: 'double-free' });
  });

  it('of what is no block is refused', () => {
    const run = module.start({ checks: 2 });
    const block = allocate(run, 100);
    for (const address of [
      0n,
      8n,
      block + 16n,
      block + 8n,
      1n << 40n,
      run.call('vsp_user_allocate', 0, 50n, 7) as bigint,
    ]) {
      expect(run.faultOf('freeAny', address)).toMatchObject({ kind: 'bad-free', address });
    }
  });

  it('follows a naive model: every freed block faults, every live one keeps its bytes', () => {
    const step = fc.record({ free: fc.boolean(), pick: fc.nat(), size: fc.integer({ min: 1, max: 9000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const run = module.start({ checks: 2 });
        const live: { readonly address: bigint; readonly size: number; readonly tag: number }[] = [];
        const gone: bigint[] = [];
        for (const [index, { free, pick, size }] of steps.entries()) {
          if (free && live.length > 0) {
            const [block] = live.splice(pick % live.length, 1);
            if (block !== undefined) {
              expect(bytes(run, block.address, block.size).every((byte) => byte === block.tag)).toBe(true);
              run.call('freeTag', block.address, block.tag);
              gone.push(block.address);
            }
          } else {
            const tag = (index % 200) + 1;
            const address = allocate(run, size, tag);
            expect(gone).not.toContain(address); // the quarantine holds more than this test frees
            new Uint8Array(run.view().buffer, Number(address), size).fill(tag);
            live.push({ address, size, tag });
          }
        }
        for (const address of gone) {
          expect(run.faultOf('freeAny', address).kind).toBe('double-free');
        }
      }),
      { numRuns: 30, seed: 2 },
    );
  });
});

/** Blocks the leak search would report: size and whether something owns them. */
function listed(run: RuntimeInstance): { readonly size: number; readonly tag: number; readonly reached: boolean }[] {
  const blocks = [];
  for (let at = Number(run.call('vsp_pool_first')); at !== 0; at = Number(run.call('vsp_pool_next'))) {
    const data = run.view();
    blocks.push({
      size: Number(data.getBigUint64(at + 16, true)),
      tag: data.getUint32(at + 4, true),
      reached: (data.getUint32(at + 56, true) & 0x10) !== 0,
    });
  }
  return blocks;
}

function mark(run: RuntimeInstance, ...roots: readonly bigint[]): void {
  run.call('vsp_mark_begin');
  for (const root of roots) {
    run.call('vsp_mark_value', root);
  }
  run.call('vsp_mark_reachable');
}

describe('leak search', () => {
  it('lists live blocks of the driver only, newest first', () => {
    const run = module.start({ checks: 2 });
    allocate(run, 10);
    run.call('freeTag', allocate(run, 20), TAG);
    run.call('vsp_user_allocate', 0, 30n, 9);
    allocate(run, 40, 5);
    expect(listed(run)).toEqual([
      { size: 40, tag: 5, reached: false },
      { size: 10, tag: TAG, reached: false },
    ]);
  });

  it('follows pointers from globals, also into the middle of a block, and chains of blocks', () => {
    const run = module.start({ checks: 2 });
    const [first, second, third, lost] = [100, 101, 102, 103].map((size) => allocate(run, size)) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    run.call('own', first);
    run.call('join', first, second);
    run.call('ownInner', third);
    run.call('join', lost, first);
    mark(run);
    expect(listed(run).map(({ size, reached }) => [size, reached])).toEqual([
      [103, false],
      [102, true],
      [101, true],
      [100, true],
    ]);
    run.call('own', 0n);
    mark(run);
    expect(listed(run).map(({ size, reached }) => [size, reached])).toEqual([
      [103, false],
      [102, true],
      [101, false],
      [100, false],
    ]);
  });

  it('takes roots and objects from outside', () => {
    const run = module.start({ checks: 2 });
    const block = allocate(run, 64);
    const held = run.call('vsp_allocate', 0, 48n) as bigint;
    const unheld = run.call('vsp_allocate', 0, 48n) as bigint;
    new DataView(run.view().buffer).setBigUint64(Number(block) + 24, held, true);
    run.call('vsp_mark_begin');
    run.call('vsp_mark_object', held, 48n);
    run.call('vsp_mark_object', unheld, 48n);
    run.call('vsp_mark_value', block + 63n);
    run.call('vsp_mark_reachable');
    expect([
      run.call('vsp_is_reached', block),
      run.call('vsp_is_reached', held),
      run.call('vsp_is_reached', unheld),
    ]).toEqual([1, 1, 0]);
  });

  it('forgets the blocks of a host that was restarted', () => {
    const run = module.start({ checks: 2 });
    run.call('own', allocate(run, 10));
    run.call('vsp_restart_host');
    expect(listed(run)).toEqual([]);
    mark(run);
  });
});
