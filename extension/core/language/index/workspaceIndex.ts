/** Callbacks, registrations, context types and tests of all files of a workspace; one file is replaced at a time. */
import type {
  ContextEntry,
  FileFacts,
  FunctionEntry,
  NamedEntry,
  RecordEntry,
  RegisteredCallback,
  RegistrationEntry,
  Role,
} from './fileFacts.js';

export interface Placed<T> {
  readonly uri: string;
  readonly entry: T;
}

export interface Callback extends FunctionEntry, Role {}

export interface Known extends Role {
  readonly uri: string;
}

/** Both ends of a registration of save and restore callbacks. */
interface Pair {
  readonly save: RegisteredCallback;
  readonly restore: RegisteredCallback;
  readonly uri: string;
}

type Roles = ReadonlyMap<string, readonly Known[]>;

interface Merged {
  readonly definitions: ReadonlyMap<string, readonly Placed<FunctionEntry>[]>;
  readonly registrations: ReadonlyMap<string, readonly Placed<RegistrationEntry>[]>;
  readonly pairs: readonly Pair[];
}

export interface IndexCounts {
  readonly files: number;
  readonly callbacks: number;
  readonly registrations: number;
  readonly contexts: number;
  readonly tests: number;
}

export class WorkspaceIndex {
  readonly #files = new Map<string, FileFacts>();
  #merged: Merged | undefined;
  /** Typing moves places and seldom changes what is a callback. */
  #roles: Roles | undefined;

