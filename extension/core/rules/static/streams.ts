/** Rules of a channel's save and restore as a whole (kmcl-facts 6.2, 6.5, 7.6, 7.7, 8.2). */
import type { Position } from '../../run/report.js';
import type { Check, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Pointer, Region, Value } from './flow/values.js';
import { Ignored, outcomeOf, regionOf, STATUS, sameValue, Unended } from './helpers.js';
import { Answers } from './streamAnswers.js';

interface Save {
  readonly begin: Value;
  readonly place: Position | undefined;
  readonly ended: Position | undefined;
}

interface Continued {
  readonly channel: Region | undefined;
  readonly status: Value;
  readonly size: Value | undefined;
  readonly place: Position | undefined;
  /** Where BytesFilled and BytesRequired went. */
  readonly filled: Pointer | undefined;
  readonly required: Pointer | undefined;
}

interface Story {
  readonly saves: ReadonlyMap<number, Save>;
  readonly continued: Continued | undefined;
  readonly restored: readonly { readonly status: Value; readonly place: Position | undefined }[];
}

const STORY = new PathKey<Story>({ saves: new Map(), continued: undefined, restored: [] });

const BEGIN = 'VmbChannelSaveBegin';
const CONTINUE = 'VmbChannelSaveContinue';
const END = 'VmbChannelSaveEnd';
const RESTORE = 'VmbChannelRestoreFromBuffer';
const SIZE_BITS = 32;

export function streamsCheck(): Check {
  return new Streams();
}

class Streams implements Check {
  readonly #answers = new Answers(
    new Map([
      [
        RESTORE,
        {
          rule: 'restore-more-processing',
          regular: new Map([['STATUS_MORE_PROCESSING_REQUIRED', STATUS.MORE_PROCESSING_REQUIRED]]),
          meaning: 'there are more pieces to feed',
        },
      ],
      [
        CONTINUE,
        {
          rule: 'save-continue-statuses',
          regular: new Map([
            ['STATUS_BUFFER_OVERFLOW', STATUS.BUFFER_OVERFLOW],
            ['STATUS_BUFFER_TOO_SMALL', STATUS.BUFFER_TOO_SMALL],
          ]),
          meaning: 'the save goes on',
        },
      ],
    ]),
  );
  readonly #ignored = new Ignored();
  readonly #open = new Unended(({ place, exit }) => ({
    rule: 'save-end-always',
    message: `no ${END} on the way from here to the return in line ${exit.line}`,
    location: place,
    related: [{ message: 'returns here', location: exit }],
  }));

  call(call: LibraryCall, path: Path): void {
    if (call.name !== CONTINUE && call.name !== END) return;
    const channel = regionOf(call.operands[0], path);
    const save = channel === undefined ? undefined : path.state.get(STORY).saves.get(channel.id);
    if (save !== undefined && channel !== undefined) saveCall(call, save, channel, path);
    if (call.name === CONTINUE) grows(call, channel, path);
  }

  returned(call: LibraryCall, result: Value | undefined, path: Path): void {
    if (result === undefined) return;
    const story = path.state.get(STORY);
    const place = path.position(call.place);
    const channel = regionOf(call.operands[0], path);
    if (call.name === BEGIN && channel !== undefined)
      update(path, { saves: new Map(story.saves).set(channel.id, { begin: result, place, ended: undefined }) });
    if (call.name === CONTINUE) {
      const [, , size, filled, required] = call.operands;
      const pointers = { filled: path.pointer(filled), required: path.pointer(required) };
      update(path, { continued: { channel, status: result, size, place, ...pointers } });
    }
    if (call.name === RESTORE) update(path, { restored: [...story.restored, { status: result, place }] });
    if (call.name === CONTINUE || call.name === RESTORE) this.#answers.asked(call.name, result, place, path);
  }

  compare(predicate: string, left: Value, right: Value, _place: number, path: Path): void {
    this.#answers.compared(predicate, left, right, path);
  }

  end(result: Value | undefined, path: Path): void {
    const { restored, saves } = path.state.get(STORY);
    for (const { status, place } of restored)
      this.#ignored.note('restore-result-checked', RESTORE, status, place, path);
    this.#answers.ended(result, path);
    for (const { begin, place, ended } of saves.values()) {
      if (place === undefined || path.succeeded(begin) !== true) continue;
      if (ended === undefined) this.#open.open(place, outcomeOf(result, path), path);
      else this.#open.ended(place, outcomeOf(result, path), path);
    }
  }

  finish(report: (found: Reported) => void): void {
    this.#ignored.finish(report);
    this.#answers.finish(report);
    this.#open.finish(report);
  }
}

function update(path: Path, change: Partial<Story>): void {
  path.state.set(STORY, { ...path.state.get(STORY), ...change });
}

function saveCall({ name, place }: LibraryCall, save: Save, channel: Region, path: Path): void {
  if (path.succeeded(save.begin) !== true) {
    path.report('save-begin-checked', place, `${name}, and ${BEGIN} may have failed`, [
      path.remark('begun', save.place),
    ]);
    // Said once: from here on it has begun.
    path.state.facts.assumeCompare('sge', save.begin, path.values.constant(0n, save.begin.bits), true, path.values);
    if (path.succeeded(save.begin) !== true) return;
  }
  if (name !== END) return;
  if (save.ended !== undefined)
    path.report('save-end-always', place, 'ends a save that was ended before', [path.remark('ended', save.ended)]);
  const saves = new Map(path.state.get(STORY).saves).set(channel.id, { ...save, ended: path.position(place) });
  update(path, { saves });
}

/** After "too small" only more room gets another answer, and BytesRequired says how much. */
function grows({ operands, place }: LibraryCall, channel: Region | undefined, path: Path): void {
  const last = path.state.get(STORY).continued;
  const size = operands[2];
  if (last === undefined || last.channel !== channel || size === undefined) return;
  if (path.decide('eq', last.status, path.values.constant(STATUS.BUFFER_TOO_SMALL, last.status.bits)) !== true) return;
  const remarks = [path.remark('answered STATUS_BUFFER_TOO_SMALL', last.place)];
  if (sameValue(size, numberAt(last.filled, path))) {
    path.report('save-grow', place, 'the size is the BytesFilled of the call before, not its BytesRequired', remarks);
    return;
  }
  const required = numberAt(last.required, path);
  const isEnough = required !== undefined && path.decide('uge', size, required) === true;
  if (last.size !== size || isEnough) return;
  const room = path.number(size);
  const what = room === undefined ? 'no more room' : `the same ${room} bytes`;
  const message = `the call before answered STATUS_BUFFER_TOO_SMALL, and this one gives ${what}: BytesRequired says how many it takes`;
  path.report('save-grow', place, message, remarks);
}

/** The ULONG that stands there, if it was looked at since. */
function numberAt(pointer: Pointer | undefined, path: Path): Value | undefined {
  if (pointer === undefined || pointer.index !== undefined) return undefined;
  const value = path.state.memory.read(pointer.region, pointer.offset, SIZE_BITS / 8, path.values, SIZE_BITS);
  return typeof value === 'object' ? value : undefined;
}
