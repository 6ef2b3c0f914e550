import { describe, expect, it } from 'vitest';
import { ruleNumber } from '../../../../test/support/ruleNumbers.js';
import { buildRuntimeModule, type RunOptions, type RuntimeInstance } from '../../../../test/support/runtimeModule.js';

const PASSIVE = 0;
const APC = 1;
const DISPATCH = 2;

const module = buildRuntimeModule(
  {
    'driver.c': `
    #include <ntifs.h>
    #include <wdf.h>
    KSPIN_LOCK lock, other;
    EX_SPIN_LOCK readers;
    KLOCK_QUEUE_HANDLE handle;
    FAST_MUTEX mutex;
    ERESOURCE resource;
    EX_PUSH_LOCK push;
    EX_RUNDOWN_REF rundown;
    WDFSPINLOCK wdfSpin;
    WDFWAITLOCK wdfWait;
    KIRQL old, second;
    void init(void)
    {
        KeInitializeSpinLock(&lock);
        KeInitializeSpinLock(&other);
        ExInitializeFastMutex(&mutex);
        ExInitializeResourceLite(&resource);
        ExInitializePushLock(&push);
        ExInitializeRundownProtection(&rundown);
        WdfSpinLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &wdfSpin);
        WdfWaitLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &wdfWait);
    }
    int irql(void) { return KeGetCurrentIrql(); }
    void raise(int level) { KeRaiseIrql((KIRQL)level, &old); }
    void lower(int level) { KeLowerIrql((KIRQL)level); }
    void acquire(void) { KeAcquireSpinLock(&lock, &old); }
    void release(int level) { KeReleaseSpinLock(&lock, (KIRQL)level); }
    void acquireOther(void) { KeAcquireSpinLock(&other, &second); }
    void releaseOther(int level) { KeReleaseSpinLock(&other, (KIRQL)level); }
    void acquireDpc(void) { KeAcquireSpinLockAtDpcLevel(&lock); }
    void releaseDpc(void) { KeReleaseSpinLockFromDpcLevel(&lock); }
    int tryDpc(void) { return KeTryToAcquireSpinLockAtDpcLevel(&lock); }
    int test(void) { return KeTestSpinLock(&lock); }
    void queued(void) { KeAcquireInStackQueuedSpinLock(&lock, &handle); }
    void unqueued(void) { KeReleaseInStackQueuedSpinLock(&handle); }
    void garbage(void) { lock = 0xcdcdcdcdcdcdcdcdULL; }
    void shared(void) { old = ExAcquireSpinLockShared(&readers); }
    void unshared(void) { ExReleaseSpinLockShared(&readers, old); }
    void exclusive(void) { old = ExAcquireSpinLockExclusive(&readers); }
    void unexclusive(void) { ExReleaseSpinLockExclusive(&readers, old); }
    void fast(void) { ExAcquireFastMutex(&mutex); }
    void unfast(void) { ExReleaseFastMutex(&mutex); }
    int tryFast(void) { return ExTryToAcquireFastMutex(&mutex); }
    int own(int wait) { return ExAcquireResourceExclusiveLite(&resource, (BOOLEAN)wait); }
    int share(int wait) { return ExAcquireResourceSharedLite(&resource, (BOOLEAN)wait); }
    void disown(void) { ExReleaseResourceLite(&resource); }
    int owned(void) { return ExIsResourceAcquiredExclusiveLite(&resource); }
    void pushOwn(void) { ExAcquirePushLockExclusive(&push); }
    void pushShare(void) { ExAcquirePushLockShared(&push); }
    void pushDisown(void) { ExReleasePushLockExclusive(&push); }
    void pushUnshare(void) { ExReleasePushLockShared(&push); }
    int protect(void) { return ExAcquireRundownProtection(&rundown); }
    void unprotect(void) { ExReleaseRundownProtection(&rundown); }
    void runDown(void) { ExWaitForRundownProtectionRelease(&rundown); }
    void spin(void) { WdfSpinLockAcquire(wdfSpin); }
    void unspin(void) { WdfSpinLockRelease(wdfSpin); }
    int waitLock(int timed) { LONGLONG timeout = 0; return WdfWaitLockAcquire(wdfWait, timed ? &timeout : NULL); }
    void unwait(void) { WdfWaitLockRelease(wdfWait); }
    void pagedCode(void) { PAGED_CODE(); }`,
  },
  { checked: true },
);

