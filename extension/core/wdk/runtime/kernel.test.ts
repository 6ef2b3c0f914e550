import { describe, expect, it } from 'vitest';
import { ruleNumber } from '../../../../test/support/ruleNumbers.js';
import { buildRuntimeModule, type RuntimeInstance } from '../../../../test/support/runtimeModule.js';

const THREAD = 0x1000n;
const DISPATCH = 2;

const module = buildRuntimeModule(
  {
    'driver.c': `
    #include <ntifs.h>
    KEVENT notification, synchronization;
    KSEMAPHORE semaphore;
    KMUTEX mutex;
    KTIMER timer;
    void init(void)
    {
        KeInitializeEvent(&notification, NotificationEvent, FALSE);
        KeInitializeEvent(&synchronization, SynchronizationEvent, TRUE);
        KeInitializeSemaphore(&semaphore, 1, 3);
        KeInitializeMutex(&mutex, 0);
        KeInitializeTimerEx(&timer, SynchronizationTimer);
    }
    PVOID object(int which) { PVOID all[] = {&notification, &synchronization, &semaphore, &mutex, &timer}; return all[which]; }
    int set(void) { return KeSetEvent(&notification, IO_NO_INCREMENT, FALSE); }
    int reset(void) { return KeResetEvent(&notification); }
    int releaseSemaphore(int count) { return KeReleaseSemaphore(&semaphore, 0, count, FALSE); }
    int releaseMutex(void) { return KeReleaseMutex(&mutex, FALSE); }
    void raise(int level) { KIRQL old; KeRaiseIrql((KIRQL)level, &old); }

    SLIST_HEADER head;
    struct item { SLIST_ENTRY entry; int value; } items[4];
    int slist(void)
    {
        InitializeSListHead(&head);
        for (int i = 0; i < 4; i++) { items[i].value = i + 1; InterlockedPushEntrySList(&head, &items[i].entry); }
        int digits = QueryDepthSList(&head);
        for (PSLIST_ENTRY entry; (entry = InterlockedPopEntrySList(&head)) != NULL;) {
            digits = digits * 10 + CONTAINING_RECORD(entry, struct item, entry)->value;
        }
        return digits;
    }

    LOOKASIDE_LIST_EX lookaside;
    static PVOID NTAPI allocate(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX list)
    {
        UNREFERENCED_PARAMETER(list);
        return ExAllocatePoolWithTag(type, size + 16, tag);
    }
    static VOID NTAPI release(PVOID buffer, PLOOKASIDE_LIST_EX list) { UNREFERENCED_PARAMETER(list); ExFreePool(buffer); }
    int startList(int own)
    {
        return ExInitializeLookasideListEx(&lookaside, own ? allocate : NULL, own ? release : NULL, NonPagedPoolNx, 0, 40, 'ksaL', 0);
    }
    PVOID take(void) { return ExAllocateFromLookasideListEx(&lookaside); }
    void give(PVOID entry) { ExFreeToLookasideListEx(&lookaside, entry); }
    void endList(void) { ExDeleteLookasideListEx(&lookaside); }
    char peek(char *p) { return *p; }

    PMDL mdl;
    int mdlOf(char *base, int length)
    {
        mdl = IoAllocateMdl(base, (ULONG)length, FALSE, FALSE, NULL);
        return mdl != NULL;
    }
    int mdlPages(void) { return (mdl->Size - (int)sizeof(MDL)) / 8; }
    UINT64 mdlPfn(int page) { return MmGetMdlPfnArray(mdl)[page]; }
    UINT64 mdlAddress(void) { return (UINT64)MmGetMdlVirtualAddress(mdl); }
    int mdlFlags(void) { return mdl->MdlFlags; }
    void build(void) { MmBuildMdlForNonPagedPool(mdl); }
    void probe(int operation) { MmProbeAndLockPages(mdl, KernelMode, (LOCK_OPERATION)operation); }
    void unlock(void) { MmUnlockPages(mdl); }
    PVOID map(void) { return MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); }
    void unmap(void) { MmUnmapLockedPages(mdl->MappedSystemVa, mdl); }
    void freeMdl(void) { IoFreeMdl(mdl); }
    void useMdl(PMDL given) { mdl = given; }
    PVOID pool(SIZE_T size) { return ExAllocatePool2(POOL_FLAG_NON_PAGED, size, 'looP'); }

    void bugcheck(void) { KeBugCheckEx(0xE2, 1, 2, 3, 4); }
    void raiseStatus(void) { ExRaiseStatus(STATUS_ACCESS_VIOLATION); }
    void assertFails(void) { NT_ASSERT(1 + 1 == 3); }
    void fastFail(void) { __fastfail(FAST_FAIL_CORRUPT_LIST_ENTRY); }
    void breakpoint(void) { __debugbreak(); }
    void corruptList(void) { LIST_ENTRY list, entry; InitializeListHead(&list); InsertTailList(&list, &entry); RemoveEntryList(&entry); RemoveEntryList(&entry); entry.Flink = &entry; RemoveEntryList(&entry); }

    UINT64 now(void) { return KeQueryInterruptTime(); }
    UINT64 counter(void) { LARGE_INTEGER f; LARGE_INTEGER c = KeQueryPerformanceCounter(&f); return (UINT64)(c.QuadPart * 1000 / f.QuadPart); }
    void stall(int us) { KeStallExecutionProcessor((ULONG)us); }
    GUID guid;
    GUID *uuid(void) { ExUuidCreate(&guid); return &guid; }
    int crc(void) { return (int)RtlCrc32("123456789", 9, 0); }

    ULONG bits[2];
    RTL_BITMAP bitmap;
    int bitmapCase(void)
    {
        RtlInitializeBitMap(&bitmap, bits, 50);
        RtlClearAllBits(&bitmap);
        RtlSetBits(&bitmap, 3, 10);
        ULONG first = RtlFindClearBitsAndSet(&bitmap, 5, 0);
        ULONG none = RtlFindClearBits(&bitmap, 40, 0);
        return (int)(first * 10000 + RtlNumberOfSetBits(&bitmap) * 100 + (none == MAXULONG) * 10 + RtlTestBit(&bitmap, 12));
    }`,
  },
  { checked: true },
);

