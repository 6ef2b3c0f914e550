/**
 * What an injected run says about the driver (kmcl-facts 6.3, 6.6, 6.8 and 7.6, 7.7; docs/stress.md says it for users).
 *
 * A changed record may be refused or taken. Refused, nothing of it may be left behind (R6). Taken, it must do no harm:
 * whatever faults after it was not validated. A shorter record is taken wrongly, too, if the packet, saved once more,
 * differs from what the whole record restores: the missing bytes mattered (S-10: a record carries its own length, and
 * SaveBufSize may be larger, so a size alone never tells of an older version). An empty one is right for a packet that
 * saves nothing (S-17), and for no other.
 */
import { API } from '../kmcl/api.js';
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { ModeId } from '../kmcl/modes.js';
import { succeeded } from '../kmcl/status.js';
import type { Resaved } from '../kmcl/stressing.js';
import { type Draft, draft } from '../rules/draft.js';
import { callStack, userPosition } from '../rules/positions.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { type Injection, injectionText, recordKind } from './stressInjection.js';
import type { Shown, Stressed } from './stressRun.js';

const RESTORE_CALLBACK = 'EvtVmbChannelRestorePacket';

type RecordInjection = Injection & { readonly kind: 'record' };

/** What a refusing restore callback can still do wrong: what it leaves behind, how it returns. */
const OF_REFUSAL = /^(?:restorepkt-|lock-|irql-|mem-|out-|savepkt-irql)/;
/** A record that was taken although nothing was restored from it, or half of it. */
const OF_A_LIE: readonly string[] = ['restorepkt-libbuf', 'restorepkt-routine', 'restorepkt-propagate'];
/** Too short a buffer that is written over, whatever the fault is called. */
const OF_OVERRUN: readonly string[] = ['savepkt-no-overrun', 'mem-out-of-bounds'];

/** Readings that the sheet leaves open; any other is not the most defensible one, and what rests on it a warning. */
const UNSPECIFIED: readonly ModeId[] = ['S-03', 'S-04', 'S-05', 'S-10', 'S-14', 'S-17', 'S-25', 'S-25-ORDER', 'A-07'];

/** A callback that cannot get what it needs has to fail, in whichever pass (S-08). */
const OF_NO_RESOURCES: readonly string[] = ['savepkt-stable', 'savepkt-query-succeed-empty', 'roundtrip-differs'];

/** Modes in which packets come in another order: saved again they do, too (interfaces section 5: information only). */
const OF_ORDER: readonly ModeId[] = ['S-04', 'S-25-ORDER'];

function ofMode(id: ModeId, each: Draft): Draft | undefined {
  if (OF_ORDER.includes(id) && each.rule === 'roundtrip-differs') return undefined;
  // S-26 accepts a routine that is set after VmbPacketRestore: that S-29 might not is worth knowing, no more.
  if (id === 'S-29') return { ...each, atMost: 'info' };
  return UNSPECIFIED.includes(id) && !isTail(id, each) ? each : { ...each, atMost: 'warning' };
}

/** Bytes behind BytesNeeded that nobody wrote: they leave the host only where whole buffers are persisted (M10). */
function isTail(id: ModeId, { rule }: Draft): boolean {
  return id === 'S-10' && rule === 'savepkt-full-init';
}

function withText(each: Draft, injection: Injection): Draft {
  return { ...each, message: `${each.message}${each.repeated ?? ''}, ${injectionText(injection)}`, repeated: '' };
}

function renamed(each: Draft, rule: Draft['rule']): Draft {
  if (each.rule === rule) return each;
  const remark = { message: `${each.rule}: ${each.message}`, location: each.location };
  return { ...each, rule, related: [remark, ...each.related] };
}

function ofRecord(injection: RecordInjection, end: Stressed, { draft: each, fault }: Shown): Draft | undefined {
  if (fault || (end.observation.accepted && OF_A_LIE.includes(each.rule))) return renamed(each, 'restorepkt-validate');
  if (end.observation.accepted || !OF_REFUSAL.test(each.rule)) return undefined;
  // A larger buffer is no damage: refusing it well is still told elsewhere.
  return recordKind(injection.change, injection.saved) === 'record-enlarged' ? undefined : each;
}

function ofInjection(injection: Injection, end: Stressed, shown: Shown): Draft | undefined {
  const { draft: each, fault } = shown;
  switch (injection.kind) {
    case 'record':
      return ofRecord(injection, end, shown);
    case 'write-buffer-smaller':
      return fault && each.pass === 'write' && OF_OVERRUN.includes(each.rule)
        ? renamed(each, 'savepkt-recheck-size')
        : each;
    case 'failure':
      return OF_NO_RESOURCES.includes(each.rule) ? undefined : each;
    case 'mode':
      return ofMode(injection.id, each);
    default:
      return each;
  }
}

