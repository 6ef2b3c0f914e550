/** What several groups of checks ask of a path. */
import type { Position } from '../../run/report.js';
import type { RuleId } from '../catalogue.js';
import type { Access, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import type { Role } from './flow/roles.js';
import { core, type Pointer, type Region, type Value } from './flow/values.js';
import { plural } from './words.js';

export const STATUS = {
  SUCCESS: 0n,
  PENDING: 0x103n,
  BUFFER_OVERFLOW: 0x80000005n,
  MORE_PROCESSING_REQUIRED: 0xc0000016n,
  BUFFER_TOO_SMALL: 0xc0000023n,
} as const;

export function hasRole(path: Path, ...roles: readonly Role[]): boolean {
  return roles.includes(path.walk.entry.role);
}

/** The region an operand points to. */
export function regionOf(value: Value | undefined, path: Path): Region | undefined {
  return path.pointer(value)?.region;
}

/** Whether the pointer leads to what that parameter of the analysed callback points to. */
export function isParameter(pointer: Pointer | undefined, index: number, path: Path): boolean {
  const parameter = path.parameter(index);
  return pointer !== undefined && parameter?.kind === 'pointer' && parameter.region === pointer.region;
}

export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  return a !== undefined && b !== undefined && core(a) === core(b);
}

/**
 * Whether an access reads bytes behind what a length is known to cover: nothing has compared the length with any value
 * that is no number, and the numbers it was compared with are too small. Answers the first byte behind, if so.
 */
export function uncoveredEnd({ pointer, size, length: told }: Access, length: Value, path: Path): bigint | undefined {
  if (pointer.index !== undefined || sameValue(told, length) || path.isTied(length)) return undefined;
  const known = path.lowest(length);
  if (size === undefined) return known === 0n && told !== undefined && path.lowest(told) > 0n ? 1n : undefined;
  const end = BigInt(pointer.offset + size);
  return known < end ? end : undefined;
}

/** Whether memory other than the analysed functions' own variables holds that pointer. */
export function isKept(region: Region, path: Path): boolean {
  if (path.state.escaped.has(region.id)) return true;
  for (const bytes of path.state.memory.all()) {
    if (bytes.region.kind === 'local' || bytes.region === region) continue;
    const holds = bytes.cells.some(
      ({ content }) => typeof content === 'object' && content.kind === 'pointer' && content.region === region,
    );
    if (holds) return true;
  }
  return false;
}

const KERNEL_CALL = /^(?:Vmb|Ex|Io|Ke|Mm|Ob|Ps|Rtl|Wdf|Zw)[A-Z]/;

/** Whether a function that answers this status may have failed: it has, or it hands on what a library's call answered. */
export function mayFail(status: Value, path: Path): boolean {
  const succeeded = path.succeeded(status);
  if (succeeded !== undefined) return !succeeded;
  return status.kind === 'symbol' && status.origin.kind === 'result' && KERNEL_CALL.test(status.origin.callee);
}

/** `bytes 5 to 7`, `byte 3`. */
export function bytesText({ start, end }: { readonly start: number; readonly end: number }): string {
  return end - start === 1 ? `byte ${start}` : `bytes ${start} to ${end - 1}`;
}

export function sizeText(size: number | undefined): string {
  return size === undefined ? 'bytes' : plural(size, 'byte');
}

/** Statuses whose fate is judged over all paths: the answer of one call, whether anything ever looked at it. */
export class Ignored {
  readonly #calls = new Map<string, { readonly report: Reported | undefined; isUsed: boolean }>();

  /** At the end of a path: what became of the answers it has seen. */
  note(rule: RuleId, name: string, status: Value, location: Position | undefined, path: Path): void {
    if (location === undefined) return;
    // A helper's answer that one function looks at is not looked at by another.
    const key = `${path.walk.entry.routine.key} ${location.file}:${location.line}:${location.column}`;
    const message = `nothing looks at the status of ${name}: a failure goes unnoticed`;
    const known = this.#calls.get(key) ?? { report: path.finding(rule, location, message), isUsed: false };
    this.#calls.set(key, known);
    if (status.kind !== 'symbol' || path.state.used.has(status.id)) known.isUsed = true;
  }

  finish(report: (found: Reported) => void): void {
    for (const { report: found, isUsed } of this.#calls.values()) if (!isUsed && found !== undefined) report(found);
  }
}

/** Number of an operand of a call, where it is one. */
export function operandNumber(call: LibraryCall, index: number, path: Path): bigint | undefined {
  return path.number(call.operands[index]);
}

/** What the analysed function says of itself when it returns. */
export type Outcome = 'success' | 'failing' | 'unknown';

/** By a status its severity, by a boolean or an address whether it is one; `unknown` for VOID and what may be either. */
export function outcomeOf(result: Value | undefined, path: Path): Outcome {
  if (result === undefined) return 'unknown';
  if (result.bits === 32) {
    const succeeded = path.succeeded(result);
    return succeeded === undefined ? 'unknown' : succeeded ? 'success' : 'failing';
  }
  const isNull = path.isNull(result);
  if (isNull === true) return 'failing';
  return isNull === false || result.kind === 'pointer' ? 'success' : 'unknown';
}

interface Begun {
  readonly ended: Set<Outcome>;
  /** Of the first path of each outcome that leaves it open. */
  readonly open: Map<Outcome, Reported>;
}

type Describe = (places: { readonly place: Position; readonly exit: Position }) => Omit<Reported, 'around'>;

/**
 * What a function begins and is to end, judged over all its paths: it is left open by mistake where some path ends it
 * and another one does not. A function that ends it only when it fails hands it on when it succeeds.
 */
export class Unended {
  readonly #begun = new Map<string, Begun>();
  readonly #describe: Describe;
  /** A failure that leaves it open is a mistake whatever other paths do. */
  readonly #isStrict: boolean;

  constructor(describe: Describe, { isStrict = false } = {}) {
    this.#describe = describe;
    this.#isStrict = isStrict;
  }

  ended(place: Position, outcome: Outcome, path: Path): void {
    this.#of(place, path).ended.add(outcome);
  }

  open(place: Position, outcome: Outcome, path: Path): void {
    const exit = path.position(path.state.exit);
    const { open } = this.#of(place, path);
    if (exit === undefined || open.has(outcome)) return;
    const { rule, message, location, related } = this.#describe({ place, exit });
    const found = path.finding(rule, location, message, related);
    if (found !== undefined) open.set(outcome, found);
  }

  finish(report: (found: Reported) => void): void {
    for (const { ended, open } of this.#begun.values()) {
      const isHandedOn = [...ended].every((outcome) => outcome === 'failing');
      const failed = ended.size > 0 || this.#isStrict ? open.get('failing') : undefined;
      const found = failed ?? (isHandedOn ? undefined : (open.get('unknown') ?? open.get('success')));
      if (found !== undefined) report(found);
    }
  }

  #of(place: Position, path: Path): Begun {
    const key = `${path.walk.entry.routine.key} ${place.file}:${place.line}:${place.column}`;
    const known = this.#begun.get(key) ?? { ended: new Set(), open: new Map() };
    this.#begun.set(key, known);
    return known;
  }
}
