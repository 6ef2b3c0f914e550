import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRuntimeModule, type RuntimeInstance } from '../../../../test/support/runtimeModule.js';

const KIND = { nothing: 0, block: 1, freed: 2, global: 3, stack: 4, null: 5, runtime: 6 } as const;
const HOST = 0;

const module = buildRuntimeModule(
  {
    'driver.c': `
    #include <ntddk.h>
    #define TAG 'kcaT'
    char *block;
    int numbers[5] = {1, 2, 3, 4, 5};
    static char text[10] = "012345678";
    struct pair { char left[12]; char right[12]; } pairs[2];

    void allocate(SIZE_T size) { block = (char *)ExAllocatePool2(POOL_FLAG_NON_PAGED, size, TAG); }
    void allocatePaged(SIZE_T size) { block = (char *)ExAllocatePool2(POOL_FLAG_PAGED, size, TAG); }
    void release(void) { ExFreePoolWithTag(block, TAG); }
    int read(SIZE_T at) { return block[at]; }
    int read4(SIZE_T at) { return *(int *)(block + at); }
    void write(SIZE_T at) { block[at] = 1; }
    void write8(SIZE_T at) { *(UINT64 *)(block + at) = 1; }
    void copyOut(SIZE_T size) { char local[64]; RtlCopyMemory(local, block, size); }
    void copyIn(SIZE_T size) { static char source[100]; RtlCopyMemory(block, source, size); }
    void fill(SIZE_T size) { RtlZeroMemory(block, size); }
    int global(int at) { return numbers[at]; }
    void globalText(int at) { text[at] = 'x'; }
    int local(int at) { int values[4] = {0}; int other[4] = {0}; values[at] = 3; return values[0] + other[0]; }
    int literal(int at) { static const char *message = "hello"; return message[at]; }
    int alloca(int size, int at) { char *p = (char *)__builtin_alloca(size); p[at] = 1; return p[at]; }
    int wild(UINT64 address) { return *(volatile int *)address; }
    int wildByte(UINT64 address) { return *(volatile char *)address; }
    void assign(void) { pairs[1] = pairs[0]; }
    void assignBlock(void) { *(struct pair *)block = pairs[0]; }
    SIZE_T length(void) { return strlen(block); }
    int recurse(int depth) { volatile char frame[512]; frame[depth % 512] = 1; return recurse(depth + 1) + frame[0]; }
    int growWithFrame(SIZE_T size)
    {
        char before[40];
        RtlZeroMemory(before, sizeof(before));
        PVOID large = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, TAG);
        return before[39] + (large == NULL);
    }
    int plainFrame(void) { UINT64 words[64]; RtlZeroMemory(words, sizeof(words)); return (int)words[63]; }
    int touchAtDispatch(void)
    {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        int value = block[0];
        KeLowerIrql(old);
        return value;
    }`,
  },
  { checked: true },
);

function started(): RuntimeInstance {
  return module.start({ checks: 2 });
}

