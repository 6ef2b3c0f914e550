/** What a file already has for the work that callbacks do: pool, locks, traces, interface tables, routines. */
import { type Call, callsIn, type Item, type Outline, type Span } from './outline.js';

export interface PoolWay {
  /** How memory is taken: `size` is an expression. */
  readonly allocate: 'ExAllocatePool2' | 'ExAllocatePoolZero' | 'ExAllocatePoolWithTag';
  /** As written: a macro or characters in quotes; absent where the file has none. */
  readonly tag?: string;
}

/** Functions of the file that make and give back a context. */
export interface ContextWay {
  readonly allocate: string;
  readonly free: string;
  /** What it is given: the number of elements at the context's end, the channel, what the channel points to. */
  readonly takes: readonly ('count' | 'channel' | 'device')[];
  /** Text of the function that makes it: which members it sets. */
  readonly makeBody: string;
  /** Text of the function that gives it back: which members it frees. */
  readonly freeBody: string;
}

export interface LockWay {
  /** Statements; `@` is the context, `#` the local that keeps what release needs. */
  readonly acquire: string;
  readonly release: string;
  /** The local's type and name; absent where none is needed. */
  readonly local?: { readonly type: string; readonly name: string };
  /** Member of the context that leads to the structure with the lock; absent where the lock is the context's own. */
  readonly holder?: string;
}

/** A call that tells a status; `@` is the text, `#` the status. */
export type TraceWay = string;

/** The variable that an expression for a table begins with. */
export interface TableVariable {
  readonly name: string;
  /** Of the table: `KMCL_SERVER_INTERFACE_V1`. */
  readonly type: string;
  readonly isPointer: boolean;
}

export interface FileWays {
  readonly pool: PoolWay;
  readonly context?: ContextWay;
  readonly trace?: TraceWay;
  /** What stands before a function of KMCL where it is reached through a table: `Kmcl->`. */
  readonly table?: string;
  /** Absent where its declaration does not tell. */
  readonly tableVariable?: TableVariable;
  /** Whether KMCL is reached through tables more often than not; undefined where the file calls nothing of it. */
  readonly usesTables?: boolean;
  /** The completion routine of packets with this context. */
  readonly complete?: string;
}

/** Names by which the code speaks of a context. */
export interface ContextNames {
  readonly name: string;
  readonly tag: string;
  readonly pointerName?: string;
}

const ALLOCATORS = ['ExAllocatePool2', 'ExAllocatePoolZero', 'ExAllocatePoolWithTag'] as const;

/** `isDevice` knows pointers to what channels point to by their type as written. */
export function waysOf(outline: Outline, context: ContextNames, isDevice: (type: string) => boolean): FileWays {
  const calls = callsIn(outline, { start: 0, end: outline.code.length });
  const ways = tableWays(outline, calls);
  const trace = traceWay(outline, calls);
  const own = contextWay(outline, context, isDevice);
  const complete = completionOf(outline, calls, context);
  return {
    pool: poolWay(outline, calls),
    ...(own === undefined ? {} : { context: own }),
    ...(trace === undefined ? {} : { trace }),
    ...ways,
    ...(complete === undefined ? {} : { complete }),
  };
}

/** The words of the text a span of code is in: literals are blank in the code. */
function written({ text }: Outline, { start, end }: Span): string {
  return text.slice(start, end);
}

function bodyNames({ code }: Outline, { body }: Item, { name, tag, pointerName }: ContextNames): boolean {
  if (body === undefined) return false;
  const names = [name.replace(/^.*::|^struct\s+/g, ''), tag, pointerName ?? ''].filter((each) => each !== '');
  return new RegExp(`\\b(?:${names.join('|')})\\b`).test(code.slice(body.start, body.end));
}

// ---- Pool

function poolWay(outline: Outline, calls: readonly Call[]): PoolWay {
  const used = calls.filter(({ name }) => ALLOCATORS.some((each) => each === name));
  const allocate = ALLOCATORS.map((each) => [each, used.filter(({ name }) => name === each).length] as const).sort(
    ([, m], [, n]) => n - m,
  )[0];
  const tags = calls
    .filter(({ name }) => ALLOCATORS.some((each) => each === name) || name === 'ExFreePoolWithTag')
    .map((call) => lastOperand(outline, call));
  const tag = mostFrequent(tags.filter((each) => /^[A-Za-z_]\w*$|^'.{1,4}'$/.test(each) && !/^[a-z]+$/.test(each)));
  return { allocate: allocate?.[1] ? allocate[0] : 'ExAllocatePool2', ...(tag === undefined ? {} : { tag }) };
}

