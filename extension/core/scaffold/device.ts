/** What a driver keeps per channel, and how packets' contexts lead back to it: pointers that a restore sets again. */
import type { FieldChoice } from './fields.js';
import { callsIn, type Item, type Outline } from './outline.js';
import type { ContextCandidate } from './request.js';
import { type ContextNames, type LockWay, lockWay } from './ways.js';

/** The structure that the driver's channels point to. */
export interface DeviceWay {
  /** As C spells a pointer to it: `PSTOR_DEVICE`, `STOR_DEVICE *`. */
  readonly pointer: string;
  readonly candidate: ContextCandidate;
  /** Whether everybody may set its members. */
  readonly isOpen: boolean;
}

/** A member of a context that a restored one gets from the host it is on. */
export interface BackPointer {
  readonly path: string;
  readonly to: 'device' | 'channel' | 'packet';
}

const GET = String.raw`(?:[\w.]|->)*VmbChannelGetPointer\s*\(`;
const TYPE = String.raw`(?:struct\s+)?([A-Za-z_][\w:]*)\s*(\*?)`;
const NO_TYPE = /^(?:auto|void|VOID|PVOID|return|const)$/;

/** Undefined where the file does not tell what its channels point to, or not in one way. */
export function deviceWay(outline: Outline, candidates: readonly ContextCandidate[]): DeviceWay | undefined {
  const types = [...takenAs(outline), ...givenAs(outline)];
  const found = types.flatMap(({ name, star }) => {
    const candidate = candidates.find((each) =>
      star ? nameParts(each).some((part) => part === name) : each.pointerName === name,
    );
    return candidate === undefined || candidate.isClass ? [] : [candidate];
  });
  const [candidate] = found;
  if (candidate === undefined || found.some((each) => each !== candidate)) return undefined;
  const pointer = candidate.pointerName ?? `${candidate.name} *`;
  return { pointer, candidate, isOpen: isOpen(outline, candidate) };
}

/** One that is not written in this file is taken for open unless a scope makes it C++. */
function isOpen({ items, code }: Outline, candidate: ContextCandidate): boolean {
  const item = items.find(
    ({ kind, name, declares }) =>
      kind === 'structure' &&
      nameParts(candidate).some((part) => part !== '' && (part === name || declares.includes(part))),
  );
  if (item === undefined) return !candidate.name.includes('::');
  return !/^\s*class\b|\b(?:private|protected)\s*:/.test(code.slice(item.start, item.end));
}

/** `Video::Adapter` is spoken of as Adapter, too. */
function nameParts({ name, tag }: ContextCandidate): readonly string[] {
  const plain = name.replace(/^struct\s+/, '');
  return [plain, plain.replace(/^.*::/, ''), tag];
}

interface Pointer {
  readonly name: string;
  readonly star: boolean;
}

/** `PNIC_ADAPTER Adapter = VmbChannelGetPointer(Channel)`, and casts of it. */
function takenAs({ code }: Outline): readonly Pointer[] {
  const patterns = [
    String.raw`${TYPE}\s*\w+\s*=\s*${GET}`,
    String.raw`\(\s*${TYPE}\s*\)\s*${GET}`,
    String.raw`_cast\s*<\s*${TYPE}\s*>\s*\(\s*${GET}`,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(new RegExp(pattern, 'g'))].flatMap(pointerOf));
}

/** `VmbChannelSetPointer(Channel, Adapter)` by the declaration of what is given; `this` is the function's class. */
function givenAs(outline: Outline): readonly Pointer[] {
  const functions = outline.items.filter(({ kind }) => kind === 'function');
  return functions.flatMap((item) =>
    callsIn(outline, item)
      .filter(({ name }) => name === 'VmbChannelSetPointer')
      .flatMap(({ operands }): readonly Pointer[] => {
        if (operands[1] === 'this') {
          const owner = /([\w:]+?)\s*::\s*~?\w+$/.exec(item.name)?.[1];
          return owner === undefined ? [] : [{ name: owner.replace(/\s+/g, ''), star: true }];
        }
        const [, address, name] = /^(&?)\s*([A-Za-z_]\w*)$/.exec(operands[1] ?? '') ?? [];
        if (name === undefined) return [];
        const own = outline.code.slice(item.start, item.end);
        const declared = new RegExp(
          String.raw`(?:^|[;{}(,\n])\s*(?:_\w+_\s+|static\s+)*${TYPE}\s*${name}\s*[;,=)]`,
          'm',
        );
        const match = declared.exec(own) ?? declared.exec(outline.code);
        if (match === null) return [];
        return address === '&' ? pointerOf([match[0], match[1] ?? '', '*']) : pointerOf(match);
      }),
  );
}