describe('pool blocks', () => {
  it.each([1, 7, 8, 13, 16, 100, 4096, 5001, 70_000])(
    'may be touched from the first to the last of %i bytes',
    (size) => {
      const run = started();
      run.call('allocate', BigInt(size));
      run.call('write', 0n);
      run.call('write', BigInt(size - 1));
      run.call('fill', BigInt(size));
      expect(run.call('read', BigInt(size - 1))).toBe(0);
    },
  );

  it.each([1, 7, 8, 13, 16, 100, 4096, 5001, 70_000])('end exactly: one byte behind %i, one before', (size) => {
    const run = started();
    run.call('allocate', BigInt(size));
    const start = BigInt(run.describe(run.faultOf('write', BigInt(size)).address).start);
    const behind = run.faultOf('write', BigInt(size));
    expect(behind).toMatchObject({ kind: 'out-of-bounds', address: start + BigInt(size), detail: 1n });
    expect(run.describe(behind.address)).toMatchObject({
      kind: KIND.block,
      size: BigInt(size),
      offset: BigInt(size),
      tag: 0x6b636154,
    });
    const before = run.faultOf('read', -1n);
    expect(before).toMatchObject({ kind: 'out-of-bounds', address: start - 1n, detail: 0n });
    expect(run.describe(before.address)).toMatchObject({ kind: KIND.block, start, offset: -1n });
  });

  it('catches an access that only ends outside', () => {
    const run = started();
    run.call('allocate', 13n);
    expect(run.call('read4', 9n)).toBeTypeOf('number');
    expect(run.faultOf('read4', 10n)).toMatchObject({ kind: 'out-of-bounds', size: 4n });
    expect(run.faultOf('write8', 8n)).toMatchObject({ kind: 'out-of-bounds', size: 8n, detail: 1n });
  });

  it('checks what RtlCopyMemory, RtlZeroMemory and strlen touch', () => {
    const run = started();
    run.call('allocate', 20n);
    run.call('copyOut', 20n);
    expect(run.faultOf('copyOut', 21n)).toMatchObject({ kind: 'out-of-bounds', detail: 0n });
    expect(run.faultOf('copyIn', 21n)).toMatchObject({ kind: 'out-of-bounds', detail: 1n });
    expect(run.faultOf('fill', 24n)).toMatchObject({ kind: 'out-of-bounds', detail: 1n });
    expect(run.call('length')).toBe(0n);
    new Uint8Array(run.view().buffer, Number(run.describe(run.faultOf('read', -1n).address).start), 20).fill(65);
    expect(run.faultOf('length')).toMatchObject({ kind: 'out-of-bounds' });
  });

  it('checks copies the compiler makes itself', () => {
    const run = started();
    run.call('assign');
    run.call('allocate', 24n);
    run.call('assignBlock');
    run.call('allocate', 23n);
    expect(run.faultOf('assignBlock')).toMatchObject({ kind: 'out-of-bounds', detail: 1n });
  });

  it('are not touched after they were freed, and both stacks are told', () => {
    const run = started();
    run.call('allocate', 40n);
    run.call('release');
    const fault = run.faultOf('read', 5n);
    expect(fault.kind).toBe('use-after-free');
    const found = run.describe(fault.address);
    expect(found).toMatchObject({ kind: KIND.freed, size: 40n, offset: 5n });
    expect(run.stack(found.allocatedStack).map((position) => position?.function)).toEqual(['allocate']);
    expect(run.stack(found.freedStack).map((position) => position?.function)).toEqual(['release']);
  });

  it('stay known as freed long after the quarantine let them go', () => {
    const run = started();
    run.call('allocate', 1000n);
    const address = run.describe(run.faultOf('read', -1n).address).start;
    run.call('release');
    for (let i = 0; i < 100; i++) {
      run.call('allocate', 100_000n);
      run.call('release');
    }
    expect(run.faultOf('wild', address + 8n).kind).toBe('use-after-free');
  });

  it('of paged pool are not touched at DISPATCH_LEVEL', () => {
    const run = started();
    run.call('allocatePaged', 21n);
    run.call('write', 20n);
    expect(run.faultOf('write', 21n).kind).toBe('out-of-bounds');
    expect(run.breaches).toHaveLength(0);
    run.call('touchAtDispatch');
    expect(run.breaches).toHaveLength(1);
    run.call('allocate', 21n);
    run.call('touchAtDispatch');
    expect(run.breaches).toHaveLength(1);
  });
});