function lastOperand(outline: Outline, call: Call): string {
  const whole = written(outline, call);
  return /,\s*([^,]+?)\s*\)$/.exec(whole)?.[1] ?? '';
}

function mostFrequent(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, m], [, n]) => n - m)[0]?.[0];
}

/** A function that answers a context and one that takes it away; both or none. */
function contextWay(
  outline: Outline,
  context: ContextNames,
  isDevice: (type: string) => boolean,
): ContextWay | undefined {
  const { code, items } = outline;
  const plain = context.name.replace(/^struct\s+/, '(?:struct\\s+)?');
  const pointer = `(?:${plain}\\s*\\*|${context.pointerName ?? plain}\\b\\s*)`;
  const takenBy = ({ parameters }: Item): ContextWay['takes'] | undefined =>
    takes(code.slice(parameters?.start, parameters?.end), isDevice);
  const makes = items.find((item) => {
    const { kind, name, start, parameters, body } = item;
    if (kind !== 'function' || parameters === undefined || body === undefined) return false;
    const head = code.slice(start, parameters.start - 1);
    const isMaker = new RegExp(`${pointer}\\s*${name}\\s*$`).test(head);
    const isPool = callsIn(outline, body).some((call) => /^ExAllocate|Lookaside/.test(call.name));
    return isMaker && isPool && takenBy(item) !== undefined;
  });
  const frees = items.find(({ kind, name, parameters, body }) => {
    if (kind !== 'function' || parameters === undefined || body === undefined) return false;
    const given = code.slice(parameters.start, parameters.end);
    const isOnly = operandCount(given) === 1 && new RegExp(`${pointer}\\s*\\w+\\s*$`).test(given);
    return isOnly && /free|delete|destroy|release/i.test(name) && !/deref/i.test(name);
  });
  if (makes === undefined || frees === undefined) return undefined;
  const makeBody = code.slice(makes.body?.start, makes.body?.end);
  const freeBody = code.slice(frees.body?.start, frees.body?.end);
  return { allocate: makes.name, free: frees.name, takes: takenBy(makes) ?? [], makeBody, freeBody };
}

/** What the parameters of a function that makes contexts stand for; undefined where one cannot be given. */
function takes(parameters: string, isDevice: (type: string) => boolean): ContextWay['takes'] | undefined {
  if (operandCount(parameters) === 0) return [];
  const kinds = parameters.split(',').map((each) => {
    const type = each
      .replace(/\b_\w+_\b(?:\([^)]*\))?/g, '')
      .replace(/\w+\s*$/, '')
      .trim();
    if (type === 'VMBCHANNEL') return 'channel';
    if (isDevice(type)) return 'device';
    return /\*|\bP[A-Z]|HANDLE/.test(type) ? undefined : 'count';
  });
  const known = kinds.filter((each) => each !== undefined);
  return known.length < kinds.length || new Set(known).size < known.length ? undefined : known;
}

function operandCount(parameters: string): number {
  const text = parameters.trim();
  return text === '' || text === 'VOID' || text === 'void' ? 0 : text.split(',').length;
}

// ---- Locks

const QUEUED = 'KeAcquireInStackQueuedSpinLock';

/** How the file holds the lock of a context, by its member; undefined for a lock that cannot be taken here. */
export function lockWay(outline: Outline, member: string, names: readonly string[]): LockWay | undefined {
  const wrapped = wrappedLock(outline, member);
  if (wrapped !== undefined) return wrapped;
  if (names.includes('KSPIN_LOCK')) {
    const calls = callsIn(outline, { start: 0, end: outline.code.length });
    return calls.some(({ name }) => name === QUEUED)
      ? {
          acquire: `${QUEUED}(&@->${member}, &#);`,
          release: 'KeReleaseInStackQueuedSpinLock(&#);',
          local: { type: 'KLOCK_QUEUE_HANDLE', name: 'LockHandle' },
        }
      : {
          acquire: `KeAcquireSpinLock(&@->${member}, &#);`,
          release: `KeReleaseSpinLock(&@->${member}, #);`,
          local: { type: 'KIRQL', name: 'OldIrql' },
        };
  }
  if (names.includes('FAST_MUTEX') || names.includes('_FAST_MUTEX')) {
    return { acquire: `ExAcquireFastMutex(&@->${member});`, release: `ExReleaseFastMutex(&@->${member});` };
  }
  if (names.includes('EX_PUSH_LOCK')) {
    return {
      acquire: `KeEnterCriticalRegion();\nExAcquirePushLockShared(&@->${member});`,
      release: `ExReleasePushLockShared(&@->${member});\nKeLeaveCriticalRegion();`,
    };
  }
  return undefined;
}