function pointerOf(match: ArrayLike<string | undefined>): readonly Pointer[] {
  const name = match[1] ?? '';
  return name === '' || NO_TYPE.test(name) ? [] : [{ name, star: match[2] === '*' }];
}

/** Whether a type as C spells it is a pointer to the device. */
export function isDevicePointer(type: string, device: DeviceWay): boolean {
  const dense = type.replace(/\b(?:const|volatile)\b/g, '').replace(/\s+/g, '');
  const names = nameParts(device.candidate).flatMap((each) => [`${each}*`, `struct${each}*`]);
  return [device.candidate.pointerName, ...names].map((each) => each?.replace(/\s+/g, '')).includes(dense);
}

/** Members that lead to where a packet is. */
export function backPointers(choices: readonly FieldChoice[], device: DeviceWay | undefined): readonly BackPointer[] {
  return choices.flatMap(({ path, type, names, saved, isAnonymous }): readonly BackPointer[] => {
    if (saved !== undefined || isAnonymous === true || type.includes('[')) return [];
    if (names.includes('VMBCHANNEL')) return [{ path, to: 'channel' }];
    if (names.includes('VMBPACKET')) return [{ path, to: 'packet' }];
    return device !== undefined && isDevicePointer(type, device) ? [{ path, to: 'device' }] : [];
  });
}

/**
 * A lock of the device under which the file touches members that are saved, by the context's way to the device.
 * Undefined where it holds none there.
 */
export function deviceLock(
  outline: Outline,
  context: ContextNames,
  device: DeviceWay,
  backs: readonly BackPointer[],
  saved: readonly string[],
): LockWay | undefined {
  const back = backs.find(({ to }) => to === 'device');
  if (back === undefined) return undefined;
  const locks = device.candidate.choices.filter(({ kind, type }) => kind === 'lock' && !type.includes('['));
  for (const { path, names } of locks) {
    const lock = lockWay(outline, path, names);
    if (lock === undefined) continue;
    const isHeld = outline.items.some((item) => touchesUnder(outline, item, { lock, member: path }, context, saved));
    if (isHeld) return { ...lock, holder: back.path };
  }
  return undefined;
}

interface HeldLock {
  readonly lock: LockWay;
  readonly member: string;
}

/** Whether a function uses a saved member of a context between taking the lock and giving it back. */
function touchesUnder(
  outline: Outline,
  item: Item,
  { lock, member }: HeldLock,
  { name, tag, pointerName }: ContextNames,
  saved: readonly string[],
): boolean {
  if (item.kind !== 'function' || item.body === undefined) return false;
  const types = [name.replace(/^.*::|^struct\s+/g, ''), tag].filter((each) => each !== '');
  const own = outline.code.slice(item.start, item.end);
  const pointers = [`(?:${types.join('|')})\\s*\\*`, ...(pointerName === undefined ? [] : [`\\b${pointerName}\\b`])];
  const variables = [...own.matchAll(new RegExp(`(?:${pointers.join('|')})\\s*(\\w+)`, 'g'))].map(([, each]) => each);
  const members = saved.map((each) => each.split('.')[0] ?? each);
  if (variables.length === 0 || members.length === 0) return false;
  const touched = new RegExp(`\\b(?:${variables.join('|')})\\s*->\\s*(?:${members.join('|')})\\b`);
  const acquire = functionOf(lock.acquire);
  const release = functionOf(lock.release);
  const calls = callsIn(outline, item.body);
  const isWrapper = !/^(?:Ke|Ex)/.test(acquire);
  const takes = calls.filter(
    (call) => call.name === acquire && (isWrapper || call.operands.some((each) => each.endsWith(member))),
  );
  return takes.some((take) => {
    const give = calls.find((call) => call.name === release && call.start > take.end);
    return touched.test(outline.code.slice(take.end, give?.start ?? item.end));
  });
}

