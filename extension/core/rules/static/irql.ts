/** Rules of locks and IRQL that paths decide (kmcl-facts 7.8 and the IRQL columns of 2). */
import type { Position } from '../../run/report.js';
import type { RuleId } from '../catalogue.js';
import type { Access, Check, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Value } from './flow/values.js';
import { hasRole, isParameter, operandNumber, outcomeOf, Unended } from './helpers.js';
import { askedIrql, CallbackIrql } from './irqlCallbacks.js';
import { asksForPagedPool, pagedBlock } from './memory.js';

interface Held {
  /** Identity of the lock: where it lies. */
  readonly lock: string;
  readonly saved: Value | undefined;
  readonly place: Position | undefined;
  readonly isRaise: boolean;
}

const HELD = new PathKey<readonly Held[]>([]);
/** Where locks were acquired that are released again. */
const RELEASED = new PathKey<readonly Position[]>([]);

/** Calls that raise IRQL to DISPATCH_LEVEL; `saved` tells whether they answer what it was. */
const ACQUIRES = new Set([
  'KeAcquireSpinLockRaiseToDpc',
  'KeAcquireSpinLockAtDpcLevel',
  'KeAcquireSpinLockForDpc',
  'KeAcquireInStackQueuedSpinLock',
  'KeAcquireInStackQueuedSpinLockAtDpcLevel',
  'ExAcquireSpinLockShared',
  'ExAcquireSpinLockExclusive',
  'ExAcquireSpinLockSharedAtDpcLevel',
  'ExAcquireSpinLockExclusiveAtDpcLevel',
  'WdfSpinLockAcquire',
]);
const RELEASES = new Set([
  'KeReleaseSpinLock',
  'KeReleaseSpinLockFromDpcLevel',
  'KeReleaseSpinLockForDpc',
  'KeReleaseInStackQueuedSpinLock',
  'KeReleaseInStackQueuedSpinLockFromDpcLevel',
  'ExReleaseSpinLockShared',
  'ExReleaseSpinLockExclusive',
  'ExReleaseSpinLockSharedFromDpcLevel',
  'ExReleaseSpinLockExclusiveFromDpcLevel',
  'WdfSpinLockRelease',
]);
/** The second operand of these is the IRQL to go back to. */
const RESTORING = new Set(['KeReleaseSpinLock', 'ExReleaseSpinLockShared', 'ExReleaseSpinLockExclusive']);
/** The lock is known by the handle on the stack. */
const QUEUED = /InStackQueuedSpinLock/;

const DISPATCH_LEVEL = 2n;

/** Functions of which PASSIVE_LEVEL, or at most APC_LEVEL, is asked, and the rule a breach is told by. */
const LOW: ReadonlyMap<string, RuleId> = new Map<string, RuleId>([
  ['VmbChannelAllocate', 'init-alloc-passive'],
  ...rows(
    'save-passive',
    'VmbChannelSaveBegin',
    'VmbChannelSaveContinue',
    'VmbChannelSaveEnd',
    'VmbChannelRestoreFromBuffer',
  ),
  ...rows(
    'state-passive-blocking',
    'VmbChannelPause',
    'VmbChannelDisable',
    'VmbChannelDeleteGpadl',
    'VmbChannelCleanup',
  ),
  ...rows('handle-irql', 'ZwClose', 'VmbConvertVmbusHandleToKernelHandle', 'ObReferenceObjectByHandle'),
  ...rows('mem-paged-code', 'VspPagedCode_'),
  ...rows(
    'wait-irql',
    'KeDelayExecutionThread',
    'ExWaitForRundownProtectionRelease',
    'ExAcquireFastMutex',
    'ExAcquireFastMutexUnsafe',
    'KeAcquireGuardedMutex',
    'ExAcquireResourceExclusiveLite',
    'ExAcquireResourceSharedLite',
    'ExAcquirePushLockExclusiveEx',
    'ExAcquirePushLockSharedEx',
    'WdfWorkItemFlush',
  ),
]);
/** kmcl-facts 1.2. */
const WAIT_FOR_COMPLETION = 1n;
const PAGED_BUFFER = 4n;
const WAITS = new Map([
  ['KeWaitForSingleObject', 4],
  ['KeWaitForMultipleObjects', 6],
  ['WdfWaitLockAcquire', 1],
]);
/** Held over these a lock that completions or callbacks need is never given back. */
const WITH_LOCK = new Set(['VmbChannelPause', 'VmbChannelDisable', 'VmbChannelDeleteGpadl']);

