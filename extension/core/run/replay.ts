/**
 * Replay files: one input of a stress run, as `vsp-lab run --replay FILE` repeats it. They may come from anywhere, so
 * everything in them is checked; replay.schema.json describes the form.
 */
import { jsonErrorAt } from '../base/jsonError.js';
import { lineCounter } from '../base/lineCounter.js';
import { parseModes } from '../kmcl/modes.js';
import { FAILING } from '../kmcl/stressing.js';
import type { Injection } from './stressInjection.js';

export const REPLAY_VERSION = 1;

export interface ReplaySettings {
  readonly seed: number;
  readonly optimize: 0 | 2;
  readonly arch: 'x64' | 'arm64';
  /** Of a run without a fixture. */
  readonly packets?: number;
  readonly chunkBuffer?: number;
  /** `ID=VALUE`. */
  readonly modes?: readonly string[];
  /** `NAME` or `NAME=VALUE`. */
  readonly defines?: readonly string[];
}

export interface Replay {
  readonly vspLabReplay: typeof REPLAY_VERSION;
  readonly driver: string;
  /** Name of the run. */
  readonly test: string;
  /** What to compile, relative to the folder in which the file was written. */
  readonly paths: readonly string[];
  readonly settings: ReplaySettings;
  readonly injection: Injection;
  /** Bytes of the record in hex: what was saved, and what the restore callback got instead. */
  readonly record?: { readonly saved: string; readonly given: string };
  /** What it shows. */
  readonly finding: { readonly rule: string; readonly file?: string; readonly line?: number };
}

export type ReplayResult =
  | { readonly ok: true; readonly replay: Replay }
  /** Names the file, the line and the field. */
  | { readonly ok: false; readonly problem: string };

/** No honest one comes near it. */
export const MOST_REPLAY_BYTES = 1 << 20;
const WORD = 2 ** 32 - 1;
const MOST_TEXT = 4096;
const MOST_RECORD = 1 << 18;
const MOST_PACKETS = 10_000_000;

class ReplayError extends Error {
  readonly key: string;