function started(imports: Readonly<Record<string, (...values: never[]) => unknown>> = {}): RuntimeInstance {
  const run = module.start({ checks: 2, imports });
  run.call('init');
  return run;
}

describe('dispatcher objects', () => {
  const waiting = buildWaits();

  it.each([
    ['a notification event stays signaled', 0, [0], 'set', [1, 1]],
    ['a synchronization event releases one waiter', 1, [1, 0], undefined, []],
    ['a semaphore counts', 2, [1, 0], undefined, []],
    ['a mutex is recursive for its owner', 3, [1, 1, 1], undefined, []],
    ['a timer is not signaled before it expires', 4, [0], undefined, []],
  ] as const)('%s', (_name, which, before, action, after) => {
    const run = started();
    expect(before.map(() => waiting(run, which))).toEqual([...before]);
    if (action !== undefined) {
      run.call(action);
    }
    expect(after.map(() => waiting(run, which))).toEqual([...after]);
  });

  it('answer their previous state', () => {
    const run = started();
    expect([run.call('set'), run.call('set'), run.call('reset'), run.call('reset')]).toEqual([0, 1, 1, 0]);
    expect([run.call('releaseSemaphore', 2), run.faultOf('releaseSemaphore', 1).kind]).toEqual([1, 'bugcheck']);
  });

  it('a mutex released by another thread, or while free, is a breach', () => {
    const run = started();
    run.call('releaseMutex');
    expect(run.breaches.map(({ rule, detail }) => [rule, detail])).toEqual([[ruleNumber('lock-irql'), 2n]]);
  });
});

/** One wait: 1 when the object lets the thread pass, which it then does. */
function buildWaits(): (run: RuntimeInstance, which: number) => number {
  return (run, which) => {
    const object = run.call('object', which) as bigint;
    const signaled = run.call('vsp_object_signaled', object, THREAD) as number;
    if (signaled !== 0) {
      run.call('vsp_object_acquire', object, THREAD);
    }
    return signaled;
  };
}

describe('lists', () => {
  it('SLIST is last in, first out', () => {
    expect(started().call('slist')).toBe(44321);
  });

  it('a corrupt LIST_ENTRY breaks lock-list and ends in KERNEL_SECURITY_CHECK_FAILURE (8.3)', () => {
    const run = started();
    expect(run.faultOf('corruptList')).toMatchObject({ kind: 'bugcheck', address: 0x139n });
    expect(run.breaches.map(({ rule }) => rule)).toEqual([ruleNumber('lock-list')]);
  });
});

