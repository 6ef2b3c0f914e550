/** Requests as they enter the engine: what does not look like one is refused by the name of the field that is wrong. */
import type { ContextsRequest, EngineRequest, EngineSettings, RunRequest } from './engineProtocol.js';
import type { Overlay } from './overlayFiles.js';

export class InvalidRequest extends Error {
  /** Of the request, if it has one. */
  readonly id: number | undefined;

  constructor(message: string, id: number | undefined) {
    super(message);
    this.id = id;
  }
}

const MOST_PACKETS = 10_000_000;
const WORD = 2 ** 32 - 1;
const HOUR = 3_600_000;

type Fields = Readonly<Record<string, unknown>>;

/** A value that may be there or not, and is `undefined` then. */
type Optional = { readonly [Name in keyof EngineSettings]-?: EngineSettings[Name] | undefined };

/** Reads one object; messages name fields by their path. */
class Reader {
  readonly #fields: Fields;
  readonly #path: string;
  readonly #id: number | undefined;

  constructor(value: unknown, path: string, id?: number) {
    this.#path = path;
    this.#id = id;
    if (typeof value !== 'object' || value === null) throw this.#wrong('', 'an object');
    this.#fields = value as Fields;
  }

  /** `minimum` to `maximum`. */
  number(name: string, minimum: number, maximum: number): number {
    const value = this.#fields[name];
    const fits = Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
    if (!fits) throw this.#wrong(name, `a whole number from ${minimum} to ${maximum}`);
    return value as number;
  }

  texts(name: string): readonly string[] {
    const value = this.#fields[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw this.#wrong(name, 'a list of texts');
    }
    return value;
  }

  /** Absolute, with `/`. */
  path(name: string): string {
    const value = this.#fields[name];
    if (!isAbsolute(value)) throw this.#wrong(name, 'an absolute path with /');
    return value;
  }

  paths(name: string): readonly string[] {
    const value = this.texts(name);
    const wrong = value.findIndex((path) => !isAbsolute(path));
    if (wrong >= 0) throw this.#wrong(`${name}[${wrong}]`, 'an absolute path with /');
    return value;
  }

  bytes(name: string): Uint8Array {
    const value = this.#fields[name];
    if (!(value instanceof Uint8Array)) throw this.#wrong(name, 'bytes');
    return value;
  }

  choice<Value extends string>(name: string, values: readonly Value[]): Value {
    const found = values.find((each) => each === this.#fields[name]);
    if (found === undefined) throw this.#wrong(name, `one of ${values.join(', ')}`);
    return found;
  }

  list<Value>(name: string, read: (item: Reader) => Value): readonly Value[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list');
    return value.map((item, index) => read(new Reader(item, `${this.#path}${name}[${index}].`, this.#id)));
  }

  object(name: string): Reader {
    return new Reader(this.#fields[name], `${this.#path}${name}.`, this.#id);
  }

  optional<Value>(name: string, read: (name: string) => Value): Value | undefined {
    return this.#fields[name] === undefined ? undefined : read(name);
  }

  #wrong(name: string, expected: string): InvalidRequest {
    const field = `${this.#path}${name}`.replace(/\.$/, '');
    return new InvalidRequest(`${field === '' ? 'the request' : field}: expected ${expected}`, this.#id);
  }
}

function isAbsolute(value: unknown): value is string {
  return typeof value === 'string' && /^(?:\/|[A-Za-z]:\/)/.test(value) && !value.includes('\0');
}

/** Throws InvalidRequest. */
export function parseRequest(message: unknown): EngineRequest {
  const head = new Reader(message, '');
  const kind = head.choice('kind', ['run', 'check', 'contexts', 'cancel', 'warm'] as const);
  if (kind === 'warm') return { kind, cwd: head.path('cwd') };
  const id = head.number('id', 0, Number.MAX_SAFE_INTEGER);
  if (kind === 'contexts') return contextsRequest(new Reader(message, '', id), id);
  return kind === 'cancel' ? { kind, id } : { ...runRequest(new Reader(message, '', id), id), kind };
}

function runRequest(request: Reader, id: number): RunRequest {
  return {
    kind: 'run',
    id,
    cwd: request.path('cwd'),
    paths: request.paths('paths'),
    workspaceRoots: request.paths('workspaceRoots'),
    overlays: overlays(request),
    settings: settings(request.object('settings')),
  };
}

function contextsRequest(request: Reader, id: number): ContextsRequest {
  return {
    kind: 'contexts',
    id,
    cwd: request.path('cwd'),
    file: request.path('file'),
    workspaceRoots: request.paths('workspaceRoots'),
    overlays: overlays(request),
    settings: settings(request.object('settings')),
  };
}

function overlays(request: Reader): readonly Overlay[] {
  return request.list('overlays', (item): Overlay => ({ path: item.path('path'), bytes: item.bytes('bytes') }));
}

function settings(given: Reader): EngineSettings {
  const texts = (name: string): readonly string[] | undefined => given.optional(name, () => given.texts(name));
  const number = (name: string, minimum: number, maximum: number): number | undefined =>
    given.optional(name, () => given.number(name, minimum, maximum));
  return present({
    checks: given.optional('checks', (name) => given.choice(name, ['off', 'contract', 'full'] as const)),
    tests: texts('tests'),
    packets: number('packets', 1, MOST_PACKETS),
    seed: number('seed', 0, WORD),
    includes: given.optional('includes', (name) => given.paths(name)),
    defines: texts('defines'),
    stubs: texts('stubs'),
    modes: texts('modes'),
    timeout: number('timeout', 1, HOUR),
    stress: given.optional('stress', (name) => given.choice(name, ['none', 'quick', 'full'] as const)),
  });
}

/** Without what is undefined. */
function present(values: Optional): EngineSettings {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as EngineSettings;
}