interface Wrapper {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: string;
  readonly isMacro: boolean;
  readonly returnsIrql: boolean;
}

/** `NicLock(Context, &OldIrql)` and `NicUnlock(Context, OldIrql)`, functions or macros, that take this very lock. */
function wrappedLock(outline: Outline, member: string): LockWay | undefined {
  const wrappers = wrappersOf(outline);
  const lock = `(?:->|\\.)\\s*${member}\\b`;
  const short = wrappers.filter(({ body }) => body.length < 400);
  const acquire = short.find(({ body }) => new RegExp(`\\b(?:Ke|Ex)\\w*Acquire\\w*\\s*\\([^;]*${lock}`).test(body));
  const release = short.find(
    ({ body }) =>
      new RegExp(`\\b(?:Ke|Ex)\\w*Release\\w*\\s*\\([^;]*${lock}`).test(body) ||
      (/\bKeReleaseInStackQueuedSpinLock\b/.test(body) &&
        acquire !== undefined &&
        new RegExp(QUEUED).test(acquire.body)),
  );
  if (acquire === undefined || release === undefined || acquire === release) return undefined;
  const isQueued = acquire.body.includes(QUEUED);
  const local = isQueued ? { type: 'KLOCK_QUEUE_HANDLE', name: 'LockHandle' } : { type: 'KIRQL', name: 'OldIrql' };
  const taken = acquire.parameters.length;
  const given = release.parameters.length;
  const byAddress = acquire.isMacro
    ? !new RegExp(`&\\s*\\(?\\s*${acquire.parameters[1] ?? '\\0'}\\b`).test(acquire.body)
    : true;
  const give =
    given === 2
      ? `${release.name}(@, ${isQueued && !release.isMacro ? '&' : ''}#);`
      : `${release.name}(${isQueued ? '&#' : '@'});`;
  if (taken === 2) return { acquire: `${acquire.name}(@, ${byAddress ? '&' : ''}#);`, release: give, local };
  if (taken !== 1) return undefined;
  if (acquire.returnsIrql) return { acquire: `# = ${acquire.name}(@);`, release: give, local };
  return given === 1 && !isQueued ? { acquire: `${acquire.name}(@);`, release: `${release.name}(@);` } : undefined;
}

function wrappersOf(outline: Outline): readonly Wrapper[] {
  const { code, items } = outline;
  return items.flatMap((item): readonly Wrapper[] => {
    const whole = code.slice(item.start, item.end);
    if (item.kind === 'directive') {
      const [, name = '', parameters = '', body = ''] = /^#\s*define\s+(\w+)\(([^)]*)\)([\s\S]*)$/.exec(whole) ?? [];
      return name === ''
        ? []
        : [
            {
              name,
              parameters: parameters.split(',').map((each) => each.trim()),
              body,
              isMacro: true,
              returnsIrql: false,
            },
          ];
    }
    if (item.kind !== 'function' || item.body === undefined || item.parameters === undefined) return [];
    const list = code.slice(item.parameters.start, item.parameters.end);
    return [
      {
        name: item.name,
        parameters: list.split(',').map((each) => /(\w+)\s*$/.exec(each)?.[1] ?? ''),
        body: code.slice(item.body.start, item.body.end),
        isMacro: false,
        returnsIrql: /\bKIRQL\b/.test(code.slice(item.start, item.parameters.start)),
      },
    ];
  });
}

// ---- Traces

const FORMAT = /"((?:[^"\\]|\\.)*)"/;