describe('lookaside lists', () => {
  it('give each entry memory of its own, so that its use after it was given back is seen', () => {
    const run = started();
    expect(run.call('startList', 0)).toBe(0);
    const entry = run.call('take') as bigint;
    run.call('peek', entry + 39n);
    run.call('give', entry);
    expect(run.faultOf('peek', entry).kind).toBe('use-after-free');
    run.call('endList');
    expect(run.faultOf('take').kind).toBe('unsupported');
  });

  it("call the driver's own functions", () => {
    const run = started();
    run.call('startList', 1);
    const entry = run.call('take') as bigint;
    expect(run.describe(entry).size).toBe(56n);
    run.call('give', entry);
    expect(run.faultOf('peek', entry).kind).toBe('use-after-free');
  });
});

describe('MDLs', () => {
  it('describe memory page by page', () => {
    const run = started();
    const block = run.call('pool', 10_000n) as bigint;
    expect(run.call('mdlOf', block + 4000n, 5000)).toBe(1);
    run.call('build');
    expect([run.call('mdlPages'), run.call('mdlAddress'), run.call('mdlFlags')]).toEqual([3, block + 4000n, 4]);
    expect([0, 1, 2].map((page) => run.call('mdlPfn', page))).toEqual([0n, 1n, 2n].map((page) => block / 4096n + page));
    expect(run.call('map')).toBe(block + 4000n);
    run.call('freeMdl');
    expect(run.faultOf('mdlFlags').kind).toBe('use-after-free');
  });

  it('are locked, mapped, unmapped and unlocked; mapping fails as allocations do', () => {
    const run = started();
    run.call('mdlOf', run.call('pool', 100n) as bigint, 100);
    run.call('probe', 1);
    expect(run.call('mdlFlags')).toBe(0x82);
    run.setLasting('fail_count', 1);
    expect([run.call('map'), run.call('map')]).toEqual([0n, run.call('mdlAddress')]);
    run.call('unmap');
    run.call('unlock');
    expect(run.call('mdlFlags')).toBe(0);
    expect(run.faultOf('unlock')).toMatchObject({ kind: 'bugcheck', address: 0x4en });
    expect(run.faultOf('unmap')).toMatchObject({ kind: 'bugcheck', address: 0x1an });
  });

  it('never describe more than the memory there is', () => {
    const run = started();
    run.call('mdlOf', run.call('pool', 100n) as bigint, 101);
    expect(run.faultOf('probe', 0)).toMatchObject({ kind: 'out-of-bounds', detail: 0n });
  });

  it("of the library are not the driver's to free or unlock", () => {
    const run = started();
    const librarys = run.call('vsp_user_allocate', 0, 64n, 1) as bigint;
    run.call('useMdl', librarys);
    run.call('freeMdl');
    run.call('unlock');
    expect(run.breaches.map(({ rule }) => rule)).toEqual(Array(2).fill(ruleNumber('in-mdl-not-owned')));
  });
});

describe('ends of a test', () => {
  it.each([
    ['bugcheck', { kind: 'bugcheck', address: 0xe2n }],
    ['raiseStatus', { kind: 'bugcheck', address: 0x1en }],
    ['fastFail', { kind: 'bugcheck', address: 0x139n }],
    ['breakpoint', { kind: 'assert', size: 3n }],
  ] as const)('%s', (name, expected) => {
    expect(started().faultOf(name)).toMatchObject(expected);
  });

  it('a failed NT_ASSERT carries its text and line', () => {
    const run = started();
    const fault = run.faultOf('assertFails');
    expect([fault.kind, fault.size, run.text(fault.address)]).toEqual(['assert', 1n, '1 + 1 == 3']);
    expect(fault.detail).toBeGreaterThan(50n);
  });
});

describe('the system', () => {
  it('has the time it is given, and a busy wait takes time', () => {
    const run = started();
    run.call('stall', 250);
    expect([run.call('now'), run.call('counter')]).toEqual([2500n, 0n]);
    run.call('stall', 5000);
    expect(run.call('counter')).toBe(5n);
  });

  it('makes the same identifiers on every run with one seed', () => {
    const make = (): number[] => {
      const run = started();
      return [...new Uint8Array(run.view().buffer, Number(run.call('uuid')), 16)];
    };
    expect(make()).toEqual(make());
    expect((make()[7] ?? 0) >> 4).toBe(4);
  });

  it('computes CRC-32 and bitmaps', () => {
    const run = started();
    expect((run.call('crc') as number) >>> 0).toBe(0xcbf43926);
    expect(run.call('bitmapCase')).toBe(131511);
  });

  it('answers at DISPATCH_LEVEL what may be asked there', () => {
    const run = started();
    run.call('raise', DISPATCH);
    run.call('set');
    run.call('slist');
    run.call('pool', 8n);
    expect([run.breaches, run.lasting('irql')]).toEqual([[], DISPATCH]);
  });
});