describe('globals and the stack', () => {
  it('ends a global exactly and names it', () => {
    const run = started();
    expect(run.call('global', 4)).toBe(5);
    const fault = run.faultOf('global', 5);
    expect(fault).toMatchObject({ kind: 'out-of-bounds', size: 4n, detail: 0n });
    expect(run.describe(fault.address)).toMatchObject({ kind: KIND.global, name: 'numbers', size: 20n, offset: 20n });
    run.call('globalText', 9);
    expect(run.describe(run.faultOf('globalText', 10).address)).toMatchObject({ name: 'text', offset: 10n });
    expect(run.call('literal', 4)).toBe(111);
    expect(run.faultOf('literal', 6)).toMatchObject({ kind: 'out-of-bounds' });
  });

  it('ends a local variable exactly and names it', () => {
    const run = started();
    expect(run.call('local', 3)).toBe(0);
    const fault = run.faultOf('local', 4);
    expect(fault).toMatchObject({ kind: 'out-of-bounds', detail: 1n });
    expect(run.describe(fault.address)).toMatchObject({ kind: KIND.stack, name: 'values', size: 16n, offset: 16n });
  });

  it('takes the marks off the stack when a function returns', () => {
    const run = started();
    for (let i = 0; i < 50; i++) {
      run.call('local', i % 4);
      run.call('alloca', 10 + i, i);
      run.call('copyOut', 0n);
    }
    const fault = run.faultOf('alloca', 11, 11);
    expect(fault.kind).toBe('out-of-bounds');
    expect(run.describe(fault.address)).toMatchObject({ kind: KIND.stack, name: 'alloca', size: 11n, offset: 11n });
  });

  it('tells endless recursion from a null access', () => {
    const run = started();
    expect(run.faultOf('recurse', 0).kind).toBe('stack-overflow');
  });
});