function rows(rule: RuleId, ...names: readonly string[]): readonly (readonly [string, RuleId])[] {
  return names.map((name) => [name, rule] as const);
}

export function irqlCheck(): Check {
  return new Irqls();
}

class Irqls implements Check {
  readonly returned = returned;
  readonly read = accessed;
  readonly write = accessed;
  readonly #callbacks = new CallbackIrql();
  readonly #left = new Unended(({ place, exit }) => ({
    rule: 'lock-irql',
    message: `returns with the spin lock held that was acquired in line ${place.line}`,
    location: exit,
    related: [{ message: 'acquired', location: place }],
  }));

  call(each: LibraryCall, path: Path): void {
    this.#callbacks.note(each, path);
    call(each, this.#callbacks, path);
  }

  end(result: Value | undefined, path: Path): void {
    const outcome = outcomeOf(result, path);
    for (const place of path.state.get(RELEASED)) this.#left.ended(place, outcome, path);
    const held = path.state.get(HELD).findLast(({ isRaise }) => !isRaise);
    if (held?.place === undefined) return;
    // The library calls its callbacks without the driver's locks, and has none of its own given back.
    if (!hasRole(path, 'routine')) {
      const message = `returns with the spin lock held that was acquired in line ${held.place.line}`;
      path.report('lock-irql', path.state.exit, message, [path.remark('acquired', held.place)]);
    } else {
      this.#left.open(held.place, outcome, path);
    }
  }

  finish(report: (found: Reported) => void): void {
    this.#callbacks.finish(report);
    this.#left.finish(report);
  }
}

function call(call: LibraryCall, callbacks: CallbackIrql, path: Path): void {
  const { name, place } = call;
  if (name === 'KeLowerIrql')
    path.state.set(
      HELD,
      path.state.get(HELD).filter(({ isRaise }) => !isRaise),
    );
  if (RELEASES.has(name)) release(call, path);
  const rule = ruleOf(call, path);
  if (rule === undefined) return;
  const held = path.state.get(HELD).at(-1);
  const what = SHOWN.get(rule)?.(name) ?? name;
  if (held !== undefined) {
    const isBlocking = rule === 'state-passive-blocking' && !held.isRaise && WITH_LOCK.has(name);
    const why = held.isRaise ? 'IRQL is raised' : 'a spin lock is held';
    path.report(isBlocking ? 'state-blocking-no-locks' : rule, place, `${what} while ${why}: this is DISPATCH_LEVEL`, [
      path.remark(held.isRaise ? 'raised' : 'acquired', held.place),
    ]);
    return;
  }
  callbacks.breach(what, rule, place, path);
}

/** What messages call it, where that is not the function's name. */
const SHOWN: ReadonlyMap<RuleId, (name: string) => string> = new Map<RuleId, (name: string) => string>([
  ['mem-paged-code', () => 'PAGED_CODE'],
  ['out-paged-flag', (name) => `${name} of a PAGED_BUFFER`],
  ['mem-nonpaged-at-dispatch', (name) => `${name} of paged pool`],
]);

function ruleOf(call: LibraryCall, path: Path): RuleId | undefined {
  const { name, operands } = call;
  if (name.startsWith('VmbPacketSend')) {
    const flags = operandNumber(call, operands.length - 1, path) ?? 0n;
    return (flags & PAGED_BUFFER) === 0n ? undefined : 'out-paged-flag';
  }
  if (asksForPagedPool(call, path)) return 'mem-nonpaged-at-dispatch';
  if (name === 'VmbChannelSendSynchronousRequest') {
    const flags = operandNumber(call, 4, path) ?? 0n;
    return (flags & WAIT_FOR_COMPLETION) === 0n && isPoll(operands[7], path) ? undefined : 'out-sync-irql';
  }
  const known = LOW.get(name);
  if (known !== undefined) return known;
  const timeout = WAITS.get(name);
  return timeout === undefined || isPoll(operands[timeout], path) ? undefined : 'wait-irql';
}

/** A wait of no time at all is allowed at DISPATCH_LEVEL. */
function isPoll(timeout: Value | undefined, path: Path): boolean {
  const pointer = path.pointer(timeout);
  if (timeout === undefined || path.isNull(timeout) === true) return false;
  if (pointer === undefined || pointer.index !== undefined) return true;
  const time = path.state.memory.read(pointer.region, pointer.offset, 8, path.values, 64);
  return typeof time !== 'object' || path.number(time) === 0n || path.number(time) === undefined;
}