function started(options: RunOptions = {}): RuntimeInstance {
  const run = module.start({ checks: 2, ...options });
  run.call('init');
  return run;
}

function rules(run: RuntimeInstance): (readonly [number, bigint])[] {
  return run.breaches.map(({ rule, detail }) => [rule, detail] as const);
}

const LOCK_IRQL = ruleNumber('lock-irql');
const IRQL_CALL = ruleNumber('irql-call');

describe('IRQL', () => {
  it('is raised and lowered', () => {
    const run = started();
    run.call('raise', DISPATCH);
    expect(run.call('irql')).toBe(DISPATCH);
    run.call('lower', PASSIVE);
    expect(run.call('irql')).toBe(PASSIVE);
    expect(run.breaches).toEqual([]);
  });

  it('raised to a lower level, or lowered to a higher one, is a breach', () => {
    const run = started();
    run.call('raise', DISPATCH);
    run.call('raise', APC);
    run.call('lower', PASSIVE);
    run.call('lower', APC);
    expect(rules(run)).toEqual([
      [IRQL_CALL, 0x102n],
      [IRQL_CALL, 0x100n],
    ]);
  });

  it('PAGED_CODE holds up to APC_LEVEL', () => {
    const run = started();
    run.call('raise', APC);
    run.call('pagedCode');
    run.call('raise', DISPATCH);
    run.call('pagedCode');
    expect(rules(run)).toEqual([[ruleNumber('mem-paged-code'), 2n]]);
  });
});

describe('spin locks', () => {
  it('raise to DISPATCH_LEVEL and count', () => {
    const run = started();
    run.call('acquire');
    expect([run.call('irql'), run.lasting('spin_locks'), run.call('test')]).toEqual([DISPATCH, 1, 0]);
    run.call('acquireOther');
    run.call('releaseOther', DISPATCH);
    run.call('release', PASSIVE);
    expect([run.call('irql'), run.lasting('spin_locks'), run.call('test')]).toEqual([PASSIVE, 0, 1]);
    run.call('queued');
    run.call('unqueued');
    expect([run.call('irql'), run.breaches]).toEqual([PASSIVE, []]);
  });

  it('acquired twice deadlock, by whatever variant', () => {
    for (const [first, second] of [
      ['acquire', 'acquire'],
      ['acquire', 'queued'],
      ['queued', 'acquireDpc'],
      ['exclusive', 'shared'],
      ['shared', 'exclusive'],
      ['spin', 'spin'],
    ] as const) {
      const run = started();
      run.call(first);
      expect(run.faultOf(second)).toMatchObject({ kind: 'deadlock', detail: 0n });
    }
  });

  it('that were never initialised deadlock as well, and say why', () => {
    const run = started();
    run.call('garbage');
    expect(run.faultOf('acquire')).toMatchObject({ kind: 'deadlock', detail: 1n });
  });

  it('released with another IRQL are a breach', () => {
    const run = started();
    run.call('raise', APC);
    run.call('acquire');
    run.call('release', PASSIVE);
    expect(rules(run)).toEqual([[LOCK_IRQL, 1n]]);
    expect(run.call('irql')).toBe(PASSIVE);
  });

  it('released while free are a breach', () => {
    const run = started();
    run.call('raise', DISPATCH);
    run.call('release', PASSIVE);
    expect(rules(run)).toEqual([[LOCK_IRQL, 2n]]);
  });

  it('taken AtDpcLevel below DISPATCH_LEVEL are a breach', () => {
    const run = started();
    run.call('acquireDpc');
    expect(rules(run)).toEqual([[LOCK_IRQL, 3n]]);
    run.call('raise', DISPATCH);
    run.call('releaseDpc');
    expect([run.call('tryDpc'), run.call('tryDpc')]).toEqual([1, 0]);
  });

  it('released in the wrong order lower the IRQL too early', () => {
    const run = started();
    run.call('acquire');
    run.call('acquireOther');
    run.call('release', PASSIVE);
    expect(rules(run)).toEqual([[LOCK_IRQL, 4n]]);
  });

  it('may be shared by readers', () => {
    const run = started();
    run.call('shared');
    run.call('shared');
    run.call('unshared');
    expect(run.lasting('spin_locks')).toBe(1);
  });
});