/** The name that is called in a template of statements; of several statements the last one's. */
function functionOf(template: string): string {
  return [...template.matchAll(/([A-Za-z_]\w*)\s*\(/g)].at(-1)?.[1] ?? '';
}

// ---- Whether a completion routine that was there can run for contexts of tests

const HARMLESS =
  /^(?:VmbPacket(?:GetPointer|Free|GetChannel)|Ex(?:Free|Acquire|Release)\w*|Ke(?:Acquire|Release|Enter|Leave|SetEvent)\w*|InitializeListHead|Remove\w+List|Insert\w+List|IsListEmpty|Interlocked\w+|Rtl(?:Zero|Copy|Fill|Move|SecureZero)Memory|UNREFERENCED_PARAMETER|NT_SUCCESS|NT_ASSERT\w*|ASSERT\w*|CONTAINING_RECORD|PAGED_CODE|sizeof)$/;

/** What a completion routine may use without a driver around it. */
export interface Surroundings {
  readonly hasDevice: boolean;
  /** Members of the context that are null in a restored one. */
  readonly nulls: readonly string[];
  /** Variables of the file that tests set up, too. */
  readonly variables: readonly string[];
}

/** Whether the routine frees its packet and its context and uses nothing that only a whole driver has. */
export function completesAlone(outline: Outline, routine: string, surroundings: Surroundings): boolean {
  const bodies = reached(outline, routine, surroundings);
  if (bodies === undefined) return false;
  const text = bodies.join('\n');
  const leads =
    surroundings.nulls.length > 0 && new RegExp(`->\\s*(?:${surroundings.nulls.join('|')})\\s*(?:->|[,)])`).test(text);
  const globals = variablesOf(outline).filter((each) => !surroundings.variables.includes(each));
  const usesGlobal = globals.length > 0 && new RegExp(`(?<![.>]\\s*)\\b(?:${globals.join('|')})\\b`).test(text);
  return !leads && !usesGlobal && /\bVmbPacketFree\s*\(/.test(text) && /\bExFree\w*\s*\(/.test(text);
}

/** Texts of the functions and macros that run; undefined where one of them is not known to be harmless. */
function reached(outline: Outline, routine: string, { hasDevice }: Surroundings): readonly string[] | undefined {
  const bodies = new Map<string, string>();
  const waiting = [routine];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (bodies.has(name) || HARMLESS.test(name) || (hasDevice && name === 'VmbChannelGetPointer')) continue;
    if (/trace|log|print/i.test(name)) continue;
    const span = bodyOf(outline, name);
    if (span === undefined) return undefined;
    bodies.set(name, outline.code.slice(span.start, span.end));
    waiting.push(...callsIn(outline, span).map((call) => call.name));
  }
  return [...bodies.values()];
}

function bodyOf({ items, code }: Outline, name: string): { readonly start: number; readonly end: number } | undefined {
  const own = items.find((item) => item.kind === 'function' && item.name === name)?.body;
  if (own !== undefined) return own;
  const macro = items.find(
    (item) =>
      item.kind === 'directive' && new RegExp(`^#\\s*define\\s+${name}\\(`).test(code.slice(item.start, item.end)),
  );
  if (macro === undefined) return undefined;
  const head = /^#\s*define\s+\w+\([^)]*\)/.exec(code.slice(macro.start, macro.end))?.[0] ?? '';
  return { start: macro.start + head.length, end: macro.end };
}

/** Names of variables at file level that may change. */
function variablesOf({ items, code }: Outline): readonly string[] {
  return items.flatMap((item) => {
    const text = code.slice(item.start, item.end);
    if (
      item.kind !== 'declaration' ||
      /^\s*(?:typedef|extern\s+"|using|template|enum|C_ASSERT|static_assert)\b/.test(text)
    )
      return [];
    const name = /^(?:[\w\s]|\*)*?\b(\w+)\s*(?:\[[^\]]*\]\s*)*(?:=[\s\S]*)?;$/.exec(text.trim())?.[1];
    const isFunction = items.some((each) => each.kind === 'function' && each.name === name);
    return name === undefined ||
      isFunction ||
      /\bconst\b/.test(text) ||
      /^EVT_|^\s*(?:struct|class)\s+\w+;$/.test(text.trim())
      ? []
      : [name];
  });
}