  set(uri: string, facts: FileFacts): void {
    if (roleNames(facts) !== roleNames(this.#files.get(uri))) this.#roles = undefined;
    this.#files.set(uri, facts);
    this.#merged = undefined;
  }

  remove(uri: string): void {
    if (!this.#files.delete(uri)) return;
    this.#merged = undefined;
    this.#roles = undefined;
  }

  get(uri: string): FileFacts | undefined {
    return this.#files.get(uri);
  }

  /** In the order of their URIs: what the index says does not depend on the order of the edits. */
  files(): readonly (readonly [uri: string, facts: FileFacts])[] {
    return [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Definitions of a file that are callbacks: by role, registration or signature, in the order of the text. */
  callbacksOf(uri: string): readonly Callback[] {
    const facts = this.#files.get(uri);
    return (facts?.functions ?? []).flatMap((entry) => {
      const role = this.roleOf(uri, entry);
      return role === undefined ? [] : [{ ...entry, role: role.role, ex: role.ex }];
    });
  }

  /** A declared role counts more than a registration, a near one more than a far one, and both more than a shape. */
  roleOf(uri: string, { name, bySignature }: Pick<FunctionEntry, 'name' | 'bySignature'>): Role | undefined {
    this.#roles ??= mergedRoles(this.files());
    const known = nearest(this.#roles.get(name) ?? [], uri);
    return known ?? bySignature;
  }

  definitionsOf(name: string, near: string): readonly Placed<FunctionEntry>[] {
    return byDistance(this.#merge().definitions.get(name) ?? [], near);
  }

  registrationsOf(name: string, near: string): readonly Placed<RegistrationEntry>[] {
    return byDistance(this.#merge().registrations.get(name) ?? [], near);
  }

  /** The definition of the other of a save and a restore callback: registered together, else the only one beside it. */
  pairedWith(name: string, role: Role, near: string): Placed<FunctionEntry> | undefined {
    const other = role.role === 'save' ? 'restore' : role.role === 'restore' ? 'save' : undefined;
    if (other === undefined) return undefined;
    const own = role.role === 'save' ? 'save' : 'restore';
    const pair = nearest(
      this.#merge().pairs.filter((each) => each[own].name === name),
      near,
    );
    const registered = pair && this.definitionsOf(pair[other].name, near)[0];
    if (registered !== undefined) return registered;
    const beside = this.callbacksOf(near).filter((callback) => callback.role === other);
    const [only] = beside;
    return beside.length === 1 && only !== undefined ? { uri: near, entry: only } : undefined;
  }

  recordsNamed(type: string, near: string): readonly Placed<RecordEntry>[] {
    const plain = type.replace(/^(?:struct|union|class)\s+/, '');
    const found = this.files().flatMap(([uri, { records }]) =>
      records.filter(({ names }) => names.includes(plain)).map((entry) => ({ uri, entry })),
    );
    return byDistance(found, near);
  }

  tests(): readonly Placed<NamedEntry>[] {
    return this.files().flatMap(([uri, { tests }]) => tests.map((entry) => ({ uri, entry })));
  }

  contexts(): readonly Placed<ContextEntry>[] {
    return this.files().flatMap(([uri, { contexts }]) => contexts.map((entry) => ({ uri, entry })));
  }

  counts(): IndexCounts {
    const files = this.files();
    return {
      files: files.length,
      callbacks: files.reduce((sum, [uri]) => sum + this.callbacksOf(uri).length, 0),
      registrations: files.reduce((sum, [, { registrations }]) => sum + registrations.length, 0),
      contexts: this.contexts().length,
      tests: this.tests().length,
    };
  }

  #merge(): Merged {
    this.#merged ??= merged(this.files());
    return this.#merged;
  }
}

/** All that decides who is a callback, as a text to compare. */
function roleNames(facts: FileFacts | undefined): string {
  const declared = (facts?.roles ?? []).map(({ name, role, ex }) => `${name} ${role} ${ex}`);
  const registered = (facts?.registrations ?? []).flatMap(({ callbacks }) =>
    callbacks.map(({ name, role, ex }) => `${name} ${role} ${ex}`),
  );
  return `${declared.join()};${registered.join()}`;
}

function mergedRoles(files: ReturnType<WorkspaceIndex['files']>): Roles {
  const declared = new Map<string, Known[]>();
  const registered = new Map<string, Known[]>();
  for (const [uri, facts] of files) {
    for (const { name, role, ex } of facts.roles) add(declared, name, { uri, role, ex });
    for (const { callbacks } of facts.registrations) {
      for (const { name, role, ex } of callbacks) add(registered, name, { uri, role, ex });
    }
  }
  for (const [name, known] of registered) if (!declared.has(name)) declared.set(name, known);
  return declared;
}

function merged(files: ReturnType<WorkspaceIndex['files']>): Merged {
  const definitions = new Map<string, Placed<FunctionEntry>[]>();
  const registrations = new Map<string, Placed<RegistrationEntry>[]>();
  const pairs: Pair[] = [];
  for (const [uri, facts] of files) {
    for (const entry of facts.functions) add(definitions, entry.name, { uri, entry });
    for (const entry of facts.registrations) {
      for (const { name } of entry.callbacks) add(registrations, name, { uri, entry });
      const save = entry.callbacks.find(({ role }) => role === 'save');
      const restore = entry.callbacks.find(({ role }) => role === 'restore');
      if (save !== undefined && restore !== undefined) pairs.push({ save, restore, uri });
    }
  }
  return { definitions, registrations, pairs };
}

function add<T>(map: Map<string, T[]>, name: string, value: T): void {
  const known = map.get(name);
  if (known === undefined) map.set(name, [value]);
  else known.push(value);
}

const folderOf = (uri: string): string => uri.slice(0, uri.lastIndexOf('/') + 1);

function distance(uri: string, near: string): number {
  if (uri === near) return 0;
  const folder = folderOf(near);
  if (folderOf(uri) === folder) return 1;
  return uri.startsWith(folder) || folder.startsWith(folderOf(uri)) ? 2 : 3;
}

/** Stable: equally near ones stay in the order of their URIs. */
function byDistance<T extends { readonly uri: string }>(found: readonly T[], near: string): readonly T[] {
  return [...found].sort((a, b) => distance(a.uri, near) - distance(b.uri, near));
}

function nearest<T extends { readonly uri: string }>(found: readonly T[], near: string): T | undefined {
  return byDistance(found, near)[0];
}