describe('mutexes and resources', () => {
  it('a fast mutex raises to APC_LEVEL and goes back', () => {
    const run = started();
    run.call('fast');
    expect([run.call('irql'), run.call('tryFast')]).toEqual([APC, 0]);
    run.call('unfast');
    expect([run.call('irql'), run.breaches]).toEqual([PASSIVE, []]);
  });

  it('a fast mutex taken twice by one thread is a deadlock, by another one a wait', () => {
    const run = started();
    run.call('fast');
    expect(run.faultOf('fast').kind).toBe('deadlock');
    let thread = 0x1000n;
    const waited: boolean[] = [];
    const two = started({
      imports: {
        KeGetCurrentThread: () => thread,
        vsp_wait: () => {
          waited.push(true);
          thread = 0x1000n;
          two.call('unfast');
          thread = 0x2000n;
          return 1;
        },
      },
    });
    two.call('fast');
    thread = 0x2000n;
    two.call('fast');
    expect([waited, two.call('tryFast'), two.breaches]).toEqual([[true], 0, []]);
  });

  it('are not for DISPATCH_LEVEL', () => {
    const run = started();
    run.call('raise', DISPATCH);
    run.call('fast');
    expect(rules(run)).toEqual([[IRQL_CALL, 0x102n]]);
  });

  it('a resource is owned recursively, or shared', () => {
    const run = started();
    expect([run.call('own', 1), run.call('own', 1), run.call('owned')]).toEqual([1, 1, 1]);
    run.call('disown');
    expect(run.call('owned')).toBe(1);
    run.call('disown');
    expect([run.call('owned'), run.call('share', 1), run.call('share', 0), run.call('own', 0)]).toEqual([0, 1, 1, 0]);
    expect(run.faultOf('own', 1).kind).toBe('deadlock');
  });

  it('released while free is a breach', () => {
    const run = started();
    run.call('disown');
    run.call('pushDisown');
    run.call('pushUnshare');
    run.call('raise', APC);
    run.call('unfast');
    expect(rules(run)).toEqual([
      [LOCK_IRQL, 2n],
      [LOCK_IRQL, 2n],
      [LOCK_IRQL, 2n],
      [LOCK_IRQL, 2n],
    ]);
  });

  it('push locks are exclusive or shared', () => {
    const waits: string[] = [];
    const run = started({ imports: { vsp_wait: () => void waits.push('wait') } });
    run.call('pushShare');
    run.call('pushShare');
    run.call('pushOwn');
    expect(waits).toEqual(['wait']);
  });

  it('WDF locks hold and time out', () => {
    const run = started();
    run.call('spin');
    expect(run.call('irql')).toBe(DISPATCH);
    run.call('unspin');
    expect([run.call('irql'), run.call('waitLock', 0), run.call('waitLock', 1)]).toEqual([PASSIVE, 0, 0x102]);
    run.call('unwait');
    expect([run.call('waitLock', 1), run.breaches]).toEqual([0, []]);
    expect(run.faultOf('waitLock', 0).kind).toBe('deadlock');
  });
});

describe('rundown protection', () => {
  it('is refused once a rundown has begun, which waits for those who have it', () => {
    const waits: string[] = [];
    const run = started({
      imports: {
        vsp_wait: () => {
          waits.push('wait');
          expect(run.call('protect')).toBe(0);
          run.call('unprotect');
          return 1;
        },
      },
    });
    expect(run.call('protect')).toBe(1);
    run.call('runDown');
    expect([waits, run.call('protect')]).toEqual([['wait'], 0]);
    run.call('unprotect');
    expect(rules(run)).toEqual([[LOCK_IRQL, 2n]]);
  });
});