function lockOf({ name, operands }: LibraryCall, path: Path): string {
  const pointer = path.pointer(operands[QUEUED.test(name) && !name.startsWith('KeRelease') ? 1 : 0]);
  return pointer === undefined ? '' : `${pointer.region.id}+${pointer.offset}+${pointer.index?.id ?? ''}`;
}

function returned(call: LibraryCall, result: Value | undefined, path: Path): void {
  const { name, operands } = call;
  askedIrql(call, result, path);
  const held = path.state.get(HELD);
  const place = path.position(call.place);
  if (ACQUIRES.has(name))
    path.state.set(HELD, [...held, { lock: lockOf(call, path), saved: result, place, isRaise: false }]);
  const raised =
    name === 'KfRaiseIrql' ? path.number(operands[0]) : name === 'KeRaiseIrqlToDpcLevel' ? DISPATCH_LEVEL : undefined;
  if (name === 'KeGetCurrentIrql' && result !== undefined && (held.length > 0 || hasRole(path, 'dpc')))
    path.state.facts.assumeCompare('uge', result, path.values.constant(DISPATCH_LEVEL, result.bits), true, path.values);
  if (raised !== undefined && raised >= DISPATCH_LEVEL)
    path.state.set(HELD, [...held, { lock: '', saved: result, place, isRaise: true }]);
}

function release(call: LibraryCall, path: Path): void {
  const held = path.state.get(HELD);
  const lock = lockOf(call, path);
  const own = held.findLast((each) => !each.isRaise && each.lock === lock);
  const [, back] = call.operands;
  const isRestoring = own !== undefined && RESTORING.has(call.name) && back !== undefined;
  const other = isRestoring ? held.find((each) => each !== own && each.saved === back) : undefined;
  // Hand over hand: the IRQL stays as it is, and the lock that is kept goes back to where this one came from.
  const isHandedOn = own !== undefined && other !== undefined && held.indexOf(other) > held.indexOf(own);
  if (isRestoring && !isHandedOn && isOther(own, back, other)) {
    const irql = back.kind === 'constant' ? `IRQL ${back.value}` : 'another IRQL';
    path.report('lock-irql', call.place, `${call.name} goes back to ${irql}, not to the one of the acquisition`, [
      path.remark('acquired', own.place),
    ]);
  }
  // A lock known by another name is let go all the same.
  const gone = own ?? held.findLast(({ isRaise }) => !isRaise);
  const left = held.filter((each) => each !== gone);
  path.state.set(
    HELD,
    left.map((each) => (each === other ? { ...each, saved: own?.saved } : each)),
  );
  if (gone?.place !== undefined) path.state.set(RELEASED, [...path.state.get(RELEASED), gone.place]);
}

/** A number, what nobody has written, or what another acquisition has answered: not what this one has. */
function isOther(own: Held, back: Value, other: Held | undefined): boolean {
  if (own.saved === undefined || back === own.saved) return false;
  if (back.kind === 'constant') return true;
  return other !== undefined || (back.kind === 'symbol' && back.origin.kind === 'uninitialised');
}

/** SaveBuf and BytesNeeded are paged memory for all the callback knows (S-36). */
function accessed({ pointer, place }: Access, path: Path): void {
  const held = path.state.get(HELD).at(-1);
  if (held === undefined) return;
  const paged = pagedBlock(pointer, path);
  if (paged !== undefined) {
    path.report('mem-nonpaged-at-dispatch', place, 'touches paged pool at DISPATCH_LEVEL', [
      path.remark('allocated', paged),
      path.remark(held.isRaise ? 'raised' : 'acquired', held.place),
    ]);
  }
  if (!hasRole(path, 'savePacket')) return;
  const what = isParameter(pointer, 2, path) ? 'SaveBuf' : isParameter(pointer, 4, path) ? 'BytesNeeded' : undefined;
  if (what === undefined) return;
  const why = held.isRaise ? 'IRQL is raised' : 'a spin lock is held';
  path.report('savepkt-irql', place, `touches ${what} while ${why}: it may be paged memory`, [
    path.remark(held.isRaise ? 'raised' : 'acquired', held.place),
  ]);
}