/** A call with one literal whose last operand is a status of the same function, used as often as any other. */
function traceWay(outline: Outline, calls: readonly Call[]): TraceWay | undefined {
  const seen: string[] = [];
  for (const call of calls) {
    if (!/trace|log|print/i.test(call.name) || /^VSPLAB/.test(call.name)) continue;
    const whole = written(outline, call);
    const literal = FORMAT.exec(whole);
    const status = /,\s*((?:NtStatus|ntStatus|ntstatus|nt_status|Status|status))\s*\)+$/.exec(whole)?.[1];
    if (literal === null || status === undefined) continue;
    if (
      [...(literal[1] ?? '').matchAll(/%[^%]/g)].length !== 1 ||
      whole.indexOf('"', literal.index + literal[0].length) >= 0
    ) {
      continue;
    }
    const conversion = /%!STATUS!|%(?:ws|[-#0]*\d*(?:I64|l)?[a-zA-Z])/.exec(literal[1] ?? '')?.[0] ?? '%x';
    const end = /\\n$/.test(literal[1] ?? '') ? '\\n' : '';
    const before = whole.slice(0, literal.index);
    const after = whole.slice(literal.index + literal[0].length);
    seen.push(
      `${before}"@ ${conversion}${end}"${after.replace(new RegExp(`\\b${status}\\b`), '#')};`.replace(/\s+/g, ' '),
    );
  }
  return mostFrequent(seen);
}

// ---- KMCL

const KMCL = /^Vmb[A-Z]\w+$/;

function tableWays(
  { code }: Outline,
  calls: readonly Call[],
): Pick<FileWays, 'table' | 'tableVariable' | 'usesTables'> {
  const kmcl = calls.filter(({ name }) => KMCL.test(name));
  if (kmcl.length === 0) return {};
  const through = kmcl.filter(({ callee, name }) => callee.length > name.length && !callee.includes('::'));
  const tables = through
    .map(({ callee, name }) => callee.slice(0, -name.length))
    .filter((each) => isGlobal(code, each));
  const table = mostFrequent(tables);
  const usesTables = through.length * 2 > kmcl.length;
  if (table === undefined) return { usesTables };
  const variable = tableVariable(code, table);
  return { usesTables, table, ...(variable === undefined ? {} : { tableVariable: variable }) };
}

/** Of a table that is a variable itself, or what a pointer variable leads to. */
function tableVariable(code: string, table: string): TableVariable | undefined {
  const [, name = '', link] = /^([A-Za-z_]\w*)(->|\.)$/.exec(table) ?? [];
  if (name === '') return undefined;
  const declaration = new RegExp(`\\b(P?)(KMCL_SERVER_INTERFACE_V[15])\\s*(\\*?)\\s*${name}\\b`).exec(code);
  const [, byName, type, star] = declaration ?? [];
  const isPointer = byName === 'P' || star === '*';
  return type === undefined || isPointer !== (link === '->') ? undefined : { name, type, isPointer };
}

/** Whether the variable that an expression begins with is declared outside of functions. */
function isGlobal(code: string, expression: string): boolean {
  const name = /^[A-Za-z_]\w*/.exec(expression)?.[0];
  if (name === undefined) return false;
  return new RegExp(`^(?:static\\s+|extern\\s+)?\\w+\\s*\\*?\\s*${name}\\s*(?:=[^;]*)?;`, 'm').test(code);
}

/** The routine that packets get here or that is declared to be one, if its text speaks of this context or it is the only one. */
function completionOf(outline: Outline, calls: readonly Call[], context: ContextNames): string | undefined {
  const named = calls
    .filter(({ name }) => name === 'VmbPacketSetCompletionRoutine')
    .flatMap(({ operands }) => operands[1] ?? [])
    .map((operand) => operand.replace(/^&/, ''))
    .filter((operand) => /^[A-Za-z_]\w*$/.test(operand));
  const routines = [...new Set(named)];
  const declared = [...outline.code.matchAll(/\bEVT_VMB_PACKET_COMPLETION_ROUTINE\s+(\w+)\s*;/g)];
  const speaking = [...routines, ...declared.flatMap(([, name]) => name ?? [])].filter((name) =>
    outline.items.some((item) => item.kind === 'function' && item.name === name && bodyNames(outline, item, context)),
  );
  return (
    speaking[0] ??
    (routines.length === 1 && !isElsewhere(outline, routines[0] ?? '', context) ? routines[0] : undefined)
  );
}

/** A routine that is defined here and speaks of another context. */
function isElsewhere(outline: Outline, name: string, context: ContextNames): boolean {
  const item = outline.items.find((each) => each.kind === 'function' && each.name === name);
  return item !== undefined && !bodyNames(outline, item, context);
}

/** Whether a function of the file speaks of the context. */
export function speaksOf(outline: Outline, name: string, context: ContextNames): boolean {
  const item = outline.items.find((each) => each.kind === 'function' && each.name === name);
  return item !== undefined && bodyNames(outline, item, context);
}