  constructor(key: string, what: string) {
    super(`${key === '' ? '' : `${key}: `}${what}`);
    this.key = key.split('.').at(-1) ?? '';
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** `shown` is the file's name in messages. */
export function parseReplay(text: string, shown: string): ReplayResult {
  const source = text.replace(/^\ufeff/, '');
  if (source.length > MOST_REPLAY_BYTES) return { ok: false, problem: `${shown}: is too large for a replay file` };
  const wrong = jsonErrorAt(source);
  if (wrong !== undefined) {
    const found = wrong === source.length ? 'it ends too early' : `unexpected ${JSON.stringify(source[wrong])}`;
    return { ok: false, problem: `${shown}:${lineCounter(source)(wrong)}: is not JSON: ${found}` };
  }
  try {
    return { ok: true, replay: readReplay(JSON.parse(source)) };
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    const at = error.key === '' ? 0 : Math.max(0, source.indexOf(JSON.stringify(error.key)));
    return { ok: false, problem: `${shown}:${lineCounter(source)(at)}: ${error.message}` };
  }
}

/** The file's text; the same replay has the same bytes. */
export function replayText(replay: Replay): string {
  return `${JSON.stringify(replay, null, 2)}\n`;
}

// ---- Reading

function readReplay(value: unknown): Replay {
  const fields = object('', value);
  if (fields['vspLabReplay'] !== REPLAY_VERSION) {
    throw new ReplayError(
      'vspLabReplay',
      `is ${shownValue(fields['vspLabReplay'])}; this version reads replay files of version ${REPLAY_VERSION}`,
    );
  }
  known('', fields, [
    '$schema',
    'vspLabReplay',
    'driver',
    'test',
    'paths',
    'settings',
    'injection',
    'record',
    'finding',
  ]);
  const record = fields['record'];
  return {
    vspLabReplay: REPLAY_VERSION,
    driver: text('driver', fields['driver']),
    test: text('test', fields['test']),
    paths: texts('paths', fields['paths']),
    settings: readSettings(object('settings', fields['settings'])),
    injection: readInjection(object('injection', fields['injection'])),
    ...(record === undefined ? {} : { record: readRecord(object('record', record)) }),
    finding: readFinding(object('finding', fields['finding'])),
  };
}

function readSettings(fields: Fields): ReplaySettings {
  known('settings', fields, ['seed', 'optimize', 'arch', 'packets', 'chunkBuffer', 'modes', 'defines']);
  const { packets, chunkBuffer, modes, defines } = fields;
  const chosen = modes === undefined ? [] : texts('settings.modes', modes);
  const parsed = parseModes(chosen);
  if (!parsed.ok) throw new ReplayError('settings.modes', parsed.message.replace(/^--mode /, ''));
  return {
    seed: whole('settings.seed', fields['seed'], 0, WORD),
    optimize: oneOf('settings.optimize', fields['optimize'], [0, 2]),
    arch: oneOf('settings.arch', fields['arch'], ['x64', 'arm64']),
    ...(packets === undefined ? {} : { packets: whole('settings.packets', packets, 1, MOST_PACKETS) }),
    ...(chunkBuffer === undefined ? {} : { chunkBuffer: whole('settings.chunkBuffer', chunkBuffer, 0, 2 ** 30) }),
    ...(modes === undefined ? {} : { modes: chosen }),
    ...(defines === undefined ? {} : { defines: texts('settings.defines', defines) }),
  };
}

const INJECTIONS = [
  'chunk-buffer',
  'write-buffer-larger',
  'write-buffer-smaller',
  'mode',
  'failure',
  'record',
] as const satisfies readonly Injection['kind'][];

function readInjection(fields: Fields): Injection {
  const kind = oneOf('injection.kind', fields['kind'], INJECTIONS);
  switch (kind) {
    case 'mode': {
      known('injection', fields, ['kind', 'id', 'value']);
      const choice = `${text('injection.id', fields['id'])}=${text('injection.value', fields['value'])}`;
      const parsed = parseModes([choice]);
      if (!parsed.ok) throw new ReplayError('injection.id', parsed.message.replace(/^--mode /, ''));
      const [[id, value] = ['', '']] = Object.entries(parsed.choices);
      return { kind, id, value } as Injection;
    }
    case 'failure':
      known('injection', fields, ['kind', 'what', 'at']);
      return {
        kind,
        what: oneOf('injection.what', fields['what'], FAILING),
        at: whole('injection.at', fields['at'], 0, WORD),
      };
    case 'record': {
      known('injection', fields, ['kind', 'at', 'saved', 'change']);
      const change = object('injection.change', fields['change']);
      known('injection.change', change, ['size', 'offset', 'mask']);
      const { offset, mask } = change;
      return {
        kind,
        at: whole('injection.at', fields['at'], 0, WORD),
        saved: whole('injection.saved', fields['saved'], 0, MOST_RECORD),
        change: {
          size: whole('injection.change.size', change['size'], 0, MOST_RECORD),
          ...(offset === undefined ? {} : { offset: whole('injection.change.offset', offset, 0, MOST_RECORD) }),
          ...(mask === undefined ? {} : { mask: whole('injection.change.mask', mask, 0, 255) }),
        },
      };
    }
    default:
      known('injection', fields, ['kind', 'bytes']);
      return { kind, bytes: whole('injection.bytes', fields['bytes'], 0, 2 ** 30) };
  }
}

function readRecord(fields: Fields): { readonly saved: string; readonly given: string } {
  known('record', fields, ['saved', 'given']);
  return { saved: hex('record.saved', fields['saved']), given: hex('record.given', fields['given']) };
}

function readFinding(fields: Fields): Replay['finding'] {
  known('finding', fields, ['rule', 'file', 'line']);
  const { file, line } = fields;
  return {
    rule: text('finding.rule', fields['rule']),
    ...(file === undefined ? {} : { file: text('finding.file', file) }),
    ...(line === undefined ? {} : { line: whole('finding.line', line, 0, WORD) }),
  };
}

// ---- Values

function shownValue(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? 'missing').slice(0, 60);
}

function object(key: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new ReplayError(key, `is ${shownValue(value)}; expected an object`);
}

function known(key: string, fields: Fields, names: readonly string[]): void {
  const other = Object.keys(fields).find((name) => !names.includes(name));
  if (other === undefined) return;
  const path = key === '' ? other : `${key}.${other}`;
  throw new ReplayError(path.slice(0, 60), `is nothing a replay file has; there are ${names.join(', ')}`);
}

function text(key: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= MOST_TEXT && !value.includes('\0')) return value;
  throw new ReplayError(key, `is ${shownValue(value)}; expected a text`);
}

function texts(key: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length <= MOST_TEXT) return value.map((each) => text(key, each));
  throw new ReplayError(key, `is ${shownValue(value)}; expected a list of texts`);
}

function whole(key: string, value: unknown, minimum: number, maximum: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new ReplayError(key, `is ${shownValue(value)}; expected a whole number from ${minimum} to ${maximum}`);
}

function oneOf<Value>(key: string, value: unknown, values: readonly Value[]): Value {
  const found = values.find((each) => each === value);
  if (found !== undefined) return found;
  throw new ReplayError(key, `is ${shownValue(value)}; expected one of ${values.join(', ')}`);
}

function hex(key: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= 2 * MOST_RECORD && /^(?:[0-9a-f]{2})*$/.test(value)) return value;
  throw new ReplayError(key, `is ${shownValue(value)}; expected bytes as pairs of hex digits 0 to 9 and a to f`);
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}