describe('addresses of nothing', () => {
  it.each([0n, 8n, 4096n, 65_532n])('%i is null', (address) => {
    const run = started();
    expect(run.faultOf('wild', address)).toMatchObject({ kind: 'null', address });
    expect(run.describe(address).kind).toBe(KIND.null);
  });

  it.each([0xffffffff_ffff0000n, 0xffffffff_fffffff0n])('%i is a member before null', (address) => {
    expect(started().faultOf('wild', address)).toMatchObject({ kind: 'null' });
  });

  it.each([1n << 27n, 0xffffffff_fffe0000n, 0xdeadbeef_deadbeefn, 0x7fff_ffff_ffffn])('%i is wild', (address) => {
    expect(started().faultOf('wild', address)).toMatchObject({ kind: 'wild' });
  });

  it('keeps the driver off the shadow, the runtime state and library objects', () => {
    const run = started();
    const lasting = BigInt(run.call('vsp_lasting_address') as bigint);
    expect(run.faultOf('wild', lasting + 16n).kind).toBe('wild');
    const object = run.call('vsp_allocate', HOST, 64n) as bigint;
    expect(['wild', 'out-of-bounds']).toContain(run.faultOf('wild', object).kind);
    const library = run.call('vsp_user_allocate', HOST, 64n, 1) as bigint;
    expect(run.call('wild', library)).toBe(0xcdcdcdcd | 0);
    run.call('vsp_poison', library + 16n, 16n, 0xfe);
    expect(run.faultOf('wild', library + 16n).kind).toBe('out-of-bounds');
    expect(run.call('wild', library + 32n)).toBe(0xcdcdcdcd | 0);
    run.call('vsp_unpoison', library + 16n, 16n);
    expect(run.call('wild', library + 16n)).toBe(0xcdcdcdcd | 0);
  });

  it('poisons and opens ranges to the byte, as far as one number per 8 bytes can say', () => {
    const bytes = 64;
    const step = fc.record({ open: fc.boolean(), from: fc.nat(bytes / 8 - 1), size: fc.nat(bytes) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const run = started();
        const base = run.call('vsp_user_allocate', HOST, BigInt(bytes), 1) as bigint;
        const open = Array.from({ length: bytes / 8 }, () => 8);
        for (const { open: opens, from, size } of steps) {
          const end = Math.min(bytes, from * 8 + size);
          const range = [base + BigInt(from * 8), BigInt(end - from * 8)] as const;
          run.call(opens ? 'vsp_unpoison' : 'vsp_poison', ...range, ...(opens ? [] : [0xfc]));
          for (let granule = from; granule * 8 < end; granule++) {
            const covered = Math.min(8, end - granule * 8);
            const before = open[granule] ?? 0;
            open[granule] = opens ? Math.max(before, covered) : before <= covered ? 0 : before;
          }
        }
        for (let i = 0; i < bytes; i++) {
          if (i % 8 < (open[i >> 3] ?? 0)) {
            expect(run.call('wildByte', base + BigInt(i))).toBe(-51);
          } else {
            run.faultOf('wildByte', base + BigInt(i));
          }
        }
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('calls a buffer whose callback returned used after its end', () => {
    const run = started();
    const buffer = run.call('vsp_user_allocate', HOST, 64n, 1) as bigint;
    run.call('vsp_poison', buffer, 64n, 0xfc);
    expect(run.faultOf('wild', buffer + 60n)).toMatchObject({ kind: 'use-after-free' });
  });
});

describe('a test that needs more memory than the first shadow covers', () => {
  const FIRST_COVERED = 64 << 20;

  it('starts with little and moves the shadow when it must', () => {
    const run = started();
    expect(run.view().byteLength).toBeLessThan(16 << 20);
    run.call('growWithFrame', BigInt(FIRST_COVERED));
    expect(run.view().byteLength).toBeGreaterThan(FIRST_COVERED);
  });

  it('keeps every check: blocks from before and after, frames from before and after, the new host', () => {
    const run = started();
    run.call('allocate', 100n);
    run.call('growWithFrame', BigInt(FIRST_COVERED));
    expect(run.faultOf('read', 100n).kind).toBe('out-of-bounds');
    // The frame that was there while the shadow moved has opened its redzones in the shadow of now.
    expect(run.call('plainFrame')).toBe(0);
    expect(run.faultOf('local', 4).kind).toBe('out-of-bounds');
    expect(run.faultOf('global', 5).kind).toBe('out-of-bounds');
    run.call('allocate', 5000n);
    run.call('write', 4999n);
    expect(run.faultOf('write', 5000n).kind).toBe('out-of-bounds');
    run.call('vsp_restart_host');
    run.call('allocate', 10n);
    run.call('write', 9n);
    expect(run.faultOf('write', 10n).kind).toBe('out-of-bounds');
    run.call('growWithFrame', BigInt(FIRST_COVERED));
    expect(run.faultOf('local', 4).kind).toBe('out-of-bounds');
  });

  it.each([0, 1, 2, 3])('keeps the driver off both shadows (at quarter %i)', (quarter) => {
    const run = started();
    const first = run.call('vsp_user_allocate', HOST, 64n, 1) as bigint;
    run.call('growWithFrame', BigInt(FIRST_COVERED));
    // Before the first block lie the first shadow, 8 MiB, and the table of chunks.
    const inFirst = (first & ~0xffffn) - (8n << 20n) + BigInt(quarter) * (2n << 20n);
    expect(run.faultOf('wild', inFirst)).toMatchObject({ kind: 'wild', address: inFirst });
    // The limit is 256 MiB, so 32 of them are the second shadow; it was put where the memory ended.
    const inSecond = (first & ~0xffffn) + (3n << 20n) + BigInt(quarter) * (9n << 20n);
    expect(run.faultOf('wild', inSecond)).toMatchObject({ kind: 'wild', address: inSecond });
  });

  it('still ends at the limit', () => {
    const run = started();
    const size = 200n << 20n;
    expect(run.faultOf('vsp_user_allocate', HOST, 250n << 20n, 1)).toMatchObject({ kind: 'out-of-memory' });
    expect(Number(run.call('vsp_user_allocate', HOST, size, 1))).toBeGreaterThan(0);
    expect(run.faultOf('vsp_user_allocate', HOST, size, 1)).toMatchObject({ kind: 'out-of-memory', size });
    expect(run.view().byteLength).toBeLessThanOrEqual(256 << 20);
  });
});

describe('with checks off', () => {
  const unchecked = buildRuntimeModule({
    'driver.c': `
      #include <ntddk.h>
      void clear(void *p, SIZE_T size) { RtlZeroMemory(p, size); }
      int peek(int *p) { return *p; }`,
  });

  it('a library function still refuses NULL, and a wild pointer is a trap of the engine', () => {
    const run = unchecked.start({ checks: 0 });
    expect(run.faultOf('clear', 0n, 8n).kind).toBe('null');
    expect(() => run.call('peek', 1n << 40n)).toThrow(WebAssembly.RuntimeError);
  });
});