/** Drafts of one injected run; `site`: frames of the call that was made to fail. */
export function judge(
  driver: CompiledDriver,
  injection: Injection,
  end: Stressed,
  site?: readonly number[],
): readonly Draft[] {
  const failed = site === undefined ? null : userPosition(driver.locations, site);
  const remark = failed === null ? [] : [{ message: 'this call failed', location: failed }];
  const told = end.shown.flatMap((shown) => {
    const each = ofInjection(injection, end, shown);
    return each === undefined ? [] : [{ ...withText(each, injection), related: [...each.related, ...remark] }];
  });
  return injection.kind === 'mode' && injection.id === 'S-29' ? asOne(told) : told;
}

/** What follows from one completion that comes early. */
function asOne(told: readonly Draft[]): readonly Draft[] {
  const [first, ...rest] = told.toSorted((a, b) => Number(a.rule === 'mem-leak') - Number(b.rule === 'mem-leak'));
  if (first === undefined) return [];
  const remarks = rest.map(({ rule, message, location }) => ({ message: `${rule}: ${message}`, location }));
  return [{ ...first, related: [...first.related, ...remarks] }];
}

// ---- Records that are taken

interface Taken {
  readonly injection: RecordInjection;
  readonly end: Stressed;
}

function lie(driver: CompiledDriver, { injection, end }: Taken, message: string, atMost?: 'warning'): Draft {
  const frames = [(LIBRARY_FRAME | API.VmbChannelRestoreFromBuffer) >>> 0, end.observation.returned];
  return withText(
    draft('restorepkt-validate', message, {
      location: userPosition(driver.locations, frames),
      callStack: callStack(driver.locations, frames),
      callback: RESTORE_CALLBACK,
      pass: 'restore',
      ...(atMost === undefined ? {} : { atMost }),
    }),
    injection,
  );
}

function resavedOf({ injection, end }: Taken): Resaved | undefined {
  return end.observation.resaved.find(({ at }) => at === injection.at);
}

/** Undefined where it cannot be told: the packet could not be saved once more. */
function isChanged(taken: Taken, before: Resaved | undefined): boolean | undefined {
  const after = resavedOf(taken);
  if (before === undefined || after === undefined) return undefined;
  if (!succeeded(before.status) || !succeeded(after.status)) return undefined;
  return after.size !== before.size || after.hash !== before.hash;
}

function sizeOf({ injection }: Taken): number {
  return injection.change.size;
}

/**
 * Lengths are wrongly taken where two of them in a row are: a single one looks like a record of an older version that is
 * told by its size.
 */
function cutShort(taken: readonly Taken[], before: Resaved | undefined, inARow: boolean): readonly Taken[] {
  const lost = taken.filter((each) => isChanged(each, before) === true);
  if (!inARow) return lost;
  const sizes = new Set(lost.map(sizeOf));
  return lost.filter((each) => sizes.has(sizeOf(each) - 1) || sizes.has(sizeOf(each) + 1));
}

const KIND_MESSAGES = {
  'record-empty':
    'a record that was not saved empty is taken, and the packet restored from nothing saves bytes of its own',
  'record-truncated': 'a record that lacks bytes is taken: the packet restored from it is another than the one saved',
  'record-enlarged': 'what is restored depends on SaveBufSize, which may be larger than what was saved',
} as const;
const REFUSES_LARGER = 'the record that was saved is refused when SaveBufSize is larger, which it may be (S-10)';

/** `runs`: changed records of one packet, each in a run of its own; `before`: the packet restored from the whole one. `inARow` false: of the one
 * length there is it is known that its neighbours are taken, too. */
export function judgeLies(
  driver: CompiledDriver,
  runs: readonly Taken[],
  before: Resaved | undefined,
  inARow = true,
): readonly { readonly injection: RecordInjection; readonly draft: Draft }[] {
  const sound = runs.filter(({ end }) => !end.shown.some(({ fault }) => fault));
  const ofKind = (kind: string): readonly Taken[] =>
    sound.filter(({ injection }) => recordKind(injection.change, injection.saved) === kind);
  const isTaken = ({ end }: Taken): boolean => end.observation.accepted;
  const told = (list: readonly Taken[], message: string, atMost?: 'warning') =>
    list.map((each) => ({ injection: each.injection, draft: lie(driver, each, message, atMost) }));
  const enlarged = ofKind('record-enlarged').filter(({ end }) => end.observation.injected > 0);
  return [
    ...told(
      ofKind('record-empty').filter((each) => isTaken(each) && (resavedOf(each)?.size ?? 0) > 0),
      KIND_MESSAGES['record-empty'],
    ),
    ...told(cutShort(ofKind('record-truncated').filter(isTaken), before, inARow), KIND_MESSAGES['record-truncated']),
    ...told(
      enlarged.filter((each) => isTaken(each) && isChanged(each, before) === true),
      KIND_MESSAGES['record-enlarged'],
      'warning',
    ),
    ...told(
      enlarged.filter((each) => !isTaken(each)),
      REFUSES_LARGER,
      'warning',
    ),
  ];
}
